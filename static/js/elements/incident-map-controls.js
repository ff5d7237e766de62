/** The map's own controls: zoom, show all units, the scale, and what the map has to say about itself. */

import { scaleBehind, scaleCorner } from "../state/map-edges.js";
import { metresPerPixel, scaleBar } from "../state/map-projection.js";
import { svg } from "./incident-map-mark.js";

/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-labels.js").Box} Box */

const SCALE_PX = 110;
const SCALE_HIGH_PX = 29; // with its distance from the map's foot
const SCALE_LEFT_PX = 6; // its distance from the map's side
const SCALE_BESIDE_PX = SCALE_LEFT_PX + 2; // and a hair

export class Controls {
  #bar = document.createElement("i");
  #text = document.createElement("span");
  #credit = document.createElement("span");
  /** @type {import("../state/map-edges.js").Corner} */ #corner = "left";
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
    const { style } = this.scale;
    if (style.getPropertyValue("--length") !== width) this.#wide = 0;
    style.setProperty("--length", width);
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  /**
   * Puts the scale where no mark lies on it: labels and names give way to it, it gives way to marks.
   * @param {View} view @param {readonly Box[]} marks @param {boolean} isBesideControls a desk's keeps to the left half
   * @returns {Box[]} where it stands now; whose map it is must be said: only a scale without that is left out
   */
  place(view, marks, isBesideControls) {
    this.#wide ||= this.scale.offsetWidth;
    const wide = this.#wide + SCALE_BESIDE_PX;
    const [top, bottom] = [view.height - SCALE_HIGH_PX, view.height];
    const corners = {
      left: { left: 0, top, right: wide, bottom },
      right: { left: view.width - wide, top, right: view.width, bottom },
    };
    const isSaid = this.#credit.textContent !== "";
    if (isBesideControls) {
      const along = scaleBehind(marks, corners.left, view.width) ?? (isSaid ? 0 : null);
      return this.#stand(along, { ...corners.left, left: along ?? 0, right: (along ?? 0) + wide });
    }
    this.#corner = scaleCorner(marks, corners, this.#corner);
    const stands = this.#corner === "none" && isSaid ? "left" : this.#corner;
    if (stands === "none") return this.#stand(null, corners.left);
    return this.#stand(stands === "right" ? Math.max(0, view.width - wide - SCALE_LEFT_PX) : 0, corners[stands]);
  }

  /** @param {number | null} along px; null: nowhere @param {Box} box @returns {Box[]} */
  #stand(along, box) {
    this.scale.style.transform = `translate(${(along ?? 0).toFixed(1)}px)`;
    this.scale.style.visibility = along === null ? "hidden" : "";
    return along === null ? [] : [box];
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
