/** Keeps the trails that are shown: the selected unit's and those of open alerts. */

import { fetchTrail } from "../net/trail.js";
import { TRAIL_S, lengthened } from "../state/map-trails.js";

/** @typedef {import("../state/map-markers.js").MapFix} MapFix */
/** @typedef {import("../state/map-trails.js").TrailFix} TrailFix */

const RETRY_MS = 15_000;

export class Trails {
  /** @type {Map<string, TrailFix[]>} */ shown = new Map();
  /** @type {Map<string, AbortController>} */ #asking = new Map();
  #changed;
  /** Tells the minutes that went before. */
  past = fetchTrail;

  /** @param {() => void} changed a trail has come */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {Set<string>} deviceIds @param {number} now */
  want(deviceIds, now) {
    for (const id of this.shown.keys()) if (!deviceIds.has(id)) this.#drop(id);
    for (const id of deviceIds)
      if (!this.shown.has(id)) {
        this.shown.set(id, []);
        this.#ask(id, now);
      }
  }

  /** @param {Iterable<MapFix>} fixes as they come @param {number} now */
  lengthen(fixes, now) {
    for (const fix of fixes) {
      const trail = this.shown.get(fix.device_id);
      if (trail && fix.standing !== "future") this.shown.set(fix.device_id, lengthened(trail, [fix], now));
    }
  }

  stop() {
    for (const id of [...this.shown.keys()]) this.#drop(id);
  }

  /** @param {string} id @param {number} now */
  async #ask(id, now) {
    const asking = new AbortController();
    this.#asking.set(id, asking);
    try {
      const past = await this.past(id, TRAIL_S / 60, asking.signal);
      this.shown.set(id, lengthened(this.shown.get(id) ?? [], past, now));
      this.#changed();
    } catch {
      // The live fixes still draw it; the past is asked for again while it is wanted.
      if (asking.signal.aborted) return;
      const timer = setTimeout(() => this.#ask(id, now + RETRY_MS / 1000), RETRY_MS);
      asking.signal.addEventListener("abort", () => clearTimeout(timer));
    }
  }

  /** @param {string} id */
  #drop(id) {
    this.#asking.get(id)?.abort();
    this.#asking.delete(id);
    this.shown.delete(id);
  }
}
