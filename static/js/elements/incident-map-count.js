/** Marks that are no single unit in place: a count of units that stand together, a flag on the map's rim. */

import { prioritySymbol, svg } from "./incident-map-mark.js";

/** @typedef {import("../state/map-markers.js").Marker} Marker */

const STATE_WORDS = { recording: "recording", buffering: "buffering", off: "camera off" };

/** A rounded square with how many units stand here, and the highest state among them. */
export class Count {
  #painted = "";

  constructor() {
    this.element = document.createElement("div");
    this.element.setAttribute("role", "button");
    this.element.className = "mk count";
    this.element.tabIndex = -1;
  }

  /** @param {Marker[]} markers @param {Marker} highest */
  paint(markers, highest) {
    const signs = markers.map((marker) => marker.call_sign).sort();
    const now = JSON.stringify([signs, highest.recording, highest.stale, highest.priority]);
    if (now === this.#painted) return;
    this.#painted = now;
    const named = signs.length > 8 ? `${signs.slice(0, 8).join(", ")} and ${signs.length - 8} more` : signs.join(", ");
    const state = highest.priority ? `priority ${highest.priority}` : STATE_WORDS[highest.recording];
    this.element.ariaLabel = `${markers.length} units together: ${named}; highest state: ${state}. Opens them`;
    this.element.title = named;
    this.element.classList.toggle("stale", highest.stale);
    const number = document.createElement("b");
    number.textContent = String(markers.length);
    const plate = document.createElement("span");
    plate.className = "plate";
    plate.append(number, highest.priority ? prioritySymbol(highest.priority) : stateSign(highest.recording));
    this.element.replaceChildren(plate);
  }
}

/** Points from the rim at an alert outside the view. */
export class RimFlag {
  /** @param {Marker} marker */
  constructor(marker) {
    this.marker = marker;
    this.element = document.createElement("div");
    this.element.setAttribute("role", "button");
    this.element.tabIndex = -1;
    this.label = document.createElement("span");
    this.label.className = "lb";
    this.arrow = svg("svg", {
      class: "arrow",
      viewBox: "-8 -8 16 16",
      width: "20",
      height: "20",
      "aria-hidden": "true",
    });
    this.arrow.append(svg("path", { d: "M0-7L6 5 0 2-6 5z" }));
    this.element.append(this.arrow, this.label);
  }

  /** @param {Marker} marker */
  paint(marker) {
    this.marker = marker;
    this.element.className = `mk rim a${marker.priority}${marker.unseen ? " unseen" : ""}`;
    const name = `Outside the map: ${marker.name}. Shows it`;
    if (this.element.ariaLabel === name) return;
    this.element.ariaLabel = name;
    const sign = document.createElement("b");
    sign.textContent = marker.call_sign;
    this.label.replaceChildren(prioritySymbol(marker.priority), sign);
  }

  /** @param {number} turn degrees @param {boolean} onRight half of the map: then the label stands to the left */
  point(turn, onRight) {
    this.arrow.style.transform = `rotate(${turn.toFixed(0)}deg)`;
    this.label.classList.toggle("left", onRight);
    this.label.classList.toggle("right", !onRight);
  }
}

/** @param {"recording" | "buffering" | "off"} recording @returns {SVGElement} */
function stateSign(recording) {
  const signs = {
    recording: () => svg("circle", { class: "dot", r: "3.4" }),
    buffering: () => svg("circle", { class: "dot buf", r: "3" }),
    off: () => svg("path", { class: "dot off", d: "M-3 0H3" }),
  };
  return svg("svg", { viewBox: "-5 -5 10 10", width: "10", height: "10", "aria-hidden": "true" }, signs[recording]());
}
