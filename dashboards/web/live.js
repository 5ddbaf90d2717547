// The live page: one stream, one picture. Colour is for what needs a person; every state has a sign and a word.
import { html, render } from './vendor/htm-preact.js';
import { Piles, channelsOf, moreOf, signs } from './sockets/sockets.js';
import { age, clock, local, t } from './texts.js';

/** @typedef {{zh: string, en: string}} Local */
/** @typedef {{id: string, name: Local, kind: string, place?: string, sockets: number, quiet?: boolean, reserved: string[]}} Registered */
/** @typedef {{id: string, name: Local, kind: string, ratedA?: number, phases: number, meter?: string, meterChannel?: string}} Circuit */
/** @typedef {{id: string, name: Local, places: {id: string, name: Local, kind: string}[], circuits: Circuit[], devices: Registered[]}} Site */
/** @typedef {Record<string, any>} Values */
/** @typedef {{key: string, known: boolean, dialect: string, name: string, site?: string, heard: number, presence: string, fresh: number, model?: string, firmware?: string, yaml?: string, group?: boolean, channels: Record<string, Values>}} Device */
/** @typedef {{id: string, rule: string, priority: string, needs?: boolean, condition: string, onset: number, at: number, text: Local, asset: string, mark?: string, takers?: Local, suspected?: boolean}} Alert */
/** @typedef {{asset: string, until: number, text: Local, feed?: boolean}} Permit It covers what is below; of the feed: it explains silence alone. */
/** @typedef {{path: string, amps: number[], from?: number, to?: number}} CircuitState */

export const state = {
  /** @type {Site[]} */ sites: [],
  /** The file to edit. */ file: '',
  /** @type {Map<string, Device>} */ devices: new Map(),
  /** @type {Alert[]} */ alerts: [],
  /** The most urgent alert on an asset: what it makes of it, and who has it. @type {Map<string, Alert>} */ marks: new Map(),
  /** What is tested, maintained or out of service. @type {Map<string, Permit>} */ permits: new Map(),
  /** @type {Map<string, CircuitState>} */ circuits: new Map(),
  /** @type {any} */ health: {},
  /** Server time minus ours: a phone's clock may be wrong. */ skew: 0,
  /** When the stream was heard last, on our clock. */ heardAt: Date.now(),
  /** Whether the stream is broken. */ isLost: false,
  /** Read to people who do not see the page: what is urgent at once, the rest when they pause. */ urgent: '', said: '',
};

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
/** The site that alone is shown. */
const only = new URLSearchParams(location.search).get('site');

export const now = () => Date.now() + state.skew;
export const number = (/** @type {number} */ value, digits = 0) => value.toFixed(digits);
export const isGone = (/** @type {Device} */ device) => device.presence === 'Offline' || device.presence === 'Shutdown';

/** A value that its device did not repeat for three of its periods, or that it calls old itself, is never shown as the present one. @param {Device} device @param {Values | undefined} values */
export const isOld = (device, values) => !values || values.quality === 'stale' || now() - values.heard > device.fresh;

/** The permit that covers an asset: its own or the next one above. @param {string} path @returns {Permit | undefined} */
export const permitOn = (path) => state.permits.size === 0 ? undefined : state.permits.get(path) ?? (path.includes('/') ? permitOn(path.slice(0, path.lastIndexOf('/'))) : undefined);

/** @param {Site} site @param {Registered} entry */
export const pathOf = (site, entry) => [site.id, entry.place, entry.id].filter(Boolean).join('/');

const Worked = (/** @type {Permit | undefined} */ permit) => permit && html`<span class="trip">⚒ ${local(permit.text)}</span>`;

/** Current of each phase, as the circuit's meter tells it; without a meter as its sockets sum up. @param {Site} site @param {Circuit} circuit */
function amps(site, circuit) {
  if (!circuit.meter) return state.circuits.get(`${site.id}/${circuit.id}`)?.amps ?? [];
  const meter = state.devices.get(`${site.id}/${circuit.meter}`);
  if (!meter || isGone(meter)) return [];
  const channels = circuit.meterChannel ? [circuit.meterChannel] : circuit.phases === 3 ? ['l1', 'l2', 'l3'] : ['main', 'l1', 'l2', 'l3'];
  return channels.filter((channel) => !isOld(meter, meter.channels[channel])).map((channel) => meter.channels[channel].a).filter((a) => typeof a === 'number');
}

