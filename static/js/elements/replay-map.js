// <replay-map>: where every officer was known to be at the moment that is shown, and how old that was then.
/** @import { Alert } from "../state/shapes" */
/** @import { Known } from "../state/replay.js" */
/** @import { MapUnit, Marker } from "../state/map-markers.js" */
import { buildMarkers } from "../state/map-markers.js";
import { boundsOf } from "../state/map-projection.js";
import { homeOf } from "../state/map-style.js";
import { Controls } from "./incident-map-controls.js";
import { MapStage } from "./incident-map-stage.js";
import { make } from "./build.js";

/** @typedef {{ units: MapUnit[], fixes: Map<string, Known>, alerts: Alert[], trails: Map<string, Known[]> }} Then */
/** @typedef {import("./incident-map.js").MapSettings} MapSettings */

const FIT_ZOOM = 17;
const FOLLOW_ZOOM = 16.5;
const COUNT_ZOOM = 18;

/** Event: `unit-select` { device_id }. */
export class ReplayMap extends HTMLElement {
  #ground = make("div", { class: "ground" });
  #controls = new Controls({ zoom: (delta) => this.#stage.zoom(delta), all: () => this.viewAll() });
  #stage = new MapStage(this.#ground, this.#controls, {
    chosen: (node) => this.#choose(node),
    movedByHand: () => undefined,
  });
  #themed = new MutationObserver(() => this.#stage.retheme());
  /** @type {Marker[]} */ #markers = [];
  /** @type {MapSettings} */ #settings = { fix_stale_s: 15, max_speed_mps: 8, basemap: { kind: "none" } };
  /** @type {import("../state/map-projection.js").Bounds | null} */ #bounds = null;
  #opened = false;
  #followed = "";

  connectedCallback() {
    this.classList.add("map");
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Map of what was known then");
    const mark = make("span", { class: "mapmode" }, "REPLAY");
    this.replaceChildren(this.#ground, this.#controls.scale, this.#controls.buttons, this.#controls.note, mark);
    this.#themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  disconnectedCallback() {
    this.#themed.disconnect();
    this.#stage.clear();
  }

  /** @param {MapSettings} settings @param {readonly Known[]} places all of the replay: the map opens on them, and stays */
  async begin(settings, places) {
    this.#settings = settings;
    this.#bounds = boundsOf(places);
    await this.#stage.lay(settings.basemap, homeOf(settings.basemap));
  }

  /** @param {Then} then @param {number} at @param {string | null} follow the device that stays in the middle */
  show({ units, fixes, alerts, trails }, at, follow) {
    const { fix_stale_s, max_speed_mps } = this.#settings;
    const validity = { fix_stale_s, max_speed_mps };
    this.#markers = buildMarkers({ units, fixes, alerts, selected: follow, now: at, validity });
    this.#stage.draw(this.#markers, trails);
    const view = this.#stage.view;
    if (!view || !this.#markers.length) return;
    if (!this.#opened) {
      this.#opened = true;
      this.#fit(false);
    }
    const fix = follow ? fixes.get(follow) : undefined;
    const key = fix ? `${fix.lon} ${fix.lat}` : "";
    if (fix && key !== this.#followed) this.#stage.centre(fix, FOLLOW_ZOOM);
    this.#followed = key;
  }

  viewAll() {
    this.#fit(true);
  }

  /** @param {boolean} animate */
  #fit(animate) {
    this.#stage.fit(this.#bounds, homeOf(this.#settings.basemap), FIT_ZOOM, animate);
  }

  /** @param {import("../state/map-nodes.js").Node} node */
  #choose({ alone, markers, highest }) {
    if (!alone) return this.#stage.fit(boundsOf(markers), homeOf(this.#settings.basemap), COUNT_ZOOM, true);
    const detail = { device_id: highest.device_id };
    this.dispatchEvent(new CustomEvent("unit-select", { bubbles: true, detail }));
  }
}

customElements.define("replay-map", ReplayMap);
