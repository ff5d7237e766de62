// Which graphs there are: of the installation, of a camera, of a process.
/** @import { Unit } from "./figure_words.js" */

/** `look` is a line's style: 1 solid, 2 dashed, 3 dotted, 4 thin. */
/** @typedef {{ line: string, name: string, look: 1 | 2 | 3 | 4 }} Drawn */
/** `least` is the smallest top of the scale, so that a quiet line stays low; `wide` ones take the width of two. */
/** @typedef {{ key: string, name: string, unit: Unit, least: number, lines: Drawn[], wide?: boolean }} Graph */

/** @param {string} key @param {string} name @param {Unit} unit @param {number} least @returns {Graph} */
const one = (key, name, unit, least) => ({ key, name, unit, least, lines: [{ line: key, name: "", look: 1 }] });

/** @type {readonly Graph[]} */
export const OF_ALL = [
  one("in", "From cameras", "bits", 1e6),
  one("out", "To viewers", "bits", 1e6),
  one("cameras", "Cameras sending", "count", 5),
  one("viewers", "Viewers", "count", 5),
  one("loss", "Loss, worst camera", "share", 0.05),
  one("round_trip", "Round trip, worst", "seconds", 0.1),
  one("frozen", "Cameras frozen", "count", 5),
  one("nacks", "NACK to cameras", "rate", 10),
  one("plis", "PLI to cameras", "rate", 5),
  one("queue", "Queue, worst viewer", "count", 50),
  one("cpu", "Processor", "core", 0.5),
  one("memory", "Memory", "bytes", 2e8),
  one("lag", "Loop lag, worst", "seconds", 0.05),
  one("drops", "Datagrams dropped", "rate", 10),
];

/** @type {readonly Graph[]} */
export const OF_CAMERA = [
  {
    key: "bits",
    name: "Bit rate in",
    unit: "bits",
    least: 5e5,
    wide: true,
    lines: [
      { line: "main", name: "main", look: 1 },
      { line: "sub", name: "sub", look: 2 },
      { line: "sound", name: "sound", look: 3 },
      { line: "uplink", name: "limit", look: 4 },
    ],
  },
  {
    key: "trip",
    name: "Round trip",
    unit: "seconds",
    least: 0.1,
    wide: true,
    lines: [
      { line: "round_trip", name: "camera", look: 1 },
      { line: "viewer_round_trip", name: "worst viewer", look: 2 },
      { line: "delay", name: "uplink queue", look: 3 },
    ],
  },
  {
    key: "loss",
    name: "Loss, and of the worst viewer",
    unit: "share",
    least: 0.05,
    lines: [
      { line: "loss", name: "uplink", look: 1 },
      { line: "viewer_loss", name: "viewer", look: 2 },
    ],
  },
  {
    key: "frames",
    name: "Frames",
    unit: "rate",
    least: 30,
    lines: [
      { line: "frames_main", name: "main", look: 1 },
      { line: "frames_sub", name: "sub", look: 2 },
    ],
  },
  {
    key: "asked",
    name: "Asked of the camera",
    unit: "rate",
    least: 10,
    lines: [
      { line: "nacks", name: "NACK", look: 1 },
      { line: "plis", name: "PLI", look: 2 },
    ],
  },
  one("frozen", "Frozen, of each second", "share", 1),
  one("viewers", "Viewers", "count", 5),
  one("queue", "Queue, worst viewer", "count", 50),
  {
    key: "out",
    name: "Out to all its viewers",
    unit: "bits",
    least: 1e6,
    lines: [
      { line: "out_main", name: "main", look: 1 },
      { line: "out_sub", name: "sub", look: 2 },
      { line: "out_sound", name: "sound", look: 3 },
    ],
  },
];

/** @type {readonly Graph[]} */
export const OF_PROCESS = [
  one("cpu", "CPU", "core", 1),
  one("memory", "Memory", "bytes", 1e8),
  one("lag", "Lag", "seconds", 0.05),
  one("unwritten", "Unwritten", "bytes", 1e6),
  one("drops", "Drops", "rate", 10),
];

/** How the server names groups of lines (server/operations/seconds.py). */
export const TOTAL = "total";
/** @param {string} name */
export const processGroup = (name) => `process ${name}`;
/** @param {string} device */
export const cameraGroup = (device) => `camera ${device}`;
