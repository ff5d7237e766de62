/** The ground without WebGL2: the built-in town as SVG, or nothing but the true scale. Same markers, same keys. */

import { isCovered } from "../state/map-edges.js";
import { labelPieces, overlapOf } from "../state/map-labels.js";
import { panned, projector, worldPixels, zoomed } from "../state/map-projection.js";
import { DRAWN_ZOOM, townPaths } from "../state/map-paths.js";
import { haveMoved } from "../state/map-rim.js";
import { ZOOM_LIMITS } from "./incident-map-gl.js";
import { svg } from "./incident-map-mark.js";
import { townNames } from "./incident-map-names.js";

/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("./incident-map-gl.js").Ground} Ground */
/** @typedef {import("./incident-map-gl.js").GroundOptions} GroundOptions */

const STEP_PX = 80;
const LETTERS_PX = 12; // how high
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {HTMLElement} container @param {GroundOptions} options
 * @returns {Promise<Ground>}
 */
export async function plotGround(container, { view: first, basemap, onMove, onProblem }) {
  const drawing = svg("svg", { class: "plot", "aria-hidden": "true" });
  const streets = svg("g");
  const names = svg("g");
  drawing.append(streets, names);
  container.tabIndex = 0;
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", "Plain street map: arrow keys move it, plus and minus zoom");
  container.append(drawing);
  const origin = { lon: first.lon, lat: first.lat };
  /** @type {import("../state/map-paths.js").Lettering[]} */
  let lettering = [];
  /** @type {import("./incident-map-street.js").NamedRoad[]} */
  let roads = [];
  /** @type {readonly import("../state/map-labels.js").Box[]} */
  let standing = [];
  let view = first;

  const draw = () => {
    const scale = worldPixels(view.zoom) / worldPixels(DRAWN_ZOOM);
    const { x, y } = projector(view)(origin.lon, origin.lat);
    streets.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(5)})`);
    drawing.style.setProperty("--ws", String(Math.max(0.8, 5 * scale ** 0.85)));
    letter(names, lettering, scale, { x, y }, view, standing);
  };
  const show = (/** @type {View} */ next, settled = true, byHand = true) => {
    view = { ...next, width: container.clientWidth, height: container.clientHeight };
    draw();
    onMove(settled, byHand);
  };
  const loosen = listen(container, () => view, show);
  const sized = new ResizeObserver(() => show(view, true, false));
  sized.observe(container);
  if (basemap.kind === "town" && basemap.url) {
    load(new URL(basemap.url, document.baseURI), origin).then(
      ({ shapes, lettering: words, roads: all }) => {
        roads = all;
        streets.replaceChildren(...shapes.map(({ kind, d }) => svg("path", { class: `m-${kind}`, d })));
        lettering = words;
        draw();
      },
      (/** @type {Error} */ error) => onProblem(error.message),
    );
  }
  return {
    host: container,
    names: () => [],
    stand(boxes) {
      if (!haveMoved(standing, boxes)) return;
      standing = boxes;
      draw();
    },
    roadsNear: () => roads,
    named: () => townNames(basemap),
    credit: "",
    view: () => view,
    show: (next) => show(next, true, false),
    retheme: () => undefined,
    remove() {
      loosen.abort();
      sized.disconnect();
      container.replaceChildren();
    },
  };
}

/** @param {URL} url @param {{lon: number, lat: number}} origin */
async function load(url, origin) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the town's map could not be read (${response.status})`);
  return townPaths((await response.json()).features, origin);
}

/**
 * Names that fit: places first, then main streets, none on another.
 * @param {SVGElement} parent @param {import("../state/map-paths.js").Lettering[]} lettering
 * @param {number} scale @param {{x: number, y: number}} from @param {View} view
 * @param {readonly import("../state/map-labels.js").Box[]} standing to what stands there they give way
 */
function letter(parent, lettering, scale, from, view, standing) {
  /** @type {SVGElement[]} */
  const texts = [];
  /** @type {{x: number, y: number, half: number}[]} */
  const taken = [];
  for (const { kind, text, turn, ...at } of [...lettering].sort((a, b) => a.kind.localeCompare(b.kind))) {
    const x = from.x + at.x * scale;
    const y = from.y + at.y * scale;
    const half = text.length * 5;
    const beside = x < half || y < 12 || x > view.width - half || y > view.height - 8;
    const covered = isCovered({ x: x + half, y: y - 8 }, view);
    const pieces = labelPieces({ x, y }, turn, 2 * half, LETTERS_PX);
    if (
      beside ||
      covered ||
      pieces.some((piece) => standing.some((box) => overlapOf(piece, box) > 0)) ||
      taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < 20)
    )
      continue;
    taken.push({ x, y, half });
    const element = svg("text", { class: `ml ${kind}`, dy: "4", "text-anchor": "middle" });
    element.setAttribute("transform", `translate(${x.toFixed(0)} ${y.toFixed(0)}) rotate(${turn.toFixed(1)})`);
    element.textContent = kind === "place" ? text.toUpperCase() : text;
    texts.push(element);
  }
  parent.replaceChildren(...texts);
}

/** In the drawing's own pixels, which are as large as the type. @param {HTMLElement} container @param {MouseEvent} event */
function placeOf(container, { clientX, clientY }) {
  const { left, top, width } = container.getBoundingClientRect();
  const scale = width / container.offsetWidth || 1;
  return { x: (clientX - left) / scale, y: (clientY - top) / scale };
}

/**
 * @param {HTMLElement} container @param {() => View} current
 * @param {(view: View, settled?: boolean) => void} show
 * @returns {AbortController} aborts the listening
 */
function listen(container, current, show) {
  const loosen = new AbortController();
  const options = { signal: loosen.signal };
  const middle = () => ({ x: container.clientWidth / 2, y: container.clientHeight / 2 });
  container.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      container.setPointerCapture(event.pointerId);
      /** @type {{x: number, y: number}} */
      let last = placeOf(container, event);
      const drag = new AbortController();
      const move = (/** @type {PointerEvent} */ moved) => {
        const { x, y } = placeOf(container, moved);
        show(panned(current(), last.x - x, last.y - y), false);
        last = { x, y };
      };
      const end = () => {
        drag.abort();
        show(current());
      };
      container.addEventListener("pointermove", move, { signal: drag.signal });
      container.addEventListener("pointerup", end, { signal: drag.signal });
      container.addEventListener("pointercancel", end, { signal: drag.signal });
    },
    options,
  );
  container.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      show(zoomed(current(), -event.deltaY / 400, placeOf(container, event), ZOOM_LIMITS));
    },
    { ...options, passive: false },
  );
  container.addEventListener(
    "dblclick",
    (event) => {
      show(zoomed(current(), 1, placeOf(container, event), ZOOM_LIMITS));
    },
    options,
  );
  container.addEventListener(
    "keydown",
    (event) => {
      const arrow = ARROWS[event.key];
      if (arrow) show(panned(current(), arrow[0] * STEP_PX, arrow[1] * STEP_PX));
      else if (event.key === "+" || event.key === "=") show(zoomed(current(), 1, middle(), ZOOM_LIMITS));
      else if (event.key === "-") show(zoomed(current(), -1, middle(), ZOOM_LIMITS));
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    options,
  );
  return loosen;
}
