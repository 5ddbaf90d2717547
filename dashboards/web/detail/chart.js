// History as a chart that can also be read by keyboard, by finger and as a table. The server thins it out honestly: every point knows the least, the most and the mean of what it stands for.
import { html, render } from '../vendor/htm-preact.js';
import { language, local } from '../texts.js';
import { t } from './texts.js';

/** @typedef {{zh: string, en: string}} Local */
/** @typedef {{key: string, name: Local, unit: string, digits: number, limit?: number, limitName?: Local, floor?: number, floorName?: Local, from?: {address: string, key: string, lines: {channel: string, name: Local}[]}}} Quantity */
/** @typedef {{id: string, from: number, to?: number, priority: string, text: Local}} Alert */
/** @typedef {{source: string, lines: {channel: string, name: Local}[], metrics: Quantity[], alerts: Alert[], now: number, from?: number, to?: number}} Told */
/** @typedef {{channel: string, raw: boolean, at: number[], min: number[], max: number[], mean: number[]}} Line */
/** @typedef {{at: number, min: number, max: number, mean: number}} Point */
/** @typedef {import('uplot')} Plot */

/** @type {typeof import('uplot')} */
const uPlot = /** @type {any} */ (globalThis).uPlot;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Each range with the length of a stretch, so that points lie on round times and do not wander. @type {Record<string, [number, number]>} */
const ranges = { '1h': [hour, 5_000], '24h': [day, 2 * minute], '7d': [7 * day, 15 * minute], '90d': [90 * day, 3 * hour] };
const pointsMax = 720;
const rowsMax = 200;
const refreshMs = 30_000;
/** Longer than the service itself waits for its database at most (300 s): an answer that comes is never cut off. Whoever does not want to wait asks again after three seconds. */
const waitMs = 310_000;
/** Shorter than this nothing is seen but single readings. */
const spanMinMs = minute;
const spanMaxMs = 92 * day;

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'zh-CN', { hourCycle: 'h23', timeZone: 'Asia/Shanghai', ...options });
const toSecond = format({ month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const toMinute = format({ hour: '2-digit', minute: '2-digit' });
const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const toDay = format({ month: language === 'en' ? 'short' : 'long', day: 'numeric' });
const isMidnight = (/** @type {number} */ ms) => (ms + 8 * hour) % day === 0;

/** @param {number} ms */
function spanText(ms) {
  if (ms < minute) return t('spanSeconds', { count: Math.round(ms / 1000) });
  return ms < hour ? t('spanMinutes', { count: Math.round(ms / minute) }) : t('spanHours', { count: Math.round(ms / hour) });
}

/** Values of the axis: hours of the day as a clock shows them, and the day where it begins. @param {Plot} _ @param {number[]} splits @param {number} __ @param {number} ___ @param {number} step */
const timesOf = (_, splits, __, ___, step) => splits.map((ms) => (isMidnight(ms) || step >= day ? toDay : step < minute ? seconds : toMinute).format(ms));

/** Values of the other axis, with as many places as its step has: less, and neighbours would read alike. @param {Plot} _ @param {number[]} splits @param {number} __ @param {number} ___ @param {number} step */
const amountsOf = (_, splits, __, ___, step) => splits.map((value) => value.toFixed((String(step).split('.')[1] ?? '').length));

/** Dashes beside tones: lines are told apart without colour. */
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const tones = ['--line-1', '--line-2', '--line-3', '--line-4'];
const colour = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

class Chart {
  /** @param {HTMLElement} root @param {Told} told */
  constructor(root, told) {
    this.root = root;
    this.told = told;
    this.skew = told.now - Date.now();
    this.quantity = told.metrics[0];
    this.range = told.from ? '' : '24h';
    /** Where the last look ended, when somebody zoomed. @type {[number, number] | undefined} */
    this.zoom = undefined;
    /** @type {Line[]} */ this.lines = [];
    this.width = 0;
    /** @type {[number, number]} */ this.shown = [0, 0];
    /** @type {Plot | undefined} */ this.plot = undefined;
    /** Every time that has a point, in order. @type {number[]} */
    this.times = [];
    /** What each of these times has, line by line. @type {(Point | undefined)[][]} */
    this.rows = [];
    this.cursor = -1;
    /** What the plot shows, so that it is made anew only for something else. */
    this.painted = '';
    this.later = 0;
    this.state = 'reading';
    this.why = '';
    this.said = '';
    this.isTableOpen = false;
    this.asked = 0;
    /** Ends the question that waits for its answer. */ this.end = new AbortController();
    this.loadedAt = 0;
    root.replaceChildren();
    this.load();
    new ResizeObserver(() => this.fit()).observe(root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.paint());
    // A stretch of three hours is not another one every half minute.
    setInterval(() => { if (!document.hidden && this.range && !this.zoom && Date.now() - this.loadedAt >= Math.min(this.width, hour) / 2) this.load(); }, refreshMs);
  }

  /** The server's time. */
  now() { return Date.now() + this.skew; }

  /** The lines of what is shown. */
  names() { return this.quantity.from?.lines ?? this.told.lines; }

  /** @returns {[number, number, number]} From, to, and how many points. */
  span() {
    if (this.zoom) return [...this.zoom, pointsMax];
    if (this.told.from && this.told.to) return [this.told.from, this.told.to, pointsMax];
    const [length, width] = ranges[this.range];
    const to = Math.ceil(this.now() / width) * width;
    return [to - length, to, length / width];
  }

  async load() {
    const own = ++this.asked;
    const [from, to, points] = this.span();
    const slow = setTimeout(() => { if (own === this.asked && this.state === 'reading') this.say('slow'); }, 3_000);
    // Not AbortSignal.timeout: a telephone of 2021 has none.
    this.end.abort();
    const end = this.end = new AbortController();
    const late = setTimeout(() => end.abort(), waitMs);
    if (this.lines.length === 0) this.say('reading');
    try {
      const query = new URLSearchParams([...this.names().map((line) => ['channel', line.channel]), ['metric', this.quantity.from?.key ?? this.quantity.key], ['from', String(Math.round(from))], ['to', String(Math.round(to))], ['points', String(points)]]);
      const answer = await fetch(`${this.quantity.from?.address ?? this.told.source}?${query}`, { redirect: 'manual', signal: end.signal });
      if (answer.type === 'opaqueredirect') return location.reload();
      // A failure may come without our words: from a proxy, or before anybody could write them.
      const body = await answer.json().catch((error) => { if (answer.ok) throw error; return {}; });
      if (own !== this.asked) return;
      if (!answer.ok) return this.say('failed', (local(body) ?? t('serviceFailed', { status: answer.status })) + (body.id ? t('errorId', { id: body.id }) : ''));
      this.lines = body.channels;
      this.width = body.width;
      this.shown = [from, to];
      this.loadedAt = Date.now();
      this.take();
      this.say(this.times.length === 0 ? 'nothing' : 'drawn');
    } catch {
      if (own === this.asked) this.say('failed', t('noAnswer'));
    } finally {
      clearTimeout(slow);
      clearTimeout(late);
    }
  }

  /** @param {string} state @param {string} [why] */
  say(state, why = '') {
    this.state = state;
    this.why = why;
    this.draw();
  }

  /** Points of all lines by time; where a stretch is missing the line breaks: what was not told is not drawn. */
  take() {
    /** @type {Map<number, (Point | undefined)[]>} */
    const rows = new Map();
    this.lines.forEach((line, index) => line.at.forEach((at, point) => {
      const row = rows.get(at) ?? Array(this.lines.length).fill(undefined);
      row[index] = { at, min: line.min[point], max: line.max[point], mean: line.mean[point] };
      rows.set(at, row);
    }));
    const stood = this.times[this.cursor];
    this.times = [...rows.keys()].sort((one, other) => one - other);
    this.rows = this.times.map((at) => /** @type {(Point | undefined)[]} */ (rows.get(at)));
    this.cursor = stood === undefined || this.times.length === 0 ? -1 : this.nearest(stood);
  }

  /** As uPlot wants it: times, then least, most and mean of each line. */
  columns() {
    const steps = this.times.slice(1).map((at, index) => at - this.times[index]).sort((one, other) => one - other);
    const usual = Math.max(steps[Math.floor(steps.length / 2)] ?? 0, this.isRaw() ? 0 : this.width);
    /** @type {number[]} */ const times = [];
    /** @type {(number | null | undefined)[][]} */ const columns = this.lines.flatMap(() => [[], [], []]);
    this.times.forEach((at, row) => {
      if (row > 0 && at - this.times[row - 1] > 3 * usual) {
        times.push(this.times[row - 1] + 1);
        columns.forEach((column) => column.push(null));
      }
      times.push(at);
      this.rows[row].forEach((point, line) => {
        columns[3 * line].push(point?.min);
        columns[3 * line + 1].push(point?.max);
        columns[3 * line + 2].push(point?.mean);
      });
    });
    return [times, ...columns];
  }

  isRaw() { return this.lines.every((line) => line.raw); }

  number(/** @type {number} */ value) { return value.toFixed(this.quantity.digits); }

  /** @param {Alert} alert @param {number} from @param {number} to */
  static isIn(alert, from, to) { return alert.from < to && (alert.to ?? Infinity) > from; }

  /** Beyond which limit it is, if any. @param {{min: number, max: number}} point */
  beyond({ min, max }, isSaid = true) {
    const { limit = Infinity, floor = -Infinity } = this.quantity;
    return max > limit ? ` ▲${isSaid ? ` ${t('over')}` : ''}` : min < floor ? ` ▼${isSaid ? ` ${t('under')}` : ''}` : '';
  }

  /** What the cursor stands on, in words. */
  readOut() {
    const row = this.rows[this.cursor];
    if (!row) return '';
    const at = this.times[this.cursor];
    const { unit } = this.quantity;
    const parts = row.map((point, line) => point && t(this.isRaw() ? 'readOut' : 'readOutBand', {
      name: local(this.names()[line].name), mean: this.number(point.mean), unit, min: this.number(point.min), max: this.number(point.max),
    }) + this.beyond(point));
    const alerts = this.told.alerts.filter((alert) => Chart.isIn(alert, at, at + Math.max(1, this.isRaw() ? 1 : this.width))).map((alert) => t('alertThen', { priority: alert.priority, text: local(alert.text) }));
    return [toSecond.format(at), ...parts.filter(Boolean), ...alerts].join(' · ');
  }

  /** @param {number} index */
  stand(index) {
    if (this.times.length === 0) return;
    this.cursor = Math.max(0, Math.min(this.times.length - 1, index));
    const at = this.times[this.cursor];
    if (this.plot) this.plot.setCursor({ left: this.plot.valToPos(at, 'x'), top: 0 });
    this.said = this.readOut();
    this.draw();
  }

  /** @param {number} from @param {number} to */
  look(from, to) {
    const length = Math.max(spanMinMs, Math.min(spanMaxMs, to - from));
    const end = Math.min((from + to) / 2 + length / 2, Math.max(this.now(), this.shown[1]));
    this.zoom = [Math.max(0, end - length), end];
    this.plot?.setScale('x', { min: this.zoom[0], max: this.zoom[1] });
    clearTimeout(this.later);
    this.later = setTimeout(() => this.load(), 250);
  }

  /** @param {number} factor Below 1: closer. @param {number} [centre] */
  scale(factor, centre) {
    const [from, to] = this.zoom ?? this.shown;
    const about = centre ?? (this.cursor >= 0 ? this.times[this.cursor] : (from + to) / 2);
    this.look(about - (about - from) * factor, about + (to - about) * factor);
  }

  reset() {
    this.zoom = undefined;
    this.load();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const does = {
      ArrowLeft: () => this.stand(this.cursor < 0 ? this.times.length - 1 : this.cursor - 1),
      ArrowRight: () => this.stand(this.cursor + 1),
      PageUp: () => this.stand(this.cursor - 10),
      PageDown: () => this.stand(this.cursor + 10),
      Home: () => this.stand(0),
      End: () => this.stand(this.times.length - 1),
      '+': () => this.scale(0.5),
      '=': () => this.scale(0.5),
      '-': () => this.scale(2),
      0: () => this.reset(),
    };
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  }

  /** One finger reads, two zoom and move; up and down still scrolls the page. @param {HTMLElement} over */
  touch(over) {
    /** @type {Map<number, number>} */ const fingers = new Map();
    /** @type {{from: number, to: number, at: [number, number]} | undefined} */ let began;
    const sides = () => /** @type {[number, number]} */ ([Math.min(...fingers.values()), Math.max(...fingers.values())]);
    over.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse') return;
      over.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event.clientX - over.getBoundingClientRect().left);
      const [from, to] = this.zoom ?? this.shown;
      began = fingers.size === 2 ? { from, to, at: sides() } : undefined;
    });
    over.addEventListener('pointermove', (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event.clientX - over.getBoundingClientRect().left);
      if (!began || fingers.size !== 2) return;
      // The times under both fingers stay under them.
      const [left, right] = sides();
      const perPixel = (began.at[1] - began.at[0]) / Math.max(20, right - left) * (began.to - began.from) / over.clientWidth;
      const anchor = began.from + began.at[0] / over.clientWidth * (began.to - began.from);
      this.look(anchor - left * perPixel, anchor + (over.clientWidth - left) * perPixel);
    });
    for (const name of ['pointerup', 'pointercancel']) over.addEventListener(name, (event) => { fingers.delete(/** @type {PointerEvent} */ (event).pointerId); began = undefined; });
  }

  /** The index of the point nearest to a time. @param {number} ms */
  nearest(ms) {
    let best = 0;
    for (let index = 1; index < this.times.length; index++) if (Math.abs(this.times[index] - ms) < Math.abs(this.times[best] - ms)) best = index;
    return best;
  }

  paint() {
    const stage = this.root.querySelector('.stage');
    this.plot?.destroy();
    this.plot = undefined;
    if (!stage || this.times.length === 0) return;
    const { limit, limitName, floor, floorName } = this.quantity;
    const [ink, soft, hair, alarm, warn] = ['--ink', '--soft', '--hair', '--alarm', '--warn'].map(colour);
    const series = this.lines.flatMap((_, index) => {
      const stroke = colour(tones[index % tones.length]);
      return [{ scale: 'y', stroke: 'transparent', points: { show: false } }, { scale: 'y', stroke: 'transparent', points: { show: false } },
        { scale: 'y', stroke, width: 1.5, dash: dashes[index % dashes.length], points: { show: this.times.length < 40, size: 4, fill: stroke } }];
    });
    // A limit is on the picture too where everything lies beyond it: that is when somebody looks.
    const marks = [limit ?? [], floor ?? []].flat();
    const most = Math.max(...marks, ...this.lines.flatMap((line) => line.max));
    const least = Math.min(...marks, ...this.lines.flatMap((line) => line.min));
    const font = '12px system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
    this.plot = new uPlot({
      width: Math.max(200, stage.clientWidth),
      height: stage.clientWidth < 500 ? 240 : 320,
      ms: 1,
      tzDate: (ms) => uPlot.tzDate(new Date(ms), 'Asia/Shanghai'),
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      scales: { x: { time: true, range: () => this.zoom ?? this.shown }, y: { range: () => (least < 0 || least > 0.7 * most ? pad(least, most) : [0, most > 0 ? most * 1.08 : 1]) } },
      axes: [
        { stroke: soft, font, grid: { stroke: hair, width: 1 }, ticks: { stroke: hair }, space: 64, values: timesOf },
        { scale: 'y', stroke: soft, font, grid: { stroke: hair, width: 1 }, ticks: { stroke: hair }, size: 52, values: amountsOf },
      ],
      series: [{}, ...series],
      bands: this.isRaw() ? [] : this.lines.map((_, index) => ({ series: [3 * index + 2, 3 * index + 1], fill: `${colour(tones[index % tones.length])}2e` })),
      hooks: {
        drawClear: [(plot) => {
          const { left, top, width, height } = plot.bbox;
          for (const alert of this.told.alerts) {
            const [from, to] = [Math.max(left, plot.valToPos(alert.from, 'x', true)), Math.min(left + width, plot.valToPos(alert.to ?? this.now(), 'x', true))];
            if (to < left || from > left + width) continue;
            plot.ctx.fillStyle = colour('--pale');
            plot.ctx.fillRect(from, top, Math.max(2, to - from), height);
            plot.ctx.fillStyle = alert.priority < 'P2' ? alarm : warn;
            plot.ctx.fillRect(from, top, Math.max(2, to - from), 4 * devicePixelRatio);
          }
        }],
        draw: [(plot) => {
          const { left, width } = plot.bbox;
          const { ctx } = plot;
          for (const [at, name, base] of /** @type {[number | undefined, Local | undefined, CanvasTextBaseline][]} */ ([[limit, limitName, 'bottom'], [floor, floorName, 'top']])) {
            if (at === undefined) continue;
            const y = plot.valToPos(at, 'y', true);
            ctx.save();
            [ctx.strokeStyle, ctx.fillStyle, ctx.lineWidth] = [ink, ink, 1.5 * devicePixelRatio];
            ctx.setLineDash([10 * devicePixelRatio, 4 * devicePixelRatio]);
            ctx.beginPath();
            ctx.moveTo(left, y);
            ctx.lineTo(left + width, y);
            ctx.stroke();
            [ctx.font, ctx.textAlign, ctx.textBaseline] = [font.replace('12px', `${12 * devicePixelRatio}px`), 'right', base];
            if (name) ctx.fillText(local(name), left + width - 4, y + (base === 'top' ? 3 : -3) * devicePixelRatio);
            ctx.restore();
          }
        }],
        setSelect: [(plot) => {
          if (plot.select.width < 8) return;
          const [from, to] = [plot.posToVal(plot.select.left, 'x'), plot.posToVal(plot.select.left + plot.select.width, 'x')];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.look(from, to);
        }],
      },
    }, /** @type {any} */ (this.columns()), /** @type {HTMLElement} */ (stage));
    const { over } = this.plot;
    over.addEventListener('click', (event) => this.stand(this.nearest(/** @type {Plot} */ (this.plot).posToVal(event.offsetX, 'x'))));
    this.touch(over);
  }

  fit() {
    const stage = this.root.querySelector('.stage');
    if (stage && this.plot && Math.abs(stage.clientWidth - this.plot.width) > 1) this.paint();
  }

  draw() {
    render(this.view(), this.root);
    const stage = this.root.querySelector('.stage');
    const drawn = `${this.asked} ${this.quantity.key}`;
    if (this.state !== 'drawn' || !stage) {
      this.plot?.destroy();
      this.plot = undefined;
      this.painted = '';
    } else if (this.painted !== drawn) {
      this.painted = drawn;
      this.paint();
    }
  }

  view() {
    const { metrics } = this.told, lines = this.names();
    const [from, to] = this.shown;
    const press = (/** @type {string} */ text, /** @type {boolean} */ isOn, /** @type {() => void} */ does, /** @type {string} */ id) =>
      html`<button type="button" key=${id} aria-pressed=${isOn} data-testid=${id} onClick=${does}>${text}</button>`;
    return html`<div class="tools">
        ${metrics.length > 1 && html`<div role="group" aria-label=${t('quantity')}>${metrics.map((one) => press(local(one.name), one === this.quantity, () => { this.quantity = one; this.lines = []; this.load(); }, `metric-${one.key}`))}</div>`}
        ${!this.told.from && html`<div role="group" aria-label=${t('range')}>${Object.keys(ranges).map((range) => press(t(`range_${range}`), range === this.range && !this.zoom, () => { this.range = range; this.zoom = undefined; this.load(); }, `range-${range}`))}</div>`}
        <div role="group" class="zoom">${[['＋', 'zoomIn', () => this.scale(0.5)], ['−', 'zoomOut', () => this.scale(2)], ['⟲', 'zoomReset', () => this.reset()]].map(([sign, key, does]) => html`<button type="button" key=${key} title=${t(String(key))} aria-label=${`${sign} ${t(String(key))}`} data-testid=${key} onClick=${does}>${sign}</button>`)}</div></div>
      ${this.state === 'reading' && html`<p class="empty" role="status">${t('reading')}</p>`}
      ${this.state === 'slow' && html`<p class="empty" role="status">${t('stillReading')} <button type="button" onClick=${() => this.load()}>${t('retry')}</button></p>`}
      ${this.state === 'failed' && html`<p class="attention" role="status" data-testid="chart-failed">× ${t('failed', { why: this.why })} <button type="button" onClick=${() => this.load()}>${t('retry')}</button></p>`}
      ${this.state === 'nothing' && html`<p class="empty" data-testid="chart-empty">${t('nothing')}</p>`}
      ${this.state === 'drawn' && html`<div class="stage" tabindex="0" role="group" aria-roledescription="chart" data-testid="stage" aria-label=${t('chart', { quantity: local(this.quantity.name), from: toSecond.format(from), to: toSecond.format(to) })} aria-describedby="chart-keys" onKeyDown=${(/** @type {KeyboardEvent} */ event) => this.key(event)}></div>
      <p class="read-out" aria-live="polite" data-testid="read-out">${this.said}</p>
      <ul class="key">${lines.length > 1 && lines.map((line, index) => html`<li key=${line.channel}><svg width="34" height="10" aria-hidden="true"><path d="M0 5h34" class=${`line-${index + 1}`} stroke-dasharray=${dashes[index % dashes.length].join(' ')} /></svg> ${local(line.name)}</li>`)}<li>${this.isRaw() ? t('raw') : t('each', { span: spanText(this.width) })} ${local(this.quantity.name)} ${this.quantity.unit}</li></ul>
      <p class="empty" id="chart-keys">${t('keys')}</p>
      <details open=${this.isTableOpen} onToggle=${(/** @type {Event} */ event) => { this.isTableOpen = /** @type {HTMLDetailsElement} */ (event.target).open; this.draw(); }}><summary data-testid="chart-table">${t('table')}</summary>${this.isTableOpen && this.table()}</details>`}`;
  }

  /** Rows of the same points; where there are too many, neighbours share one. */
  table() {
    const rows = this.rows;
    const every = Math.ceil(rows.length / rowsMax);
    const shown = Array.from({ length: Math.ceil(rows.length / every) }, (_, index) => rows.slice(index * every, (index + 1) * every));
    const { unit } = this.quantity;
    return html`${every > 1 && html`<p class="empty">${t('tableSome', { every, count: shown.length })}</p>`}<div class="scroll" tabindex="0"><table data-testid="chart-rows"><thead><tr><th scope="col">${t('time')}</th>${this.names().map((line) => html`<th key=${line.channel} scope="col" class="n">${local(line.name)} ${unit}</th>`)}</tr></thead>
      <tbody>${shown.map((group, index) => html`<tr key=${index}><th scope="row">${toSecond.format(this.times[index * every])}</th>${this.names().map((line, column) => {
        const points = group.flatMap((row) => row[column] ?? []);
        if (points.length === 0) return html`<td key=${line.channel} class="n">—</td>`;
        const [min, max] = [Math.min(...points.map((point) => point.min)), Math.max(...points.map((point) => point.max))];
        const mean = points.reduce((sum, point) => sum + point.mean, 0) / points.length;
        return html`<td key=${line.channel} class="n">${this.number(mean)}${min === max ? '' : ` (${this.number(min)}–${this.number(max)})`}${this.beyond({ min, max }, false)}</td>`;
      })}</tr>`)}</tbody></table></div>`;
  }
}

/** Room above and below what does not begin at nothing, as temperature and voltage. @param {number} least @param {number} most @returns {[number, number]} */
function pad(least, most) {
  const room = Math.max((most - least) * 0.1, Math.abs(most) * 0.01, 0.1);
  return [least - room, most + room];
}

for (const root of document.querySelectorAll('[data-chart]')) new Chart(/** @type {HTMLElement} */ (root), JSON.parse(/** @type {HTMLElement} */ (root).dataset.chart ?? '{}'));
