// <status-graph>: one figure over ten minutes, with its scale, its value now and its unit; the right edge is now.
/** @import { Graph } from "../state/graphs.js" */
/** @import { Lines } from "../state/status_feed.js" */
import { figure, parts } from "../state/figure_words.js";
import { greatestOf, marks, pathOf, roundTop, stretches } from "../state/graph_trace.js";
import { sampleAt } from "../state/status_feed.js";
import { timeOfDay } from "../state/words.js";
import { make, setText, svg } from "./build.js";

/** `at` is the moment pointed at, null for now; `now` is the server's time. */
/** @typedef {{ times: readonly number[], lines: Lines, now: number, span: number, stale: boolean, at: number | null }} Shown */

const [ABOVE, BELOW, EVERY_S] = [14, 14, 120];

/** Event: `graph-time` { at } while the pointer is over it, null when it leaves. */
export class StatusGraph extends HTMLElement {
  /** @type {Graph} */ #graph;
  #value = make("b");
  #unit = make("span", { class: "unit" });
  #legend = make("span", { class: "legend" });
  #drawing = svg("svg", { role: "img" });
  #top = svg("text", { class: "top", x: 0, y: 10 });
  #rules = svg("g", { class: "rules" });
  #gap = svg("rect", { class: "gap" });
  #then = svg("line", { class: "then" });
  /** @type {{ path: SVGElement, words: HTMLElement | null }[]} */ #drawn = [];
  #size = { width: 0, height: 0 };
  /** @type {{ from: number, to: number }} */ #axis = { from: 0, to: 1 };

  /** @param {Graph} graph */
  constructor(graph) {
    super();
    this.#graph = graph;
    this.#drawing.setAttribute("aria-label", graph.name); // until its first figures come
  }

  connectedCallback() {
    if (this.#drawn.length) return;
    const { name, lines } = this.#graph;
    const isOne = lines.length === 1;
    const value = make("span", { class: "value" }, this.#value, " ", this.#unit);
    const head = make("div", { class: "gh" }, make("span", { class: "name cut" }, name), isOne ? value : null);
    this.classList.toggle("wide", this.#graph.wide ?? false);
    this.#drawn = lines.map((line) => {
      const words = isOne ? null : make("span", { class: "of" });
      if (words) this.#legend.append(make("span", { class: "nw" }, sample(line.look), `${line.name} `, words));
      return { path: svg("path", { class: `line look-${line.look}` }), words };
    });
    this.#drawing.append(this.#gap, this.#rules, this.#top, ...this.#drawn.map(({ path }) => path), this.#then);
    this.append(head, ...(isOne ? [] : [this.#legend]), this.#drawing);
    new ResizeObserver(([entry]) => entry && this.#resize(entry.contentRect)).observe(this.#drawing);
    this.#drawing.addEventListener("pointermove", (event) => this.#point(/** @type {PointerEvent} */ (event)));
    this.#drawing.addEventListener("pointerleave", () => this.#say(null));
  }

  /** @param {Shown} shown */
  show({ times, lines, now, span, stale, at }) {
    const { unit, least } = this.#graph;
    const values = this.#graph.lines.map(({ line }) => lines[line] ?? []);
    const greatest = greatestOf(values);
    const top = roundTop(greatest, least);
    this.#axis = { from: now - span, to: now };
    const index = at === null ? (stale ? -1 : times.length - 1) : sampleAt(times, at);
    const then = values.map((line) => line[index] ?? null);
    this.#write(then, greatest);
    const height = this.#size.height - ABOVE - BELOW;
    if (height <= 0 || !this.#size.width) return;
    const frame = { ...this.#axis, width: this.#size.width, height, top };
    values.forEach((line, number) => {
      const path = this.#drawn[number]?.path;
      path?.setAttribute("d", pathOf(stretches(times, line, frame)));
      path?.setAttribute("transform", `translate(0 ${ABOVE})`);
    });
    setText(this.#top, figure(top, unit));
    this.#rule(height);
    this.#mark(times.at(-1), at, height);
  }

  /** The words: of now, or of the moment that is pointed at. @param {(number | null)[]} values @param {number} greatest */
  #write(values, greatest) {
    const { name, unit, lines } = this.#graph;
    const first = parts(values[0], unit);
    setText(this.#value, first.number);
    setText(this.#unit, first.unit);
    this.#drawn.forEach(({ words }, number) => words && setText(words, figure(values[number], unit)));
    const told = lines.map((line, number) => `${line.name} ${figure(values[number], unit)}`.trim()).join(", ");
    this.#drawing.setAttribute(
      "aria-label",
      `${name}: ${told}; at most ${figure(greatest, unit)} in the last ten minutes`,
    );
  }

  /** Lines at the full two minutes, with the time where there is room. @param {number} height */
  #rule(height) {
    const { from, to } = this.#axis;
    const x = this.#toX();
    const { width } = this.#size;
    const every = width < 150 ? EVERY_S * 2 : EVERY_S;
    const upright = marks(from, to, every).map((time) =>
      svg("line", { x1: x(time), x2: x(time), y1: ABOVE, y2: ABOVE + height }),
    );
    const words = marks(from, to, width < 330 ? EVERY_S * 2 : EVERY_S)
      .filter((time) => x(time) > 16 && x(time) < width - 16)
      .map((time) =>
        svg("text", { x: x(time), y: ABOVE + height + 12, "text-anchor": "middle" }, timeOfDay(time).slice(0, 5)),
      );
    const level = [ABOVE, ABOVE + height].map((y) => svg("line", { x1: 0, x2: width, y1: y, y2: y }));
    this.#rules.replaceChildren(...upright, ...level, ...words);
  }

  /** Where figures are missing, and the moment pointed at. @param {number | undefined} newest @param {number | null} at @param {number} height */
  #mark(newest, at, height) {
    const x = this.#toX();
    const from = newest === undefined ? 0 : Math.max(0, x(newest));
    const missing = newest === undefined || this.#axis.to - newest > 2.5;
    this.#gap.toggleAttribute("hidden", !missing);
    setAll(this.#gap, { x: from, y: ABOVE, width: Math.max(0, this.#size.width - from), height });
    this.#then.toggleAttribute("hidden", at === null);
    if (at !== null) setAll(this.#then, { x1: x(at), x2: x(at), y1: ABOVE, y2: ABOVE + height });
  }

  #toX() {
    const { from, to } = this.#axis;
    return (/** @type {number} */ time) => Math.round(((time - from) / (to - from)) * this.#size.width * 10) / 10;
  }

  /** @param {DOMRectReadOnly} box */
  #resize({ width, height }) {
    this.#size = { width: Math.floor(width), height: Math.floor(height) };
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { from, to } = this.#axis;
    const share = event.offsetX / Math.max(1, this.#size.width);
    this.#say(from + Math.min(1, Math.max(0, share)) * (to - from));
  }

  /** @param {number | null} at */
  #say(at) {
    this.dispatchEvent(new CustomEvent("graph-time", { detail: { at }, bubbles: true }));
  }
}

/** A piece of the line, for the legend. @param {number} look */
function sample(look) {
  const line = svg("line", { class: `line look-${look}`, x1: 0, x2: 14, y1: 4, y2: 4 });
  return svg("svg", { class: "sample", width: 14, height: 8, "aria-hidden": "true" }, line);
}

/** @param {SVGElement} element @param {Record<string, number>} attributes */
function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

customElements.define("status-graph", StatusGraph);
