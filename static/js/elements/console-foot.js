// <console-foot>: the keys at hand, and the proof that the link is good.
import { KEYS } from "../state/keymap.js";
import { age } from "../state/words.js";
import { icon, keycap, make, setText } from "./build.js";

export class ConsoleFoot extends HTMLElement {
  #link = make("span");
  #latency = make("b");
  #keys = make("span", { class: "ks" });

  connectedCallback() {
    const shown = KEYS.filter((key) => key.foot).map((key) => {
      const caps =
        "range" in key ? [keycap(key.caps[0]), "–", keycap(key.caps[1])] : key.caps.map((cap) => keycap(cap));
      return make("span", { class: "k" }, ...caps, ` ${key.foot}`);
    });
    this.#keys.append(...shown);
    const latency = make("span", { class: "k" }, icon("link", "sm"), this.#latency, " to server");
    this.append(
      this.#keys,
      make("span", { class: "sp" }),
      make("span", { class: "k" }, icon("proof", "sm"), this.#link),
      latency,
    );
  }

  /** @param {{ linked: boolean, silent: number, latency: number | null, keysOn: boolean }} facts seconds */
  show({ linked, silent, latency, keysOn }) {
    setText(this.#link, linked ? "Link proven" : `No word from the server for ${age(silent)}`);
    setText(this.#latency, latency === null || !linked ? "–" : `${Math.max(1, Math.round(latency * 1000))} ms`);
    this.#keys.classList.toggle("off", !keysOn);
    this.#keys.title = keysOn ? "" : "Single keys are switched off; ? shows them";
  }
}

customElements.define("console-foot", ConsoleFoot);
