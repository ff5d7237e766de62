// Is this picture now? Told by the age of the last decoded frame, never by the state of a socket.
/** @import { Unit } from "./shapes" */
import { age as ageWords } from "./words.js";

/** @typedef {"empty" | "notrec" | "connecting" | "live" | "late" | "frozen" | "offline" | "unlinked" | "paused"} FeedState */

export const LATE_S = 2;
export const FROZEN_S = 5;
export const OFFLINE_S = 30;
const BEGINS_WITHIN_S = 5;

/**
 * What a tile must say.
 * @param {object} facts
 * @param {Unit | null} facts.unit
 * @param {number | null} facts.pictureAge seconds since the shown frame was captured; null: no frame yet
 * @param {number} facts.waited seconds since the tile began to ask for a picture
 * @param {boolean} facts.linked the console's own link to the server
 * @param {string} [facts.problem] why the server gives none: "elsewhere", another one has it; "reason-needed", nobody has said why
 * @param {boolean} [facts.paused] it is old because nobody could see it, or was so until now
 * @returns {FeedState}
 */
export function feedState({ unit, pictureAge, waited, linked, problem = "", paused = false }) {
  if (!unit) return "empty";
  // by law there is no live view while the camera does not record
  if (unit.recording !== "recording" && (linked || pictureAge === null))
    return linked && unit.online ? "notrec" : "offline";
  if (problem === "reason-needed" && linked) return "notrec";
  if (paused && pictureAge !== null) return "paused";
  // a camera that streams is not off line because the way to its picture is slow
  const patience = problem === "elsewhere" ? 0 : unit.online && unit.streaming ? OFFLINE_S : FROZEN_S;
  if (pictureAge === null) return waited < patience ? "connecting" : "offline";
  if (pictureAge >= OFFLINE_S) return "offline";
  if (pictureAge >= FROZEN_S) return "frozen";
  if (!linked) return "unlinked";
  return pictureAge >= LATE_S ? "late" : "live";
}

/**
 * Whether a picture can be asked for: a camera that has just begun to record sends it in a moment, and says so.
 * @param {Unit} unit
 * @param {number} now
 */
export function isWorthAsking({ recording, recording_since, streaming }, now) {
  return recording === "recording" && (streaming || now - (recording_since ?? 0) >= BEGINS_WITHIN_S);
}

/**
 * Whether the camera has begun to send. It may have come back before this console was told that it had gone.
 * @param {Unit | null | undefined} before
 * @param {Unit} unit
 */
export function flowsAnew(before, { streaming, streaming_since }) {
  return streaming && !(before?.streaming && before.streaming_since === streaming_since);
}

/**
 * The age rule's length in percent: a logarithm, so that the first seconds have room. Full at 30 s.
 * @param {number} seconds
 */
export function ageRule(seconds) {
  return Math.min(100, Math.max(0, (100 * Math.log(1 + Math.max(0, seconds))) / Math.log(31)));
}

/** The state's word in a caption. @type {Record<FeedState, string>} */
export const STATE_WORD = {
  empty: "",
  notrec: "NO PICTURE",
  connecting: "CONNECTING",
  live: "LIVE",
  late: "LATE",
  frozen: "FROZEN",
  offline: "OFFLINE",
  unlinked: "NO LINK",
  paused: "PAUSED",
};

/**
 * The age beside the word; nothing where there is no picture to be old.
 * @param {FeedState} state
 * @param {number | null} pictureAge
 */
export function ageText(state, pictureAge) {
  if (pictureAge === null) return "";
  if (state === "live" || state === "late" || state === "unlinked") return ageWords(pictureAge, true);
  return state === "frozen" || state === "paused" ? ageWords(pictureAge) : "";
}