/** Greatest phase against the rated current; undefined when either is not known. @param {Site} site @param {Circuit} circuit */
export function share(site, circuit) {
  const phases = amps(site, circuit);
  return phases.length && circuit.ratedA ? Math.max(...phases) / circuit.ratedA : undefined;
}

/** Red and dark grey are one to some eyes: a bar over the limit has stripes. */
const hatch = Array.from({ length: 10 }, (_, index) => `M${index * 14 - 2} 14l14 -14`).join('');

/** @param {Site} site @param {Circuit} circuit */
function CircuitRow(site, circuit) {
  const phases = amps(site, circuit);
  const part = share(site, circuit);
  const predicted = state.circuits.get(`${site.id}/${circuit.id}`);
  const from = predicted?.from === undefined ? undefined : Math.floor(predicted.from / 60);
  const to = predicted?.to === undefined ? undefined : Math.ceil(predicted.to / 60);
  // Less than a minute is not "0 or more".
  const soon = to === undefined ? t('tripSoonOpen') : t('tripSoon', { to });
  const trip = from === undefined ? '' : from === 0 ? soon : to === undefined ? t('tripOpen', { from }) : t('trip', { from, to });
  const level = part === undefined ? 'unknown' : part > 1 ? 'over' : part > 0.8 ? 'near' : 'fine';
  return html`<tr key=${circuit.id} data-testid=${`circuit-${site.id}-${circuit.id}`} class=${level}>
    <th scope="row"><a href=${`/circuit/${site.id}/${circuit.id}`}>${local(circuit.name)}</a>${Worked(permitOn(`${site.id}/${circuit.id}`))}${trip && html`<span class="trip">${trip}</span>`}</th>
    <td class="bar"><span class="meter" aria-hidden="true"><svg viewBox="0 0 125 14" preserveAspectRatio="none"><rect width=${Math.min(125, (part ?? 0) * 100)} height="14" />${level === 'over' && html`<path class="hatch" d=${hatch} />`}<path d="M80 0v14M100 0v14" /></svg></span></td>
    <td class="n">${phases.length > 1 && html`<span class="wide">${phases.map((a) => number(a, 1)).join(' / ')} A</span>`}<span class=${phases.length > 1 ? 'narrow' : ''}>${phases.length ? `${number(Math.max(...phases), 1)} A` : `— ${t('noMeter')}`}</span></td>
    <td class="n rated">${circuit.ratedA ? `${number(circuit.ratedA)} A` : t('notRated')}</td>
    <td class="n">${part === undefined ? '—' : `${level === 'over' ? '▲ ' : ''}${number(part * 100)} %`}</td></tr>`;
}

/** Of each quantity a sensor shows: its unit and digits. @type {Record<string, [string, number]>} */
const units = {
  tc: ['°C', 1], rh: ['%', 0], h2_ppm: ['ppm', 1], co_ppm: ['ppm', 1], smoke_dbm: ['dB/m', 2], water_cm: ['cm', 0], bikes: ['', 0], laeq: ['dB(A)', 0], soc: ['%', 0],
  load_kg: ['kg', 0], motor_tc: ['°C', 0], ra_ma: ['mA', 0], kpa: ['kPa', 0], w: ['W', 0], batt: ['%', 0],
};
/** Of each that is true or false: the words for both, and whether true needs a person. @type {Record<string, [string, string, boolean]>} */
const words = {
  smoke: ['none', 'smokeSeen', true], exit_blocked: ['exitFree', 'exitBlocked', true], estop: ['notPressed', 'pressed', true],
  occupied: ['seatFree', 'seatTaken', false], lamp: ['lampOff', 'lampOn', false], door: ['doorClosed', 'doorOpen', false],
};

/** @param {string} key @param {any} value */
function Quantity(key, value) {
  const [unit, digits] = units[key] ?? ['', 0];
  const word = words[key];
  return html`<span key=${key} class=${word?.[2] && value ? 'attention' : ''}>${t(key)} ${word ? t(word[value ? 1 : 0]) : `${number(value, digits)} ${unit}`}</span>`;
}

