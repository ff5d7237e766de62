/**
 * `<incident-map>`: where every unit is, how old that knowledge is, and who needs help. It never pans by itself.
 *
 * Properties: `units`, `fixes`, `alerts` (arrays), `selected` (device_id or null), `settings`, `clock` (server time).
 * Methods: `focusUnit(device_id)`, `viewAll()`, `find(place)`. Event: `unit-select` {device_id}.
 */

import { isOpen } from "../state/alerts.js";
import { buildMarkers, keepLive } from "../state/map-markers.js";
import { MapOpening } from "../state/map-opening.js";
import { boundsOf } from "../state/map-projection.js";
import { homeOf } from "../state/map-style.js";
import { Controls } from "./incident-map-controls.js";
import { MapStage } from "./incident-map-stage.js";
import { Trails } from "./incident-map-trails.js";

/** @typedef {import("../state/map-markers.js").MapUnit} MapUnit */
/** @typedef {import("../state/map-markers.js").MapFix} MapFix */
/** @typedef {import("../state/shapes").Alert} Alert */
/** @typedef {import("../state/map-nodes.js").Node} Node */
/** @typedef {import("../state/places.js").Place} Place */
/** @typedef {{fix_stale_s: number, max_speed_mps: number, basemap: import("../state/map-style.js").Basemap}} MapSettings */

const [LEAST_GAP_MS, TICK_MS] = [250, 1000]; // whole-set changes are drawn at most four times a second
const [FIT_ZOOM, FOCUS_ZOOM, FOUND_ZOOM] = [16.5, 16.5, 16.5];
const COUNT_ZOOM = 18; // a count is opened to where units are told apart

export class IncidentMap extends HTMLElement {
  /** @type {MapUnit[]} */ #units = [];
  /** @type {Map<string, MapFix>} */ #fixes = new Map();
  /** @type {Alert[]} */ #alerts = [];
  /** @type {string | null} */ #selected = null;
  /** @type {MapSettings} */ #settings = { fix_stale_s: 15, max_speed_mps: 40, basemap: { kind: "none" } };
  /** @type {import("../state/map-markers.js").Marker[]} */ #markers = [];
  #opening = new MapOpening();
  #drawnAt = -LEAST_GAP_MS;
  #due = 0;
  #ticking = 0;
  #canvas = document.createElement("div");
  #controls = new Controls({
    zoom: (delta) => (this.#opening.end(), this.#stage.zoom(delta)),
    all: () => this.viewAll(),
  });
  trails = new Trails(() => this.#soon());
  #stage = new MapStage(this.#canvas, this.#controls, {
    chosen: (node) => this.#choose(node),
    movedByHand: () => this.#opening.end(),
  });
  #themed = new MutationObserver(() => this.#stage.retheme());

  /** Server time in Unix seconds: what every age is counted from. */
  clock = () => Date.now() / 1000;

  connectedCallback() {
    this.classList.add("map");
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Map of units");
    this.#canvas.className = "ground";
    this.replaceChildren(this.#canvas, this.#controls.scale, this.#controls.buttons, this.#controls.note);
    this.#themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.addEventListener("keydown", this.#key);
    this.#ticking = window.setInterval(() => this.#tick(), TICK_MS);
    this.#lay();
  }

  disconnectedCallback() {
    window.clearInterval(this.#ticking);
    this.removeEventListener("keydown", this.#key);
    this.#themed.disconnect();
    this.trails.want(new Set(), 0);
    this.#stage.clear();
  }

  /** @param {Iterable<MapUnit>} units */
  set units(units) {
    this.#units = [...units];
    this.#soon();
  }

  /** A late or future one is left out: markers stand on what they stood on. @param {Iterable<MapFix>} fixes */
  set fixes(fixes) {
    const all = [...fixes];
    this.#fixes = keepLive(this.#fixes, all);
    this.trails.lengthen(all, this.clock());
    this.#soon();
  }

  /** @param {Iterable<Alert>} alerts */
  set alerts(alerts) {
    this.#alerts = [...alerts];
    this.#soon();
  }

  /** @param {string | null} deviceId */
  set selected(deviceId) {
    if (deviceId === this.#selected) return;
    this.#selected = deviceId;
    this.#drawnAt = -LEAST_GAP_MS; // answers a hand: at the next frame
    this.#soon();
  }

  /** @param {MapSettings} settings */
  set settings(settings) {
    const other = JSON.stringify(settings.basemap) !== JSON.stringify(this.#settings.basemap);
    this.#settings = settings;
    if (other && this.isConnected) this.#lay();
    this.#soon();
  }

  /** Shows every unit whose position is known; without any, the place that the settings name. */
  viewAll() {
    this.#opening.end();
    this.#fit(true);
  }

  /**
   * Centres the map on a unit.
   * @param {string} deviceId
   * @returns {boolean} false when its position was never known
   */
  focusUnit(deviceId) {
    const fix = this.#fixes.get(deviceId);
    if (!fix || !this.#stage.view) return false;
    this.#opening.end();
    this.#stage.centre(fix, FOCUS_ZOOM);
    return true;
  }

  /** What the ground has names for, once it is laid: to be searched. */
  named = () => this.#stage.named();

  /** Shows what was looked for, and marks it until something else is; null: nothing is. @param {Place | null} place */
  find(place) {
    if (place) this.#opening.end();
    if (place) this.#stage.fit(place.bounds, this.#home, FOUND_ZOOM, true);
    this.#stage.find(place);
  }

  get #home() {
    return homeOf(this.#settings.basemap);
  }

  async #lay() {
    this.#opening.begin();
    if (await this.#stage.lay(this.#settings.basemap, this.#home)) this.#draw();
  }

  /** @param {boolean} animate */
  #fit(animate) {
    this.#stage.fit(boundsOf(this.#markers), this.#home, FIT_ZOOM, animate);
  }

  /** Ages go on while nothing arrives; where fixes stream in, their drawing has shown the age already. */
  #tick() {
    if (performance.now() - this.#drawnAt > TICK_MS - LEAST_GAP_MS) this.#soon();
  }

  /** Draws once for all that changes before the next frame, and not more often than `LEAST_GAP_MS`. */
  #soon() {
    if (this.#due || !this.isConnected) return;
    const wait = Math.max(0, this.#drawnAt + LEAST_GAP_MS - performance.now());
    this.#due = window.setTimeout(() => requestAnimationFrame(() => this.#draw()), wait);
  }

  #draw() {
    window.clearTimeout(this.#due);
    this.#due = 0;
    if (!this.isConnected) return;
    this.#drawnAt = performance.now();
    const now = this.clock();
    this.#markers = buildMarkers({
      units: this.#units,
      fixes: this.#fixes,
      alerts: this.#alerts,
      selected: this.#selected,
      now,
      validity: this.#settings,
    });
    const pressing = this.#alerts.filter((alert) => isOpen(alert) && alert.priority <= 2).map((one) => one.device_id);
    this.trails.want(new Set(this.#selected ? [...pressing, this.#selected] : pressing), now);
    this.#stage.draw(this.#markers, this.trails.shown);
    if (this.#stage.view && this.#opening.fits(this.#markers.length, this.#drawnAt)) this.#fit(false);
  }

  /** @param {Node} node */
  #choose({ alone, markers, highest }) {
    this.#opening.end();
    if (!alone) return this.#stage.fit(boundsOf(markers), this.#home, COUNT_ZOOM, true);
    this.dispatchEvent(new CustomEvent("unit-select", { bubbles: true, detail: { device_id: highest.device_id } }));
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key.toLowerCase() !== "z" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.viewAll();
  };
}

customElements.define("incident-map", IncidentMap);
