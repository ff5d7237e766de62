// <problem-list>: what is wrong, worst first, since when; what was wrong lately; whether what the server leans on answers.
/** @import { Entry } from "../state/problem_log.js" */
import { figure } from "../state/figure_words.js";
import { timeOfDay } from "../state/words.js";
import { awaited, icon, make, prioritySymbol, setText } from "./build.js";

const NAMES = /** @type {Record<string, string>} */ ({ database: "Database", bus: "Bus", media: "Media" });

export class ProblemList extends HTMLElement {
  #list = make("ul");
  #checks = make("p", { class: "checks small sec" });
  #drawn = "";
  #opened = "";

  connectedCallback() {
    if (this.childElementCount) return;
    const about = { class: "scroll", tabindex: "0", role: "region", "aria-label": "What is wrong and what was" };
    const head = make("div", { class: "ph" }, make("h2", { class: "t" }, "What is wrong"));
    this.#list.append(awaited("li"));
    this.append(head, make("div", about, this.#list), this.#checks);
  }

  /** @param {readonly Entry[]} log @param {Record<string, { ok: boolean, seconds: number }>} checks @param {number} now */
  show(log, checks, now) {
    this.#opened ||= timeOfDay(now);
    const words = Object.entries(checks).map(([name, { ok, seconds }]) => {
      const took = seconds >= 0.001 ? ` in ${figure(seconds, "seconds")}` : "";
      return `${NAMES[name] ?? name} ${ok ? `answers${took}` : "does not answer"}`;
    });
    setText(this.#checks, words.join(" · "));
    const drawn = JSON.stringify(log);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const rows = log.map((entry) => this.#row(entry));
    const calm = make("li", { class: "calm sec" }, icon("tick"), "Nothing that this page knows of.");
    const isCalm = log.every(({ until }) => until !== null);
    this.#list.replaceChildren(...(isCalm ? [calm] : []), ...rows);
  }

  /** @param {Entry} entry */
  #row({ level, words, since, until }) {
    const from = since === null ? `before ${this.#opened}` : timeOfDay(since);
    const when = until === null ? (since === null ? from : `since ${from}`) : `${from} – ${timeOfDay(until)}`;
    const symbol = level === 4 ? null : prioritySymbol(level);
    const look = until === null ? `l${level}` : "over";
    return make("li", { class: look }, symbol, make("span", {}, words), make("span", { class: "when small nw" }, when));
  }
}

customElements.define("problem-list", ProblemList);
