// How a replay writes times, and reads one that somebody types.
import { timeOfDay } from "./words.js";

/** @typedef {{ words: string, again: boolean }} Trouble why a picture is not there, and whether it is tried again */

/** What stands on a picture that no player here takes. @type {Trouble} */
export const NOT_DECODED = {
  words: "This browser does not decode this recording; an export holds a copy that other players open.",
  again: false,
};

/** Only what the server found: it opens each segment against its SHA-256. @param {string} line */
export function damaged(line) {
  return { title: "DAMAGED", line };
}

/** What the server found to be what was recorded, and could not read all the same: the evidence is whole. @param {string} line */
export function unplayable(line) {
  return { title: "NOT PLAYED", line };
}

/** What the server had just checked, and this browser's player broke off at: the evidence is whole. */
export const UNDECODED = { title: "NOT PLAYED HERE", line: "this browser cannot decode it" };

/** Its pictures need those from a key frame on, which lies before the view, or in what is left out: it is whole too. */
export const KEYLESS = {
  title: "NOT PLAYED HERE",
  line: "it begins between key frames, and the one before it is not to be had",
};

/** @type {Trouble} */
export const NOT_PLAYED = {
  words: "This browser plays no recordings (Media Source Extensions are missing)",
  again: false,
};

/** What came was damaged on its way, or lies damaged, or this browser's player broke off. @type {Trouble} */
export const UNREADABLE = { words: "What came cannot be read; tried again", again: true };

/**
 * Why the server gave none, and whether it is asked again.
 * @param {number} status of its answer; 0: it gave none @param {string} [details] the player's word for what happened
 * @returns {Trouble}
 */
export function refusal(status, details = "") {
  if ([401, 403, 404].includes(status)) return { words: "This view has ended: load the page anew", again: false };
  if (/timeout/i.test(details)) return { words: "The server takes long to answer; tried again", again: true };
  if (/parsing/i.test(details)) return UNREADABLE;
  const why = status >= 400 ? `The server cannot give it now (${status})` : "The server cannot be reached";
  return { words: `${why}; tried again`, again: true };
}

/** "22:41:07.20" @param {number} at */
export function preciseTime(at) {
  const hundredths = Math.floor((at - Math.floor(at)) * 100 + 1e-6);
  return `${timeOfDay(at)}.${String(hundredths).padStart(2, "0")}`;
}

/** "21:41:07 UTC" @param {number} at */
export function utcTime(at) {
  return `${new Date(at * 1000).toISOString().slice(11, 19)} UTC`;
}

/**
 * The moment that was typed (`22:41`, `22:41:07`, `22:41:07.2`, with `UTC` or `Z` behind it), the nearest one to `near`.
 * @param {string} text @param {number} near Unix seconds
 * @returns {number | null}
 */
export function timeTyped(text, near) {
  const read = /^\s*(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,3})?))?\s*(utc|z)?\s*$/i.exec(text);
  if (!read) return null;
  const [hours, minutes, seconds] = [Number(read[1]), Number(read[2]), Number(read[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds >= 60) return null;
  const days = [-1, 0, 1].map((days_) => {
    const date = new Date(near * 1000);
    if (read[4]) date.setUTCHours(hours + 24 * days_, minutes, 0, 0);
    else date.setHours(hours + 24 * days_, minutes, 0, 0);
    return date.getTime() / 1000 + seconds;
  });
  return days.reduce((best, one) => (Math.abs(one - near) < Math.abs(best - near) ? one : best));
}

/** What is told of a timeline that had to leave something out. @param {readonly import("./replay.js").Cut[]} cuts */
export function cutWords(cuts) {
  const lacking = cuts.map(({ what, own, since }) => {
    const whose = own ? "these" : "other";
    return `${what.replaceAll("_", " ")} of ${whose} cameras after ${timeOfDay(since)}`;
  });
  return lacking.length ? `More happened than is read at once. Some are not shown: ${lacking.join("; ")}.` : "";
}

/** "0.4 s fast" @param {number} ahead seconds */
export function aheadWords(ahead) {
  return `${Math.abs(ahead).toFixed(1)} s ${ahead > 0 ? "fast" : "slow"}`;
}

/** "12 s", "3 min 20 s", "1 h 5 min" @param {number} seconds */
export function lengthWords(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
