// The status page's pure parts: lines without a gap, figures with units, verdicts, orders, traces.
import { test } from "node:test";
import assert from "node:assert/strict";
import { COLUMNS, WORST_FIRST, found, held, ordered, sortedBy } from "../../static/js/state/camera_order.js";
import { figure } from "../../static/js/state/figure_words.js";
import { greatestOf, marks, pathOf, roundTop, stretches } from "../../static/js/state/graph_trace.js";
import {
  STALE_AFTER_S,
  ageOf,
  isStale,
  newFeed,
  question,
  received,
  sampleAt,
  serverTime,
  withCamera,
} from "../../static/js/state/status_feed.js";
import { KEPT_S, logged } from "../../static/js/state/problem_log.js";
import { problemsOf, verdictOf } from "../../static/js/state/verdict.js";

/** @typedef {import("../../static/js/state/status_feed.js").Answer} Answer */
/** @typedef {import("../../static/js/state/status_feed.js").Camera} Camera */

/** @param {number} first @param {(number | null)[]} values @param {number} [span] @returns {Answer} */
function answer(first, values, span = 600) {
  const at = values.map((_, index) => 1000 + first + index);
  const lines = { first, at, groups: { total: { in: values } } };
  return { at: 1000 + first + values.length, span, checks: {}, processes: [], cameras: [], lines };
}

/** @param {Partial<Camera>} [changed] @returns {Camera} */
function camera(changed = {}) {
  return {
    device_id: "c1",
    call_sign: "ET17",
    worker: "server",
    connected: true,
    flowing: ["main"],
    codec: "H264",
    reduced: 0,
    now: { main: 1e6, loss: 0, delay: 0.01, uplink: 2e6, viewers: 1, queue: 0 },
    minute: { frozen: 0, nacks: 0, plis: 0 },
    ...changed,
  };
}

test("what comes after what is known is joined to it", () => {
  let feed = received(newFeed("c1"), answer(0, [1, 2, 3]), "c1", 50);
  assert.equal(question(feed), "/api/status?after=2&camera=c1");
  feed = received(feed, answer(3, [4]), "c1", 51);
  assert.deepEqual(feed.groups["total"], { in: [1, 2, 3, 4] });
  assert.deepEqual(feed.times, [1000, 1001, 1002, 1003]);
});

test("a server that starts anew, or a gap, begins anew", () => {
  let feed = received(newFeed(null), answer(40, [1, 2, 3]), null, 50);
  feed = received(feed, answer(0, [9]), null, 51);
  assert.deepEqual(feed.groups["total"], { in: [9] });
  assert.equal(question(feed), "/api/status?after=0");
});

test("no more than the span is kept, and a line that begins late stands at its time", () => {
  let feed = received(newFeed(null), answer(0, [1, 2, 3], 4), null, 50);
  const more = answer(3, [4, 5], 4);
  more.lines.groups["total"] = { in: [4, 5], out: [7, 8] };
  feed = received(feed, more, null, 51);
  assert.deepEqual(feed.groups["total"], { in: [2, 3, 4, 5], out: [null, null, 7, 8] });
  assert.equal(feed.times.length, 4);
});

test("another camera's lines are asked for from the beginning, and a late answer for the first one is not taken", () => {
  let feed = received(newFeed("c1"), answer(0, [1, 2]), "c1", 50);
  feed = withCamera(feed, "c2");
  assert.equal(question(feed), "/api/status?after=-1&camera=c2");
  assert.equal(received(feed, answer(2, [3]), "c1", 51), feed);
});

test("figures grow old when the answers stop, and when the server's readings stop", () => {
  const feed = received(newFeed(null), answer(0, [1]), null, 50);
  assert.equal(isStale(newFeed(null), 0), true);
  assert.equal(ageOf(feed, 52), 3);
  assert.equal(isStale(feed, 51), false);
  assert.equal(isStale(feed, 50 + STALE_AFTER_S), true);
  const stuck = received(feed, { ...answer(1, []), at: 1010 }, null, 60);
  assert.equal(ageOf(stuck, 60), 10);
  assert.equal(serverTime(stuck, 61), 1011);
});

