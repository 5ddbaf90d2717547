// The sockets of a place: a tile each, in the order of their numbers, with a sign and a word.
import { html } from '../vendor/htm-preact.js';
import { isGone, isOld, now, number, pathOf, permitOn, state } from '../live.js';
import { age, clock, local, span, t } from '../texts.js';

/** @typedef {import('../live.js').Site} Site */
/** @typedef {import('../live.js').Registered} Registered */
/** @typedef {import('../live.js').Device} Device */
/** @typedef {import('../live.js').Values} Values */

/** @param {Device | undefined} device @param {Values | undefined} values @param {string} path */
function tileState(device, values, path) {
  // In the order of every page: what endangers, what is worked on, what is not known, what is wrong else.
  const mark = state.marks.get(path)?.mark;
  if (mark === 'overload') return 'overload';
  if (mark === 'fault') return 'fault';
  const permit = permitOn(path);
  if (permit && !permit.feed) return 'maintenance';
  const away = !device || !values ? 'never' : isGone(device) ? 'offline' : isOld(device, values) ? 'stale' : '';
  if (away) return permit ? 'maintenance' : away;
  if (mark || values?.st === 'fault' || values?.st === 'fuse') return 'fault';
  if (values?.st === 'full') return 'full';
  return (values?.w ?? 0) > 3 || values?.st === 'charging' ? 'charging' : 'idle';
}

/** @type {Record<string, string>} */
export const signs = { never: '—', offline: '×', stale: '×', maintenance: '⚒', overload: '▲', fault: '!', full: t('signFull'), charging: t('signCharging'), idle: '' };

/** Tiles, not compared while the same. @type {Record<string, any[]>} */
const drawnTiles = {};

/** @param {Site} site @param {Registered} entry @param {string} channel @param {boolean} [isMore] It reports, but the registry does not know of it. */
function Tile(site, entry, channel, isMore) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  const values = device?.channels[channel];
  const path = `${pathOf(site, entry)}/${channel}`, what = tileState(device, values, path);
  // What it said before it fell silent is never shown as the present, whatever its alert makes of it.
  const gone = !device || !values || isGone(device) || isOld(device, values);
  const shown = what === 'maintenance' ? clock(permitOn(path)?.until ?? 0).slice(0, 5) : gone ? (values ? span(now() - values.at) : '') : what === 'charging' || what === 'overload' ? `${number(values.w ?? 0)} W` : '';
  const takers = what === 'overload' || what === 'fault' ? state.marks.get(path)?.takers : undefined, by = takers ? local(takers) : '';
  const id = `${site.id}-${entry.id}-${channel}`, last = drawnTiles[id];
  if (last?.[2] === entry && last[0] === values && last[1] === what + shown + by) return last[3];
  const reserved = entry.reserved.includes(channel);
  const doubt = values?.quality === 'suspect' || values?.quality === 'bad';
  const no = channel.replace(/^[a-z]/, '');
  const label = [no, t(what), shown, by && `${t('taken')} ${by}`, isMore ? t('notRegistered') : '', reserved ? t('reserved') : '', doubt ? t('suspect') : '', values ? clock(values.at) : ''].filter(Boolean).join(' · ');
  drawnTiles[id] = [values, what + shown + by, entry, html`<li key=${channel} class=${`tile ${what} ${isMore ? 'more' : ''} ${by ? 'taken' : ''}`} data-testid=${`socket-${id}`} data-state=${what} title=${label}>
    <span class="no" aria-hidden="true">${no}${reserved ? '♥' : ''}${isMore ? '+' : ''}</span><b aria-hidden="true">${signs[what]}${doubt ? '?' : ''}${by ? '✓' : ''}</b><span class="w" aria-hidden="true">${by || shown}</span><span class="sr">${label}</span></li>`];
  return drawnTiles[id][3];
}

/** @param {Registered} entry */
export const channelsOf = (entry) => Array.from({ length: entry.sockets }, (_, index) => `${entry.kind === 'Cabinet' ? 'k' : 's'}${index + 1}`);

/** Sockets and slots that report though the registry does not count them: shown, or somebody charges where nobody looks. @param {Site} site @param {Registered} entry */
export function moreOf(site, entry) {
  const registered = new Set(channelsOf(entry));
  return Object.keys(state.devices.get(`${site.id}/${entry.id}`)?.channels ?? {}).filter((channel) => /^[sk]\d/.test(channel) && !registered.has(channel));
}

/** @param {Site} site @param {Registered} entry */
const tilesOf = (site, entry) => html`<ul class="tiles">${channelsOf(entry).map((channel) => Tile(site, entry, channel))}${moreOf(site, entry).map((channel) => Tile(site, entry, channel, true))}</ul>`;

/** @param {Site} site @param {Registered} entry */
function Pile(site, entry) {
  const device = state.devices.get(`${site.id}/${entry.id}`);
  return html`<section class="pile" key=${entry.id}><h4>${local(entry.name)} <small>${device ? age(now() - device.heard) : t('never')}</small></h4>
    ${tilesOf(site, entry)}${moreOf(site, entry).length > 0 && html`<p class="age">+ ${t('notRegistered')}</p>`}</section>`;
}

/** Of which nothing is known, not one socket: whatever else it was, an alert on one of them is never hidden behind that. @param {Site} site @param {Registered} entry */
function isAway(site, entry) {
  const device = state.devices.get(`${site.id}/${entry.id}`), path = pathOf(site, entry);
  const channels = [...channelsOf(entry), ...moreOf(site, entry)];
  return channels.length > 1 && channels.every((channel) => !state.marks.has(`${path}/${channel}`) && ['never', 'offline', 'stale'].includes(tileState(device, device?.channels[channel], `${path}/${channel}`)));
}

/** The piles and cabinets of a place. Those that are away as a whole share one line: forty tiles of nothing would hide what is wrong with the others; why they are is on the site's page.
 * @param {Site} site @param {string | undefined} place @param {Registered[]} piles */
export function Piles(site, place, piles) {
  const away = piles.filter((pile) => isAway(site, pile));
  const count = away.reduce((sum, pile) => sum + channelsOf(pile).length + moreOf(site, pile).length, 0);
  return html`${away.length > 0 && html`<details class="roll" data-testid=${`roll-${site.id}-${place ?? ''}`}><summary><b>× ${t('socketsAway', { count })}</b> ${away.map((pile) => local(pile.name)).join(' · ')}</summary>
      <p><a href=${`/site/${site.id}#place-${place ?? ''}`}>${t('seeCause')}</a></p><div class="piles">${away.map((pile) => Pile(site, pile))}</div></details>`}
    <div class="piles">${piles.filter((pile) => !away.includes(pile)).map((pile) => Pile(site, pile))}</div>`;
}
