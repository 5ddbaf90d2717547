// The live page: one stream of events, one picture. Colour is kept for what needs a person; every state has a sign and a word as well.
import { html, render } from './vendor/htm-preact.js';
import { age, language, local, t } from './texts.js';

/** @typedef {{zh: string, en: string}} Local */
/** @typedef {{id: string, name: Local, kind: string, place?: string, sockets: number, reserved: string[]}} Registered */
/** @typedef {{id: string, name: Local, kind: string, ratedA?: number, phases: number, meter?: string, meterChannel?: string}} Circuit */
/** @typedef {{id: string, name: Local, places: {id: string, name: Local, kind: string}[], circuits: Circuit[], devices: Registered[]}} Site */
/** @typedef {Record<string, any>} Values */
/** @typedef {{key: string, known: boolean, dialect: string, name: string, site?: string, first: number, heard: number, presence: string, period?: number, model?: string, firmware?: string, channels: Record<string, Values>}} Device */
/** @typedef {{id: string, rule: string, priority: string, condition: string, onset: number, text: Local, asset: string}} Alert */
/** @typedef {{path: string, load?: number, from?: number, to?: number}} CircuitState */

const state = {
  /** @type {Site[]} */ sites: [],
  /** @type {Map<string, Device>} */ devices: new Map(),
  /** @type {Alert[] | null} */ alerts: null,
  /** @type {Map<string, CircuitState>} */ circuits: new Map(),
  /** @type {any} */ health: null,
  /** Server time minus ours, so that ages are right on a phone with a wrong clock. */ skew: 0,
  heardAt: Date.now(),
};

const now = () => Date.now() + state.skew;
const number = (/** @type {number} */ value, digits = 0) => value.toFixed(digits);

/** Three times the promised silence without a word: the value is old. @param {Device} device */
const isOld = (device) => now() - device.heard > Math.max(60_000, 3000 * (device.period ?? 60));

/** @param {Device | undefined} device @param {Values | undefined} values @param {string} path */
function tileState(device, values, path) {
  if (!device || !values) return 'never';
  if (device.presence === 'Offline' || device.presence === 'Shutdown') return 'offline';
  if (isOld(device)) return 'stale';
  if (state.alerts?.some((alert) => alert.asset === path && alert.condition === 'active' && alert.rule === 'socket-overload')) return 'overload';
  if (values.st === 'fault' || values.st === 'fuse') return 'fault';
  if (values.st === 'full') return 'full';
  return (values.w ?? 0) > 3 || values.st === 'charging' ? 'charging' : 'idle';
}

/** @type {Record<string, string>} */
const signs = { never: '—', offline: '×', stale: '×', overload: '▲', fault: '!', full: '满', charging: '充', idle: '' };
if (document.documentElement.lang === 'en') Object.assign(signs, { full: 'F', charging: 'C' });

/** @param {Site} site @param {Registered} entry @param {string} channel */
function Tile(site, entry, channel) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  const values = device?.channels[channel];
  const path = [site.id, entry.place, entry.id, channel].filter(Boolean).join('/');
  const what = tileState(device, values, path);
  const watts = what === 'charging' || what === 'overload' ? `${number(values?.w ?? 0)} W` : '';
  const reserved = entry.reserved.includes(channel);
  const doubt = values?.quality === 'suspect' || values?.quality === 'bad';
  const label = [channel.replace(/^[a-z]/, ''), t(what), watts, reserved ? t('reserved') : '', doubt ? t('suspect') : '', device && what === 'stale' ? age(now() - device.heard) : ''].filter(Boolean).join(' · ');
  return html`<li key=${channel} class=${`tile ${what}`} data-testid=${`socket-${site.id}-${entry.id}-${channel}`} data-state=${what} title=${label}>
    <span class="no">${channel.replace(/^[a-z]/, '')}${reserved ? '♥' : ''}</span><b aria-hidden="true">${signs[what]}${doubt ? '?' : ''}</b><span class="w">${watts}</span><span class="sr">${label}</span></li>`;
}

/** @param {Site} site @param {Registered} entry */
function Pile(site, entry) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  const letter = entry.kind === 'Cabinet' ? 'k' : 's';
  const channels = Array.from({ length: entry.sockets }, (_, index) => `${letter}${index + 1}`);
  return html`<section class="pile" key=${entry.id}><h4>${local(entry.name)} <small>${device ? age(now() - device.heard) : t('never')}</small></h4>
    <ul class="tiles">${channels.map((channel) => Tile(site, entry, channel))}</ul></section>`;
}

