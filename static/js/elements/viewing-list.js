// <viewing-list>: who looked, when, at what and why: the newest first.
/** @import { Viewing } from "../state/viewings.js" */
import { viewerWords, viewingWords } from "../state/viewings.js";
import { dayOf, timeOfDay } from "../state/words.js";
import { awaited, make } from "./build.js";

export class ViewingList extends HTMLElement {
  #list = make("ol");

  connectedCallback() {
    this.#list.append(awaited("li"));
    this.append(this.#list);
  }

  /** @param {readonly Viewing[]} viewings @param {string} me */
  show(viewings, me) {
    const none = make("li", { class: "none" }, "Nobody has viewed what you recorded.");
    const rows = viewings.map((one) =>
      make(
        "li",
        {},
        make("span", { class: "who" }, viewerWords(one, me)),
        make("time", {}, `${dayOf(one.at)} ${timeOfDay(one.at)}`),
        make("span", { class: "what" }, viewingWords(one)),
        make("span", { class: "why" }, one.why),
      ),
    );
    this.#list.replaceChildren(...(rows.length ? rows : [none]));
  }
}

customElements.define("viewing-list", ViewingList);
