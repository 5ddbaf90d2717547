// Keeps the server's own words on a page fresh: asks for the page again and puts its marked parts in place of the old ones. What a person has ticked, unfolded, scrolled to or stands on stays; there are no fields to write in in such a part.
import { clock } from '../texts.js';
import { t } from './texts.js';

const everyMs = 10_000;
/** The least between an answer and the next question that a change asks: in a flood every open page would else ask without end, when the service has the most to do. */
const leastMs = 2_000;
const retryMs = 2_000;
let heardAt = Date.now();
/** The address of what is shown: a page that goes on by itself is further than its own. */
let here = location.href;
let isAsking = false;
let isDue = false;
let answeredAt = 0;

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

/** @param {string} address */
async function refresh(address) {
  if (document.hidden) return;
  if (isAsking) return soon();
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
    document.title = page.title;
    here = address;
    heardAt = Date.now();
    say(false);
  } catch {
    say(true);
  } finally {
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
