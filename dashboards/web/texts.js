// Every text of the page in both languages; tests check that both are there.

/** @type {Record<string, {zh: string, en: string}>} */
export const texts = {
  alerts: { zh: '告警', en: 'Alerts' },
  noAlerts: { zh: '没有未恢复的告警。', en: 'No open alert.' },
  rulesMissing: { zh: '规则引擎没有运行，这里不会出现告警。', en: 'The rule engine is not running; no alert will appear here.' },
  circuits: { zh: '回路', en: 'Circuits' },
  load: { zh: '负荷', en: 'Load' },
  notRated: { zh: '额定未登记', en: 'Rating not registered' },
  noMeter: { zh: '没有电表读数', en: 'No meter reading' },
  trip: { zh: '预计跳闸', en: 'Time to trip' },
  perhapsNever: { zh: '也可能不跳', en: 'perhaps never' },
  devices: { zh: '其它设备', en: 'Other devices' },
  unknown: { zh: '新设备', en: 'New devices' },
  unknownHelp: { zh: '已收到、已保存，但还没有登记。把下面几行贴进 facility.yaml 里对应点位的 devices。', en: 'Received and stored, but not registered. Paste these lines into the devices of the site in facility.yaml.' },
  noUnknown: { zh: '没有未登记的设备。', en: 'Every device is registered.' },
  health: { zh: '系统运行状况', en: 'Monitor health' },
  broker: { zh: '消息代理', en: 'Broker' },
  connected: { zh: '已连接', en: 'connected' },
  disconnected: { zh: '已断开', en: 'disconnected' },
  received: { zh: '收到', en: 'received' },
  journaled: { zh: '已写盘', en: 'journaled' },
  duplicates: { zh: '重复', en: 'duplicates' },
  deadLettered: { zh: '死信', en: 'dead letters' },
  inFlight: { zh: '其中在途', en: 'of these in flight' },
  lost: { zh: '缺失（已登记）', en: 'lost (booked)' },
  hole: { zh: '账目差额', en: 'unaccounted for' },
  balanced: { zh: '账目平衡', en: 'the books balance' },
  hourBooks: { zh: '消息账目（按收到的小时）', en: 'Books of the messages, by hour of receipt' },
  hour: { zh: '小时', en: 'hour' },
  stored: { zh: '入库', en: 'stored' },
  onTheWay: { zh: '在途', en: 'on the way' },
  booksOpen: { zh: '账目不平：有消息下落不明，读数可能缺失。请看告警。', en: 'The books do not balance: messages are missing, and readings may be. See the alerts.' },
  alertBooks: { zh: '告警账目（最近 24 小时）', en: 'Books of the alerts, last 24 hours' },
  raised: { zh: '发出', en: 'raised' },
  notified: { zh: '已通知', en: 'notified' },
  sending: { zh: '通知中', en: 'being sent' },
  undelivered: { zh: '未送达', en: 'undelivered' },
  nobody: { zh: '无人可通知', en: 'nobody to tell' },
  lag: { zh: '写盘延迟', en: 'lag to disk' },
  behind_monitoring: { zh: '规则落后（次提交）', en: 'rules behind (commits)' },
  behind_store: { zh: '存储落后（次提交）', en: 'store behind (commits)' },
  disk: { zh: '磁盘剩余', en: 'disk free' },
  configuration: { zh: '配置有误，旧配置仍在运行', en: 'The configuration has errors; the old one stays in force' },
  idle: { zh: '空闲', en: 'idle' },
  charging: { zh: '充电', en: 'charging' },
  full: { zh: '充满', en: 'full' },
  fault: { zh: '故障', en: 'fault' },
  overload: { zh: '过载', en: 'overload' },
  offline: { zh: '离线', en: 'offline' },
  stale: { zh: '数据过时', en: 'stale' },
  never: { zh: '还没有数据', en: 'never heard' },
  reserved: { zh: '爱心充电口', en: 'reserved socket' },
  ago: { zh: '前', en: ' ago' },
  seconds: { zh: ' 秒', en: ' s' },
  minutes: { zh: ' 分钟', en: ' min' },
  hours: { zh: ' 小时', en: ' h' },
  lostConnection: { zh: '与服务的连接已断开，数据已停更', en: 'Connection to the service lost; values stand still for' },
  noSites: { zh: '还没有登记点位。请编写 facility.yaml，或复制 demo 文件夹。', en: 'No site is registered. Write facility.yaml, or copy the demo folder.' },
  sockets: { zh: '个充电口', en: 'sockets' },
  inUse: { zh: '个在充电', en: 'charging' },
  elsewhere: { zh: '点位内', en: 'on the site' },
  suspect: { zh: '读数可疑', en: 'doubtful reading' },
  smoke: { zh: '烟雾', en: 'smoke' },
  heard: { zh: '最近一次', en: 'heard' },
  tc: { zh: '温度', en: 'temperature' },
  rh: { zh: '湿度', en: 'humidity' },
  h2_ppm: { zh: '氢气', en: 'hydrogen' },
  co_ppm: { zh: '一氧化碳', en: 'carbon monoxide' },
  water_cm: { zh: '积水', en: 'water' },
  bikes: { zh: '车辆数', en: 'bikes' },
  laeq: { zh: '噪声', en: 'noise' },
  soc: { zh: '电量', en: 'battery' },
  occupied: { zh: '有人乘坐', en: 'occupied' },
  exit_blocked: { zh: '出口堵塞', en: 'exit blocked' },
  lamp: { zh: '灯', en: 'lamp' },
  door: { zh: '门', en: 'door' },
  w: { zh: '功率', en: 'power' },
  batt: { zh: '设备电池', en: 'device battery' },
  yes: { zh: '是', en: 'yes' },
  no: { zh: '否', en: 'no' },
};

export const language = document.documentElement.lang === 'en' ? 'en' : 'zh';

/** @param {string} key */
export const t = (key) => texts[key][language];

/** @param {{zh: string, en: string}} text */
export const local = (text) => text[language];

/** How long ago, in words. @param {number} ms */
export function age(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const value = s < 60 ? s + t('seconds') : s < 3600 ? Math.floor(s / 60) + t('minutes') : Math.floor(s / 3600) + t('hours');
  return value + t('ago');
}
