// Looking back while live goes on: how far, how fast, and how it is said. Pure.

export const MOST_BACK_S = 120;
export const CATCH_UP_RATE = 2;
/** What is recorded can be played some seconds later: a segment must end, and be safe on the disk. */
export const EDGE_S = 5;

/**
 * @param {number} behind seconds @param {boolean} wished whether somebody wants to catch up
 * @returns {number} the rate to play at
 */
export function rateOf(behind, wished) {
  return wished && behind > EDGE_S ? CATCH_UP_RATE : 1;
}

/**
 * The moment to show: at most two minutes back, and no nearer to now than what is recorded reaches.
 * @param {number} wanted @param {number} now @param {number | null} reach end of what can be played; null: not known yet
 */
export function momentOf(wanted, now, reach) {
  const latest = reach === null ? now : Math.min(now, reach - 0.3);
  return Math.max(now - MOST_BACK_S, Math.min(wanted, latest));
}

/** "26 s behind, 2×" @param {number} behind @param {number} rate @param {boolean} playing */
export function behindWords(behind, rate, playing) {
  const seconds = `${Math.max(0, Math.round(behind))} s behind`;
  if (!playing) return `${seconds}, paused`;
  return rate === 1 ? seconds : `${seconds}, ${rate}×`;
}
