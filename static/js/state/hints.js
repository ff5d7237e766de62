// For whoever sees this console for the first time: what has just happened, and which key to press next.
/** @import { Activity, Advice, Alert } from "./shapes" */
/** @import { Room } from "./room.js" */
import { adviceTo } from "./advice.js";
import { lastClosed, needsAcknowledging, openAlerts } from "./alerts.js";

/** @typedef {{ words: string, key: string }} Hint `key` is what the key does, as the table of keys has it; "" where none is to be pressed */

const CALM_TURN_S = 12; // each of the calm hints is read twice at ease
const NEWS_S = 15; // so long a thing that is over is news
/** What is over, and needs nobody. That a camera starts is no news: six of them would hide what a newcomer reads first. */
const SMALL = new Set(["recording.stopped", "watch.cancelled", "taser.safe"]);

/** @type {Hint} nothing is known yet */
export const NOT_YET = { words: "", key: "" };

/** @type {readonly Hint[]} */
const CALM = [
  { words: "Every picture says how old it is, measured frame by frame. Click a unit, or press a digit.", key: "tile" },
  { words: "Drag a unit, or its marker on the map, onto a tile to watch it there.", key: "" },
  { words: "Find a unit, a street or a place by its name: the map goes there.", key: "search" },
  { words: "See the selected tile as large as the wall, and go back the same way.", key: "enlarge" },
  { words: "Listen to the selected tile.", key: "mute" },
  { words: "Write to the selected officer: you are shown when the words have arrived.", key: "advise" },
  { words: "These are the keys of the first minutes; here are all of them.", key: "help" },
];

/**
 * @param {Room} room
 * @param {{ mayAct: boolean, now: number }} facts Unix seconds of the server
 * @returns {Hint}
 */
export function hintFor(room, { mayAct, now }) {
  if (!room.units.size) return { words: "No camera has reported yet: the three steps are on the wall.", key: "" };
  const [alert] = openAlerts(room.alerts);
  if (alert) return mayAct ? ofAlert(alert, room, now) : { words: `${told(alert)} Control has to answer it.`, key: "" };
  const closed = lastClosed(room.alerts);
  if (closed && now - (closed.closed_at ?? 0) < NEWS_S)
    return { words: `${closed.call_sign}'s alert is closed; what was done is kept in the activity list.`, key: "" };
  const [news] = room.activity;
  if (news?.call_sign && SMALL.has(news.kind) && now - news.at < NEWS_S) return ofActivity(news);
  return CALM[Math.floor(now / CALM_TURN_S) % CALM.length] ?? NOT_YET;
}

/** Small events keep a calm room honest: they are said, and that nobody has to act. @param {Activity} news @returns {Hint} */
function ofActivity({ call_sign, text }) {
  const said = text.startsWith("TASER") ? text : `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  return { words: `${call_sign}: ${said}. It needs nobody; the activity list keeps it.`, key: "" };
}

/** @param {Alert} alert @param {Room} room @param {number} now @returns {Hint} */
function ofAlert(alert, room, now) {
  if (alert.state === "cleared")
    return { words: `${alert.call_sign} is safe again: say that you have seen it.`, key: "acknowledge" };
  if (needsAcknowledging(alert))
    return { words: `${told(alert)} Acknowledge it: the room sees who has it.`, key: "acknowledge" };
  if (alert.cleared_at !== null)
    return { words: `${alert.call_sign} is safe again: resolve the alert.`, key: "resolve" };
  const said = adviceTo(room.advice, alert.device_id).filter((item) => item.sent_at >= alert.raised_at);
  const last = said.at(-1);
  if (!last) return { words: `You have ${alert.call_sign}'s alert. Write to the officer.`, key: "advise" };
  return ofAdvice(last, alert, now);
}

/** @param {Advice} item @param {Alert} alert @param {number} now @returns {Hint} */
function ofAdvice(item, alert, now) {
  const officer = alert.wearer?.name ?? item.call_sign;
  if (item.acknowledged_at !== null && now - item.acknowledged_at < NEWS_S)
    return { words: `${officer} has pressed the button: your words were heard.`, key: "" };
  if (item.acknowledged_at !== null)
    return { words: `Stay with ${item.call_sign} until it is over; then resolve the alert.`, key: "" };
  if (item.shown_at !== null)
    return { words: `${officer} has your words in view; the last bar waits for the officer's own answer.`, key: "" };
  if (item.delivered_at !== null) return { words: `${item.call_sign}'s camera has your words.`, key: "" };
  return { words: `Your words are on their way to ${item.call_sign}; each bar fills when it is proven.`, key: "" };
}

/** @param {Alert} alert */
function told(alert) {
  return `${alert.title}, ${alert.call_sign}${alert.priority === 1 ? ", now on tile 1" : ""}.`;
}
