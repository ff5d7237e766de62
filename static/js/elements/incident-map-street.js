/** The names of the streets in which alerts and the selected unit stand: drawn by the page, so that neither ground leaves them out. */

import { urgency } from "../state/map-clusters.js";
import { isInside } from "../state/map-edges.js";
import { metresPerPixel, unproject } from "../state/map-projection.js";
import { REACH_PX, boxesOfKept, keptName } from "../state/map-street.js";
import { svg } from "./incident-map-mark.js";

/** @typedef {import("../state/map-markers.js").Marker} Marker */
/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-projection.js").Point} Point */
/** @typedef {import("../state/map-labels.js").Box} Box */
/** @typedef {import("../state/places.js").Line} Line */
/** @typedef {{name: string, lines: Line[]}} NamedRoad in degrees */
/** @typedef {(lon: number, lat: number) => Point} Project */
/** @typedef {{device_id: string, name: string, lon: number, lat: number, turn: number}} Standing */

const MOST = 3; // streets that matter at once: more are no help
const MATTERS = 2; // to this urgency: alerts of priority 1 and 2, and what is selected
const NEAR_M = 60; // as the server's words for a place: further from any street is a field or a river
const ANEW_MS = 2000; // names that hop with each step of an officer are not read

export class StreetNames {
  element = svg("g");
  /** @type {Standing[]} */ #standing = [];
  /** @type {SVGElement[]} */ #texts = [];
  #found = { key: "", at: -Infinity };

  /**
   * Finds each its place, where that is due.
   * @param {readonly Marker[]} markers those that stand alone @param {(point: Point, reach: number) => NamedRoad[]} roadsNear
   * @param {View} view @param {Project} project @param {readonly Box[]} boxes what the names must not stand under
   * @param {readonly Box[]} others names that give way to them
   * @returns {Box[]} where they stand: other names give way to them
   */
  place(markers, roadsNear, view, project, boxes, others) {
    const pressing = [...markers]
      .filter((marker) => urgency(marker) <= MATTERS && isInside(project(marker.lon, marker.lat), view))
      .sort((one, other) => urgency(one) - urgency(other))
      .slice(0, MOST);
    const { lon, lat, zoom, width, height } = view;
    const key = [lon, lat, zoom, width, height, ...pressing.map((one) => one.device_id)].join();
    const now = performance.now();
    if (key !== this.#found.key || now - this.#found.at > ANEW_MS) {
      this.#found = { key, at: now };
      this.#standing = this.#find(pressing, roadsNear, view, project, boxes, others);
    }
    this.draw(project);
    return this.#standing.flatMap((one) => boxesOfKept({ ...one, ...project(one.lon, one.lat) }));
  }

  /** Keeps them in step with the ground. @param {Project} project */
  draw(project) {
    if (this.#texts.length !== this.#standing.length) {
      this.#texts = this.#standing.map(() => svg("text", { class: "street", dy: "4", "text-anchor": "middle" }));
      this.element.replaceChildren(...this.#texts);
    }
    this.#standing.forEach(({ name, lon, lat, turn }, at) => {
      const text = this.#texts[at];
      const { x, y } = project(lon, lat);
      text?.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(1)})`);
      if (text && text.textContent !== name) text.textContent = name;
    });
  }

  /**
   * @param {readonly Marker[]} pressing @param {(point: Point, reach: number) => NamedRoad[]} roadsNear @param {View} view
   * @param {Project} project @param {readonly Box[]} boxes @param {readonly Box[]} others
   * @returns {Standing[]} each street once
   */
  #find(pressing, roadsNear, view, project, boxes, others) {
    /** @type {Standing[]} */
    const found = [];
    const near = NEAR_M / metresPerPixel(view.lat, view.zoom);
    let taken = boxes;
    for (const { device_id, lon, lat } of pressing) {
      const mark = project(lon, lat);
      const roads = roadsNear(mark, REACH_PX).map(({ name, lines }) => ({
        name,
        lines: lines.map((line) => line.map(([east, north]) => project(east, north))),
      }));
      const was = this.#standing.find((one) => one.device_id === device_id);
      const before = was ? { ...was, ...project(was.lon, was.lat) } : null;
      const kept = keptName(mark, roads, near, taken, view, before, others);
      if (!kept || found.some((one) => one.name === kept.name)) continue;
      found.push({ device_id, name: kept.name, turn: kept.turn, ...unproject(view, kept) });
      taken = [...taken, ...boxesOfKept(kept)];
    }
    return found;
  }
}
