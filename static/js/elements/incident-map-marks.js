/** The layer of markers, counts and rim flags over the ground: one group, one tab stop, arrow keys inside it. */
import { beside, urgency } from "../state/map-clusters.js";
import { clearOfControls, controlsBox, isCovered, isInside, rimPoint } from "../state/map-edges.js";
import { labelBox, placeLabels, square } from "../state/map-labels.js";
import { neighbour } from "../state/map-focus.js";
import { setTabIndex } from "./build.js";
import { Count, RimFlag } from "./incident-map-count.js";
import { Mark, discRadius } from "./incident-map-mark.js";

/** @typedef {import("../state/map-markers.js").Marker} Marker */
/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-projection.js").Point} Point */
/** @typedef {import("../state/map-labels.js").Box} Box */
/** @typedef {import("../state/map-nodes.js").Node} Node */
/** @typedef {Mark | Count | RimFlag} Item */

export const UNIT_TYPE = "application/x-watchroom-unit";
// Beyond this a mark is not made: what is off screen costs nothing.
const MARGIN_PX = 80;
const LABEL_HEIGHT_PX = 22;
const COUNT_RADIUS_PX = 18;
const FLAG_PX = 26; // from the middle of a flag to the rim
const COUNT_APART_PX = 34; // a mark's ring and a count's plate, side by side

export class Marks {
  /** @type {Map<string, Item>} */ #items = new Map();
  /** @type {Map<string, Point>} */ #places = new Map();
  /** @type {Map<string, number>} */ #widths = new Map();
  /** @type {string | null} */ #stop = null;
  /** @type {(node: Node) => void} */ #chosen;
  /** Whether the map's own buttons lie over its corner. */
  hasControls = true;

