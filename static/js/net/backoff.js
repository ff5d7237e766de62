// How long to wait before the next try: full jitter, so that a room of consoles does not come back in step.

/**
 * @param {number} attempt 0 for the first retry
 * @param {() => number} chance between 0 and 1
 * @param {{ floor?: number, base?: number, cap?: number }} [limits] seconds
 * @returns {number} seconds
 */
export function waitBefore(attempt, chance, { floor = 0.1, base = 0.5, cap = 8 } = {}) {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return Math.max(floor, chance() * ceiling);
}