/** Amps of each phase as the circuit's meter tells them. @param {Site} site @param {Circuit} circuit */
function amps(site, circuit) {
  const meter = circuit.meter && state.devices.get(`${site.id}/${circuit.meter}`);
  if (!meter || isOld(meter)) return [];
  const channels = circuit.meterChannel ? [circuit.meterChannel] : circuit.phases === 3 ? ['l1', 'l2', 'l3'] : ['main', 'l1', 'l2', 'l3'];
  return channels.map((channel) => meter.channels[channel]?.a).filter((a) => typeof a === 'number');
}

/** @param {Site} site @param {Circuit} circuit */
function CircuitRow(site, circuit) {
  const phases = amps(site, circuit);
  const largest = phases.length ? Math.max(...phases) : undefined;
  const share = largest !== undefined && circuit.ratedA ? largest / circuit.ratedA : undefined;
  const predicted = state.circuits.get(`${site.id}/${circuit.id}`);
  const trip = predicted?.from === undefined ? '' : predicted.to === undefined
    ? `${t('trip')} ≥ ${Math.floor(predicted.from / 60)}${t('minutes')} · ${t('perhapsNever')}`
    : `${t('trip')} ${Math.floor(predicted.from / 60)}–${Math.ceil(predicted.to / 60)}${t('minutes')}`;
  const level = share === undefined ? 'unknown' : share > 1 ? 'over' : share > 0.8 ? 'near' : 'fine';
  return html`<tr key=${circuit.id} data-testid=${`circuit-${site.id}-${circuit.id}`} class=${level}>
    <th scope="row">${local(circuit.name)}</th>
    <td class="bar"><meter min="0" max="1.25" value=${share ?? 0} aria-label=${t('load')}></meter></td>
    <td class="n">${largest === undefined ? `— ${t('noMeter')}` : phases.map((a) => number(a, 1)).join(' / ') + ' A'}</td>
    <td class="n">${circuit.ratedA ? `${number(circuit.ratedA)} A` : t('notRated')}</td>
    <td class="n">${share === undefined ? '—' : `${level === 'over' ? '▲ ' : ''}${number(share * 100)} %`}</td>
    <td>${trip}</td></tr>`;
}

const booleans = new Set(['smoke', 'occupied', 'exit_blocked', 'lamp', 'door']);
const dangers = new Set(['smoke', 'exit_blocked']);
/** @type {Record<string, string>} */
const units = { tc: '°C', rh: '%', h2_ppm: 'ppm', co_ppm: 'ppm', water_cm: 'cm', bikes: '', laeq: 'dB(A)', soc: '%', w: 'W', batt: '%' };

/** @param {Site} site @param {Registered} entry */
function Sensor(site, entry) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  const values = device?.channels.main ?? {};
  const shown = Object.keys(values).filter((key) => key in units || booleans.has(key));
  const gone = device && (device.presence === 'Offline' || isOld(device));
  return html`<li key=${entry.id} class=${gone ? 'gone' : ''} data-testid=${`device-${site.id}-${entry.id}`}>
    <b>${local(entry.name)}</b>
    ${!device ? html`<span class="age">— ${t('never')}</span>` : html`
      ${shown.map((key) => html`<span key=${key} class=${dangers.has(key) && values[key] ? 'attention' : ''}>${t(key)} ${booleans.has(key) ? t(values[key] ? 'yes' : 'no') : `${number(values[key], key === 'bikes' ? 0 : 1)} ${units[key]}`}</span>`)}
      <span class="age">${gone ? `× ${t('offline')} · ` : ''}${age(now() - device.heard)}</span>`}
  </li>`;
}

