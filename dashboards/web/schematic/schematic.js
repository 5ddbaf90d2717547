// The schematic on the start page: the server draws it, and what the live page hears keeps its words true. Nothing moves: each word has its place.
import { isDeaf, isSilent, pathOf, permitOn, share, sockets, state } from '../live.js';
import { local, t } from '../texts.js';

/** @typedef {import('../live.js').Alert} Alert */
/** @typedef {import('../live.js').Site} Site */

/** @param {Alert[]} alerts @returns {[string, string]} How it stands, and the words. */
function told(alerts) {
  const count = t('alertCount', { count: alerts.length });
  const waiting = alerts.filter((alert) => alert.needs);
  if (waiting.some((alert) => alert.priority === 'P0' || alert.priority === 'P1')) return ['danger', `▲ ${count}`];
  return waiting.length > 0 ? ['warning', `! ${count}`] : ['calm', `· ${count}`];
}

/** @param {string} path @param {string} asset */
const isOf = (path, asset) => asset === path || asset.startsWith(`${path}/`);

/** @param {HTMLElement} node @param {Site} site @returns {[string, string]} */
function says(node, site) {
  const { asset = '', devices } = node.dataset;
  if (!devices) {
    const circuit = site.circuits.find((one) => `${site.id}/${one.id}` === asset);
    const alerts = state.alerts.filter((alert) => (circuit ? alert.asset === asset : isOf(asset, alert.asset)));
    if (alerts.length > 0) return told(alerts);
    if (!circuit) return isDeaf() ? ['silent', `× ${t('notReceiving')}`] : ['calm', t('calm')];
    const part = share(site, circuit), permit = permitOn(asset);
    if (permit && !((part ?? 0) > 0.8)) return ['calm', `⚒ ${local(permit.text)}`];
    if (part === undefined) return ['calm', circuit.ratedA ? '—' : t('notRated')];
    const percent = `${(part * 100).toFixed()} %`;
    return part > 1 ? ['danger', `▲ ${percent}`] : part > 0.8 ? ['warning', `! ${percent}`] : ['calm', percent];
  }
  const ids = new Set(devices.split(' '));
  const entries = site.devices.filter((entry) => ids.has(entry.id));
  const paths = entries.map((entry) => pathOf(site, entry));
  const alerts = state.alerts.filter((alert) => alert.asset === asset || paths.some((path) => isOf(path, alert.asset)));
  if (alerts.length > 0) return told(alerts);
  const permits = paths.map(permitOn), worked = permits.filter((permit) => permit !== undefined);
  const silent = entries.filter((entry, index) => !permits[index] && isSilent(site, entry)).length;
  if (silent > 0) return ['silent', `× ${t('silentCount', { count: silent })}`];
  if (worked[0]) return ['calm', `⚒ ${worked.length < entries.length ? `${worked.length} / ${entries.length} · ` : ''}${local(worked[0].text)}`];
  const { all, used } = sockets(site, entries);
  return ['calm', all > 0 ? `${t('charging')} ${used} / ${all}` : t('healthFine')];
}

document.addEventListener('drawn', () => {
  const sites = new Map(state.sites.map((site) => [site.id, site]));
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#schematic [data-asset]'))) {
    const site = sites.get(String(node.dataset.site));
    if (!site) continue;
    const [how, words] = says(node, site);
    if (node.textContent !== words) node.textContent = words;
    if (node.dataset.state !== how) node.dataset.state = how;
  }
});
