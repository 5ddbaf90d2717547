// How the monitor itself is, on the start page: below all the rest, so it is fetched when that is drawn.
import { Reason, now, number, state } from '../live.js';
import { age, clock, local, t } from '../texts.js';
import { html } from '../vendor/htm-preact.js';

/** @typedef {import('../live.js').Local} Local */

/** @param {string} label @param {any} value @param {{id?: string, bad?: boolean, row?: boolean}} [more] */
const Fact = (label, value, more) => html`<div key=${label} class=${`${more?.bad ? 'attention' : ''} ${more?.row ? 'row' : ''}`}><dt>${label}</dt><dd data-testid=${more?.id ? `health-${more.id}` : undefined}>${value}</dd></div>`;

export function Health() {
  const { health } = state;
  if (!health.journal) return null;
  const { books, broker, journal, disk, limits, influx } = health;
  return html`<section id="health" data-testid="health"><h2>${t('health')}</h2>
    ${health.configuration.length > 0 && html`<div class="attention"><b>${t('configuration')}</b><ul>${health.configuration.map((/** @type {Local} */ error) => html`<li key=${error.en}>${local(error)}</li>`)}</ul></div>`}
    <dl>
      ${Fact(t('broker'), broker.connected ? t('connected') : `× ${t('disconnected')} ${age(now() - broker.since)} · ${Reason(broker)}`, { id: 'broker', bad: !broker.connected })}
      ${books && Fact(t('sinceStart'), books.received, { id: 'received' })}
      ${books && ['inFlight', 'journaled', 'duplicates', 'deadLettered', 'lost'].map((key) => Fact(t(key), books[key], { id: key }))}
      ${books && Fact(t('books'), books.hole === 0 ? t('balanced') : t('hole', { count: books.hole }), { id: 'hole', bad: books.hole !== 0 })}
      ${books && Object.entries(books.reasons).map(([reason, count]) => Fact(t(`reason_${reason}`), count))}
      ${Fact(t('lag'), `${journal.lagMs} ms`)}
      ${Object.entries(journal.readers).map(([name, behind]) => Fact(t(`behind_${name}`), behind, { bad: name === 'monitoring' && journal.rulesLateMs > 0 }))}
      ${Fact(t('disk'), `${number(disk.free / 2 ** 30, 1)} GiB ${disk.error ?? ''}`, { bad: Boolean(disk.error) })}
      ${influx && Fact('InfluxDB', influx.said || influx.oldest
    ? `× ${influx.said ? t('influxAway', { since: clock(influx.since), said: influx.said }) : t('influxBehind')}${influx.oldest ? ` · ${t('influxOldest', { at: clock(influx.oldest) })}` : ''}${influx.room ? ` · ${t('influxFull', { time: local(influx.room) })}` : ''}`
    : t('influxFine', { target: influx.target }), { id: 'influx', bad: Boolean(influx.said || influx.oldest), row: Boolean(influx.said || influx.oldest) })}
      ${influx && influx.setAside > 0 && Fact(t('influxSetAside'), influx.setAside)}
      ${influx && influx.skipped > 0 && Fact(t('influxSkipped'), influx.skipped, { bad: true })}
      ${Object.entries(limits).filter(([key, count]) => key === 'pages' || count > 0).map(([key, count]) => Fact(t(`limit_${key}`), count, { bad: key === 'damaged' || key === 'cfgBehind' }))}
    </dl>
    <${Books} /></section>`;
}

const day = 86_400_000;
const shanghai = 8 * 3_600_000;

/** What came is stored, told before, set aside or on its way; what is none of these is missing, and said in red. Who does not see all sites is told of holes alone. */
function Books() {
  const { hours, settledHour, holes, alertBooks } = state.health;
  const columns = ['received', 'stored', 'duplicates', 'deadLettered', 'open'];
  const words = ['received', 'stored', 'duplicates', 'deadLettered', 'onTheWay'];
  const midnight = Math.floor((now() + shanghai) / day) * day - shanghai;
  const today = hours.filter((/** @type {any} */ hour) => hour.hour * 3_600_000 >= midnight);
  const Row = (/** @type {string} */ name, /** @type {any[]} */ of, /** @type {boolean} */ bad) => html`<tr key=${name} class=${bad ? 'attention' : ''}>
    <th scope="row">${name}</th>${columns.map((column) => html`<td key=${column} class="n">${of.reduce((sum, hour) => sum + hour[column], 0)}</td>`)}</tr>`;
  return html`<div class="books"><div>
    ${holes.length > 0 && html`<div class="attention" data-testid="books-open"><p>${t('booksOpen')}</p><ul>${holes.map((/** @type {any} */ hole) => html`<li key=${`${hole.device} ${hole.hour}`}>${t('hole_at', { device: hole.device, hour: clock(hole.hour * 3_600_000).slice(0, 5), received: hole.received, stored: hole.stored, open: hole.open })}</li>`)}</ul></div>`}
    ${alertBooks && html`<div class="scroll" tabindex="0"><table data-testid="hour-books"><caption>${t('hourBooks')}</caption>
      <thead><tr><th scope="col">${t('hour')}</th>${words.map((word) => html`<th key=${word} scope="col" class="n">${t(word)}</th>`)}</tr></thead>
      <tbody>${Row(t('today'), today, false)}
        ${hours.slice(-6).reverse().map((/** @type {any} */ hour) => Row(clock(hour.hour * 3_600_000).slice(0, 5), [hour], hour.hour <= settledHour && hour.open !== 0))}</tbody></table></div>`}</div>
    ${alertBooks && html`<div class="scroll" tabindex="0"><table data-testid="alert-books"><caption>${t('alertBooks')}</caption>
      <tbody>${Object.entries(alertBooks).map(([key, count]) => html`<tr key=${key} class=${count > 0 && (['undelivered', 'withheld', 'nobody'].includes(key)) ? 'attention' : ''} data-testid=${`alert-books-${key}`}><th scope="row">${t(`alerts_${key}`)}</th><td class="n">${count}</td></tr>`)}</tbody></table></div>`}</div>`;
}
