// How the wall fills by itself: what stands, stands.
/** @import { Freed, Place, View } from "./layout.js" */
/** @import { Unit } from "./shapes" */

/**
 * Free tiles take units that are nowhere on the wall, in order of call sign: those that record, then others on duty, whose
 * tile says why there is no picture and asks for one. What stands, stands: only a tile that nobody pinned and whose unit
 * does not record gives way, and to one that does.
 * @param {View} before
 * @param {readonly Unit[]} units in order
 * @returns {View}
 */
export function filled(before, units) {
  const recording = new Set(units.filter((unit) => unit.recording === "recording").map((unit) => unit.device_id));
  const freed = freedStill(before.freed, recording);
  const view = freed === before.freed ? before : { ...before, freed };
  const shown = new Set([...view.tiles].filter(([n]) => n <= view.layout).map(([, place]) => place.device_id));
  const waiting = units.filter(({ device_id }) => !shown.has(device_id) && !freed.has(device_id));
  const lit = waiting.filter(({ device_id }) => recording.has(device_id));
  const dark = waiting.filter(({ device_id, online }) => online && !recording.has(device_id));
  const numbers = Array.from({ length: view.layout - 1 }, (_, index) => index + 2);
  const free = numbers.filter((n) => !view.tiles.has(n));
  const idle = numbers.filter((n) => givesWay(view.tiles.get(n), recording));
  const taken = [...paired([...free, ...idle], lit), ...paired(free.slice(lit.length), dark)];
  if (!taken.length) return view;
  const tiles = new Map(view.tiles);
  for (const [n, { device_id }] of taken) tiles.set(n, { device_id, pinned: false });
  return { ...view, tiles };
}

/** Whoever begins another recording may come back; the same where nothing has changed. @param {Freed} freed @param {Set<string>} recording */
function freedStill(freed, recording) {
  const still = [...freed].filter(([device, ever]) => ever || !recording.has(device));
  const now = new Map(still.map(([device, ever]) => [device, ever && recording.has(device)]));
  return now.size === freed.size && [...now].every(([device, ever]) => freed.get(device) === ever) ? freed : now;
}

/** As many as both have. @template A, B @param {readonly A[]} some @param {readonly B[]} others @returns {[A, B][]} */
function paired(some, others) {
  return some.slice(0, others.length).map((one, index) => [one, /** @type {B} */ (others[index])]);
}

/** @param {Place | undefined} place @param {Set<string>} recording */
function givesWay(place, recording) {
  return place !== undefined && !place.pinned && !recording.has(place.device_id);
}
