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
