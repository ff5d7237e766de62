/** What is drawn true to scale under the markers: accuracy, *could have moved*, trails. */

import { metresPerPixel } from "../state/map-projection.js";
import { pathData, thinned } from "../state/map-trails.js";
import { svg } from "./incident-map-mark.js";
import { StreetNames } from "./incident-map-street.js";

/** @typedef {import("../state/map-markers.js").Marker} Marker */
/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-projection.js").Point} Point */
/** @typedef {{lon: number, lat: number}} Place */
/** @typedef {import("../state/places.js").Place} Found */

const FOUND_PX = 34; // the ring round a spot

export class Halos {
  #circles = svg("g");
  #found = svg("path", { class: "found" });
  #trails = svg("g");
  /** The streets that matter: over trails and circles, under every mark. */
  streets = new StreetNames();
  /** @type {Map<string, SVGElement>} */ #drawn = new Map();

  constructor() {
    this.element = svg(
      "svg",
      { class: "under", "aria-hidden": "true" },
      gradients(),
      this.#found,
      this.#trails,
      this.#circles,
      this.streets.element,
    );
  }

  /** What was looked for on the map: a street's line, a ring round a spot. @type {Found | null} */
  found = null;

  /**
   * @param {Marker[]} markers those that stand alone
   * @param {ReadonlyMap<string, Place[]>} trails
   * @param {View} view @param {(lon: number, lat: number) => Point} project
   */
  draw(markers, trails, view, project) {
    /** @type {Set<string>} */
    const wanted = new Set();
    const mpp = metresPerPixel(view.lat, view.zoom);
    for (const marker of markers) {
      const metres = marker.could_m ?? marker.accuracy_m;
      const radius = metres / mpp;
      // Under the disc it cannot be seen; over three views wide it says nothing.
      if (radius < 13 || radius > 3 * Math.max(view.width, view.height)) continue;
      const { x, y } = project(marker.lon, marker.lat);
      const circle = this.#element(`circle:${marker.device_id}`, "circle", this.#circles, wanted);
      const kind = marker.could_m === null ? "acc" : "could";
      write(circle, {
        class: marker.priority === 1 ? `${kind} a1` : kind,
        cx: x.toFixed(1),
        cy: y.toFixed(1),
        r: radius.toFixed(1),
      });
    }
    for (const marker of markers) {
      const places = trails.get(marker.device_id);
      if (!places) continue;
      const points = [...places, marker].map((place) => project(place.lon, place.lat));
      const path = this.#element(`trail:${marker.device_id}`, "path", this.#trails, wanted);
      write(path, { class: marker.priority === 1 ? "trail a1" : "trail", d: pathData(thinned(points, 3)) });
    }
    this.streets.draw(project);
    write(this.#found, { d: this.found ? outlineOf(this.found, project) : "" });
    for (const [key, element] of this.#drawn)
      if (!wanted.has(key)) {
        element.remove();
        this.#drawn.delete(key);
      }
  }

  /**
   * @param {string} key @param {string} tag @param {SVGElement} parent @param {Set<string>} wanted
   * @returns {SVGElement}
   */
  #element(key, tag, parent, wanted) {
    wanted.add(key);
    let element = this.#drawn.get(key);
    if (!element) {
      element = svg(tag);
      this.#drawn.set(key, element);
      parent.append(element);
    }
    return element;
  }
}

/** @param {Found} found @param {(lon: number, lat: number) => Point} project */
function outlineOf({ bounds, lines }, project) {
  if (lines.length) return lines.map((line) => pathData(line.map(([lon, lat]) => project(lon, lat)))).join("");
  const { x, y } = project((bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2);
  const arc = `a${FOUND_PX} ${FOUND_PX} 0 1 0`;
  return `M${(x - FOUND_PX).toFixed(1)} ${y.toFixed(1)}${arc} ${2 * FOUND_PX} 0${arc} ${-2 * FOUND_PX} 0`;
}

/** @param {SVGElement} element @param {Record<string, string>} attributes */
function write(element, attributes) {
  for (const [name, value] of Object.entries(attributes))
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @returns {SVGElement} the two fills of a heading cone */
function gradients() {
  const fade = (/** @type {string} */ id, /** @type {string} */ r) =>
    svg(
      "radialGradient",
      { id, gradientUnits: "userSpaceOnUse", cx: "0", cy: "0", r },
      svg("stop", { offset: ".2", class: `${id}-near` }),
      svg("stop", { offset: "1", class: `${id}-far` }),
    );
  return svg("defs", {}, fade("map-cone", "46"), fade("map-cone-p1", "62"));
}
