// Which unit stands on which tile of a wall where nobody picks: those with alerts first, then those that record.
/** @import { Alert, Unit } from "./shapes" */

const RECORDING = 1000; // ranks; an alert's is its place in the order of urgency, and less is stronger
const IDLE = 2000;

/** @typedef {readonly (string | null)[]} Places devices; index 0 is tile 1 */

/**
 * The places after what has happened. What stands, stays where it is: a unit with an alert that is nowhere takes a free
 * tile, else the last one of those that matter less; a recording unit only gets what nobody needs.
 * @param {Places} before
 * @param {object} facts
 * @param {number} facts.count tiles
 * @param {readonly Unit[]} facts.units in order of call sign
 * @param {ReadonlyMap<string, Alert>} facts.alarms the most urgent open alert of each device, most urgent first
 * @param {string | null} facts.first whom tile 1 is kept for now; null: nobody, or no tile is kept
 * @returns {Places}
 */
export function placed(before, { count, units, alarms, first }) {
  const known = new Map(units.map((unit) => [unit.device_id, unit]));
  const pressing = [...alarms.values()].filter((alert) => alert.priority <= 2 && known.has(alert.device_id));
  const urgency = new Map(pressing.map((alert, index) => [alert.device_id, index]));
  /** @param {string} device */
  const rank = (device) => urgency.get(device) ?? (known.get(device)?.recording === "recording" ? RECORDING : IDLE);
  const places = Array.from({ length: count }, (_, index) => stays(before[index] ?? null));
  const shown = new Set(places);
  const recording = units.filter((unit) => rank(unit.device_id) === RECORDING).map((unit) => unit.device_id);
  for (const device of [...urgency.keys(), ...recording]) if (!shown.has(device)) take(device);
  if (first !== null && known.has(first)) swapToFirst(places, first);
  return places;

  /** One that stopped recording goes; one that is lost stays, for as long as there is room. @param {string | null} device */
  function stays(device) {
    const unit = device === null ? undefined : known.get(device);
    return unit && (!unit.online || rank(unit.device_id) < IDLE) ? device : null;
  }

  /** @param {string} device */
  function take(device) {
    const free = places.indexOf(null);
    const at = free >= 0 ? free : weakest(places.map((one) => (one === null ? IDLE : rank(one))));
    const held = places[at] ?? null;
    if (held === null || rank(held) > rank(device)) places[at] = device;
  }
}

/** Whether any picture, or the want of one, is worth the wall. @param {Places} places @param {ReadonlyMap<string, Unit>} units @param {ReadonlyMap<string, Alert>} alarms */
export function isAtRest(places, units, alarms) {
  const matters = /** @param {string | null} device */ (device) =>
    device !== null && (units.get(device)?.recording === "recording" || (alarms.get(device)?.priority ?? 3) <= 2);
  return !places.some(matters);
}

/** What stood there takes the place that becomes free: nothing vanishes, and no other tile moves.
 * @param {(string | null)[]} places @param {string} device */
function swapToFirst(places, device) {
  const from = places.indexOf(device);
  if (from > 0) places[from] = places[0] ?? null;
  places[0] = device;
}

/** The last of those with the greatest rank. @param {number[]} ranks */
function weakest(ranks) {
  return ranks.lastIndexOf(Math.max(...ranks));
}
