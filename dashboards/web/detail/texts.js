// Texts of charts in both languages; the rest of a page is written by the server. Tests check them as they do those of the live page.
import { language } from '../texts.js';

/** @type {Record<string, {zh: string, en: string}>} */
export const texts = {
  reading: { zh: '正在读取……', en: 'Reading …' },
  stillReading: { zh: '仍在加载……', en: 'Still reading …' },
  retry: { zh: '再试一次', en: 'Try again' },
  failed: { zh: '没有读到：{why}', en: 'Not read: {why}' },
  noAnswer: { zh: '服务没有应答', en: 'the service does not answer' },
  serviceFailed: { zh: '服务出错（{status}）', en: 'the service failed ({status})' },
  errorId: { zh: '。出错编号 {id}', en: '. Error number {id}' },
  nothing: { zh: '这段时间没有读数。', en: 'No reading in this time.' },
  range: { zh: '时间范围', en: 'Time' },
  range_1h: { zh: '1 小时', en: '1 h' },
  range_24h: { zh: '24 小时', en: '24 h' },
  range_7d: { zh: '7 天', en: '7 d' },
  range_90d: { zh: '90 天', en: '90 d' },
  quantity: { zh: '指标', en: 'Quantity' },
  zoomIn: { zh: '放大', en: 'Zoom in' },
  zoomOut: { zh: '缩小', en: 'Zoom out' },
  zoomReset: { zh: '复原', en: 'Reset' },
  chart: { zh: '{quantity}曲线，{from} 至 {to}', en: '{quantity}, {from} to {to}' },
  keys: { zh: '左右键逐点读数，加减键缩放，0 键复原；手机上点按读数，两指缩放。', en: 'Left and right read point by point, plus and minus zoom, 0 resets; on a phone tap to read and pinch to zoom.' },
  raw: { zh: '每一点是一个读数。', en: 'Each point is one reading.' },
  each: { zh: '每一点是 {span}：线是平均，浅色是最小到最大。', en: 'Each point stands for {span}: the line is the mean, the pale band least to most.' },
  spanSeconds: { zh: '{count} 秒', en: '{count} s' },
  spanMinutes: { zh: '{count} 分钟', en: '{count} min' },
  spanHours: { zh: '{count} 小时', en: '{count} h' },
  readOut: { zh: '{name} {mean} {unit}', en: '{name} {mean} {unit}' },
  readOutBand: { zh: '{name} {mean} {unit}（{min}–{max}）', en: '{name} {mean} {unit} ({min}–{max})' },
  over: { zh: '超过限值', en: 'over the limit' },
  under: { zh: '低于限值', en: 'below the limit' },
  alertThen: { zh: '告警 {priority} {text}', en: 'alert {priority} {text}' },
  table: { zh: '同样的数字，列成表', en: 'The same numbers as a table' },
  tableSome: { zh: '每 {every} 点取一段，共 {count} 行', en: '{every} points a row, {count} rows' },
  time: { zh: '时间', en: 'Time' },
  held: { zh: '告警仍可试着接下；要填写的操作等连上再做。', en: 'Taking an alert can still be tried; what is filled in waits for the line.' },
  refreshFailed: { zh: '与服务的连接断了：下面的数值自 {since} 起没有更新。', en: 'Connection to the service lost: what is below is as of {since}.' },
};

/** The text of a key, with what is named in braces put in. @param {string} key @param {Record<string, string | number>} [values] */
export const t = (key, values = {}) => (texts[key]?.[language] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
