// Alerts as the server last told them. Every message carries the whole alert and its journal number,
// so any order and any repetition of the same messages gives the same state.
/** @import { Alert, Priority } from "./shapes" */

/** @typedef {ReadonlyMap<string, Alert>} Alerts */

export const METER_WINDOW_S = 600;
const RECENT_S = 3600;
export const FLOOD = 10; // EEMUA 191: ten alarms in ten minutes is a flood

/**
 * @param {Alerts} alerts
 * @param {readonly Alert[]} incoming
 * @returns {Alerts}
 */
export function withAlerts(alerts, incoming) {
  const newer = incoming.filter((alert) => alert.seq > (alerts.get(alert.id)?.seq ?? -1));
  if (!newer.length) return alerts;
  const next = new Map(alerts);
  for (const alert of newer) if (alert.seq > (next.get(alert.id)?.seq ?? -1)) next.set(alert.id, alert);
  return next;
}

/**
 * Without those that were closed more than an hour ago, as a snapshot has it: a console stands for a whole shift.
 * @param {Alerts} alerts
 * @param {number} now
 * @returns {Alerts}
 */
export function recentAlerts(alerts, now) {
  const isRecent = /** @param {Alert} alert */ (alert) => isOpen(alert) || (alert.closed_at ?? now) > now - RECENT_S;
  const kept = [...alerts].filter(([, alert]) => isRecent(alert));
  return kept.length === alerts.size ? alerts : new Map(kept);
}

/** Nobody has said that they saw it: it flashes, it sounds. @param {Alert} alert */
export function needsAcknowledging(alert) {
  return alert.state === "raised" || alert.state === "cleared";
}

/** One call for a person: what was told of it need not be told again, until it needs somebody anew. @param {Alert} alert */
export function occasion(alert) {
  return `${alert.id} ${alert.kind} ${alert.needs_since}`;
}

/** @param {Alert} alert */
export function isOpen(alert) {
  return alert.state !== "resolved" && alert.state !== "false";
}

/**
 * Open alerts as the tray shows them: what needs a person first, then by priority, then the newest.
 * A priority 1 stands above every other, acknowledged or not.
 * @param {Alerts} alerts
 * @returns {Alert[]}
 */
export function openAlerts(alerts) {
  return [...alerts.values()].filter(isOpen).sort(byUrgency);
}

/** @param {Alert} one @param {Alert} other */
function byUrgency(one, other) {
  const first = Number(other.priority === 1) - Number(one.priority === 1);
  const waiting = Number(needsAcknowledging(other)) - Number(needsAcknowledging(one));
  return (
    first || waiting || one.priority - other.priority || other.raised_at - one.raised_at || compare(one.id, other.id)
  );
}

/**
 * The most urgent open alert of each device: the one that its tile, its row and its marker wear.
 * @param {Iterable<Alert>} alerts
 * @returns {ReadonlyMap<string, Alert>}
 */
export function alarmsByDevice(alerts) {
  const alarms = new Map();
  for (const alert of [...alerts].filter(isOpen).sort(byUrgency))
    if (!alarms.has(alert.device_id)) alarms.set(alert.device_id, alert);
  return alarms;
}

/**
 * How many open alerts there are of each priority.
 * @param {Alerts} alerts
 * @returns {Record<Priority, number>}
 */
export function openCounts(alerts) {
  /** @type {Record<Priority, number>} */
  const counts = { 1: 0, 2: 0, 3: 0 };
  for (const alert of openAlerts(alerts)) counts[alert.priority] += 1;
  return counts;
}

/** @param {Alerts} alerts @returns {Alert[]} */
export function unacknowledged(alerts) {
  return openAlerts(alerts).filter(needsAcknowledging);
}

/**
 * Alerts raised, or raised again, within the meter's ten minutes.
 * @param {Alerts} alerts
 * @param {number} now
 */
export function annunciated(alerts, now) {
  return [...alerts.values()].filter((alert) => now - alert.needs_since < METER_WINDOW_S).length;
}

/**
 * The last alert that was closed, for the calm status line.
 * @param {Alerts} alerts
 * @returns {Alert | undefined}
 */
export function lastClosed(alerts) {
  return closedSince(alerts, -Infinity)[0];
}

/**
 * @param {ReadonlyMap<string, Alert>} alerts
 * @param {number} since Unix seconds
 * @returns {Alert[]} the latest first
 */
export function closedSince(alerts, since) {
  const closed = [...alerts.values()].filter((alert) => !isOpen(alert) && (alert.closed_at ?? 0) > since);
  return closed.sort((one, other) => (other.closed_at ?? 0) - (one.closed_at ?? 0) || compare(one.id, other.id));
}

/**
 * Who has done what with an alert: the latest act of each person, in order of their first.
 * @param {Alert} alert
 * @returns {{ name: string, id: string, action: string, at: number }[]}
 */
export function witnesses(alert) {
  const people = new Map();
  for (const { by, action, at } of alert.steps) if (by) people.set(by.id, { name: by.name, id: by.id, action, at });
  return [...people.values()];
}

/**
 * The alert whose unit has the right to tile 1: the one a person chose among the open ones,
 * else the most urgent priority 1, else a priority 2 that nobody has acknowledged yet.
 * @param {Alerts} alerts
 * @param {string | null} chosen
 * @returns {Alert | undefined}
 */
export function tileOneAlert(alerts, chosen) {
  const entitled = openAlerts(alerts).filter(
    (alert) => alert.priority === 1 || (alert.priority === 2 && needsAcknowledging(alert)),
  );
  const picked = entitled.find((alert) => alert.id === chosen);
  const top = entitled[0];
  // a choice yields to a priority 1 that nobody has acknowledged
  if (picked && !(top && top.priority === 1 && needsAcknowledging(top) && !needsAcknowledging(picked))) return picked;
  return top;
}

/**
 * The alert that a key ends: the chosen one if somebody has it, else one whose cause is gone, else the most urgent.
 * @param {Alerts} alerts
 * @param {string | null} chosen
 * @returns {Alert | undefined}
 */
export function toClose(alerts, chosen) {
  const taken = openAlerts(alerts).filter((alert) => !needsAcknowledging(alert));
  return taken.find((alert) => alert.id === chosen) ?? taken.find((alert) => alert.cleared_at !== null) ?? taken[0];
}

/** @param {string} one @param {string} other */
function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}

/**
 * Why a picture is opened that an alert asks for; "" leaves it to what the person is on duty as. Priority 3 is no reason.
 * @param {Alert | undefined} alert the most urgent of the unit
 */
export function reasonToView(alert) {
  if (!alert || alert.priority > 2) return "";
  return alert.family === "watch" ? `watch request: ${alert.call_sign}` : `alert: ${alert.title} ${alert.call_sign}`;
}