  /** @param {(node: Node) => void} chosen a marker, count or flag was clicked, or Enter pressed on it */
  constructor(chosen) {
    this.#chosen = chosen;
    this.element = document.createElement("div");
    this.element.className = "marks";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Units on the map");
    // The ground beneath would take a press for a pan, and spoil click and drag.
    for (const type of ["mousedown", "pointerdown", "touchstart", "dblclick"])
      this.element.addEventListener(type, (event) => event.stopPropagation());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusin", ({ target }) => this.#focused(target));
    this.element.addEventListener("dragstart", (event) => this.#drag(event));
  }

  /**
   * @param {Node[]} nodes @param {View} view @param {(lon: number, lat: number) => Point} project
   */
  draw(nodes, view, project) {
    /** @type {Set<string>} */
    const wanted = new Set();
    const alone = nodes.filter((node) => node.alone).map((node) => project(node.lon, node.lat));
    for (const node of nodes) {
      const place = project(node.lon, node.lat);
      const point = node.alone ? place : beside(place, alone, COUNT_APART_PX);
      const inside = isInside(point, view) && !(this.hasControls && isCovered(point, view));
      const near = isInside(point, { width: view.width + MARGIN_PX, height: view.height + MARGIN_PX });
      const flagged = !inside && urgency(node.highest) <= 1;
      if (!flagged && !(near && point.x > -MARGIN_PX && point.y > -MARGIN_PX)) continue;
      const key = flagged ? `rim:${node.key}` : node.key;
      wanted.add(key);
      const item = this.#item(key, node, flagged);
      const rim = flagged ? rimPoint(point, view, FLAG_PX) : null;
      const at = rim && this.hasControls ? clearOfControls(rim, view, FLAG_PX) : (rim ?? point);
      if (rim && item instanceof RimFlag) item.point(rim.turn, at.x > view.width / 2);
      this.#places.set(key, at);
      item.element.style.transform = `translate(${at.x.toFixed(1)}px,${at.y.toFixed(1)}px)`;
      item.element.style.zIndex = String(20 - urgency(node.highest));
    }
    for (const key of this.#items.keys()) if (!wanted.has(key)) this.#remove(key);
    this.#keepOneStop();
  }

  /** Where discs, counts and flags stand. @returns {Box[]} */
  get discs() {
    return [...this.#items].map(([key, item]) => {
      const half = item instanceof Mark ? reach(item.marker) : item instanceof Count ? COUNT_RADIUS_PX : FLAG_PX;
      return square(/** @type {Point} */ (this.#places.get(key)), half + 1); // half of its line lies outside
    });
  }

  /**
   * Puts each label on its side of the mark.
   * @param {View} view @param {Box[]} others the map's scale, and its names
   * @returns {Box[]} where marks, counts and labels stand now
   */
  label(view, others) {
    const marks = [...this.#items].filter(([, item]) => item instanceof Mark);
    const labelled = marks.map(([key, item]) => {
      const mark = /** @type {Mark} */ (item);
      const point = /** @type {Point} */ (this.#places.get(key));
      const { marker } = mark;
      return {
        ...point,
        radius: reach(marker),
        width: this.#width(mark),
        height: LABEL_HEIGHT_PX,
        rank: urgency(marker),
        before: mark.side,
      };
    });
    const counts = [...this.#items].flatMap(([key, item]) => {
      const point = item instanceof Count && this.#places.get(key);
      return point ? [{ ...square(point, COUNT_RADIUS_PX), solid: true }] : [];
    });
    const sides = placeLabels(labelled, view, [...counts, ...others], this.hasControls ? [controlsBox(view)] : []);
    const standing = sides.flatMap((side, index) => {
      const [item, one] = [marks[index]?.[1], labelled[index]];
      if (!(item instanceof Mark) || !one) return [];
      if (item.side !== side) item.turn(side);
      const disc = square(one, one.radius);
      return side === "none" ? [disc] : [disc, labelBox(one, side)];
    });
    return [...counts, ...standing];
  }

  /** @param {string} key @param {Node} node @param {boolean} flagged @returns {Item} */
  #item(key, node, flagged) {
    const before = this.#items.get(key);
    const item = before ?? (flagged ? new RimFlag(node.highest) : node.alone ? new Mark(node.highest) : new Count());
    if (item instanceof Count) item.paint(node.markers, node.highest);
    else item.paint(node.highest);
    item.element.dataset.key = key;
    item.element.onclick = () => this.#chosen(node);
    if (!before) {
      this.#items.set(key, item);
      this.element.append(item.element);
    }
    return item;
  }

  /** @param {string} key */
  #remove(key) {
    const item = this.#items.get(key);
    const held = item?.element === document.activeElement;
    item?.element.remove();
    this.#items.delete(key);
    this.#places.delete(key);
    if (held) this.#items.values().next().value?.element.focus({ preventScroll: true });
  }

  #keepOneStop() {
    if (!this.#stop || !this.#items.has(this.#stop)) this.#stop = this.#items.keys().next().value ?? null;
    for (const [key, { element }] of this.#items) setTabIndex(element, key === this.#stop ? 0 : -1);
  }

  /** @param {Mark} mark @returns {number} measured once for each text */
  #width(mark) {
    const key = `${mark.marker.priority}|${mark.text}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size > 2000) this.#widths.clear();
      width = mark.label.offsetWidth;
      // Not laid out yet (a hidden page): ask again next time.
      if (width > 0) this.#widths.set(key, width);
    }
    return width;
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const key = target instanceof HTMLElement ? target.dataset.key : undefined;
    if (!key) return;
    this.#stop = key;
    this.#keepOneStop();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = event.target instanceof HTMLElement ? event.target.dataset.key : undefined;
    const from = key === undefined ? undefined : this.#places.get(key);
    if (!key || !from) return;
    if (event.key === "Enter" || event.key === " ") this.#items.get(key)?.element.click();
    else if (event.key.startsWith("Arrow")) {
      const next = neighbour(from, this.#places, event.key);
      if (next) this.#items.get(next)?.element.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {DragEvent} event */
  #drag(event) {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const item = this.#items.get(target?.dataset.key ?? "");
    if (!(item instanceof Mark) || !event.dataTransfer) return;
    event.dataTransfer.setData(UNIT_TYPE, item.marker.device_id);
    event.dataTransfer.setData("text/plain", item.marker.call_sign);
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setDragImage(item.label, 8, 11);
  }
}

/** @param {Marker} marker @returns {number} px, from its middle to the end of its rings */
function reach({ priority, selected }) {
  return discRadius(priority) + (selected ? 6 : 0);
}
