// <room-notice>: one sentence about what this person just did; it goes by itself and never covers an alert.
import { make } from "./build.js";

const STAYS_MS = 7000;

export class RoomNotice extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.setAttribute("role", "status");
  }

  /** @param {string} words */
  say(words) {
    clearTimeout(this.#timer);
    this.replaceChildren(make("span", {}, words));
    this.#timer = window.setTimeout(() => this.replaceChildren(), STAYS_MS);
  }
}

customElements.define("room-notice", RoomNotice);
