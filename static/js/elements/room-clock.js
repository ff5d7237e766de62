// <room-clock>: the server's time of day, so that every console in the room reads the same.
import { dayOf, timeOfDay } from "../state/words.js";
import { make, setText } from "./build.js";

export class RoomClock extends HTMLElement {
  #time = make("b");
  #day = make("span");
  #hour = -1;

  connectedCallback() {
    this.className = "clock";
    this.setAttribute("role", "timer");
    this.setAttribute("aria-live", "off");
    this.append(this.#time, this.#day);
  }

  /** @param {number} now */
  show(now) {
    setText(this.#time, timeOfDay(now));
    const hour = Math.floor(now / 3600);
    if (hour === this.#hour) return; // naming a day costs a hundred times more than comparing an hour
    this.#hour = hour;
    setText(this.#day, dayOf(now));
  }
}

customElements.define("room-clock", RoomClock);
