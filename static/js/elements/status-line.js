// <status-line>: the room in one line, always in the same place: calm, or what needs you, or that the link is lost.
/** @import { Room } from "../state/room.js" */
/** @import { Alert, Unit } from "../state/shapes" */
import { lastClosed, needsAcknowledging, openAlerts } from "../state/alerts.js";
import { notKept } from "../state/units.js";
import { age, timeOfDay } from "../state/words.js";
import { icon, make, prioritySymbol } from "./build.js";
import { keyFor } from "./key-caps.js";

/** @typedef {{ look: string, symbol: Node, strong: string, words: string, alert?: Alert }} Line */

/** Event: `alert-act` { id, act: "acknowledge" | "picture" }. */
export class StatusLine extends HTMLElement {
  #drawn = "";
  /** On a page that is not the console: where one acts on what it says; "" on the console. */
  leadsTo = "";

  /** @param {Room} room @param {boolean} linked @param {boolean} mayAct @param {number} now */
  show(room, linked, mayAct, now) {
    const line = lineOf(room, linked, now);
    const drawn = JSON.stringify([
      line.look,
      line.strong,
      line.words,
      line.alert?.id,
      line.alert?.state,
      line.alert?.cleared_at,
      mayAct,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.className = `status ${line.look}`;
    const words = make(
      "span",
      { class: "cut" },
      make("b", {}, line.strong),
      " ",
      make("span", { class: "sec" }, line.words),
    );
    const act = line.alert ? [make("span", { class: "sp" }), this.#action(line.alert, mayAct)] : [];
    this.replaceChildren(line.symbol, words, ...act);
  }

  /** @param {Alert} alert @param {boolean} mayAct */
  #action(alert, mayAct) {
    if (this.leadsTo) return make("a", { class: "btn sm", href: this.leadsTo }, "Go to live");
    const waiting = needsAcknowledging(alert) && mayAct;
    const say = () =>
      this.dispatchEvent(
        new CustomEvent("alert-act", {
          detail: { id: alert.id, act: waiting ? "acknowledge" : "picture" },
          bubbles: true,
        }),
      );
    return make(
      "button",
      { class: "btn sm", type: "button", onclick: say },
      ...(waiting ? ["Acknowledge", keyFor("acknowledge")] : ["Show", keyFor("watch")]),
    );
  }
}

/** @param {Room} room @param {boolean} linked @param {number} now @returns {Line} */
function lineOf(room, linked, now) {
  if (!linked)
    return {
      look: "lost",
      symbol: icon("linkoff"),
      strong: "Link to the server lost.",
      words: "What you see is the last that came.",
    };
  const open = openAlerts(room.alerts);
  const first = open[0];
  if (first && first.priority === 1) return urgent(first, open);
  const unkept = notKept(room.units);
  if (unkept.length) return notRecording(unkept);
  const waiting = open.filter(needsAcknowledging);
  const next = waiting.find((alert) => alert.priority === 2);
  if (next) {
    const more = waiting.length > 1 ? `${waiting.length} to acknowledge` : "not acknowledged";
    return {
      look: "p2",
      symbol: prioritySymbol(2),
      strong: `${next.title}, ${next.call_sign}.`,
      words: [next.place, more].filter(Boolean).join(" · "),
      alert: next,
    };
  }
  if (room.warning)
    return {
      look: "p2",
      symbol: prioritySymbol(2),
      strong: "Recording disk.", // low, or not to be looked at: the words say which
      words: `${sentence(room.warning)} Tell IT support.`,
    };
  if (!room.units.size)
    return {
      look: "calm",
      symbol: icon("info"),
      strong: "First start.",
      words: "The room works; no camera is connected yet.",
    };
  return calm(room, now, open.length, waiting.length);
}

/** @param {string} words as the server has them */
function sentence(words) {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** @param {Unit[]} units @returns {Line} */
function notRecording(units) {
  const names = units.slice(0, 3).map((unit) => unit.call_sign);
  const who = units.length > 3 ? `${names.join(", ")} and ${units.length - 3} more` : names.join(", ");
  const words = `${who}: live goes on, but the picture is not kept. Tell IT support.`;
  return { look: "p1", symbol: prioritySymbol(1), strong: "NOT RECORDING.", words };
}

/** @param {Alert} alert @param {Alert[]} open @returns {Line} */
function urgent(alert, open) {
  const others = open.filter((other) => other.priority === 1).length - 1;
  const known = needsAcknowledging(alert)
    ? "nobody has acknowledged"
    : `acknowledged by ${alert.acknowledged_by?.name ?? "control"}`;
  const over = alert.cleared_at !== null && `cleared ${timeOfDay(alert.cleared_at)}`;
  const words = [over, alert.place, known, others > 0 && `${others} more of priority 1`].filter(Boolean).join(" · ");
  const symbol = prioritySymbol(1, needsAcknowledging(alert) ? "flash" : "");
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
      symbol: icon("info"),
      strong: "Nothing urgent.",
      words: `${waiting} of ${open} to acknowledge.`,
    };
  const words = open ? `${open} open and acknowledged.` : (closing ?? "No alert in the last hour.");
  return { look: "calm", symbol: icon("tick"), strong: open ? "Nothing waits." : since, words };
}

customElements.define("status-line", StatusLine);
