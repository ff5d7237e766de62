// <taser-list>: logs of weapons, with how far each one's clock is off and who says so.
/** @import { TaserLog } from "../state/taser_logs.js" */
import { clockWords, spanWords } from "../state/taser_logs.js";
import { wearerName } from "../state/units.js";
import { dayOf, timeOfDay } from "../state/words.js";
import { awaited, make } from "./build.js";

/** Event: `clock` { log }: somebody wants to set it. */
export class TaserList extends HTMLElement {
  #list = make("ul", { class: "register recordings" });

  connectedCallback() {
    this.#list.append(awaited("li"));
    this.append(this.#list);
  }

  /** @param {readonly TaserLog[]} logs */
  show(logs) {
    const none = make("li", { class: "none" }, "No log was brought in.");
    this.#list.replaceChildren(...(logs.length ? logs.map((log) => this.#row(log)) : [none]));
  }

  /** @param {TaserLog} log */
  #row(log) {
    const set = () => this.dispatchEvent(new CustomEvent("clock", { bubbles: true, detail: { log } }));
    const name = `Set the clock of ${log.name}, ${log.call_sign}`;
    const button = make(
      "button",
      { class: "btn line", type: "button", onclick: set, "aria-label": name },
      "Set the clock",
    );
    const brought = `${log.by_name}, ${dayOf(log.at)} ${timeOfDay(log.at)}: ${log.why}`;
    return make(
      "li",
      {},
      lines(make("span", { class: "cs" }, log.call_sign), wearerName(log.wearer)),
      lines(`${log.name}${log.serial ? `, ${log.serial}` : ""}`, spanWords(log), `SHA-256 ${log.sha256}`),
      lines(clockWords(log), brought),
      make("span", { class: "acts" }, this.dataset["maySet"] !== undefined && button),
    );
  }
}

/** @param {string | HTMLElement} first @param {...string} more */
function lines(first, ...more) {
  const small = more.filter(Boolean).map((words) => make("small", {}, words));
  return make("span", { class: "is" }, typeof first === "string" ? make("span", {}, first) : first, ...small);
}

customElements.define("taser-list", TaserList);
