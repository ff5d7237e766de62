// <time-slider>: the moment whose values all graphs show: now, or any of the last ten minutes, by keyboard too.
import { age, timeOfDay } from "../state/words.js";
import { make, setText } from "./build.js";

/** Event: `graph-time` { at }: Unix seconds, or null for now. */
export class TimeSlider extends HTMLElement {
  #range = make("input", { type: "range", min: "-600", max: "0", step: "1", value: "0", "aria-label": "Moment shown" });
  #words = make("output");
  #now = make("button", { class: "btn sm", type: "button", disabled: true }, "Now");
  /** @type {number | null} the moment, once it was chosen here */ #pinned = null;
  #time = 0;

  connectedCallback() {
    if (this.childElementCount) return;
    this.append(make("span", { class: "sec small" }, "Values of"), this.#words, this.#range, this.#now);
    this.#range.addEventListener("input", () => this.#pin(Number(this.#range.value)));
    this.#now.addEventListener("click", () => this.#pin(0));
  }

  /** The moment chosen here, which stands while the clock goes on; null for now. @returns {number | null} */
  get pinned() {
    return this.#pinned;
  }

  /** @param {number | null} at what is shown @param {number} now the server's time */
  show(at, now) {
    this.#time = now;
    if (this.#pinned !== null && this.#pinned < now - 600) this.#pin(0);
    const back = at === null ? 0 : Math.round(at - now);
    if (document.activeElement !== this.#range || this.#pinned === null) this.#range.value = String(back);
    const words = at === null ? "now" : `${timeOfDay(at)}, ${age(now - at)} ago`;
    setText(this.#words, words);
    this.#range.setAttribute("aria-valuetext", words);
    this.#now.disabled = this.#pinned === null;
    this.classList.toggle("then", at !== null);
  }

  /** @param {number} back seconds, 0 or less */
  #pin(back) {
    this.#pinned = back === 0 ? null : this.#time + back;
    this.dispatchEvent(new CustomEvent("graph-time", { detail: { at: this.#pinned }, bubbles: true }));
  }
}

customElements.define("time-slider", TimeSlider);
