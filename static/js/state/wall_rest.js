// What a wall says where there is nothing to show. It never goes dark: it says what is wrong, since when, what helps.
import { age, timeOfDay } from "./words.js";

/** @typedef {{ kind: "starting" | "signed-out" | "refused" | "calm" | "empty", title: string, line: string }} Rest */
/** @typedef {"" | "signed-out" | "refused"} Trouble with the sign-in */

const STARTING_S = 3; // a page that has just opened need not speak of trouble

/**
 * @param {object} facts
 * @param {Trouble} facts.trouble
 * @param {boolean} facts.hasToken the address carries a display token
 * @param {boolean} facts.known the server has told this page about the room
 * @param {number} facts.silent seconds without a word from the server
 * @param {number} facts.now Unix seconds
 * @param {number} facts.units how many there are
 * @param {boolean} facts.isAtRest no picture is worth the wall
 * @returns {Rest | null} null: the tiles have the wall
 */
export function restOf({ trouble, hasToken, known, silent, now, units, isAtRest }) {
  if (trouble === "refused")
    return {
      kind: "refused",
      title: "This display’s token is not accepted",
      line: "It was revoked, or belongs to a person who may do more than look. Make a new one; this screen goes on by itself when its address has it.",
    };
  if (trouble === "signed-out")
    return {
      kind: "signed-out",
      title: "Signed out",
      line: hasToken
        ? "Signing in again with this display’s token."
        : "A person’s sign-in lasts 12 hours at most. Press Enter to sign in, or give this screen an address with a display token, which lasts until it is revoked.",
    };
  if (!known || (isAtRest && units > 0 && silent >= STARTING_S)) {
    const isLate = silent >= STARTING_S;
    return {
      kind: "starting",
      title: isLate ? "Waiting for the server" : "Starting",
      line: isLate
        ? `No word since ${timeOfDay(now - silent)}, ${age(silent)} ago. This screen asks again by itself and starts when it answers.`
        : "",
    };
  }
  if (units === 0)
    return {
      kind: "empty",
      title: "No camera is connected yet",
      line: "Pictures come here by themselves when the first one records.",
    };
  return isAtRest ? { kind: "calm", title: "Nothing is recording", line: "" } : null;
}

/** How far a wall can be read, for its foot. @param {number} readsAt metres @param {number} dist metres */
export function reach(readsAt, dist) {
  const isShort = readsAt < dist - 0.05;
  const metres = `${Math.floor(readsAt * 10 + 1e-6) / 10}\u00a0m`;
  return { isShort, words: isShort ? `${metres}, not\u00a0${dist}\u00a0m` : metres };
}
