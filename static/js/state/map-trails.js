/** Where a unit was in the last minutes: past fixes from the server, lengthened by live ones. Pure. */

/**
 * @typedef {{at: number, lat: number, lon: number, accuracy_m?: number}} TrailFix
 * @typedef {import("./map-projection.js").Point} Point
 */

export const TRAIL_S = 600;

/**
 * One trail out of two, in order of the device's time, each moment once, nothing older than `TRAIL_S`.
 * A late fix belongs here: it tells where the unit was, at its own time.
 * @template {TrailFix} F
 * @param {readonly F[]} trail @param {Iterable<F>} fixes @param {number} now Unix seconds
 * @returns {F[]}
 */
export function lengthened(trail, fixes, now) {
  /** @type {Map<number, F>} */
  const byTime = new Map();
  for (const fix of trail) byTime.set(fix.at, fix);
  for (const fix of fixes) byTime.set(fix.at, fix);
  return [...byTime.values()].filter((fix) => fix.at > now - TRAIL_S && fix.at <= now + 2).sort((a, b) => a.at - b.at);
}

/**
 * A path with points nearer than `least` pixels to the last one left out; the ends stay.
 * @param {Point[]} points @param {number} least
 * @returns {Point[]}
 */
export function thinned(points, least) {
  /** @type {Point[]} */
  const kept = [];
  points.forEach((point, index) => {
    const last = kept.at(-1);
    const far = !last || Math.hypot(point.x - last.x, point.y - last.y) >= least;
    if (far || index === points.length - 1) kept.push(point);
  });
  return kept;
}

/** @param {Point[]} points @returns {string} an SVG path; "" when there is nothing to draw */
export function pathData(points) {
  if (points.length < 2) return "";
  return `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}