/** @param {Site} site @param {Registered} entry */
function Sensor(site, entry) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  const values = device?.channels.main ?? Object.values(device?.channels ?? {})[0];
  const shown = Object.keys(values ?? {}).filter((key) => key in units || key in words);
  const away = !device ? '' : isGone(device) ? t('offline') : !entry.quiet && isOld(device, values) ? t('stale') : '';
  return html`<li key=${entry.id} class=${away ? 'gone' : ''} data-testid=${`device-${site.id}-${entry.id}`}>
    <b>${local(entry.name)}</b>${Worked(permitOn(pathOf(site, entry)))}
    ${!device || !values ? html`<span class="age">— ${t('never')}</span>` : html`${shown.map((key) => Quantity(key, values[key]))}
      <span class="age">${away && `× ${away} · `}${age(now() - values.at)}</span>`}</li>`;
}

/** @param {Site} site @param {Registered} entry */
export function isSilent(site, entry) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  if (!device || entry.quiet) return device ? isGone(device) : !entry.quiet;
  const heard = Object.values(device.channels);
  if (!heard.length) heard.push(device);
  return isGone(device) || heard.every((values) => isOld(device, values));
}

/** @param {Site} site */
export function sockets(site, entries = site.devices) {
  let all = 0, used = 0;
  for (const entry of entries) {
    const device = state.devices.get(`${site.id}/${entry.id}`);
    all += entry.sockets;
    if (device && !isGone(device)) used += channelsOf(entry).filter((channel) => !isOld(device, device.channels[channel]) && (device.channels[channel].w ?? 0) > 3).length;
  }
  return { all, used };
}

/** Whether no message can come: what is not there then says nothing. */
export const isDeaf = () => state.health.broker?.connected === false;

/** One line a site: what a manager asks first. @param {Site} site */
function SiteCard(site) {
  const alerts = state.alerts.filter((alert) => alert.asset.split('/')[0] === site.id);
  const needs = alerts.some((alert) => alert.needs);
  const worst = Math.max(-1, ...site.circuits.map((circuit) => share(site, circuit) ?? -1));
  const silent = site.devices.filter((entry) => isSilent(site, entry)).length;
  const { all, used } = sockets(site);
  return html`<li key=${site.id}><a href=${`/site/${site.id}`} data-testid=${`card-${site.id}`}>
    <span class="pair"><b>${local(site.name)}</b>
      <span class=${needs ? 'attention' : ''}>${alerts.length ? `${needs ? '▲' : '·'} ${t('alertCount', { count: alerts.length })}` : isDeaf() ? `× ${t('notReceiving')}` : t('calm')}</span></span>
    <span class="pair"><span class="soft">${t('charging')} ${used} / ${all}</span>
      <span class=${worst > 1 ? 'attention' : ''}>${t('worstCircuit')} ${worst < 0 ? '—' : `${number(worst * 100)} %`}</span></span>
    <span class="soft">${silent ? `× ${t('silentCount', { count: silent })}` : t('allHeard')}</span></a></li>`;
}

