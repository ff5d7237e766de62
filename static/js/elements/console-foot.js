// <console-foot>: the keys at hand, a hint for newcomers, and the proof that the link is good.
/** @import { Hint } from "../state/hints.js" */
import { KEYS } from "../state/keymap.js";
import { age } from "../state/words.js";
import { icon, keycap, make, setText } from "./build.js";
import { capsFor } from "./key-caps.js";
import { HintLine } from "./hint-line.js";

export class ConsoleFoot extends HTMLElement {
  #link = make("span");
  #latency = make("b");
  #keys = make("span", { class: "ks" });
  #hint = new HintLine();

  connectedCallback() {
    const shown = KEYS.filter((key) => key.foot).map((key) => {
      const caps = "range" in key ? [keycap(key.caps[0]), "–", keycap(key.caps[1])] : capsFor(key);
      return make("span", { class: "first" in key ? "k first" : "k" }, ...caps, ` ${key.foot}`);
    });
    this.#keys.append(...shown);
    const latency = make("span", { class: "k" }, icon("link", "sm"), this.#latency, " to server");
    this.append(
      this.#keys,
      this.#hint,
      make("span", { class: "sp" }),
      make("span", { class: "k proof" }, icon("proof", "sm"), this.#link),
      latency,
    );
  }

  /**
   * @param {{ linked: boolean, isLost: boolean, silent: number, latency: number | null, keysOn: boolean, hint: Hint | null }} facts
   *   seconds; `hint` is null when hints are off
   */
  show({ linked, isLost, silent, latency, keysOn, hint }) {
    this.#hint.show(hint, linked);
    setText(this.#link, linked ? "Link proven" : isLost ? `No word for ${age(silent)}` : "Connecting");
    setText(this.#latency, latency === null || !linked ? "–" : `${Math.max(1, Math.round(latency * 1000))} ms`);
    this.#keys.classList.toggle("off", !keysOn);
    this.#keys.title = keysOn ? "" : "Single keys are switched off; ? shows them";
  }
}

customElements.define("console-foot", ConsoleFoot);
