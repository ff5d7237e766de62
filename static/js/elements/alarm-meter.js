// <alarm-meter>: ten cells, one for each alarm of the last ten minutes (EEMUA 191: ten is a flood, one is right).
import { make, setText } from "./build.js";

const CELLS = 10;

export class AlarmMeter extends HTMLElement {
  #cells = Array.from({ length: CELLS }, () => make("i"));
  #number = make("b");

  connectedCallback() {
    this.title = "Alerts raised in the last ten minutes";
    this.append(
      make("span", { class: "meter", "aria-hidden": "true" }, ...this.#cells),
      make("span", {}, this.#number, " in 10 min"),
    );
  }

  /** @param {number | null} alarms null: not known yet */
  show(alarms) {
    this.#cells.forEach((cell, index) => cell.classList.toggle("on", index < (alarms ?? 0)));
    setText(this.#number, alarms === null ? "–" : String(alarms));
  }
}

customElements.define("alarm-meter", AlarmMeter);