/** @param {Site} site */
function SiteSection(site) {
  const piles = site.devices.filter((device) => device.sockets > 0);
  const others = site.devices.filter((device) => device.sockets === 0 && device.kind !== 'Meter');
  const tiles = piles.flatMap((pile) => Object.values(state.devices.get(`${site.id}/${pile.id}`)?.channels ?? {}));
  const places = [...site.places.map((place) => ({ id: /** @type {string | undefined} */ (place.id), name: local(place.name) })), { id: undefined, name: t('elsewhere') }];
  return html`<section key=${site.id} class="site" data-testid=${`site-${site.id}`}>
    <h2>${local(site.name)} <small>${piles.reduce((sum, pile) => sum + pile.sockets, 0)} ${t('sockets')}, ${tiles.filter((values) => (values.w ?? 0) > 3).length} ${t('inUse')}</small></h2>
    <table><caption class="sr">${t('circuits')}</caption><tbody>${site.circuits.map((circuit) => CircuitRow(site, circuit))}</tbody></table>
    ${places.map((place) => {
      const here = piles.filter((pile) => pile.place === place.id);
      return here.length > 0 && html`<section key=${place.id ?? ''} class="place"><h3>${place.name}</h3>${here.map((pile) => Pile(site, pile))}</section>`;
    })}
    <h3>${t('devices')}</h3><ul class="sensors">${others.map((entry) => Sensor(site, entry))}</ul></section>`;
}

function Alerts() {
  if (state.alerts === null) return html`<p class="empty">${t('rulesMissing')}</p>`;
  if (state.alerts.length === 0) return html`<p class="empty" data-testid="alerts-none">${t('noAlerts')}</p>`;
  return html`<ol class="alerts" data-testid="alerts-open">${state.alerts.map((alert) => html`<li key=${alert.id} class=${`${alert.priority.toLowerCase()} ${alert.condition}`} data-testid=${`alert-${alert.id}`} data-rule=${alert.rule} data-condition=${alert.condition}>
    <b>${alert.priority === 'P0' || alert.priority === 'P1' ? '▲ ' : ''}${alert.priority}</b> ${local(alert.text)}</li>`)}</ol>`;
}

/** @param {Device} device */
function Unknown(device) {
  const foreign = device.dialect !== 'Fm1';
  const id = device.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-').slice(0, 48);
  const sockets = Object.keys(device.channels).filter((channel) => /^s\d/.test(channel)).length;
  const yaml = `- {id: ${id}, kind: plug, name: {zh: …, en: …}${sockets ? `, sockets: ${sockets}` : ''}${foreign ? `, foreign: {dialect: ${device.dialect.toLowerCase()}, name: "${device.name}"}` : ''}}`;
  return html`<li key=${device.key} data-testid=${`new-device-${device.name}`}><b>${device.site ? `${device.site}/` : ''}${device.name}</b>
    <span>${device.dialect} ${device.model ?? ''} ${device.firmware ?? ''}</span>
    <span>${Object.entries(device.channels).map(([channel, values]) => `${channel}${typeof values.w === 'number' ? ` ${number(values.w, 1)} W` : ''}`).join(', ')}</span>
    <span class="age">${t('heard')} ${age(now() - device.heard)}</span><pre>${yaml}</pre></li>`;
}