/** What is not of one site. @param {string} id @param {string} name @param {string} said @param {boolean} [bad] */
const OtherCard = (id, name, said, bad) => html`<li key=${id}><a href=${`#${id}`} data-testid=${`card-${id}`}>
  <span class="pair"><b>${name}</b><span class=${bad ? 'attention' : ''}>${said}</span></span></a></li>`;

/** @param {Site} site */
function SiteSection(site) {
  const piles = site.devices.filter((device) => device.sockets > 0 || moreOf(site, device).length > 0);
  const others = site.devices.filter((device) => !piles.includes(device) && device.kind !== 'Meter');
  const places = [...site.places.map((place) => ({ id: /** @type {string | undefined} */ (place.id), name: local(place.name) })), { id: undefined, name: t('elsewhere') }];
  return html`<section key=${site.id} id=${`site-${site.id}`} class="site" data-testid=${`site-${site.id}`}>
    <h2><a href=${`/site/${site.id}`}>${local(site.name)}</a></h2>
    ${site.circuits.length > 0 && html`<div class="scroll" tabindex="0"><table class="circuits"><caption class="sr">${t('circuit')}</caption>
      <thead><tr><th scope="col">${t('circuit')}</th><th scope="col" class="bar">${t('load')}</th><th scope="col" class="n">${t('current')}</th><th scope="col" class="n rated">${t('rated')}</th><th scope="col" class="n">${t('share')}</th></tr></thead>
      <tbody>${site.circuits.map((circuit) => CircuitRow(site, circuit))}</tbody></table></div>`}
    ${places.map((place) => {
      const here = piles.filter((pile) => pile.place === place.id);
      return here.length > 0 && html`<section key=${place.id ?? ''} class="place" data-testid=${`place-${site.id}-${place.id ?? ''}`}><h3>${place.name}</h3>${Piles(site, place.id, here)}</section>`;
    })}
    ${others.length > 0 && html`<h3>${t('devices')}</h3><ul class="sensors">${others.map((entry) => Sensor(site, entry))}</ul>`}</section>`;
}

/** What, where, since when; then on a line of its own what to do, read at night. @param {Alert} alert */
function AlertItem(alert) {
  const [facts, steps] = local(alert.text).split(/(?=请做：|Do: )/);
  const urgent = alert.priority === 'P0' || alert.priority === 'P1';
  return html`<li key=${alert.id} class=${`${alert.priority.toLowerCase()} ${alert.condition} ${alert.needs ? '' : 'taken'}`} data-testid=${`alert-${alert.id}`} data-rule=${alert.rule} data-condition=${alert.condition}>
    <b>${urgent && alert.needs ? '▲ ' : ''}${alert.priority} ${t(alert.priority)}${alert.suspected ? ' ◆' : ''}</b> ${alert.takers && html`<span>✓ ${local(alert.takers)}</span> `}<span class="age">${age(now() - alert.onset)}</span><p>${facts} <small>${t('figuresOf', { at: clock(alert.at) })}</small></p>${steps && html`<p class="steps">${steps}</p>`}<p><a href=${`/alert/${alert.id}`}>${t('act')}</a></p></li>`;
}

/** The first of the order of attention; the others are in the inbox, by cause. */
const alertsMax = Number(root.dataset.alerts);

/** How many of each priority, and how long the oldest waits that nobody answered. */
function AlertSum() {
  const waiting = state.alerts.filter((alert) => alert.needs).map((alert) => alert.onset);
  const counts = ['P0', 'P1', 'P2', 'P3'].map((priority) => [priority, state.alerts.filter((alert) => alert.priority === priority).length]).filter(([, count]) => count).map((one) => one.join(' '));
  return html`<p class="soft" data-testid="alert-sum"><a href="/alerts">${[...counts, ...waiting.length ? [`${t('oldest')}${age(now() - Math.min(...waiting))}`] : []].join(' · ')}</a></p>`;
}

/** New devices drawn at once: a whole network of them must not freeze a phone. */
const unknownMax = 50;

/** @param {Device} device */
const Unknown = (device) => html`<li key=${device.key} data-testid=${`new-device-${device.name}`}><b>${device.site ? `${device.site}/` : ''}${device.name}</b>
    <span>${device.dialect} ${device.model ?? ''} ${device.firmware ?? ''}</span>
    <span>${Object.entries(device.channels).map(([channel, values]) => `${channel}${typeof values.w === 'number' ? ` ${number(values.w, 1)} W` : ''}`).join(', ')}</span>
    <span class="age">${t('heard')} ${age(now() - device.heard)}${device.group ? ` · ${t('perhapsGroup')}` : ''}</span>${device.yaml && html`<pre tabindex="0">${device.yaml}</pre>`}</li>`;

/** Why the broker is away; what the network said to it is for whoever mends it. @param {any} broker */
export const Reason = (broker) => (broker.loss ? `${t(`loss_${broker.loss}`)}${broker.detail ? ` (${broker.detail})` : ''}` : '');

/** What makes all below doubtful comes first. */
function Banner() {
  const { broker, configuration } = state.health;
  const errors = configuration ?? [];
  return html`${isDeaf() && html`<p class="lost" role="status" data-testid="broker-lost">× ${t('deaf', { since: clock(broker.since), age: age(now() - broker.since) })}${broker.loss && ` · ${Reason(broker)}`} <a href="#health">${t('see')}</a></p>`}
    ${errors.length > 0 && html`<p class="lost" role="status" data-testid="configuration-errors">! ${t('configuration')} (${errors.length}): ${local(errors[0])} <a href="#health">${t('see')}</a></p>`}`;
}

function Legend() {
  return html`<details class="legend"><summary>${t('legend')}</summary><ul class="tiles">${Object.keys(signs).map((what) => html`<li key=${what} class=${`tile ${what}`}><span class="no">${t(what)}</span><b aria-hidden="true">${signs[what]}</b></li>`)}</ul>
    <p>✓ ${t('takenSign')} · ♥ ${t('reserved')} · ? ${t('suspect')} · + ${t('notRegistered')} · ◆ ${t('suspicion')}</p></details>`;
}

/** @type {() => any} */
let Health = () => null;
const fetchHealth = (/** @type {number} */ times) => import(`./health/health.js${times ? `?${times}` : ''}`).then((module) => { Health = module.Health; soon(); }, () => setTimeout(fetchHealth, 5000, times + 1));
fetchHealth(0);

/** Drawn by the server; its own script keeps it true. */
const drawing = document.getElementById('schematic');
const hang = (/** @type {Element | null} */ at) => { if (drawing) at?.append(drawing); };

function App() {
  // Those with lines to paste first, which as many have as are listed.
  const unknown = [...state.devices.values()].filter((device) => !device.known).sort((one, other) => Number(other.yaml !== undefined) - Number(one.yaml !== undefined));
  const more = unknown.length - unknownMax;
  const { books, journal, holes, disk, configuration, alertBooks } = state.health;
  const isBad = isDeaf() || Boolean(journal && ((books && books.hole !== 0) || holes.length > 0 || disk.error || journal.rulesLateMs > 0 || (alertBooks && alertBooks.undelivered + alertBooks.withheld + alertBooks.nobody > 0) || configuration.length > 0));
  return html`<main class=${state.isLost ? 'still' : ''}>
    <p class="sr" role="status" aria-live="polite">${state.said}</p><p class="sr" role="alert" aria-live="assertive">${state.urgent}</p>
    <${Banner} />
    <nav aria-label=${t('sites')}><ul class="cards">${state.sites.map(SiteCard)}
      ${!only && html`${OtherCard('unknown', t('unknown'), unknown.length ? t('unknownCount', { count: unknown.length }) : t('allKnown'))}
      ${OtherCard('health', t('health'), t(isBad ? 'healthBad' : 'healthFine'), isBad)}`}</ul></nav>
    <section><h2>${t('alerts')}</h2>${state.alerts.length === 0 ? html`<p class=${isDeaf() ? 'attention' : 'empty'} data-testid="alerts-none">${t(isDeaf() ? 'noAlertsDeaf' : 'noAlerts')}</p>` : html`<${AlertSum} /><ol class="alerts" data-testid="alerts-open">${state.alerts.slice(0, alertsMax).map(AlertItem)}</ol>${state.alerts.length > alertsMax && html`<p data-testid="alerts-more"><a href="/alerts">${t('alertsMore', { count: state.alerts.length - alertsMax })}</a></p>`}`}</section>
    ${drawing && html`<section ref=${hang}></section>`}
    ${state.sites.length > 0 && state.devices.size === 0 && !isDeaf() && html`<p class="empty" data-testid="none-heard">${root.dataset.none}</p>`}
    ${state.sites.length === 0 ? html`<p class="empty">${t('noSites')}</p>` : html`<${Legend} />${state.sites.map(SiteSection)}`}
    ${!only && html`<section id="unknown"><h2>${t('unknown')}</h2>${unknown.length === 0 ? html`<p class="empty">${t('noUnknown')}</p>` : html`<p>${t('unknownHelp')} <code>${state.file}</code></p><ul class="unknown">${unknown.slice(0, unknownMax).map(Unknown)}</ul>${more > 0 && html`<p class="empty" data-testid="unknown-more">${t('unknownMore', { count: more })}</p>`}`}</section>
    <${Health} />`}</main>`;
}

const Lost = () => state.isLost && html`<p class="lost" role="status" data-testid="connection-lost">× ${t('lostConnection', { since: clock(state.heardAt + state.skew), age: age(Date.now() - state.heardAt) })}</p>`;

const link = /** @type {HTMLElement} */ (document.getElementById('link'));
let hasState = false;
let drawn = 0, drawnAt = 0;
function draw() {
  drawn = 0;
  drawnAt = Date.now();
  render(html`<${Lost} />`, link);
  // Until the stream's first word what the server wrote stays.
  if (!hasState) return;
  render(html`<${App} />`, root);
  document.dispatchEvent(new Event('drawn'));
}
/** Once for all that came until the screen is drawn next: the service keeps the pace, nothing waits here. */
const soon = () => { drawn ||= requestAnimationFrame(draw); };

/** @param {Alert[]} alerts @param {Permit[]} permits */
function takeAlerts(alerts, permits) {
  const before = new Map(state.alerts.map((alert) => [alert.id, alert]));
  const after = new Set(alerts.map((alert) => alert.id));
  const come = hasState ? alerts.filter((alert) => !before.has(alert.id)) : [];
  const over = hasState ? state.alerts.filter((alert) => !after.has(alert.id)) : [];
  if (come.length + over.length > 0) {
    const isUrgent = (/** @type {Alert} */ alert) => alert.priority === 'P0' || alert.priority === 'P1';
    state.urgent = come.filter(isUrgent).map((alert) => local(alert.text)).join(' ');
    state.said = [...come.filter((alert) => !isUrgent(alert)).map((alert) => local(alert.text)), ...over.map((alert) => `${t('over')} ${local(alert.text)}`)].join(' ');
  }
  state.alerts = alerts;
  state.marks = new Map(alerts.filter((alert) => alert.mark).map((alert) => [alert.asset, alert]));
  state.permits = new Map(permits.map((permit) => [permit.asset, permit]));
}

/** @type {Record<string, (body: any) => void>} */
const take = {
  hello(body) {
    // An update may have changed the page as well.
    if (body.build !== document.documentElement.dataset.build) return location.reload();
    state.sites = body.registry.sites;
    state.file = body.registry.file;
    state.devices = new Map();
    take.devices(body.devices);
    take.alerts(body.alerts);
    take.health(body.health);
    if (!hasState) root.replaceChildren();
    hasState = true;
  },
  devices(body) {
    for (const device of body.devices) state.devices.set(device.key, device);
    if (body.circuits) state.circuits = new Map(body.circuits.map((/** @type {CircuitState} */ circuit) => [circuit.path, circuit]));
  },
  alerts(body) { takeAlerts(body.alerts, body.permits); },
  health(body) {
    state.health = body;
    const line = document.getElementById('duty-line');
    line?.classList.toggle('attention', body.dutyBad);
    if (line?.firstElementChild) line.firstElementChild.textContent = local(body.duty);
  },
  heartbeat() {},
};

/** Three heartbeats: a connection that died without a word. */
const silenceMs = 30_000;
/** Two heartbeats: what is older when somebody looks again is not the present until the stream has spoken. A short look elsewhere is less. */
const staleMs = 20_000;
const retryMs = 2_000;
/** @type {EventSource | undefined} */ let stream;
let openedAt = 0;

function open() {
  stream?.close();
  openedAt = Date.now();
  if (openedAt - state.heardAt > staleMs) {
    state.isLost = true;
    soon();
  }
  const own = stream = new EventSource(only ? `/events?site=${encodeURIComponent(only)}` : '/events');
  for (const name of Object.keys(take)) {
    own.addEventListener(name, (event) => {
      const body = JSON.parse(/** @type {MessageEvent} */ (event).data);
      state.heardAt = Date.now();
      state.isLost = false;
      if (body.now) state.skew = body.now - Date.now();
      take[name](body);
      soon();
    });
  }
  own.onerror = async () => {
    if (own !== stream) return;
    state.isLost = true;
    soon();
    // The browser mends a broken connection; a refusal is ours to mend: sign in anew, or ask again.
    if (own.readyState !== EventSource.CLOSED) return;
    const door = await fetch('/', { redirect: 'manual' }).catch(() => null);
    if (door?.type === 'opaqueredirect') location.reload();
    else setTimeout(() => { if (own === stream && !document.hidden) open(); }, retryMs);
  };
}

// A hidden tab costs a connection and battery for nothing.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    stream?.close();
    stream = undefined;
  } else {
    open();
  }
});
if (!document.hidden) open();
setInterval(() => {
  if (stream && Date.now() - Math.max(state.heardAt, openedAt) > silenceMs) {
    state.isLost = true;
    open();
  }
  // Ages go on where nothing comes.
  if (Date.now() - drawnAt > 900) soon();
}, 1000);
