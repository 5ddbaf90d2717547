// The inbox by keyboard: j and k go down and up, x ticks, a takes care of the one where one stands; whoever speaks to the browser can switch that off (WCAG 2.1.4). And what is due runs down by the second; the page says all of it without us.
import { listen } from '../detail/fresh.js';

const list = () => /** @type {HTMLElement} */ (document.getElementById('list'));
const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-row]')]);
const row = () => document.activeElement?.closest('.row');

/** @param {number} by */
function go(by) {
  const all = rows();
  const here = all.findIndex((one) => one.closest('.row') === row());
  all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + by))]?.focus();
}

/** @type {Record<string, () => void>} */
const keys = {
  j: () => go(1),
  k: () => go(-1),
  x: () => /** @type {HTMLElement | null | undefined} */ (row()?.querySelector('[name=alert]'))?.click(),
  a: () => /** @type {HTMLElement | null | undefined} */ (row()?.querySelector('[data-take]'))?.click(),
};

const hint = /** @type {HTMLElement} */ (document.querySelector('.keys'));
const label = document.createElement('label');
const areKeys = document.createElement('input');
areKeys.type = 'checkbox';
areKeys.id = 'keys';
areKeys.checked = localStorage.getItem('keys') !== 'off';
areKeys.addEventListener('change', () => localStorage.setItem('keys', areKeys.checked ? 'on' : 'off'));
label.className = 'tick';
label.append(areKeys, ' ', ...hint.childNodes);
hint.append(label);

document.addEventListener('keydown', (event) => {
  if (!areKeys.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || /** @type {HTMLElement} */ (event.target).matches('select, input:not([type=checkbox]), textarea')) return;
  const does = keys[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

// The clock of a telephone may be wrong: what counts is how long ago the server said what time it is.
let saidAt = Date.now();
let said = '';
setInterval(() => {
  const now = list().dataset.now ?? '';
  if (now !== said) [said, saidAt] = [now, Date.now()];
  for (const left of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-due]'))) {
    const seconds = Math.max(0, Math.round((Number(left.dataset.due) - Number(said) - (Date.now() - saidAt)) / 1000));
    if (seconds >= 86_400) continue;
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
    left.textContent = seconds >= 3600 ? `${Number(h)}:${m}:${s}` : `${Number(m)}:${s}`;
  }
}, 1000);

listen();
