// <place-list>: the streets and places that fit what is typed in the search, under its box. The box keeps the keyboard.
/** @import { Place } from "../state/places.js" */
import { make } from "./build.js";

/** Event: `place-pick` { place }. */
export class PlaceList extends HTMLElement {
  /** @type {readonly Place[]} */ #places = [];
  #at = -1; // the one that Enter takes; -1: none of them
  /** @type {HTMLInputElement | null} */ #box = null;

  /** @param {HTMLInputElement} box whose list it is */
  begin(box) {
    this.#box = box;
    this.setAttribute("role", "listbox");
    this.setAttribute("aria-label", "Streets and places");
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", this.id);
    this.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    this.show([]);
  }

  /** @param {readonly Place[]} places @param {boolean} [first] no unit fits: the first is what Enter takes */
  show(places, first = false) {
    this.#places = places;
    this.hidden = !places.length;
    this.replaceChildren(...places.map((place, index) => this.#row(place, index)));
    this.#box?.setAttribute("aria-expanded", String(places.length > 0));
    this.#go(first && places.length ? 0 : -1);
  }

  get isOpen() {
    return !this.hidden;
  }

  /** @returns {Place | null} what Enter takes */
  get current() {
    return this.#places[this.#at] ?? null;
  }

  /** @param {1 | -1} by past the last, and before the first, is the box itself */
  step(by) {
    const count = this.#places.length + 1;
    this.#go(((this.#at + 1 + by + count) % count) - 1);
  }

  /** @param {number} at */
  #go(at) {
    this.#at = at;
    [...this.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    if (at < 0) this.#box?.removeAttribute("aria-activedescendant");
    else this.#box?.setAttribute("aria-activedescendant", `${this.id}-${at}`);
  }

  /** @param {Place} place @param {number} index */
  #row(place, index) {
    const pick = () => this.dispatchEvent(new CustomEvent("place-pick", { detail: { place }, bubbles: true }));
    return make(
      "div",
      { class: "pl", role: "option", id: `${this.id}-${index}`, onclick: pick },
      make("span", { class: "cut" }, place.name),
      make("span", { class: "mut small" }, place.what),
    );
  }
}

customElements.define("place-list", PlaceList);
