// <replay-glance>: the picture of the moment under the pointer, of the camera whose lane it is, with the time of that picture.
/** @import { Still } from "../net/stills.js" */
import { timeOfDay } from "../state/words.js";
import { make, setText } from "./build.js";

const ABOVE_PX = 10;

/** @typedef {{ x: number, top: number, call_sign: string, at: number, still: Still | undefined, absence: string }} Glance x and top: of the window, pixels */

export class ReplayGlance extends HTMLElement {
  #picture = make("img", { alt: "" });
  #word = make("span", { class: "word" });
  #who = make("b");
  #time = make("span", { class: "t" });

  connectedCallback() {
    if (this.childElementCount) return;
    this.setAttribute("aria-hidden", "true"); // whoever moves the playhead sees the picture itself, and hears its time
    const place = make("span", { class: "pic" }, this.#picture, this.#word);
    this.append(place, make("span", { class: "words" }, this.#who, this.#time));
    this.hide();
  }

  /** @param {Glance} glance */
  show({ x, top, call_sign, at, still, absence }) {
    const shown = absence ? null : still;
    this.#picture.hidden = !shown;
    if (shown && this.#picture.src !== shown.url) this.#picture.src = shown.url;
    setText(this.#word, shown ? "" : absence || (still === undefined ? "" : "no picture"));
    setText(this.#who, call_sign);
    // the picture is the last key frame before the pointer: its time is its own
    setText(this.#time, timeOfDay(shown ? shown.at : at));
    this.hidden = false;
    const half = this.offsetWidth / 2;
    const left = Math.min(innerWidth - half - 4, Math.max(half + 4, x));
    this.style.translate = `${Math.round(left - half)}px ${Math.round(top - this.offsetHeight - ABOVE_PX)}px`;
  }

  hide() {
    this.hidden = true;
  }
}

customElements.define("replay-glance", ReplayGlance);
