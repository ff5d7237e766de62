// Advice to officers: what was sent, what is proven of it, and what still waits for the link.
/** @import { Advice } from "./shapes" */

/** @typedef {ReadonlyMap<string, Advice>} AdviceById */
/** @typedef {{ client_id: string, device_id: string, text: string, at: number, refused: string | null, view?: import("./command_view.js").CommandView }} Outgoing view: what stood on the screen; not of those that an older page left */
/** @typedef {{ label: string, value: string, look: "on" | "wait" | "late" | "" }} Bar */

const KEPT = 50; // the newest, of all units, as a snapshot has it: a console stands for a whole shift
const LATE_AFTER_S = 5; // unshown for five seconds: say it again, or by radio

/**
 * @param {AdviceById} advice
 * @param {readonly Advice[]} incoming
 * @returns {AdviceById}
 */
export function withAdvice(advice, incoming) {
  const newer = incoming.filter((item) => item.seq > (advice.get(item.id)?.seq ?? -1));
  if (!newer.length) return advice;
  const next = new Map(advice);
  for (const item of newer) if (item.seq > (next.get(item.id)?.seq ?? -1)) next.set(item.id, item);
  const oldest = [...next.values()].sort((one, other) => one.sent_at - other.sent_at).slice(0, -KEPT);
  for (const { id } of oldest) next.delete(id);
  return next;
}

/**
 * What was said to one unit, oldest first.
 * @param {AdviceById} advice
 * @param {string | null} device
 * @returns {Advice[]}
 */
export function adviceTo(advice, device) {
  return [...advice.values()]
    .filter((item) => item.device_id === device)
    .sort((one, other) => one.sent_at - other.sent_at);
}

/**
 * The four bars: solid is proven, dotted is waited for, amber has waited too long.
 * @param {Advice} item
 * @param {number} now
 * @param {(at: number) => string} timeOfDay
 * @returns {Bar[]}
 */
export function receiptBars(item, now, timeOfDay) {
  const later = /** @param {number} at */ (at) => `+${Math.max(0, at - item.sent_at).toFixed(1)} s`;
  const waited = Math.max(0, now - item.sent_at);
  const stops = /** @type {const} */ ([
    ["Delivered", "Not delivered", furthest(item.delivered_at, item.shown_at, item.acknowledged_at)],
    ["Shown", "Not shown", furthest(item.shown_at, item.acknowledged_at)],
    ["Acknowledged", "Acknowledged", item.acknowledged_at],
  ]);
  const waitsAt = stops.findIndex(([, , at]) => at === null);
  /** @type {Bar[]} */
  const bars = [{ label: "Sent", value: timeOfDay(item.sent_at), look: "on" }];
  stops.forEach(([done, missing, at], index) => {
    if (at !== null) bars.push({ label: done, value: later(at), look: "on" });
    else if (index !== waitsAt) bars.push({ label: done, value: "", look: "" });
    else if (index === 2) bars.push({ label: missing, value: "waiting", look: "wait" });
    else if (waited < LATE_AFTER_S) bars.push({ label: missing, value: `${waited.toFixed(1)} s`, look: "wait" });
    else bars.push({ label: missing, value: `${wait(waited)}, say it again`, look: "late" });
  });
  return bars;
}

/**
 * A message that was written, whether or not there is a link. Its uuid makes resending harmless.
 * @param {readonly Outgoing[]} outgoing
 * @param {Omit<Outgoing, "refused">} message
 * @returns {readonly Outgoing[]}
 */
export function queued(outgoing, message) {
  if (outgoing.some((item) => item.client_id === message.client_id)) return outgoing;
  return [...outgoing, { ...message, refused: null }];
}

/**
 * The server has it, or a person dropped it.
 * @param {readonly Outgoing[]} outgoing
 * @param {string} clientId
 */
export function settled(outgoing, clientId) {
  return outgoing.filter((item) => item.client_id !== clientId);
}

/**
 * The server will not take it; it stays in sight with the reason.
 * @param {readonly Outgoing[]} outgoing
 * @param {string} clientId
 * @param {string | null} reason null: try it again
 */
export function refused(outgoing, clientId, reason) {
  return outgoing.map((item) => (item.client_id === clientId ? { ...item, refused: reason } : item));
}

/** A later proof includes the earlier ones, should their receipts be on the way still. @param {...(number | null)} times */
function furthest(...times) {
  return times.find((at) => at !== null) ?? null;
}

/** @param {number} seconds */
function wait(seconds) {
  return seconds < 100 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
