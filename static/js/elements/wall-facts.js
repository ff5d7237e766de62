// <wall-facts>: the rail's foot: what is watched, how the way to the server is, how many alarms, how far one can read this.
import { age } from "../state/words.js";
import { make, setText } from "./build.js";

export class WallFacts extends HTMLElement {
  #watched = make("b");
  #heard = make("b");
  #alarms = make("b");
  #reads = make("b");
  #who = make("span", { class: "mut" });

  connectedCallback() {
    this.append(
      make("span", {}, "Watched"),
      this.#watched,
      make("span", {}, "Server heard"),
      this.#heard,
      make("span", {}, "Alarms in 10 min"),
      this.#alarms,
      make("span", {}, "Reads at"),
      this.#reads,
      this.#who,
    );
  }

  /**
   * @param {object} facts
   * @param {number | null} facts.watched null: nobody has said so lately
   * @param {number} facts.recording
   * @param {number} facts.silent seconds
   * @param {number | null} facts.alarms null: not known yet
   * @param {{ words: string, isShort: boolean }} facts.reach
   * @param {string} facts.who
   */
  show({ watched, recording, silent, alarms, reach, who }) {
    setText(this.#watched, watched === null ? "not known" : `${watched} of ${recording}`);
    setText(this.#heard, `${age(silent)} ago`);
    setText(this.#alarms, alarms === null ? "not known" : String(alarms));
    setText(this.#reads, reach.words);
    this.#reads.classList.toggle("short", reach.isShort);
    setText(this.#who, who);
  }
}

customElements.define("wall-facts", WallFacts);
