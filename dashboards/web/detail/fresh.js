// Keeps the server's own words on a page fresh: asks for the page again and puts its marked parts in place of the old ones. What a person has ticked, unfolded, scrolled to or stands on stays, and so does a part with a choice that somebody has made or is making; there are no fields to write in in such a part.
import { clock } from '../texts.js';
import { t } from './texts.js';

const everyMs = 10_000;
/** The least between an answer and the next question that a change asks: in a flood every open page would else ask without end, when the service has the most to do. */
const leastMs = 2_000;
const retryMs = 2_000;
let heardAt = Date.now();
/** The address of what is shown: a page that goes on by itself is further than its own. */
let here = location.href;
/** How long after a finger has left its press may come: a telephone tells of it by itself. */
const pressMs = 400;
/** A finger that nobody saw leave holds up nothing for ever. */
const heldMostMs = 10_000;
/** So long nobody has read what stands under a finger since it moved there. */
const movedMs = 500;
let heldAt = 0;
/** What came while a finger was down. @type {Document | undefined} */ let waiting;
/** Buttons that stand elsewhere than a moment ago. @type {Set<string>} */ let moved = new Set();
let movedAt = 0;
let isAsking = false;
let isDue = false;
let answeredAt = 0;

/** What a person fills in waits for the line: of a press on a broken one the browser makes a page of its own, and what was typed is gone. What is one press, taking an alert before all, is tried on any line: it stops the calls. @param {boolean} isLost */
function hold(isLost) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(isLost ? 'main button:enabled:not([data-take], [value=acknowledge])' : 'button[data-held]'))) {
    if (button.form?.method !== 'post' || ![...button.form.elements].some((field) => field.matches('select, textarea, input:not([type=hidden])'))) continue;
    button.disabled = isLost;
    button.toggleAttribute('data-held', isLost);
    if (isLost) button.title = t('held');
    else button.removeAttribute('title');
  }
}

/** @param {boolean} isLost */
function say(isLost) {
  hold(isLost);
  let bar = document.getElementById('lost');
  if (!isLost) return bar?.remove();
  if (!bar) {
    bar = document.createElement('p');
    bar.id = 'lost';
    bar.className = 'lost';
    bar.setAttribute('role', 'status');
    document.querySelector('main')?.before(bar);
  }
  bar.textContent = `× ${t('refreshFailed', { since: clock(heardAt) })} ${document.querySelector('[data-held]') ? t('held') : ''}`;
}

/**
 * The same thing on the newer part: by its name; a link, a box or a button by what it is for; anything else by its place among its kind.
 * @param {HTMLElement} part @param {Element} one @param {HTMLElement} next @returns {HTMLElement | null | undefined}
 */
function same(part, one, next) {
  if (one.id) return /** @type {HTMLElement | null} */ (next.querySelector(`#${CSS.escape(one.id)}`));
  const kind = one.localName;
  const all = [.../** @type {NodeListOf<HTMLElement>} */ (next.querySelectorAll(kind))];
  const names = { a: ['href'], input: ['name', 'value'], button: ['name', 'value'] }[kind];
  if (names) return all.find((other) => names.every((name) => other.getAttribute(name) === one.getAttribute(name)));
  return all[[...part.querySelectorAll(kind)].indexOf(one)];
}

/** Puts a part in the place of the older one. @param {HTMLElement} part @param {HTMLElement} next */
function renew(part, next) {
  const at = part.contains(document.activeElement) ? document.activeElement : null;
  const stand = at && same(part, at, next);
  for (const unfolded of part.querySelectorAll('details[open]')) same(part, unfolded, next)?.setAttribute('open', '');
  for (const ticked of part.querySelectorAll('input:checked')) same(part, ticked, next)?.toggleAttribute('checked', true);
  const scrolled = [...part.querySelectorAll('.scroll')].map((box) => /** @type {const} */ ([same(part, box, next), box.scrollLeft]));
  part.replaceWith(document.adoptNode(next));
  for (const [box, left] of scrolled) if (box) box.scrollLeft = left;
  if (!at) return;
  // Who stood on what is gone stands on the part, so that the next key goes on from there.
  if (!stand) next.tabIndex = -1;
  (stand ?? next).focus({ preventScroll: true });
}

const clocks = (/** @type {Element} */ part) => [...part.querySelectorAll('[data-clock]')];

/** What a part says, without what runs by itself and what is a reader's own. @param {Element} part */
function said(part) {
  const plain = /** @type {Element} */ (part.cloneNode(true));
  for (const one of clocks(plain)) one.textContent = '';
  for (const one of plain.querySelectorAll('details[open]')) one.removeAttribute('open');
  for (const one of plain.querySelectorAll('input[checked]')) one.removeAttribute('checked');
  return plain.innerHTML;
}

/** Where each button stands, by its name. */
const places = () => new Map([.../** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-fresh] button'))].map((one) => /** @type {const} */ ([one.id || `${one.name}=${one.value}`, one.getBoundingClientRect().top])));

