// The one clock of a replay, and how each picture is kept in step with it. Pure: monotonic seconds are handed in.

/** @typedef {{ at: number, rate: number, playing: boolean, anchor: number }} PlaybackClock at: server's time at `anchor` */

export const RATES = /** @type {const} */ ([0.5, 1, 2, 4, 8, 20]);
/** From here on the small layer is played: four cameras of 720p cannot be decoded eight times as fast. */
export const SUB_FROM_RATE = 4;
/** Chromium plays a video no faster. Above it pictures are skipped: each that is shown is that of its moment. */
export const MOST_RATE = 16;
const LEAST_RATE = 0.0625;
/** Farther off than this, times the rate, a picture is moved; nearer, its speed is trimmed. */
export const SEEK_S = 0.25;
const TRIM = 0.12;
const TRIM_S = 0.5; // what is off is made good within this
// To change its speed costs Chromium some 20 ms of media time (its sound is stretched from then on): what is nearer than
// BEGIN_S is left alone, and what is trimmed is trimmed until it is nearer than STEADY_S, a tenth of a picture.
const BEGIN_S = 0.012;
const STEADY_S = 0.004;

/** @param {number} at @returns {PlaybackClock} a clock that stands */
export function standing(at) {
  return { at, rate: 1, playing: false, anchor: 0 };
}

/** @param {PlaybackClock} clock @param {number} now */
export function timeOf(clock, now) {
  return clock.playing ? clock.at + (now - clock.anchor) * clock.rate : clock.at;
}

/**
 * The clock after a change: another time, another rate, playing or not.
 * @param {PlaybackClock} clock @param {number} now @param {Partial<Omit<PlaybackClock, "anchor">>} change
 * @returns {PlaybackClock}
 */
export function changed(clock, now, change) {
  return { ...clock, at: timeOf(clock, now), anchor: now, ...change };
}

/**
 * By how much the clock goes to its pictures: where all of them are late, or all early, it is the clock that is off (the
 * machine was busy for a moment), and none of them is hurried, held or moved for that.
 * @param {readonly number[]} offs seconds by which each picture that plays is ahead of the clock
 */
export function yielded(offs) {
  if (!offs.length) return 0;
  const [least, most] = [Math.min(...offs), Math.max(...offs)];
  return least > 0 ? least : Math.min(0, most);
}

/**
 * What to do with a picture that shows `shown` while the clock says `wanted`; `trimmed`: its speed is not the clock's now.
 * @param {{ wanted: number, shown: number, rate: number, trimmed?: boolean }} state
 * @returns {{ seek: boolean, rate: number }}
 */
export function steered({ wanted, shown, rate, trimmed = false }) {
  const off = wanted - shown;
  const plain = Math.min(MOST_RATE, Math.max(LEAST_RATE, rate));
  if (Math.abs(off) > SEEK_S * Math.max(1, rate)) return { seek: true, rate: plain };
  if (Math.abs(off) < (trimmed ? STEADY_S : BEGIN_S)) return { seek: false, rate: plain };
  const trim = Math.min(TRIM, Math.max(-TRIM, off / (TRIM_S * rate)));
  return { seek: false, rate: Math.min(MOST_RATE, plain * (1 + trim)) };
}

/** What a rate means, where it does not play every picture. @param {number} rate @param {number} everySeconds between two steps */
export function rateWords(rate, everySeconds) {
  return rate > MOST_RATE ? `a picture every ${Math.round(rate * everySeconds)} s` : "";
}

/** The next rate up or down. @param {number} rate @param {1 | -1} by */
export function nextRate(rate, by) {
  const index = RATES.findIndex((one) => one === rate);
  return RATES[Math.min(RATES.length - 1, Math.max(0, index + by))] ?? 1;
}
