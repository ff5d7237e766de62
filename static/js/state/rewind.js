// Looking back while live goes on: how far, how fast, and how it is said. Pure.

export const MOST_BACK_S = 120;
export const CATCH_UP_RATE = 2;
/** Who comes to a feed for an alert sees so many seconds before it, as fast as that, and is then live. */
export const BEFORE_S = 30;
export const JOIN_RATE = 4;
/** Live goes on meanwhile: who is to be live within JOIN_S of the press sees them a little faster than 4×, and no faster than this. */
export const MOST_JOIN_RATE = 8;
const JOIN_S = 7.2; // of the 8 that mission.md N19 gives: the view is opened before, the last look is after
const RATE_STEP = 0.25; // each change of speed costs some 20 ms
const PATIENCE_S = 3; // a recording that the alert has begun is still being written down to now
/** What is recorded can be played some seconds later: a segment must end, and be safe on the disk. */
export const EDGE_S = 5;
const SEGMENT_S = 2;

/**
 * Why a camera's last minutes cannot be looked back at; "" where they can. They are held for that where they are recorded,
 * and nowhere else: what is not recorded nobody may watch, and so nobody sees it afterwards.
 * @param {number | null} keptAt when something of it was last recorded, as far as this console has seen @param {number} now
 */
export function notHeld(keptAt, now) {
  return keptAt !== null && now - keptAt <= MOST_BACK_S ? "" : "It is not recorded: nothing is held to look back at";
}

/**
 * @param {number} behind seconds @param {number} wished the rate to catch up at; 1: not at all
 * @returns {number} the rate to play at
 */
export function rateOf(behind, wished) {
  return behind > EDGE_S ? wished : 1;
}

/**
 * Whether the seconds before an alert can be shown now: they are no further back than one may look.
 * @param {{ raised_at: number }} alert @param {number} now
 */
export function hasBefore({ raised_at }, now) {
  return now - raised_at <= MOST_BACK_S - BEFORE_S;
}

/**
 * How fast a join goes on: at 4×, or as fast as live is reached in time; never slower than it was.
 * @param {number} behind seconds @param {number} since seconds since it was asked for @param {number} rate as it was
 */
export function joinRate(behind, since, rate) {
  const needed = 1 + Math.max(0, behind - EDGE_S) / Math.max(1, JOIN_S - since);
  const stepped = Math.ceil(needed / RATE_STEP - 1e-6) * RATE_STEP;
  return Math.min(MOST_JOIN_RATE, Math.max(JOIN_RATE, rate, stepped));
}

/**
 * How a join has come to its end: as near to live as what is recorded lets it, or where nothing newer is recorded.
 * @param {number} at the moment that is shown @param {number} now
 * @param {number | null} reach end of what can be played @param {number} since seconds since the join began
 * @returns {"live" | "ended" | null} null: it goes on
 */
export function joinEnd(at, now, reach, since) {
  if (since < PATIENCE_S) return null;
  if (now - at <= EDGE_S) return "live";
  if (reach === null || at < reach - 0.5) return null;
  return now - at <= EDGE_S + SEGMENT_S ? "live" : "ended";
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
