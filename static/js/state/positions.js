// Positions: the last place where each unit is known to have been, and how old that knowledge is.
/** @import { Fix } from "./shapes" */

/**
 * The live positions after more fixes came. A late (back-filled) or future fix never moves a marker,
 * and neither does one taken before the fix that is already shown.
 * @param {ReadonlyMap<string, Fix>} fixes
 * @param {readonly Fix[]} incoming
 * @returns {ReadonlyMap<string, Fix>}
 */
export function withFixes(fixes, incoming) {
  const newer = incoming.filter(
    (fix) => fix.standing === "live" && fix.at > (fixes.get(fix.device_id)?.at ?? -Infinity),
  );
  if (!newer.length) return fixes;
  const next = new Map(fixes);
  for (const fix of newer) if (fix.at > (next.get(fix.device_id)?.at ?? -Infinity)) next.set(fix.device_id, fix);
  return next;
}

/**
 * Seconds since the device took the fix; never negative.
 * @param {Fix | undefined} fix
 * @param {number} now
 * @returns {number | null}
 */
export function fixAge(fix, now) {
  return fix ? Math.max(0, now - fix.at) : null;
}

/**
 * Past its validity: may no longer be taken for "here".
 * @param {Fix | undefined} fix
 * @param {number} now
 * @param {number} staleAfter seconds
 */
export function isStale(fix, now, staleAfter) {
  const age = fixAge(fix, now);
  return age === null || age > staleAfter;
}

/**
 * "12 units, 2 positions past validity"
 * @param {ReadonlyMap<string, unknown>} units
 * @param {ReadonlyMap<string, Fix>} fixes
 * @param {number} now
 * @param {number} staleAfter seconds
 */
export function positionLine(units, fixes, now, staleAfter) {
  if (!units.size) return "no units yet";
  const placed = [...units.keys()].map((device) => fixes.get(device)).filter((fix) => fix !== undefined);
  const stale = placed.filter((fix) => isStale(fix, now, staleAfter)).length;
  const unplaced = units.size - placed.length;
  const notes = [];
  if (stale) notes.push(`${stale} past validity`);
  if (unplaced) notes.push(`${unplaced} without position`);
  const all = `all positions under ${staleAfter} s old`;
  return `${units.size} ${units.size === 1 ? "unit" : "units"}, ${notes.join(", ") || all}`;
}
