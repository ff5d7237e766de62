// The true age of a picture: the frame's RTP timestamp, put on the wall clock by the server's mapping.

/**
 * @typedef {object} Mapping one RTP timestamp whose time is known
 * @property {number} rtp_timestamp
 * @property {number} clock_rate ticks a second, 90000 for video
 * @property {number | null} captured_at Unix seconds by the camera's sender reports; null: it sends none
 * @property {number | null} [camera_offset_s] what the server has taken off the camera's time already, since its
 *   telemetry tells how far its clock is ahead; null: nothing is known, and `captured_at` is as the camera has it
 * @property {number | null} received_at Unix seconds when the server had it
 */

const WRAP = 2 ** 32;
// Of a camera whose clock nobody knows: a picture is on its way for less than this; a difference beyond it is a wrong
// clock, and the receipt dates it. The receipt hides a standing queue, since the server takes its least delay for none.
const TRUST_S = 3;
// Of a camera whose clock is known: what is later than this has not queued, but its clock was set since it was asked.
const MOST_QUEUED_S = 30;
const FAR_S = 3600; // an answer further off than an hour is another stream's mapping

/**
 * When the frame was captured (or, where the camera does not say, received by the server).
 * @param {Mapping | null} mapping
 * @param {number | undefined} rtpTimestamp as `requestVideoFrameCallback` gives it
 * @returns {number | null} Unix seconds
 */
export function capturedAt(mapping, rtpTimestamp) {
  const known = mapping && trusted(mapping);
  if (!mapping || known === null || rtpTimestamp === undefined || !(mapping.clock_rate > 0)) return null;
  const seconds = signedDifference(rtpTimestamp, mapping.rtp_timestamp) / mapping.clock_rate;
  return Math.abs(seconds) > FAR_S ? null : known + seconds;
}

/**
 * The camera's own time, unless it contradicts the server's receipt: nothing is received before it is captured,
 * and no clock that is minutes off may make a living picture look dead, or a dead one alive.
 * @param {Mapping} mapping
 */
function trusted({ captured_at: captured, received_at: received, camera_offset_s: offset = null }) {
  if (captured === null || received === null) return captured ?? received;
  const most = offset === null ? TRUST_S : MOST_QUEUED_S;
  return captured > received || received - captured > most ? received : captured;
}

/** Timestamps wrap at 32 bits, every 13 hours: the shorter way round counts. @param {number} one @param {number} other */
function signedDifference(one, other) {
  const difference = (((one - other) % WRAP) + WRAP) % WRAP;
  return difference >= WRAP / 2 ? difference - WRAP : difference;
}