/** Puts what is new in place of what was. @param {Document} page */
function put(page) {
  waiting = undefined;
  /** @type {[HTMLElement, HTMLElement][]} */ const changed = [];
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-fresh]'))) {
    const next = page.getElementById(part.id);
    if (!next || part.dataset.chosen !== undefined || part.querySelector('select:focus')) continue;
    if (said(next) !== said(part)) {
      changed.push([part, next]);
      continue;
    }
    // Where only time went on nothing is drawn anew: a row keeps its button, and a button its press.
    const now = clocks(next);
    clocks(part).forEach((one, index) => { if (one.textContent !== now[index].textContent) one.textContent = now[index].textContent; });
    Object.assign(part.dataset, next.dataset);
  }
  if (changed.length > 0) {
    const before = places();
    for (const [part, next] of changed) renew(part, next);
    moved = new Set([...places()].filter(([name, top]) => !(Math.abs((before.get(name) ?? NaN) - top) <= 2)).map(([name]) => name));
    movedAt = Date.now();
  }
  document.title = page.title;
}

/** A finger is down, or has just left: what stands under it stays. */
const isHeld = () => heldAt > 0 && Date.now() - heldAt < heldMostMs;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let leaving;
function release() {
  clearTimeout(leaving);
  heldAt = 0;
  if (waiting) put(waiting);
}
addEventListener('pointerdown', () => {
  clearTimeout(leaving);
  heldAt = Date.now();
}, true);
addEventListener('pointerup', () => { leaving = setTimeout(release, pressMs); }, true);
addEventListener('pointercancel', release, true);
addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null;
  // A row that came a moment ago has pushed another under the finger. Who presses a key stands on what he presses.
  if (button?.closest('[data-fresh]') && event.detail > 0 && Date.now() - movedAt < movedMs && moved.has(button.id || `${button.name}=${button.value}`)) {
    event.preventDefault();
    event.stopPropagation();
  }
  clearTimeout(leaving);
  if (heldAt > 0) leaving = setTimeout(release);
}, true);
addEventListener('input', (event) => {
  if (event.target instanceof HTMLSelectElement) event.target.closest('[data-fresh]')?.setAttribute('data-chosen', '');
});

/** @param {string} address */
async function refresh(address) {
  if (document.hidden) return;
  if (isAsking) return soon();
  isAsking = true;
  // Not AbortSignal.timeout: a telephone of 2021 has none.
  const end = new AbortController();
  const late = setTimeout(() => end.abort(), everyMs);
  try {
    const answer = await fetch(address, { redirect: 'manual', signal: end.signal });
    // Signed out meanwhile: the door says so better than we could.
    if (answer.type === 'opaqueredirect') return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // An update of the service may have changed the page as well.
    if (page.documentElement.dataset.build !== document.documentElement.dataset.build) return location.reload();
    here = address;
    heardAt = Date.now();
    say(false);
    if (isHeld()) waiting = page;
    else put(page);
  } catch {
    say(true);
  } finally {
    clearTimeout(late);
    isAsking = false;
    answeredAt = Date.now();
  }
}

/** Asks once for all that changes until then. */
function soon() {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    refresh(here);
  }, Math.max(isAsking ? leastMs : 0, answeredAt + leastMs - Date.now()));
}

/** By the clock alone: a page that goes on by itself says where to. */
const goOn = () => { if (!isAsking) refresh(/** @type {HTMLElement | null} */ (document.querySelector('[data-next]'))?.dataset.next ?? location.href); };

/** For a page of alerts: a new one does not wait for the next look. A hidden page asks nobody. */
export function listen() {
  /** @type {EventSource | undefined} */ let stream;
  /** @type {string | undefined} */ let seen;
  /** What of an alert is waited for: its text changes more often. @param {{id: string, condition: string, priority: string}[]} alerts */
  const look = (alerts) => {
    const now = JSON.stringify(alerts.map((one) => [one.id, one.condition, one.priority]));
    if (seen !== undefined && seen !== now) soon();
    seen = now;
  };
  const open = () => {
    stream?.close();
    stream = undefined;
    if (document.hidden) return;
    const own = stream = new EventSource('/events');
    own.addEventListener('hello', (event) => look(JSON.parse(event.data).alerts.alerts));
    own.addEventListener('alerts', (event) => look(JSON.parse(event.data).alerts));
    // A broken connection the browser mends by itself; a refusal ends the stream, and is ours to mend. Who is signed out learns it at the next look.
    own.onerror = () => {
      if (own === stream && own.readyState === EventSource.CLOSED) setTimeout(() => { if (own === stream) open(); }, retryMs);
    };
  };
  document.addEventListener('visibilitychange', open);
  open();
}

setInterval(goOn, everyMs);
document.addEventListener('visibilitychange', goOn);