function Health() {
  const health = state.health;
  if (!health?.books) return null;
  const { books, broker, journal, disk } = health;
  const rows = /** @type {[string, number][]} */ ([['received', books.received], ['journaled', books.journaled], ['duplicates', books.duplicates], ['deadLettered', books.deadLettered], ['inFlight', books.inFlight], ['lost', books.lost]]);
  return html`<section data-testid="health"><h2>${t('health')}</h2>
    ${health.configuration.length > 0 && html`<div class="attention"><b>${t('configuration')}</b><ul>${health.configuration.map((/** @type {string} */ error) => html`<li key=${error}>${error}</li>`)}</ul></div>`}
    <dl>
      <div class=${broker.connected ? '' : 'attention'}><dt>${t('broker')}</dt><dd data-testid="health-broker">${t(broker.connected ? 'connected' : 'disconnected')} ${broker.connected ? '' : `${broker.reason ?? ''} ${age(health.now - broker.since)}`}</dd></div>
      ${rows.map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd class="n" data-testid=${`health-${key}`}>${value}</dd></div>`)}
      <div class=${books.hole === 0 ? '' : 'attention'}><dt>${books.hole === 0 ? t('balanced') : t('hole')}</dt><dd class="n" data-testid="health-hole">${books.hole}</dd></div>
      ${Object.entries(books.reasons).map(([reason, count]) => html`<div key=${reason}><dt>${reason}</dt><dd class="n">${count}</dd></div>`)}
      <div><dt>${t('lag')}</dt><dd class="n">${journal.lagMs} ms</dd></div>
      ${Object.entries(journal.readers).map(([name, behind]) => html`<div key=${name}><dt>${t(`behind_${name}`)}</dt><dd class="n">${behind}</dd></div>`)}
      <div class=${disk.error ? 'attention' : ''}><dt>${t('disk')}</dt><dd class="n">${number(disk.free / 2 ** 30, 1)} GiB ${disk.error ?? ''}</dd></div>
    </dl>
    <${HourBooks} health=${health} /></section>`;
}

/** Promise: what came is stored, told before, set aside or on its way; what is none of these is missing, and said in red. @param {{ health: any }} props */
function HourBooks({ health }) {
  const { hours, settledHour, alertBooks } = health;
  const columns = ['received', 'stored', 'duplicates', 'deadLettered', 'open'];
  const alertColumns = ['raised', 'notified', 'inFlight', 'undelivered', 'nobody'];
  const clock = (/** @type {number} */ hour) => new Date(hour * 3_600_000).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: 'Asia/Shanghai' });
  return html`<div class="books">
    ${health.holes > 0 && html`<p class="attention" role="alert" data-testid="books-open">${t('booksOpen')}</p>`}
    <table data-testid="hour-books"><caption>${t('hourBooks')}</caption>
      <thead><tr><th>${t('hour')}</th>${columns.map((column) => html`<th key=${column} class="n">${t(column === 'open' ? 'onTheWay' : column)}</th>`)}</tr></thead>
      <tbody>${hours.slice(-6).reverse().map((/** @type {any} */ hour) => html`<tr key=${hour.hour} class=${hour.hour <= settledHour && hour.open !== 0 ? 'attention' : ''}>
        <th>${clock(hour.hour)}</th>${columns.map((column) => html`<td key=${column} class="n">${number(hour[column], 0)}</td>`)}</tr>`)}</tbody></table>
    <table data-testid="alert-books"><caption>${t('alertBooks')}</caption>
      <thead><tr>${alertColumns.map((column) => html`<th key=${column} class="n">${t(column === 'inFlight' ? 'sending' : column)}</th>`)}</tr></thead>
      <tbody><tr>${alertColumns.map((column) => html`<td key=${column} class="n">${number(alertBooks[column], 0)}</td>`)}</tr></tbody></table></div>`;
}

function App() {
  const quiet = Date.now() - state.heardAt;
  const unknown = [...state.devices.values()].filter((device) => !device.known);
  return html`
    ${quiet > 20_000 && html`<p class="lost" role="status" data-testid="connection-lost">${t('lostConnection')} ${Math.round(quiet / 1000)}${t('seconds')}</p>`}
    <main>
      <section aria-live="polite"><h2>${t('alerts')}</h2><${Alerts} /></section>
      ${state.sites.length === 0 ? html`<p class="empty">${t('noSites')}</p>` : state.sites.map(SiteSection)}
      <section><h2>${t('unknown')}</h2>${unknown.length === 0 ? html`<p class="empty">${t('noUnknown')}</p>` : html`<p>${t('unknownHelp')}</p><ul class="unknown">${unknown.map(Unknown)}</ul>`}</section>
      <${Health} />
    </main>`;
}

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
root.replaceChildren();
let drawn = 0;
function draw() {
  drawn = 0;
  render(html`<${App} />`, root);
}
const soon = () => { drawn ||= requestAnimationFrame(draw); };

/** @type {EventSource | undefined} */
let stream;

function open() {
  stream = new EventSource('/events');
  const heard = () => { state.heardAt = Date.now(); };
  /** @param {string} name @param {(body: any) => void} take */
  const on = (name, take) => stream?.addEventListener(name, (event) => {
    heard();
    take(JSON.parse(/** @type {MessageEvent} */ (event).data));
    soon();
  });
  on('hello', () => state.devices.clear());
  on('heartbeat', () => {});
  on('registry', (body) => { state.sites = body.sites; });
  on('devices', (body) => {
    state.skew = body.now - Date.now();
    for (const device of body.devices) state.devices.set(device.key, device);
  });
  on('alerts', (body) => {
    state.alerts = body.alerts;
    state.circuits = new Map(body.circuits.map((/** @type {CircuitState} */ circuit) => [circuit.path, circuit]));
  });
  on('health', (body) => { state.health = body; });
}

// A hidden tab holds one of the browser's six connections and a phone's battery for nothing.
document.addEventListener('visibilitychange', () => {
  stream?.close();
  if (!document.hidden) open();
});
open();
setInterval(soon, 1000);
