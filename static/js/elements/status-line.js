// <status-line>: the room in one line, always in the same place: calm, or what needs you, or that the link is lost.
/** @import { Room } from "../state/room.js" */
/** @import { LineSymbol } from "../state/room_line.js" */
/** @import { Alert } from "../state/shapes" */
import { needsAcknowledging } from "../state/alerts.js";
import { roomLine } from "../state/room_line.js";
import { icon, make, prioritySymbol } from "./build.js";
import { keyFor } from "./key-caps.js";

/** Event: `alert-act` { id, act: "acknowledge" | "picture" }. */
export class StatusLine extends HTMLElement {
  #drawn = "";
  #look = "";
  /** On a page that is not the console: where one acts on what it says; "" on the console. */
  leadsTo = "";

  /** @param {Room} room @param {boolean} isLost the link @param {boolean} mayAct @param {number} now */
  show(room, isLost, mayAct, now) {
    const line = roomLine(room, isLost, now);
    const drawn = JSON.stringify([
      line.look,
      line.strong,
      line.words,
      line.beside,
      line.alert?.id,
      line.alert?.state,
      line.alert?.cleared_at,
      mayAct,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#announce(line.look);
    this.className = `status ${line.look}`;
    const words = make(
      "span",
      { class: "cut" },
      make("b", {}, line.strong),
      " ",
      make("span", { class: "sec" }, line.words),
    );
    const beside = line.beside ? [make("b", { class: "beside" }, line.beside)] : [];
    const act = line.alert ? [make("span", { class: "sp" }), this.#action(line.alert, mayAct)] : [];
    this.replaceChildren(drawnSymbol(line.symbol), words, ...beside, ...act);
  }

  /**
   * A reader hears that the page connects, and what it then knows. After that alerts and a lost link have places of their
   * own that speak; the line would say all of it twice.
   * @param {string} look
   */
  #announce(look) {
    const isHeard = look === "connecting" || this.#look === "connecting";
    this.setAttribute("aria-live", isHeard && look !== "lost" ? "polite" : "off");
    this.#look = look;
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

/** @param {LineSymbol} symbol */
function drawnSymbol(symbol) {
  return "icon" in symbol ? icon(symbol.icon) : prioritySymbol(symbol.priority, symbol.look);
}

customElements.define("status-line", StatusLine);
