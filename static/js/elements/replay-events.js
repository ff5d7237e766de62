// <replay-events>: alerts, advice and the log in one list; what has happened by now, and what is still to come.
/** @import { ReplayEvent } from "../state/replay.js" */
import { indexAt } from "../state/replay.js";
import { timeOfDay } from "../state/words.js";
import { REPLAY } from "../state/replay_keys.js";
import { icon, make, setText } from "./build.js";
import { keyFor } from "./key-caps.js";

const SIGNS = /** @type {Record<string, string>} */ ({
  taser: "taser",
  watch: "watch",
  emergency: "emergency",
  battery: "battlow",
  camera: "camoff",
});

/** Events: `replay-seek` { at, settled }; `replay-decision` { id }: what stood on the screen is to be shown. */
export class ReplayEvents extends HTMLElement {
  #list = make("ol", { class: "log" });
  #lacking = make("p", { class: "lacking", role: "status", hidden: true });
  /** @type {readonly ReplayEvent[]} */ #events = [];
  #now = -2;

  connectedCallback() {
    const keys = [keyFor("event-1", REPLAY), keyFor("event1", REPLAY)];
    const head = make(
      "div",
      { class: "ph" },
      make("h2", { class: "t" }, "Events"),
      make("span", { class: "sp" }),
      ...keys,
    );
    this.append(head, this.#lacking, this.#list);
    new ResizeObserver(() => this.#reveal()).observe(this.#list);
  }

  /** @param {readonly ReplayEvent[]} events */
  set events(events) {
    this.#events = events;
    this.#now = -2;
    const rows = events.map((event) => this.#row(event));
    const none = make("li", { class: "none mut" }, "Nothing was reported in this time.");
    this.#list.replaceChildren(...(rows.length ? rows : [none]));
  }

  /** @param {string} words what the list lacks; none: nothing */
  set lacking(words) {
    this.#lacking.hidden = !words;
    setText(this.#lacking, words);
  }

  /** @param {number} at */
  show(at) {
    const now = indexAt(this.#events, at);
    if (now === this.#now) return;
    const [low, high] = [Math.min(now, this.#now), Math.max(now, this.#now)];
    const rows = this.#list.children;
    for (let index = this.#now === -2 ? 0 : Math.max(0, low); index < rows.length; index += 1) {
      if (this.#now !== -2 && index > high) break;
      rows[index]?.classList.toggle("to-come", index > now);
      rows[index]?.classList.toggle("now", index === now);
      if (index === now) rows[index]?.setAttribute("aria-current", "time");
      else rows[index]?.removeAttribute("aria-current");
    }
    this.#now = now;
    this.#reveal();
  }

  /** Within the list only: the page itself must not move. */
  #reveal() {
    const row = this.#list.children[Math.max(0, this.#now)];
    if (!(row instanceof HTMLElement)) return;
    const { clientHeight, scrollTop } = this.#list;
    const top = row.offsetTop; // of the list, which is positioned
    if (top < scrollTop || top + row.offsetHeight > scrollTop + clientHeight)
      this.#list.scrollTop = top - clientHeight / 2;
  }

  /** @param {ReplayEvent} event */
  #row(event) {
    const sign = event.sign === "alert" ? (SIGNS[event.family ?? ""] ?? "info") : (event.sign ?? "info");
    const go = () =>
      this.dispatchEvent(new CustomEvent("replay-seek", { detail: { at: event.at, settled: true }, bubbles: true }));
    const priority = event.priority ? make("span", { class: "sr" }, `Priority ${event.priority}: `) : null;
    const words = make("span", { class: "words" }, priority, event.text);
    const time = make("time", {}, timeOfDay(event.at));
    const button = make("button", { type: "button", class: "le", onclick: go }, time, icon(sign), words);
    const { decision: id, priority: grave } = event;
    const see = () => this.dispatchEvent(new CustomEvent("replay-decision", { detail: { id }, bubbles: true }));
    const told = { class: "btn ic quiet see", type: "button", title: "Command view", onclick: see };
    const name = `Command view, ${timeOfDay(event.at)} ${event.text}`;
    const more = id ? make("button", { ...told, "aria-label": name }, icon("wall")) : null;
    return make("li", { class: `${grave ? `a${grave}` : ""}${id ? " decides" : ""}`.trim() }, button, more);
  }
}

customElements.define("replay-events", ReplayEvents);
