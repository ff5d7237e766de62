// When a tile that nobody sees or hears gives its viewing up: a paused one costs no packets, but it stands in the record
// as somebody who watches, and the officer is told so.
/** @import { Wish } from "../net/whep_signalling.js" */

export const REST_AFTER_S = 60; // longer than a look at another tab

/** @typedef {{ unusedSince: number | null, rests: boolean }} Rest */

/** @returns {Rest} */
export function awake() {
  return { unusedSince: null, rests: false };
}

/**
 * @param {Rest} rest
 * @param {Wish} wish
 * @param {number} now monotonic seconds
 * @returns {Rest}
 */
export function restedBy(rest, wish, now) {
  if (wish.picture || wish.sound) return awake();
  const unusedSince = rest.unusedSince ?? now;
  return { unusedSince, rests: now - unusedSince >= REST_AFTER_S };
}
