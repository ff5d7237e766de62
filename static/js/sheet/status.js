// What only the engineers' page has: graphs, cameras, processes, what is wrong, the moment shown.
/** @import { Camera, Lines, Process } from "../state/status_feed.js" */
/** @import { Graph } from "../state/graphs.js" */
import { CameraTable } from "../elements/camera-table.js";
import { GraphStrip } from "../elements/graph-strip.js";
import { ProblemList } from "../elements/problem-list.js";
import { ProcessTable } from "../elements/process-table.js";
import { TimeSlider } from "../elements/time-slider.js";
import { make } from "../elements/build.js";
import { OF_CAMERA, OF_PROCESS, processGroup } from "../state/graphs.js";
import { NOW } from "./facts.js";
import { chapter, shown, specimen } from "./specimen.js";

const SPAN_S = 600;
const AWAY_S = [300, 340]; // nothing is known of these seconds
const TIMES = Array.from({ length: SPAN_S + 1 }, (_, second) => NOW - SPAN_S + second);
const CHECKS = { database: { ok: true, seconds: 0.004 }, bus: { ok: true, seconds: 0.0004 } };

/** A line that goes up and down about its middle; it has a hole. @param {number} middle @returns {(number | null)[]} */
const wave = (middle) =>
  TIMES.map((_, second) =>
    second > (AWAY_S[0] ?? 0) && second < (AWAY_S[1] ?? 0)
      ? null
      : middle * (1 + 0.3 * Math.sin(second / 40) + 0.1 * Math.sin(second / 7)),
  );

/** Every line of these graphs. @param {readonly Graph[]} graphs @returns {Lines} */
const linesOf = (graphs) =>
  Object.fromEntries(
    graphs.flatMap(({ least, lines }) => lines.map(({ line }, index) => [line, wave((least * 2) / (index + 2))])),
  );

/** @param {string} name @param {Partial<Process>} [more] @returns {Process} */
const process = (name, more = {}) => ({
  ...{ name, pid: 4711, alive: true, silent_s: 0.4, restarts: 0, port: 40_001, cameras: 3, viewers: 9, peers: 12 },
  ...{ gso: true, buffer_bytes: 2 ** 22, direct_srtp: true, counts: { unknown_stun: 12, late: 3 }, now: {} },
  ...more,
});
const PROCESSES = [
  process("server", { port: 0, cameras: 0, viewers: 0, counts: {} }),
  process("worker 1", { counts: {} }),
  process("worker 2", { alive: false, restarts: 2 }),
];
const OF_PROCESSES = Object.fromEntries(PROCESSES.map(({ name }) => [processGroup(name), linesOf(OF_PROCESS)]));

/** @param {string} callSign @param {Partial<Camera>} [more] @returns {Camera} */
const camera = (callSign, more = {}) => ({
  ...{ device_id: `${callSign.toLowerCase()}-cam`, call_sign: callSign, worker: "worker 1", connected: true },
  ...{ flowing: ["main", "sub"], codec: "H264", reduced: 0, minute: { frozen: 0, nacks: 2, plis: 0 } },
  now: { main: 1_480_000, sub: 148_000, loss: 0.001, delay: 0.012, round_trip: 0.048, viewers: 2, out: 296_000 },
  ...more,
});
const CAMERAS = [
  camera("ET17"),
  camera("ET22", { connected: false, flowing: [], now: {} }),
  camera("ET09", { flowing: [] }),
  camera("ETXX1207", {
    minute: { frozen: 24.2, nacks: 1207, plis: 31 },
    now: { main: 212_000, loss: 0.13, delay: 2.4 },
  }),
];
const WRONG = [
  {
    key: "disk",
    level: /** @type {const} */ (1),
    words: "Disk nearly full: 2.1 GB free",
    since: NOW - 61,
    until: null,
  },
  { key: "et09", level: /** @type {const} */ (2), words: "ET09 sends nothing", since: null, until: null },
  { key: "bus", level: /** @type {const} */ (1), words: "The bus did not answer", since: NOW - 400, until: NOW - 340 },
];

export function engineering() {
  return chapter(
    "Status",
    "wide",
    specimen(
      "Graphs",
      "Lines are told apart by their strokes; what is not known is a hole.",
      panel(strip(false, null)),
    ),
    specimen("Graphs, then", "Violet: the values of another moment than now.", panel(strip(false, NOW - 200))),
    specimen("Graphs, stale", "Nothing is claimed of now.", panel(strip(true, null))),
    specimen("Processes", "The dead stand first.", panel(again(new ProcessTable(), (one) => processes(one)))),
    specimen("Cameras", "Worst first.", panel(shown(new CameraTable(), (one) => one.show(CAMERAS, "et17-cam")))),
    specimen("No camera sends", "Nothing lately.", panel(shown(new CameraTable(), (one) => one.show([], null)))),
    specimen("What is wrong", "Worst first, then what was.", panel(problems(WRONG))),
    specimen("Nothing is wrong", "As far as the page knows.", panel(problems([]))),
    specimen("Moment", "Now, and any of the last ten minutes.", row(slider(null), slider(NOW - 200))),
  );
}

/** @param {boolean} stale @param {number | null} at */
function strip(stale, at) {
  const graphs = new GraphStrip();
  graphs.begin(OF_CAMERA);
  const lines = linesOf(OF_CAMERA);
  return again(graphs, (one) =>
    one.show({ times: TIMES, lines, now: stale ? NOW + 20 : NOW, span: SPAN_S, stale, at }),
  );
}

/** @param {ProcessTable} table */
const processes = (table) =>
  table.show(PROCESSES, OF_PROCESSES, { times: TIMES, lines: {}, now: NOW, span: SPAN_S, stale: false, at: null });

/** @param {typeof WRONG} log */
const problems = (log) => shown(new ProblemList(), (list) => list.show(log, CHECKS, NOW));

/** @param {number | null} at */
const slider = (at) => shown(new TimeSlider(), (one) => one.show(at, NOW));

/** Graphs are drawn for the size that they have. @template {HTMLElement} E @param {E} element @param {(element: E) => void} show @returns {E} */
function again(element, show) {
  return shown(element, () => new ResizeObserver(() => show(element)).observe(element));
}

/** @param {...Node} parts */
const row = (...parts) => make("div", { class: "row wrap" }, ...parts);

/** @param {Node} element */
const panel = (element) => make("div", { class: "panel" }, element);
