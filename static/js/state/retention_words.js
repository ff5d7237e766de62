// How long a recording is kept, in one line. Pure.
import { dayOf } from "./words.js";

/**
 * @typedef {object} Retention
 * @property {string} state of the recording: "open", "closed", "missing", "deleted"
 * @property {string | null} category
 * @property {string[]} tags
 * @property {{ kind?: string }[]} holds
 * @property {number | null} [delete_at] Unix seconds
 * @property {number | null} [review_at]
 * @property {string[]} [kept_by] what keeps it whatever its category says
 */

/** @param {readonly Retention[]} all of the recordings that are shown: the one that goes first decides */
export function keptWords(all) {
  if (all.some(({ state }) => state === "open")) return "Kept: still recording";
  const free = all.filter(({ holds, kept_by: keeps = [] }) => !holds.length && !keeps.length);
  if (!free.length) return all.length ? "Kept: held" : "Kept";
  const ends = free.map(({ delete_at: end }) => end ?? Infinity);
  const first = Math.min(...ends);
  if (first < Infinity) return `Kept until ${dayOf(first)}`;
  const reviews = free.map(({ review_at: at }) => at ?? Infinity);
  const review = Math.min(...reviews);
  return review < Infinity ? `Kept, review ${dayOf(review)}` : "Kept";
}
