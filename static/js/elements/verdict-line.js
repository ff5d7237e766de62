// <verdict-line>: the installation in one line, always in the same place: well, the worst that is wrong, or unknown.
/** @import { Verdict } from "../state/verdict.js" */
import { icon, make, prioritySymbol } from "./build.js";

export class VerdictLine extends HTMLElement {
  #drawn = "";

  /** @param {readonly Verdict[]} problems @param {string} lack why there are no figures of now; "": there are @param {string} calm */
  show(problems, lack, calm) {
    const drawn = JSON.stringify([problems[0], problems.length, lack, calm]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const { look, symbol, strong, words } = lineOf(problems, lack, calm);
    this.className = `status ${look}`;
    this.replaceChildren(
      symbol,
      make("span", { class: "cut" }, make("b", {}, strong), " ", make("span", { class: "sec" }, words)),
    );
  }
}

/** @param {readonly Verdict[]} problems @param {string} lack @param {string} calm */
function lineOf(problems, lack, calm) {
  if (lack)
    return {
      look: "lost",
      symbol: icon("linkoff"),
      strong: "No figures.",
      words: lack,
    };
  const urgent = problems.filter(({ level }) => level < 3);
  const worst = urgent[0];
  if (!worst) return { look: "calm", symbol: icon("tick"), strong: "All is well.", words: calm };
  const others = problems.length - 1;
  const more = others ? `And ${others} more.` : "";
  return {
    look: `p${worst.level}`,
    symbol: prioritySymbol(worst.level === 1 ? 1 : 2),
    strong: worst.words,
    words: more,
  };
}

customElements.define("verdict-line", VerdictLine);
