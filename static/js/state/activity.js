// Activity: what happened that needs nobody. Newest first, without a sound.
/** @import { Activity } from "./shapes" */

const KEPT = 200;

/**
 * @param {readonly Activity[]} activity newest first
 * @param {readonly Activity[]} incoming in any order, repeats allowed
 * @returns {readonly Activity[]}
 */
export function withActivity(activity, incoming) {
  const known = new Set(activity.map((line) => line.seq));
  const fresh = incoming.filter((line) => !known.has(line.seq) && known.add(line.seq));
  if (!fresh.length) return activity;
  return [...activity, ...fresh].sort((one, other) => other.seq - one.seq).slice(0, KEPT);
}

const TOGETHER_S = 2; // a camera that starts tells so twice in one moment

/**
 * The lines as they are shown: recording and stream that began or ended together are one.
 * @param {readonly Activity[]} activity newest first
 * @returns {readonly Activity[]}
 */
export function gathered(activity) {
  /** @type {Activity[]} */ const shown = [];
  for (const line of activity) {
    const at = shown.findLastIndex((newer) => together(newer, line) !== null);
    const newer = shown[at];
    if (newer) shown[at] = { ...newer, kind: "", text: together(newer, line) ?? newer.text };
    else shown.push(line);
  }
  return shown;
}

/** @param {Activity} one @param {Activity} other @returns {string | null} what both say, in one sentence */
function together(one, other) {
  if (one.device_id !== other.device_id || Math.abs(one.at - other.at) > TOGETHER_S) return null;
  const [kinds, rest] = [[one.kind, other.kind].sort().join(), ends(one)];
  if (rest !== ends(other)) return null;
  if (kinds === "recording.started,stream.started") return `Recording and stream started${rest}`;
  return kinds === "recording.stopped,stream.stopped" ? `Recording and stream stopped${rest}` : null;
}

/** By whom. @param {Activity} line */
const ends = ({ text }) => /( · .*)?$/.exec(text)?.[0] ?? "";
