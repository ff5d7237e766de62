/** The ground and what stands on it: lays the ground, groups and places the markers, keeps them in step with it. */

import { groupAtMost } from "../state/map-clusters.js";
import { boxesOf } from "../state/map-lettering.js";
import { fittedInSight } from "../state/map-edges.js";
import { fromWorld, projector, toWorld, worldPixels, zoomed } from "../state/map-projection.js";
import { ZOOM_LIMITS, glGround, hasWebGl2, paletteOf } from "./incident-map-gl.js";
import { Halos } from "./incident-map-halos.js";
import { Marks } from "./incident-map-marks.js";
import { plotGround } from "./incident-map-plot.js";

/** @typedef {import("../state/map-markers.js").Marker} Marker */
/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-style.js").Basemap} Basemap */
/** @typedef {import("./incident-map-marks.js").Node} Node */
/** @typedef {import("./incident-map-gl.js").Ground} Ground */
/** @typedef {ReturnType<typeof import("../state/map-style.js").homeOf>} Home */

const MOST_MARKS = 60;
const CLUSTER_PX = 22;
const [FIT_PADDING_PX, FIT_PADDING_SHARE] = [64, 0.13]; // a small map must not spend half its width on its edges
// From here on a street fills the map: units side by side must be told apart, whatever it costs in tidiness.
const UNGROUPED_ZOOM = 17.5;
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
    if (this.#groupedZoom !== view.zoom) this.#group(view);
    const project = projector(view);
    this.#marks.draw(this.#nodes, view, project);
    const alone = this.#nodes.filter((node) => node.alone).map((node) => node.highest);
    this.#halos.draw(alone, this.#trails, view, project);
    this.#controls.measure(view);
    if (settled) this.#marks.label(view, [this.#controls.box(view), ...boxesOf(this.#ground?.names() ?? [], project)]);
    this.#told();
  }

  /** @param {View} view */
  #group(view) {
    this.#groupedZoom = view.zoom;
    const scale = worldPixels(view.zoom);
    const placed = this.#markers.map((marker) => {
      const { x, y } = toWorld(marker.lon, marker.lat);
      return { marker, x: x * scale, y: y * scale };
    });
    const centre = toWorld(view.lon, view.lat);
    const { single, clusters } = groupAtMost(
      placed,
      view.zoom >= UNGROUPED_ZOOM ? 0 : CLUSTER_PX,
      MOST_MARKS,
      ({ x, y }) => Math.abs(x - centre.x * scale) < view.width / 2 && Math.abs(y - centre.y * scale) < view.height / 2,
    );
    this.#nodes = [
      ...single.map(({ marker }) => ({
        key: marker.device_id,
        lon: marker.lon,
        lat: marker.lat,
        markers: [marker],
        highest: marker,
        alone: true,
      })),
      ...clusters.map(({ key, x, y, markers, highest }) => ({
        key,
        ...fromWorld({ x: x / scale, y: y / scale }),
        markers,
        highest,
        alone: false,
      })),
    ];
  }
}
