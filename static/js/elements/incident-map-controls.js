/** The map's own controls: zoom, show all units, the scale, and what the map has to say about itself. */

import { metresPerPixel, scaleBar } from "../state/map-projection.js";
import { svg } from "./incident-map-mark.js";

/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-labels.js").Box} Box */

const SCALE_PX = 110;
const SCALE_HIGH_PX = 29; // with its distance from the map's foot
const SCALE_BESIDE_PX = 8; // its distance from the map's side, and a hair

export class Controls {
  #bar = document.createElement("i");
  #text = document.createElement("span");
  #credit = document.createElement("span");
  #wide = 0; // px, of the scale with its words; 0: to be measured

  /** @param {{zoom: (delta: number) => void, all: () => void}} actions @param {string} [allWords] what `all` shows */
  constructor({ zoom, all }, allWords = "Show all units (Z)") {
    this.buttons = document.createElement("div");
    this.buttons.className = "mapctl";
    this.buttons.append(
      button("Zoom in", "M10 3.5v13M3.5 10h13", () => zoom(1)),
      button("Zoom out", "M3.5 10h13", () => zoom(-1)),
      button(allWords, "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4", all),
    );
    this.scale = document.createElement("div");
    this.scale.className = "scale";
    this.#credit.className = "credit";
    this.scale.append(this.#bar, this.#text, this.#credit);
    this.note = document.createElement("p");
    this.note.className = "mapnote";
    this.note.setAttribute("role", "status");
    this.note.hidden = true;
  }

  /** @param {View} view */
  measure(view) {
    const { px, text } = scaleBar(metresPerPixel(view.lat, view.zoom), SCALE_PX);
    const width = `${Math.round(px)}px`; // in the ground's own pixels, which grow with the type
    if (this.#bar.style.width !== width) this.#wide = 0;
    this.#bar.style.width = width;
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  /** Where the scale stands: labels and names give way to it. @param {View} view @returns {Box} */
  box(view) {
    this.#wide ||= this.scale.offsetWidth;
    return { left: 0, top: view.height - SCALE_HIGH_PX, right: this.#wide + SCALE_BESIDE_PX, bottom: view.height };
  }

  /** @param {string} text whose map it is */
  credit(text) {
    this.#credit.textContent = text;
    this.#wide = 0;
  }

  /** @param {string} text "" takes it away */
  say(text) {
    this.note.textContent = text;
    this.note.hidden = text === "";
  }
}

/**
 * @param {string} label @param {string} path @param {() => void} press
 * @returns {HTMLButtonElement}
 */
function button(label, path, press) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn ic";
  element.ariaLabel = label;
  element.title = label;
  element.append(svg("svg", { class: "i", viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: path })));
  element.addEventListener("click", press);
  return element;
}
