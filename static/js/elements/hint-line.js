// <hint-line>: one line for newcomers in the foot, until they switch it off.
import { icon, keycap, make, setText } from "./build.js";

/** Event: `hints-switch` { on }. */
export class HintLine extends HTMLElement {
  #words = make("span", { class: "cut" });
  #cap = keycap("?");

  connectedCallback() {
    const off = make("button", { class: "btn ic quiet", type: "button", "aria-label": "No more hints" }, icon("close"));
    off.title = "No more hints (Help brings them back)";
    off.addEventListener("click", () =>
      this.dispatchEvent(new CustomEvent("hints-switch", { detail: { on: false }, bubbles: true })),
    );
    this.append(icon("help", "sm"), this.#words, this.#cap, off);
  }

  /** @param {import("../state/hints.js").Hint | null} hint null: switched off */
  show(hint) {
    this.hidden = hint === null;
    if (hint === null) return;
    setText(this.#words, hint.words);
    if (this.#words.title !== hint.words) this.#words.title = hint.words;
    setText(this.#cap, hint.key);
    this.#cap.hidden = hint.key === "";
  }
}

customElements.define("hint-line", HintLine);
