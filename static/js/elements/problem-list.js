// <problem-list>: what is wrong, worst first, and whether what the server leans on answers.
/** @import { Verdict } from "../state/verdict.js" */
import { figure } from "../state/figure_words.js";
import { icon, make, prioritySymbol, setText } from "./build.js";

const NAMES = /** @type {Record<string, string>} */ ({ database: "Database", bus: "Bus", media: "Media" });

export class ProblemList extends HTMLElement {
  #list = make("ul", { "aria-label": "What is wrong" });
  #checks = make("p", { class: "checks small sec" });
  #drawn = "";

  connectedCallback() {
    if (this.childElementCount) return;
    this.append(make("div", { class: "ph" }, make("h2", { class: "t" }, "What is wrong")), this.#list, this.#checks);
  }

  /** @param {readonly Verdict[]} problems @param {Record<string, { ok: boolean, seconds: number }>} checks */
  show(problems, checks) {
    const words = Object.entries(checks).map(
      ([name, { ok, seconds }]) =>
        `${NAMES[name] ?? name} ${ok ? `answers${seconds >= 0.001 ? ` in ${figure(seconds, "seconds")}` : ""}` : "does not answer"}`,
    );
    setText(this.#checks, words.join(" · "));
    const drawn = JSON.stringify(problems);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const rows = problems.map(({ level, words: told }) =>
      make("li", { class: `l${level}` }, level === 4 ? null : prioritySymbol(level), make("span", {}, told)),
    );
    const calm = make("li", { class: "calm sec" }, icon("tick"), "Nothing that this page knows of.");
    this.#list.replaceChildren(...(rows.length ? rows : [calm]));
  }
}

customElements.define("problem-list", ProblemList);
