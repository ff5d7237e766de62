/** The ground and what stands on it: lays the ground, groups and places the markers, keeps them in step with it. */

import { nodesOf } from "../state/map-nodes.js";
import { boxesOf } from "../state/map-lettering.js";
import { controlsBox, fittedInSight } from "../state/map-edges.js";
import { projector, zoomed } from "../state/map-projection.js";
import { ZOOM_LIMITS, glGround, hasWebGl2, paletteOf } from "./incident-map-gl.js";
import { Halos } from "./incident-map-halos.js";
import { Marks } from "./incident-map-marks.js";
import { plotGround } from "./incident-map-plot.js";

/** @typedef {import("../state/map-markers.js").Marker} Marker */
/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-style.js").Basemap} Basemap */
/** @typedef {import("../state/map-nodes.js").Node} Node */
/** @typedef {import("./incident-map-gl.js").Ground} Ground */
/** @typedef {ReturnType<typeof import("../state/map-style.js").homeOf>} Home */

const [FIT_PADDING_PX, FIT_PADDING_SHARE] = [64, 0.13]; // a small map must not spend half its width on its edges
const NO_GL = "This browser cannot draw the street map (WebGL2 is missing).";

export class MapStage {
  /** @type {Ground | null} */ #ground = null;
  /** @type {Marker[]} */ #markers = [];
  /** @type {ReadonlyMap<string, {lon: number, lat: number}[]>} */ #trails = new Map();
  /** @type {Node[]} */ #nodes = [];
  /** @type {number | null} */ #groupedZoom = null;
  #generation = 0;
  #halos = new Halos();
  #marks;
  #canvas;
  #controls;
  #movedByHand;
  #told;

  /**
   * @param {HTMLElement} canvas @param {import("./incident-map-controls.js").Controls} controls
   * @param {{chosen: (node: Node) => void, movedByHand: () => void, moved?: () => void}} events
   */
  constructor(canvas, controls, { chosen, movedByHand, moved = () => undefined }) {
    this.#told = moved;
    this.#canvas = canvas;
    this.#controls = controls;
    this.#movedByHand = movedByHand;
    this.#marks = new Marks(chosen);
  }

  /** @returns {View | null} null until the ground is laid */
  get view() {
    return this.#ground?.view() ?? null;
  }

  /**
   * Shows all of the bounds; without any, `home`.
   * @param {import("../state/map-projection.js").Bounds | null} bounds @param {Home} home @param {number} maxZoom
   * @param {boolean} animate
   */
  fit(bounds, home, maxZoom, animate) {
    const view = this.view;
    if (!view) return;
    const padding = Math.min(FIT_PADDING_PX, FIT_PADDING_SHARE * Math.min(view.width, view.height));
    const seen = this.#marks.hasControls ? this.#markers : [];
    this.#ground?.show(bounds ? fittedInSight(view, bounds, padding, maxZoom, seen) : { ...view, ...home }, animate);
  }

  /** @returns {Promise<import("../state/places.js").Names | null>} what of the ground can be looked for by name; null before it is laid */
  async named() {
    return (await this.#ground?.named()) ?? null;
  }

  /** What was looked for is drawn under the markers; null: nothing. @param {import("../state/places.js").Place | null} place */
  find(place) {
    this.#halos.found = place;
    this.#moved(true, false);
  }

  /** @param {{lon: number, lat: number}} place @param {number} zoom at least */
  centre({ lon, lat }, zoom) {
    const view = this.view;
    if (view) this.#ground?.show({ ...view, lon, lat, zoom: Math.max(view.zoom, zoom) }, true);
  }

  /** @param {number} delta */
  zoom(delta) {
    const view = this.view;
    if (view) this.#ground?.show(zoomed(view, delta, { x: view.width / 2, y: view.height / 2 }, ZOOM_LIMITS), true);
  }

  /**
   * Lays the ground: the street map where the browser can draw it, else the plain plot.
   * @param {Basemap} basemap @param {Home} home
   * @returns {Promise<boolean>} false when it was taken away in the meantime
   */
  async lay(basemap, home) {
    this.clear();
    const generation = this.#generation;
    const { placed, ...place } = home;
    const view = { ...place, width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
    const options = {
      view,
      placed,
      palette: paletteOf(this.#canvas),
      basemap,
      onMove: (/** @type {boolean} */ settled, /** @type {boolean} */ byHand) => this.#moved(settled, byHand),
      onProblem: (/** @type {string} */ reason) => this.#controls.say(`${reason} Positions are right.`),
    };
    const drawable = hasWebGl2();
    this.#controls.say(drawable || basemap.kind === "town" ? "" : `${NO_GL} Positions are right.`);
    const ground = await (drawable ? glGround : plotGround)(this.#canvas, options).catch(
      (/** @type {Error} */ error) => {
        options.onProblem(`The street map failed: ${error.message}.`);
        this.#canvas.replaceChildren();
        return plotGround(this.#canvas, options);
      },
    );
    if (generation !== this.#generation) {
      ground.remove();
      return false;
    }
    this.#ground = ground;
    this.#marks.hasControls = getComputedStyle(this.#controls.buttons).display !== "none"; // a wall has none
    this.#controls.credit(ground.credit);
    ground.host.append(this.#controls.scale, this.#halos.element, this.#marks.element);
    this.#moved(true, false);
    return true;
  }

  clear() {
    this.#generation += 1;
    this.#ground?.remove();
    this.#ground = null;
    this.#groupedZoom = null;
  }

  /** The page's theme changed. */
  retheme() {
    this.#ground?.retheme(paletteOf(this.#canvas));
  }

  /** @param {Marker[]} markers @param {ReadonlyMap<string, {lon: number, lat: number}[]>} trails */
  draw(markers, trails) {
    this.#markers = markers;
    this.#trails = trails;
    this.#groupedZoom = null;
    this.#moved(true, false);
  }

  /** @param {boolean} settled @param {boolean} byHand */
  #moved(settled, byHand) {
    const view = this.view;
    if (!view || view.width === 0 || view.height === 0) return;
    if (byHand) this.#movedByHand();
    if (this.#groupedZoom !== view.zoom) this.#nodes = nodesOf(this.#markers, view);
    this.#groupedZoom = view.zoom;
    const project = projector(view);
    this.#marks.draw(this.#nodes, view, project);
    const alone = this.#nodes.filter((node) => node.alone);
    this.#halos.draw(
      alone.map((node) => node.highest),
      this.#trails,
      view,
      project,
    );
    this.#controls.measure(view);
    if (settled) {
      const scale = this.#controls.place(view, this.#marks.discs, this.#marks.hasControls);
      const names = boxesOf(this.#ground?.names() ?? [], project);
      const standing = [
        ...scale,
        ...this.#marks.label(view, [...scale.map((box) => ({ ...box, solid: true })), ...names]),
      ];
      const streets = this.#halos.streets.place(
        alone.map((node) => node.highest),
        (point, reach) => this.#ground?.roadsNear(point, reach) ?? [],
        view,
        project,
        [...standing, ...(this.#marks.hasControls ? [controlsBox(view)] : [])],
        names,
      );
      this.#ground?.stand([...standing, ...streets]);
    }
    this.#told();
  }
}
