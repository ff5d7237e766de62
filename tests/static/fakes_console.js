// What the tests of the console's state begin with: small, whole, and plainly made up.
/** @import { Advice, Alert, Fix, Snapshot, Unit } from "../../static/js/state/shapes" */

/** @param {Partial<Alert>} [change] @returns {Alert} */
export function anAlert(change = {}) {
  return {
    id: "a1",
    seq: 1,
    kind: "taser.armed",
    family: "taser",
    title: "TASER armed",
    priority: 1,
    cause: "safety off",
    action: "Open the picture",
    time_allowed_s: 15,
    device_id: "et17-cam",
    call_sign: "ET17",
    wearer: { name: "PC Marsh", collar_number: "0417" },
    lat: null,
    lon: null,
    place: "Harbour Street",
    state: "raised",
    raised_at: 1000,
    needs_since: 1000,
    device_at: 1000,
    count: 1,
    acknowledged_by: null,
    acknowledged_at: null,
    cleared_at: null,
    closed_by: null,
    closed_at: null,
    steps: [],
    ...change,
  };
}

/** @param {Partial<Unit>} [change] @returns {Unit} */
export function aUnit(change = {}) {
  return {
    device_id: "et17-cam",
    call_sign: "ET17",
    wearer: { name: "PC Marsh", collar_number: "0417" },
    online: true,
    streaming: true,
    streaming_since: 900,
    recording: "recording",
    recording_since: 900,
    keeping: "kept",
    battery_pct: 80,
    lacks: [],
    signal_pct: 70,
    status_code: 2,
    layers: ["main", "sub"],
    watchers: [],
    last_picture_at: 1000,
    last_seen_at: 1000,
    ...change,
  };
}

/** @param {Partial<Fix>} [change] @returns {Fix} */
export function aFix(change = {}) {
  return {
    device_id: "et17-cam",
    at: 1000,
    received_at: 1000.2,
    lat: 51.36,
    lon: 1.03,
    accuracy_m: 8,
    speed_mps: null,
    heading_deg: null,
    standing: "live",
    ...change,
  };
}

/** @param {Partial<Advice>} [change] @returns {Advice} */
export function someAdvice(change = {}) {
  return {
    id: "v1",
    seq: 1,
    device_id: "et17-cam",
    call_sign: "ET17",
    text: "Hold, contain",
    author: { id: "p1", name: "Achebe" },
    sent_at: 1000,
    delivered_at: null,
    shown_at: null,
    acknowledged_at: null,
    ...change,
  };
}

/** @param {Partial<Snapshot>} [change] @returns {Snapshot} */
export function aSnapshot(change = {}) {
  return {
    t: "snapshot",
    seq: 10,
    server_time: 1000,
    person: { id: "p1", name: "Achebe", display_name: "Insp. Achebe", role: "inspector" },
    settings: {
      force: "Estuary",
      fix_stale_s: 15,
      max_speed_mps: 70,
      ice_servers: [],
      quick_phrases: [],
      basemap: { kind: "none", url: null, center: null, zoom: null },
      exercise: false,
    },
    units: [aUnit()],
    fixes: [aFix()],
    alerts: [],
    advice: [],
    activity: [],
    catalogue: [],
    ...change,
  };
}

/** @returns {ReadonlyMap<string, Alert>} */
export const noAlerts = () => new Map();
/** @returns {ReadonlyMap<string, Fix>} */
export const noFixes = () => new Map();
/** @returns {ReadonlyMap<string, Advice>} */
export const noAdvice = () => new Map();

/**
 * Every order of a few things.
 * @template T
 * @param {T[]} items
 * @returns {T[][]}
 */
export function orders(items) {
  if (items.length < 2) return [items];
  return items.flatMap((item, index) => orders(items.filter((_, at) => at !== index)).map((rest) => [item, ...rest]));
}

/** A generator of numbers in 0..1 that is the same each time. @param {number} seed */
export function chanceFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Time that stands until it is moved: `after` and `cancel` of a shell's surroundings. */
export class HandClock {
  now = 0;
  /** @type {Map<number, { at: number, run: () => void }>} */ #due = new Map();
  #next = 1;

  monotonic = () => this.now;
  wall = () => this.now + 1e9;
  /** @param {() => void} run @param {number} seconds */
  after = (run, seconds) => {
    this.#due.set(this.#next, { at: this.now + seconds, run });
    return this.#next++;
  };
  /** @param {number} timer */
  cancel = (timer) => void this.#due.delete(timer);

  /** @param {number} seconds */
  async pass(seconds) {
    const until = this.now + seconds;
    for (;;) {
      const next = [...this.#due].filter(([, { at }]) => at <= until).sort((one, other) => one[1].at - other[1].at)[0];
      if (!next) break;
      this.#due.delete(next[0]);
      this.now = next[1].at;
      next[1].run();
      await settle();
    }
    this.now = until;
  }

  get waiting() {
    return this.#due.size;
  }
}

/** Lets promises that are ready run on. */
export async function settle() {
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
}
