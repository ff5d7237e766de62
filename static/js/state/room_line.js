// The room in one line: calm, or what needs you, or that the link is lost, or that nothing is known yet.
/** @import { Room } from "./room.js" */
/** @import { Alert, Unit } from "./shapes" */
import { lastClosed, needsAcknowledging, openAlerts } from "./alerts.js";
import { notKept } from "./units.js";
import { age, timeOfDay } from "./words.js";

/** @typedef {{ icon: string } | { priority: 1 | 2, look: string }} LineSymbol */
/**
 * @typedef {object} Line
 * @property {"connecting" | "lost" | "calm" | "p1" | "p2"} look
 * @property {LineSymbol} symbol
 * @property {string} strong
 * @property {string} words
 * @property {string} [beside] what must be seen all the same; never cut
 * @property {Alert} [alert] that can be acted on
 */

/**
 * @param {Room} room
 * @param {boolean} isLost the server has been silent for too long
 * @param {number} now Unix seconds
 * @returns {Line}
 */
export function roomLine(room, isLost, now) {
  if (isLost) return lost(room.known);
  // until the server has told of the room nobody is told that it is calm, or empty
  if (!room.known) return connecting();
  const open = openAlerts(room.alerts);
  const first = open[0];
  const unkept = notKept(room.units);
  if (first && first.priority === 1) return { ...urgent(first, open), beside: notRecordingEither(unkept) };
  if (unkept.length) return notRecording(unkept);
  const waiting = open.filter(needsAcknowledging);
  const next = waiting.find((alert) => alert.priority === 2);
  if (next) return calling(next, waiting.length);
  if (room.warning) return warned(room.warning);
  if (!room.units.size)
    return {
      look: "calm",
      symbol: { icon: "info" },
      strong: "First start.",
      words: "The room works; no camera is connected yet.",
    };
  return calm(room, now, open.length, waiting.length);
}

/** @returns {Line} */
function connecting() {
  return {
    look: "connecting",
    symbol: { icon: "link" },
    strong: "Connecting to the server.",
    words: "Nothing is known yet.",
  };
}

/** @param {boolean} known something came before @returns {Line} */
function lost(known) {
  return {
    look: "lost",
    symbol: { icon: "linkoff" },
    strong: "Link to the server lost.",
    words: known ? "What you see is the last that came." : "Nothing has come yet.",
  };
}

/** @param {Alert} alert @param {number} waiting @returns {Line} */
function calling(alert, waiting) {
  const more = waiting > 1 ? `${waiting} to acknowledge` : "not acknowledged";
  return {
    look: "p2",
    symbol: { priority: 2, look: "" },
    strong: `${alert.title}, ${alert.call_sign}.`,
    words: [more, alert.place].filter(Boolean).join(" · "),
    alert,
  };
}

/** @param {string} warning as the server has it: low, or not to be looked at @returns {Line} */
function warned(warning) {
  const sentence = `${warning.charAt(0).toUpperCase()}${warning.slice(1)}.`;
  const symbol = /** @type {const} */ ({ priority: 2, look: "" });
  return { look: "p2", symbol, strong: "Recording disk.", words: `${sentence} Tell IT support.` };
}

/** @param {Unit[]} units @returns {Line} */
function notRecording(units) {
  const names = units.slice(0, 3).map((unit) => unit.call_sign);
  const who = units.length > 3 ? `${names.join(", ")} and ${units.length - 3} more` : names.join(", ");
  const words = `${who}: live goes on, but the picture is not kept. Tell IT support.`;
  return { look: "p1", symbol: { priority: 1, look: "" }, strong: "NOT RECORDING.", words };
}

/** @param {Unit[]} units */
function notRecordingEither([first, ...rest]) {
  if (!first) return "";
  return rest.length ? `NOT RECORDING ×${rest.length + 1}` : `${first.call_sign} NOT RECORDING`;
}

/** @param {Alert} alert @param {Alert[]} open @returns {Line} */
function urgent(alert, open) {
  const others = open.filter((other) => other.priority === 1).length - 1;
  const isWaiting = needsAcknowledging(alert);
  const known = isWaiting ? "nobody has acknowledged" : `acknowledged by ${alert.acknowledged_by?.name ?? "control"}`;
  const over = alert.cleared_at !== null && `cleared ${timeOfDay(alert.cleared_at)}`;
  // what the line alone says comes first; the place, which the card has as well, is what a narrow line cuts
  const words = [over, known, others > 0 && `${others} more of priority 1`, alert.place].filter(Boolean).join(" · ");
  const symbol = /** @type {const} */ ({ priority: 1, look: isWaiting ? "flash" : "" });
  return { look: "p1", symbol, strong: `${alert.title}, ${alert.call_sign}`, words, alert };
}

/** @param {Room} room @param {number} now @param {number} open @param {number} waiting @returns {Line} */
function calm(room, now, open, waiting) {
  const last = lastClosed(room.alerts);
  const since = last?.closed_at ? `Calm for ${age(now - last.closed_at)}.` : "Calm.";
  const closing =
    last &&
    `Last alert ${timeOfDay(last.raised_at)}, ${last.call_sign} ${last.title.toLowerCase().replace("taser", "TASER")}, ${last.state === "false" ? "false" : "resolved"}${last.closed_by ? ` by ${last.closed_by.name}` : ""}.`;
  if (waiting)
    return {
      look: "calm",
      symbol: { icon: "info" },
      strong: "Nothing urgent.",
      words: `${waiting} of ${open} to acknowledge.`,
    };
  const words = open ? `${open} open and acknowledged.` : (closing ?? "No alert in the last hour.");
  return { look: "calm", symbol: { icon: "tick" }, strong: open ? "Nothing waits." : since, words };
}
