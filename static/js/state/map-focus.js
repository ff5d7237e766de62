/** Which mark an arrow key leads to. Pure. */

/** @typedef {import("./map-projection.js").Point} Point */

/** @type {Record<string, Point>} */
const WAYS = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/**
 * The nearest place that way; what lies aside counts double, so that a row is walked along.
 * @param {Point} from @param {ReadonlyMap<string, Point>} places @param {string} arrow
 * @returns {string | null} its key
 */
export function neighbour(from, places, arrow) {
  const way = WAYS[arrow];
  if (!way) return null;
  /** @type {string | null} */
  let best = null;
  let least = Infinity;
  for (const [key, { x, y }] of places) {
    const along = (x - from.x) * way.x + (y - from.y) * way.y;
    const aside = Math.abs((x - from.x) * way.y) + Math.abs((y - from.y) * way.x);
    // A sector of 127 degrees: four of them leave no mark that no arrow reaches.
    if (along > 0.5 && aside <= 2 * along && along + 2 * aside < least) {
      least = along + 2 * aside;
      best = key;
    }
  }
  return best;
}
