// <hint-line>: one line for newcomers in the foot, until they switch it off.
import { KEYS } from "../state/keymap.js";
import { icon, make } from "./build.js";
import { capsFor } from "./key-caps.js";

/** Event: `hints-switch` { on }. */
export class HintLine extends HTMLElement {
  #line = make("span", { class: "cut" });
  #drawn = "";

  connectedCallback() {
    const off = make("button", { class: "btn ic quiet", type: "button", "aria-label": "No more hints" }, icon("close"));
    off.title = "No more hints (Help brings them back)";
    off.addEventListener("click", () =>
      this.dispatchEvent(new CustomEvent("hints-switch", { detail: { on: false }, bubbles: true })),
    );
    this.append(icon("help", "sm"), this.#line, off);
  }

  /**
   * @param {import("../state/hints.js").Hint | null} hint null: switched off
   * @param {boolean} linked else what it says may not hold: its place is kept, as while it has nothing to say
   */
  show(hint, linked) {
    this.hidden = hint === null;
    const waits = !linked || !hint?.words;
    this.classList.toggle("waits", waits);
    if (!hint || waits) return;
    const { words, key } = hint;
    if (words + key === this.#drawn) return;
    this.#drawn = words + key;
    this.#line.title = words;
    const row = KEYS.find(({ action }) => action === key);
    this.#line.replaceChildren(`${words} `, ...(row ? capsFor(row).slice(0, 1) : []));
  }
}

customElements.define("hint-line", HintLine);
