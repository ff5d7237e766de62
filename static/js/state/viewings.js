// Who viewed an officer's recordings and living picture, in words. Pure.
import { dayOf, timeOfDay } from "./words.js";

/**
 * @typedef {{ seq: number, at: number, what: string, by: { id: string, name: string, role: string },
 *   of: { kind: string, id: string, call_sign: string }, why: string, from: number | null, to: number | null }} Viewing
 * @typedef {{ at: number, viewings: Viewing[], more: boolean }} Page
 */

/** @type {Record<string, string>} */
const WORDS = {
  "view.live": "Watched you live",
  "view.replay": "Watched your recording",
  "view.thumbnail": "Saw a still of your recording",
  "view.export": "Took your recording out as an export",
};

/** "Watched your recording of 28 Nov, 20:46:05 to 20:50:00" @param {Viewing} viewing */
export function viewingWords({ what, from, to }) {
  const words = WORDS[what] ?? what;
  if (!from) return words;
  return `${words} of ${dayOf(from)}, ${timeOfDay(from)}${to ? ` to ${timeOfDay(to)}` : " on"}`;
}

/** @param {Viewing} viewing @param {string} me the id of who reads it */
export function viewerWords({ by }, me) {
  return by.id === me ? "You" : `${by.name || "Somebody"}${by.role ? `, ${by.role}` : ""}`;
}
