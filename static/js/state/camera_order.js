// The table of cameras: its columns, and in which order its rows stand.
/** @import { Camera } from "./status_feed.js" */
/** @import { Unit } from "./figure_words.js" */
import { figure } from "./figure_words.js";
import { verdictOf } from "./verdict.js";
import { fits } from "./typed.js";

/** `of` gives what is sorted by: greatest first, unknown last. */
/** @typedef {{ key: string, name: string, title: string, isText?: boolean, of: (camera: Camera) => number | string | null, words: (camera: Camera) => string }} Column */

/** @param {string} key @param {string} name @param {string} title @param {Unit} unit @param {(camera: Camera) => number | null | undefined} read @returns {Column} */
const measured = (key, name, title, unit, read) => ({
  key,
  name,
  title,
  of: (camera) => read(camera) ?? null,
  words: (camera) => figure(read(camera), unit),
});

/** @type {readonly Column[]} */
export const COLUMNS = [
  {
    key: "camera",
    name: "Camera",
    title: "Call sign",
    isText: true,
    of: (camera) => camera.call_sign,
    words: (camera) => camera.call_sign,
  },
  {
    key: "state",
    name: "State",
    title: "What is wrong with it, worst first",
    of: (camera) => -verdictOf(camera).level,
    words: (camera) => verdictOf(camera).words,
  },
  measured("main", "Main", "Bit rate of the main layer", "bits", ({ now }) => now["main"]),
  measured("sub", "Sub", "Bit rate of the sub layer", "bits", ({ now }) => now["sub"]),
  measured("loss", "Loss", "Packets lost before repair, worse layer", "share", ({ now }) => now["loss"]),
  measured("delay", "Delay", "What stands in its uplink’s queue", "seconds", ({ now }) => now["delay"]),
  measured("trip", "Round trip", "Of repairs, to the camera and back", "seconds", ({ now }) => now["round_trip"]),
  {
    key: "frozen",
    name: "Frozen",
    title: "Seconds of the last minute without a new picture in time",
    of: ({ minute }) => minute.frozen,
    words: ({ minute }) => (minute.frozen ? `${minute.frozen.toFixed(1)}\u00a0s` : "0"),
  },
  measured("nacks", "NACK", "Packets asked for again in the last minute", "count", ({ minute }) => minute.nacks),
  measured("plis", "PLI", "Key frames asked for in the last minute", "count", ({ minute }) => minute.plis),
  measured("viewers", "Viewers", "Who watch it now", "count", ({ now }) => now["viewers"]),
  measured("out", "Out", "Bit rate to all its viewers", "bits", ({ now }) => now["out"]),
  measured("queue", "Queue", "Packets that wait for its slowest viewer", "count", ({ now }) => now["queue"]),
  {
    key: "worker",
    name: "Worker",
    title: "The process that forwards it",
    isText: true,
    of: ({ worker }) => worker,
    words: ({ worker }) => worker,
  },
];

/** @typedef {{ key: string, reversed: boolean }} Sorting */
export const WORST_FIRST = /** @type {Sorting} */ ({ key: "state", reversed: false });

/** The same column again turns the order round. @param {Sorting} sorting @param {string} key @returns {Sorting} */
export function sortedBy(sorting, key) {
  return { key, reversed: sorting.key === key && !sorting.reversed };
}

/** Numbers from the greatest, words from A; equals by call sign. @param {readonly Camera[]} cameras @param {Sorting} sorting */
export function ordered(cameras, { key, reversed }) {
  const column = COLUMNS.find((one) => one.key === key) ?? COLUMNS[1];
  const sign = reversed ? -1 : 1;
  return [...cameras].sort((one, other) => {
    const [a, b] = [column?.of(one) ?? null, column?.of(other) ?? null];
    const tie = one.call_sign.localeCompare(other.call_sign, "en-GB", { numeric: true });
    if (a === b) return tie;
    if (a === null || b === null) return a === null ? 1 : -1;
    if (typeof a === "string") return sign * a.localeCompare(String(b), "en-GB", { numeric: true }) || tie;
    return sign * (Number(b) - a) || tie;
  });
}

/** The order as it was, for as long as somebody points at a row: new ones come last. @param {readonly Camera[]} cameras @param {readonly string[]} before ids */
export function held(cameras, before) {
  const place = new Map(before.map((device, index) => [device, index]));
  return [...cameras].sort(
    (one, other) => (place.get(one.device_id) ?? before.length) - (place.get(other.device_id) ?? before.length),
  );
}

/** @param {readonly Camera[]} cameras @param {string} typed */
export function found(cameras, typed) {
  return cameras.filter(({ call_sign, device_id, worker }) => fits(typed, call_sign, device_id, worker));
}