test("the sample of a moment is the nearest one, if there is one", () => {
  assert.equal(sampleAt([10, 11, 12.4], 11.9), 2);
  assert.equal(sampleAt([10, 11, 20], 15), -1);
});

test("figures have a unit and few digits", () => {
  const written = /** @type {const} */ ([
    [1_240_000, "bits", "1.24 Mbit/s"],
    [999_600, "bits", "1.00 Mbit/s"],
    [0, "bits", "0 bit/s"],
    [0.0312, "share", "3.1 %"],
    [0.14, "share", "14 %"],
    [1.5, "core", "150 % core"],
    [0.0004, "seconds", "0.4 ms"],
    [0.061, "seconds", "61 ms"],
    [2.5, "seconds", "2.50 s"],
    [212_000_000, "bytes", "212 MB"],
    [1204, "count", "1,204"],
    [2.94, "rate", "2.9 /s"],
    [null, "bits", "–"],
  ]);
  for (const [value, unit, words] of written) assert.equal(figure(value, unit).replace("\u00a0", " "), words);
});

test("a scale's top is round and never lower than its least", () => {
  assert.deepEqual(
    [roundTop(0, 5), roundTop(7, 5), roundTop(21, 5), roundTop(1.4e6, 5e5), roundTop(0, 0), roundTop(100, 1)],
    [5, 10, 30, 2e6, 1, 100],
  );
  assert.equal(
    greatestOf([
      [null, 3],
      [7, null],
    ]),
    7,
  );
});

test("a peak is drawn however narrow the graph, and a gap is no line", () => {
  const times = Array.from({ length: 600 }, (_, index) => index);
  const values = times.map((time) => (time === 301 ? 100 : time > 400 && time < 420 ? null : 1));
  const frame = { from: 0, to: 600, width: 60, height: 50, top: 100 };
  const drawn = stretches(times, values, frame);
  assert.equal(drawn.length, 2);
  assert.equal(Math.min(...drawn.flat().map(([, y]) => y)), 0);
  assert.ok(drawn.flat().length <= 62);
  assert.equal(stretches([0, 1, 9, 10], [1, 1, 1, 1], frame).length, 2, "a server that was away leaves a gap");
  assert.equal(pathOf([[[3, 4.25]]]), "M3 4.3h1.5");
  assert.deepEqual(marks(125, 500, 120), [240, 360, 480]);
});

test("a camera's verdict names what is wrong, the worst first", () => {
  assert.deepEqual(verdictOf(camera()), { level: 4, words: "well" });
  assert.equal(verdictOf(camera({ flowing: [] })).words, "sends nothing");
  assert.equal(verdictOf(camera({ connected: false, flowing: [] })).level, 3);
  assert.deepEqual(verdictOf(camera({ now: {} })), { level: 1, words: "no figures of it" }); // its worker is silent
  const poor = camera({ now: { loss: 0.12, uplink: 180e3 }, minute: { frozen: 24, nacks: 0, plis: 0 }, reduced: 2 });
  assert.equal(verdictOf(poor).level, 1);
  assert.match(verdictOf(poor).words, /^frozen 24 of 60 s, loses 12\u00a0%, uplink 180\u00a0kbit\/s, 2 shown less$/);
  assert.equal(verdictOf(camera({ now: { viewer_loss: 0.2 } })).level, 3);
});

