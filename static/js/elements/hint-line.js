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

  /** @param {import("../state/hints.js").Hint | null} hint null: switched off */
  show(hint) {
    this.hidden = hint === null;
    if (hint === null) return;
    const { words, key } = hint;
    if (words + key === this.#drawn) return;
    this.#drawn = words + key;
    this.#line.title = words;
    const row = KEYS.find(({ action }) => action === key);
    this.#line.replaceChildren(`${words} `, ...(row ? capsFor(row).slice(0, 1) : []));
  }
}

customElements.define("hint-line", HintLine);
