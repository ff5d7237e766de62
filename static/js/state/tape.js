// The last thirty minutes of the room, as this console saw them: alerts, cameras recording, proof of the link.
/** @import { Alert, Unit } from "./shapes" */

export const SPAN_S = 1800;
const STEP_S = 10;

/** @typedef {{ at: number, recording: number, linked: boolean }} Sample */

/**
 * The samples after one more; at most one every ten seconds, none older than the tape.
 * A break of the link is kept even if it was shorter than a step.
 * @param {readonly Sample[]} samples oldest first
 * @param {Sample} sample
 * @returns {readonly Sample[]}
 */
export function sampled(samples, sample) {
  const last = samples.at(-1);
  const within = samples.filter((item) => item.at > sample.at - SPAN_S);
  if (!last || sample.at - last.at >= STEP_S) return [...within, sample];
  if (last.linked && !sample.linked) return [...within.slice(0, -1), { ...last, linked: false }];
  return samples;
}

/** @param {ReadonlyMap<string, Unit>} units */
export function recordingCount(units) {
  return [...units.values()].filter((unit) => unit.recording === "recording").length;
}

/**
 * One dot a minute: proven, or broken at some time in it.
 * @param {readonly Sample[]} samples
 * @returns {{ at: number, linked: boolean }[]}
 */
export function linkProof(samples) {
  const minutes = new Map();
  for (const { at, linked } of samples) {
    const minute = Math.floor(at / 60) * 60;
    minutes.set(minute, (minutes.get(minute) ?? true) && linked);
  }
  return [...minutes].map(([at, linked]) => ({ at, linked }));
}

/**
 * The stretch of a step line: number of cameras recording at each change.
 * @param {readonly Sample[]} samples
 * @returns {{ at: number, recording: number }[]}
 */
export function recordingSteps(samples) {
  return samples.filter((sample, index) => index === 0 || sample.recording !== samples[index - 1]?.recording);
}

/**
 * Where marks stand that would lie on each other: the later keeps its place, the earlier makes room for it, up to `most`.
 * @param {readonly number[]} places in order of time
 * @param {number} gap the least between two, half of it before `end`
 * @param {number} most that one may stand before its own place
 * @param {number} end
 * @returns {number[]}
 */
export function spread(places, gap, most, end) {
  let next = end + gap / 2;
  return places
    .toReversed()
    .map((place) => (next = Math.max(Math.min(place, next - gap), place - most)))
    .toReversed();
}

/** @param {Iterable<Alert>} alerts @param {number} now */
export function onTape(alerts, now) {
  const shown = [...alerts].filter((alert) => now - alert.raised_at < SPAN_S && alert.raised_at <= now + 1);
  return shown.sort((one, other) => one.raised_at - other.raised_at);
}
