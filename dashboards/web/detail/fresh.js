// Keeps the server's own words on a page fresh: asks for the page again and puts its marked parts in place of the old ones. What a person reads, has ticked or has typed stays.
import { clock } from '../texts.js';
import { t } from './texts.js';

const everyMs = 10_000;
const retryMs = 2_000;
let heardAt = Date.now();
/** The address of what is shown: a page that goes on by itself is further than its own. */
let here = location.href;
let isAsking = false;
/** Something changed while the page was on its way. */
let isBehind = false;

/** @param {boolean} isLost */
function say(isLost) {
  let bar = document.getElementById('lost');
  if (!isLost) return bar?.remove();
  if (!bar) {
    bar = document.createElement('p');
    bar.id = 'lost';
    bar.className = 'lost';
    bar.setAttribute('role', 'status');
    document.querySelector('main')?.before(bar);
  }
  bar.textContent = `× ${t('refreshFailed', { since: clock(heardAt) })}`;
}

/** Puts a part in the place of the older one; who stands on something of it with the keyboard stands on the same in the new one. @param {HTMLElement} part @param {HTMLElement} next */
function renew(part, next) {
  const at = part.contains(document.activeElement) ? document.activeElement : null;
  // What is not there by its name any more, or holds what somebody ticked or typed, is not pulled away.
  if (at && !(at.id && next.querySelector(`#${CSS.escape(at.id)}`))) return;
  if (part.querySelector('input:checked, input:focus, textarea:focus, select:focus')) return;
  // What somebody unfolded stays so.
  for (const unfolded of part.querySelectorAll('details[open]')) next.querySelector(`details[id="${unfolded.id}"]`)?.setAttribute('open', '');
  part.replaceWith(document.adoptNode(next));
  if (at) document.getElementById(at.id)?.focus({ preventScroll: true });
}

/** @param {string} address */
async function refresh(address) {
  if (document.hidden) return;
  if (isAsking) {
    isBehind = true;
    return;
  }
  isAsking = true;
  try {
    const answer = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(everyMs) });
    // Signed out meanwhile: the door says so better than we could.
    if (answer.type === 'opaqueredirect') return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // An update of the service may have changed the page as well.
    if (page.documentElement.dataset.build !== document.documentElement.dataset.build) return location.reload();
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-fresh]'))) {
      const next = page.getElementById(part.id);
      if (next && next.innerHTML !== part.innerHTML) renew(part, next);
    }
    here = address;
    heardAt = Date.now();
    say(false);
  } catch {
    say(true);
    isBehind = false;
  } finally {
    isAsking = false;
  }
  if (!isBehind) return;
  isBehind = false;
  refresh(here);
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
    if (seen !== undefined && seen !== now) refresh(here);
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