test("the installation's problems are told worst first, and none when there is none", () => {
  const process = {
    name: "media-1",
    pid: 7,
    alive: true,
    silent_s: 0.4,
    restarts: 0,
    port: 5000,
    cameras: 1,
    viewers: 1,
    peers: 2,
    gso: true,
    buffer_bytes: 4_194_304,
    direct_srtp: true,
    counts: {},
    now: { cpu: 0.2, lag: 0.001, drops: 0 },
  };
  const well = { ...answer(0, [1]), processes: [process], cameras: [camera()] };
  assert.deepEqual(problemsOf({ ...well, checks: { database: { ok: true, seconds: 0.002 } } }), []);
  const doubtful = problemsOf({ ...well, checks: {}, doubts: ["An older table cannot be read."] });
  assert.deepEqual(doubtful, [
    { key: "An older table cannot be read.", level: 2, words: "An older table cannot be read." },
  ]);
  const full = problemsOf({ ...well, checks: {}, disk: { free: 4e9, total: 1e11 } });
  assert.deepEqual([full[0]?.key, full[0]?.level, full.length], ["disk", 1, 1]);
  assert.match(full[0]?.words ?? "", /^Only 4\.0.% of the disk for recordings is free \(4.GB\)\.$/);
  const ill = problemsOf({
    ...well,
    checks: { database: { ok: false, seconds: 2 }, bus: { ok: true, seconds: 0.7 } },
    processes: [
      { ...process, alive: false },
      { ...process, name: "media-3", silent_s: 6 },
      { ...process, name: "media-2", gso: false, buffer_bytes: 212_992, now: { cpu: 0.95, lag: 0.4, drops: 20 } },
    ],
    cameras: [camera({ flowing: [] }), camera({ call_sign: "ET22", now: { loss: 0.2 } })],
  });
  assert.deepEqual(
    ill.map(({ level }) => level),
    [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3],
  );
  assert.ok(ill.some(({ words }) => /^media-2 loses packets when it is busy: .* 213.kB .*rmem_max/.test(words)));
  assert.ok(ill.some(({ words }) => words === "The database does not answer."));
  assert.ok(ill.some(({ words }) => /^The bus between servers is 700.ms behind: other/.test(words)));
  assert.ok(ill.some(({ words }) => words.startsWith("media-1 has died")));
  assert.ok(ill.some(({ words }) => words === "Camera without a usable picture: ET17."));
});

test("cameras stand worst first, then by call sign; a column turns round at the second press", () => {
  const cameras = [
    camera({ device_id: "a", call_sign: "ET10" }),
    camera({ device_id: "b", call_sign: "ET9", now: { loss: null } }),
    camera({ device_id: "c", call_sign: "ET22", flowing: [] }),
    camera({ device_id: "d", call_sign: "ET30", now: { loss: 0.05 } }),
  ];
  const ids = (/** @type {Camera[]} */ rows) => rows.map((one) => one.device_id).join("");
  assert.equal(ids(ordered(cameras, WORST_FIRST)), "cdba");
  const byLoss = sortedBy(WORST_FIRST, "loss");
  assert.equal(ids(ordered(cameras, byLoss)), "dacb");
  assert.equal(ids(ordered(cameras, sortedBy(byLoss, "loss"))), "acdb");
  assert.equal(ids(ordered(cameras, { key: "camera", reversed: false })), "bacd");
  assert.equal(ids(held(cameras, ["d", "b"])), "dbac");
  assert.equal(ids(found(cameras, " et2 ")), "c");
  assert.ok(COLUMNS.every((column) => typeof column.words(camera()) === "string"));
});

test("a problem has its time, one that ends is kept for a while, and one that flickers is one", () => {
  /** @param {string} key */
  const problem = (key) => ({ key, level: /** @type {const} */ (1), words: key });
  const times = (/** @type {ReturnType<typeof logged>} */ log) =>
    log.map(({ key, since, until }) => [key, since, until]);
  let log = logged([], [problem("a")], 100, true);
  assert.deepEqual(times(log), [["a", null, null]], "nobody knows since when");
  log = logged(log, [problem("a"), problem("b")], 101, false);
  log = logged(log, [problem("b")], 105, false);
  assert.deepEqual(times(log), [
    ["b", 101, null],
    ["a", null, 105],
  ]);
  log = logged(log, [problem("a"), problem("b")], 110, false);
  assert.deepEqual(times(log), [
    ["a", null, null],
    ["b", 101, null],
  ]);
  log = logged(log, [], 120, false);
  log = logged(log, [problem("a")], 200, false);
  assert.deepEqual(times(log), [
    ["a", 200, null],
    ["a", null, 120],
    ["b", 101, 120],
  ]);
  assert.deepEqual(times(logged(log, [], 120 + KEPT_S, false)), [["a", 200, 120 + KEPT_S]]);
});
