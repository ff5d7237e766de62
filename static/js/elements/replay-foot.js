// <replay-foot>: the keys at hand, and that this viewing is logged.
import { REPLAY, REPLAY_KEYS, actOfCap } from "../state/replay_keys.js";
import { keyFor } from "./key-caps.js";
import { keycap, make, setText } from "./build.js";

export class ReplayFoot extends HTMLElement {
  #logged = make("span", { class: "nw" });

  connectedCallback() {
    const shown = REPLAY_KEYS.filter(({ foot }) => foot).map(({ caps, words }) => {
      const range = caps[0] === "1" ? [keycap("1"), "–", keycap("9")] : caps.map(capNow);
      return make("span", { class: "k" }, ...range, ` ${words}`);
    });
    this.append(make("span", { class: "ks" }, ...shown), this.#logged);
  }

  /** @param {string} words */
  show(words) {
    setText(this.#logged, words);
  }
}

/** @param {string} cap as delivered */
function capNow(cap) {
  const act = actOfCap(cap);
  return act ? keyFor(act, REPLAY) : keycap(cap);
}

customElements.define("replay-foot", ReplayFoot);
