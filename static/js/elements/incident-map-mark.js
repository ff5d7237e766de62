/** One unit's marker: disc, freshness ring, heading cone, label. Built once, then only what changed is written. */

/** @typedef {import("../state/map-markers.js").Marker} Marker */
/** @typedef {import("../state/map-labels.js").Placed} Side */

const SVG = "http://www.w3.org/2000/svg";
const BOLT = "M-5-7h6l-3 5h4l-7 9 2-7h-4z";
/** Outlines of the alert symbols: octagon, triangle, circle. @type {Record<number, string>} */
const SYMBOLS = {
  1: "M-2.9-7h5.8L7-2.9v5.8L2.9 7h-5.8L-7 2.9v-5.8z",
  2: "M0-8L8 7H-8z",
  3: "M0-7A7 7 0 1 1 0 7 7 7 0 1 1 0-7z",
};

/**
 * @param {string} tag @param {Record<string, string>} attributes @param {Element[]} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {number} priority @returns {number} the disc's radius in pixels */
export const discRadius = (priority) => (priority === 1 ? 14 : 11);

/** @param {number} heading @param {number} radius @returns {string} a sector of 56 degrees */
function conePath(heading, radius) {
  const edge = (/** @type {number} */ turn) => {
    const angle = ((heading + turn) * Math.PI) / 180;
    return `${(Math.sin(angle) * radius).toFixed(1)} ${(-Math.cos(angle) * radius).toFixed(1)}`;
  };
  return `M0 0L${edge(-28)}A${radius} ${radius} 0 0 1 ${edge(28)}Z`;
}

export class Mark {
  /** @type {Marker} */ marker;
  /** @type {Side} */ side = "right";
  /** @type {string} what was painted last; equal means nothing to do */
  #painted = "";

  /** @param {Marker} marker */
  constructor(marker) {
    this.marker = marker;
    this.element = document.createElement("div");
    this.element.setAttribute("role", "button");
    this.element.draggable = true;
    this.element.tabIndex = -1;
    this.element.dataset.deviceId = marker.device_id;
    this.label = document.createElement("span");
    this.paint(marker);
  }

  /** @returns {string} what the label says, for measuring */
  get text() {
    return `${this.marker.call_sign}${this.marker.sub ? `  ${this.marker.sub}` : ""}`;
  }

  /** @param {Marker} marker */
  paint(marker) {
    this.marker = marker;
    // The ring is drawn in steps of a fifteenth: finer would be repainted and not seen.
    const fresh = Math.ceil(marker.fresh * 15);
    const { recording, stale, priority, unseen, selected, heading, sub, call_sign: callSign } = marker;
    if (this.element.ariaLabel !== marker.name) this.element.ariaLabel = marker.name;
    const now = JSON.stringify([fresh, recording, stale, priority, unseen, selected, heading, sub, callSign]);
    if (now === this.#painted) return;
    this.#painted = now;
    const classes = ["mk", priority ? `a${priority}` : "", stale ? "stale" : "", unseen ? "unseen" : ""];
    this.element.className = classes.filter(Boolean).join(" ");
    this.element.setAttribute("aria-pressed", String(selected));
    this.element.replaceChildren(this.#disc(fresh / 15), this.#words());
  }

  /** @param {Side} side */
  turn(side) {
    this.side = side;
    this.label.className = `lb ${side}`;
  }

  /** @param {number} fresh @returns {SVGElement} */
  #disc(fresh) {
    const { priority, heading, selected, stale } = this.marker;
    const r = discRadius(priority);
    const drawing = svg("svg", { viewBox: "-64 -64 128 128", width: "128", height: "128", "aria-hidden": "true" });
    if (heading !== null) {
      const fill = `url(#map-cone${priority === 1 ? "-p1" : ""})`;
      drawing.append(svg("path", { class: "cone", d: conePath(heading, priority === 1 ? 62 : 46), fill }));
    }
    if (selected) drawing.append(svg("circle", { class: "sel", r: String(r + 6) }));
    drawing.append(svg("circle", { class: "disc", r: String(r) }), svg("circle", { class: "track", r: String(r) }));
    const ring = svg("circle", { class: "ring", r: String(r), pathLength: "100", transform: "rotate(-90)" });
    ring.setAttribute("stroke-dasharray", stale ? "4.4 5.6" : `${(fresh * 100).toFixed(1)} 100`);
    drawing.append(ring, this.#state());
    return drawing;
  }

  /** @returns {SVGElement} recording ●, buffering ○, off –, or the bolt of priority 1 */
  #state() {
    if (this.marker.priority === 1) return svg("path", { class: "dot", d: BOLT });
    if (this.marker.recording === "recording") return svg("circle", { class: "dot", r: "4.2" });
    if (this.marker.recording === "buffering") return svg("circle", { class: "dot buf", r: "3.6" });
    return svg("path", { class: "dot off", d: "M-4 0H4" });
  }

  /** @returns {HTMLElement} */
  #words() {
    const { priority, call_sign: callSign, sub } = this.marker;
    this.label.className = `lb ${this.side}`;
    const name = document.createElement("b");
    name.textContent = callSign;
    this.label.replaceChildren(...(priority ? [prioritySymbol(priority), " "] : []), name);
    if (sub) {
      const second = document.createElement("span");
      second.textContent = sub;
      this.label.append(" ", second); // the space is for what reads the words, not for the eye
    }
    return this.label;
  }
}

/** @param {number} priority @returns {SVGElement} the alert's shape with its number */
export function prioritySymbol(priority) {
  const number = svg("text", { y: priority === 2 ? "5.4" : "3.6", "text-anchor": "middle" });
  number.textContent = String(priority);
  const shape = svg("path", { d: SYMBOLS[priority] ?? "" });
  return svg(
    "svg",
    { class: "sym", viewBox: "-8 -8 16 16", width: "15", height: "15", "aria-hidden": "true" },
    shape,
    number,
  );
}
