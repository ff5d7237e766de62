// <link-banner>: over the whole console, within three seconds of the server's silence.
import { age } from "../state/words.js";
import { icon, make, setText } from "./build.js";

export class LinkBanner extends HTMLElement {
  #since = make("b");
  #lost = false;

  connectedCallback() {
    this.hidden = true;
    this.setAttribute("role", "alert");
  }

  /** @param {boolean} linked @param {number} silent seconds */
  show(linked, silent) {
    setText(this.#since, age(silent));
    if (linked !== this.#lost) return;
    this.#lost = !linked;
    this.hidden = linked;
    const words = make(
      "span",
      {},
      make("strong", {}, "LINK LOST"),
      " No word from the server for ",
      make("span", { "aria-hidden": "true" }, this.#since),
      `. Nothing on this screen is live; ages keep counting. Trying again by itself${this.dataset["meanwhile"] ?? "; use the radio"}.`,
    );
    this.replaceChildren(...(linked ? [] : [icon("linkoff"), words]));
  }
}

customElements.define("link-banner", LinkBanner);
