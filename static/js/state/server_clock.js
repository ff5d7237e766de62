// The server's clock as seen from here. Of several pings the quickest tells best.

const KEPT = 20;

/** @typedef {{ offset: number, roundTrip: number }} Sample seconds */
/** @typedef {readonly Sample[]} Samples latest last */

/**
 * @param {Samples} samples
 * @param {{ sentAt: number, receivedAt: number, serverTime: number }} pong local Unix seconds, and the server's
 * @returns {Samples}
 */
export function withPong(samples, { sentAt, receivedAt, serverTime }) {
  const roundTrip = Math.max(0, receivedAt - sentAt);
  const offset = serverTime - (sentAt + receivedAt) / 2;
  return [...samples, { offset, roundTrip }].slice(-KEPT);
}

/** Seconds to add to the local clock. @param {Samples} samples */
export function offsetOf(samples) {
  return quickest(samples)?.offset ?? 0;
}

/** The latest way there and back, in seconds. @param {Samples} samples @returns {number | null} */
export function latencyOf(samples) {
  return samples.at(-1)?.roundTrip ?? null;
}

/** @param {Samples} samples @returns {Sample | undefined} */
function quickest(samples) {
  return samples.reduce((best, sample) => (!best || sample.roundTrip < best.roundTrip ? sample : best), samples[0]);
}
