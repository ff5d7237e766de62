// The replay's pure parts: one clock, what was known when, addresses, typed times, the timeline's scale.
import { test } from "node:test";
import assert from "node:assert/strict";
import { changed, nextRate, standing, steered, timeOf } from "../../static/js/state/playback_clock.js";
import {
  byPictures,
  mediaTimeAt,
  nearestWithPicture,
  serverTimeAt,
  pieceFragments,
} from "../../static/js/state/playlist_times.js";
import { about, besides, lastDay, opensAt, queryOf } from "../../static/js/state/recordings.js";
import {
  absenceAt,
  alertsAt,
  eventFrom,
  heldAt,
  indexAt,
  knownAt,
  replayOf,
  unseenAt,
} from "../../static/js/state/replay.js";
import { addressFrom, marked, pathOf, timeText } from "../../static/js/state/replay_address.js";
import { REPLAY_KEYS, replayActionOf } from "../../static/js/state/replay_keys.js";
import { fitted, marksOf, partOf, scaleOf, showing, zoomedTo } from "../../static/js/state/replay_scale.js";
import {
  aheadWords,
  cutWords,
  lengthWords,
  preciseTime,
  timeTyped,
  utcTime,
} from "../../static/js/state/replay_words.js";
import { press } from "./key_press.js";

/** @typedef {import("../../static/js/state/replay.js").Told} Told */
/** @typedef {import("../../static/js/state/replay.js").ReplayEvent} ReplayEvent */

const T = 1_800_000_000;

test("the clock goes on at its rate, stands, and keeps its time over every change", () => {
  const going = changed({ ...standing(T) }, 10, { playing: true, rate: 4 });
  assert.equal(timeOf(going, 12), T + 8);
  const slower = changed(going, 12, { rate: 0.5 });
  assert.equal(timeOf(slower, 14), T + 9);
  const stood = changed(slower, 14, { playing: false });
  assert.equal(timeOf(stood, 99), T + 9);
  assert.equal(timeOf(changed(stood, 99, { at: T }), 100), T);
});

test("a picture far off is moved, one a little off is hurried or held by at most 12 %", () => {
  assert.deepEqual(steered({ wanted: 10, shown: 9.7, rate: 1 }), { seek: true, rate: 1 });
  assert.deepEqual(steered({ wanted: 10, shown: 9.7, rate: 2 }).seek, false);
  assert.equal(steered({ wanted: 10, shown: 9.8, rate: 1 }).rate, 1.12);
  assert.equal(steered({ wanted: 10, shown: 10.2, rate: 1 }).rate, 0.88);
  assert.equal(steered({ wanted: 10, shown: 9.998, rate: 1 }).rate, 1);
  assert.equal(steered({ wanted: 10, shown: 9.99, rate: 1 }).rate, 1, "not for that: to begin costs more");
  assert.equal(steered({ wanted: 10, shown: 9.99, rate: 1, trimmed: true }).rate > 1, true);
  assert.equal(steered({ wanted: 10, shown: 9.98, rate: 2 }).rate > 2, true);
  assert.equal(steered({ wanted: 10, shown: 10, rate: 20 }).rate, 16);
});

test("steering brings a picture home and keeps it there, at every rate", () => {
  for (const rate of [0.5, 1, 2, 4]) {
    let [shown, wanted] = [0, 0.24 * Math.max(1, rate)];
    for (let step = 0; step < 40; step += 1) {
      const next = steered({ wanted, shown, rate, trimmed: step > 0 });
      assert.equal(next.seek, false, `rate ${rate}, step ${step}, off ${wanted - shown}`);
      shown += next.rate * 0.2;
      wanted += rate * 0.2;
    }
    assert.ok(Math.abs(wanted - shown) < 0.005, `rate ${rate}: off ${wanted - shown}`);
  }
});

test("rates go up and down and stop at their ends", () => {
  assert.equal(nextRate(1, 1), 2);
  assert.equal(nextRate(20, 1), 20);
  assert.equal(nextRate(0.5, -1), 0.5);
});

const FRAGMENTS = [
  { start: 0, duration: 2, programDateTime: T * 1000 },
  { start: 2, duration: 2, programDateTime: (T + 2) * 1000 },
  { start: 4, duration: 2, programDateTime: (T + 60) * 1000 },
];

test("a moment beside a late picture is in the longer fragment that it lies within", () => {
  const fragments = [
    { start: 0, duration: 2, programDateTime: T * 1000 },
    { start: 2, duration: 0.1, programDateTime: (T + 0.5) * 1000 },
    { start: 2.1, duration: 2, programDateTime: (T + 2) * 1000 },
  ];
  const found = [0.3, 0.55, 0.8, 1.9, 3].map((at) => Math.round((mediaTimeAt(fragments, T + at) ?? NaN) * 1000) / 1000);
  assert.deepEqual(found, [0.3, 2.05, 0.8, 1.9, 3.1]);
});

test("a moment is found in the media, and the other way round; in a gap there is none", () => {
  assert.equal(mediaTimeAt(FRAGMENTS, T + 3), 3);
  assert.equal(mediaTimeAt(FRAGMENTS, T + 61), 5);
  assert.equal(mediaTimeAt(FRAGMENTS, T + 30), null);
  assert.equal(mediaTimeAt(FRAGMENTS, T - 1), null);
  assert.ok((mediaTimeAt(FRAGMENTS, T + 62.05) ?? 0) < 6);
  assert.equal(serverTimeAt(FRAGMENTS, 5), T + 61);
  assert.equal(serverTimeAt([], 5), null);
  assert.deepEqual(
    [T - 9, T + 1, T + 30, T + 99].map((at) => nearestWithPicture(FRAGMENTS, at) - T),
    [0, 1, 60, 99],
  );
});

test("a fragment is where its picture is, whatever sound hls.js dates it by", () => {
  const dated = [
    { start: 0, duration: 2.1, programDateTime: T * 1000, cc: 0, title: "3.000000 to 5.000000" },
    { start: 2.02, duration: 1.9, programDateTime: (T + 2) * 1000, cc: 0, title: "5.000000 to 7.000000" },
    { start: 4.1, duration: 2, programDateTime: (T + 60) * 1000, cc: 1, title: "63.000000 to 65.000000" },
    { start: 6.1, duration: 2, programDateTime: (T + 70) * 1000, cc: 0, title: null },
  ];
  const found = byPictures(dated, new Map([[0, 2.9]])); // the first one's sound began 0.1 s before its picture
  assert.deepEqual(
    found.map(({ start, duration }) => [+start.toFixed(6), duration]),
    [
      [0.1, 2],
      [2.1, 2],
      [4.1, 2],
      [6.1, 2],
    ],
  );
  assert.ok(Math.abs((serverTimeAt(found, 2.6) ?? 0) - T - 2.5) < 1e-6);
  assert.equal(byPictures(dated, new Map())[1]?.start, 2.02);
});

test("hls.js's own fragments keep their time where nothing of their continuity has been loaded", async () => {
  Object.assign(globalThis, { self: globalThis }); // it is made for a browser
  const { M3U8Parser } = await import("../../static/node_modules/hls.js/dist/hls.mjs");
  const dated = /** @param {number} at @param {string} media @param {string} file */ (at, media, file) =>
    [`#EXT-X-PROGRAM-DATE-TIME:${new Date(at * 1000).toISOString()}`, `#EXTINF:2.000000,${media}`, file].join("\n");
  const text = [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:2",
    '#EXT-X-MAP:URI="init-1.mp4"',
    dated(T, "3.000000 to 5.000000", "1.m4s"),
    "#EXT-X-DISCONTINUITY",
    dated(T + 60, "63.000000 to 65.000000", "2.m4s"),
    dated(T + 62, "65.000000 to 67.000000", "3.m4s"),
    "",
  ].join("\n");
  const type = /** @type {import("../../static/node_modules/hls.js/dist/hls.mjs").PlaylistLevelType} */ ("main");
  const { fragments } = M3U8Parser.parseLevelPlaylist(text, "http://it/main.m3u8", 0, type, 0, null);
  for (const origins of [new Map(), new Map([[0, 3]])]) {
    const found = byPictures(
      /** @type {import("../../static/node_modules/hls.js/dist/hls.mjs").MediaFragment[]} */ (fragments),
      origins,
    );
    assert.deepEqual(
      found.map(({ programDateTime }) => programDateTime),
      [T * 1000, (T + 60) * 1000, (T + 62) * 1000],
    );
    assert.equal(mediaTimeAt(found, T + 1), 1, "what lies behind is no part of it");
    assert.equal(mediaTimeAt(found, T + 63), 5);
    assert.equal(mediaTimeAt(found, T + 30), null);
  }
});

test("our playlist says where each segment is as a WebM, with times that begin before the first", () => {
  const text = [
    "#EXTM3U",
    '#EXT-X-MAP:URI="../../files/r/main/init-1.mp4"',
    `#EXT-X-PROGRAM-DATE-TIME:${new Date((T + 0.5) * 1000).toISOString()}`,
    "#EXTINF:2.000000,",
    "../../files/r/main/000001.m4s",
    "#EXT-X-DISCONTINUITY",
    `#EXT-X-PROGRAM-DATE-TIME:${new Date((T + 60) * 1000).toISOString()}`,
    "#EXTINF:1.500000,",
    "../../files/r/main/000002.m4s",
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
  const found = pieceFragments(text, "https://room/api/replays/v/cameras/c/main.m3u8");
  assert.deepEqual(
    found.map(({ start, duration }) => [start, duration]),
    [
      [10.5, 2],
      [70, 1.5],
    ],
  );
  assert.equal(found[1]?.url, `https://room/api/replays/v/pieces/r/main/000002.m4s?from=${T - 10}`);
  assert.equal(mediaTimeAt(found, T + 61), 71);
});

/** @param {number} at @param {number} late @param {boolean} [live] */
const row = (at, late, live = true) => [T + at, T + at + late, 51, 1 + at / 1000, 5, 90, 1, live];

/** @returns {Told} */
function told() {
  const state = /** @param {number} seq @param {number} at @param {object} more */ (seq, at, more) => ({
    at: T + at,
    alert: /** @type {any} */ ({
      id: "a",
      seq,
      state: "raised",
      priority: 2,
      device_id: "c1",
      cleared_at: null,
      ...more,
    }),
  });
  return /** @type {any} */ ({
    view: { id: "v", why: "debrief", to: T + 100 },
    from: T,
    to: T + 100,
    fix_fields: ["at", "received_at", "lat", "lon", "accuracy_m", "heading_deg", "speed_mps", "live"],
    fixes: { c1: [row(0, 1), row(5, 1), row(2, 6, false), row(10, 1)] },
    units: [
      { device_id: "c1", call_sign: "ET17" },
      { device_id: "c2", call_sign: "ET22" },
    ],
    cameras: [
      {
        device_id: "c1",
        call_sign: "ET17",
        spans: [
          { from: T, to: T + 20 },
          { from: T + 30, to: T + 50 },
          { from: T + 80, to: T + 100 },
        ],
        unseen: [],
        gaps: [{ from: T + 20, to: T + 30, why: "camera-away", words: "gap 10 s: camera away" }],
      },
    ],
    alert_states: [state(1, 1, {}), state(2, 3, { priority: 1 }), state(3, 9, { state: "resolved" })],
  });
}

test("what a timeline had to leave out is told, and from when on", () => {
  assert.equal(cutWords([]), "");
  const words = cutWords([
    { what: "alert_states", own: false, since: T },
    { what: "advice", own: true, since: T + 60 },
  ]);
  assert.match(words, /alert states of other cameras after \d\d:\d\d:\d\d; advice of these cameras after/);
});

test("a marker stands where the newest live fix that had arrived says, and knows its age then", () => {
  const replay = replayOf(told());
  const then = knownAt(replay, T + 8.5);
  assert.equal(then.fixes.get("c1")?.at, T + 5);
  assert.deepEqual(
    then.trails.get("c1")?.map((fix) => fix.at - T),
    [0, 5, 2],
  );
  assert.equal(knownAt(replay, T + 0.5).fixes.size, 0);
  assert.equal(knownAt(replay, T + 20).fixes.get("c1")?.at, T + 10);
  assert.equal(knownAt(replay, T + 2).fixes.get("c1")?.at, T, "back again: the clock may go anywhere");
  assert.deepEqual(
    then.units.map((unit) => unit.recording),
    ["recording", "off"],
  );
});

test("an alert is as it was told by then", () => {
  const { alert_states } = told();
  assert.deepEqual(alertsAt(alert_states, T + 0.5), []);
  assert.deepEqual(
    [T + 2, T + 5].map((at) => alertsAt(alert_states, at)[0]?.priority),
    [2, 1],
  );
  assert.deepEqual(alertsAt(alert_states, T + 9), []);
});

test("where there is no picture the reason is told", () => {
  const [camera] = told().cameras;
  assert.ok(camera);
  assert.equal(absenceAt(camera, T + 10), null);
  assert.deepEqual(absenceAt(camera, T + 25), { kind: "gap", title: "GAP", line: "gap 10 s: camera away" });
  assert.equal(absenceAt(camera, T - 5)?.title, "NOT YET RECORDING");
  assert.equal(absenceAt(camera, T + 60)?.title, "NOT RECORDING");
  assert.equal(absenceAt(camera, T + 101)?.title, "RECORDING HAS ENDED");
});

test("sound without a picture is called a gap, unless nobody would notice or the picture came later", () => {
  const gap = { why: "lost", words: "gap 2.0 s: packets lost", packets: 9 };
  const camera = /** @type {any} */ ({
    ...told().cameras[0],
    spans: [...(told().cameras[0]?.spans ?? []), { from: T + 12, to: T + 14, before: false, filled: true }],
    unseen: [
      { from: T + 5, to: T + 7 },
      { from: T + 9, to: T + 9.2 },
      { from: T + 12, to: T + 16 },
    ],
    gaps: [{ ...gap, from: T + 5, to: T + 7 }],
  });
  assert.equal(absenceAt(camera, T + 6), null, "there is sound");
  assert.deepEqual(unseenAt(camera, T + 6), { kind: "gap", title: "GAP", line: "gap 2.0 s: packets lost" });
  assert.deepEqual(
    [T + 4.9, T + 7, T + 9.1, T + 13].map((at) => unseenAt(camera, at)),
    [null, null, null, null],
  );
  assert.equal(unseenAt(camera, T + 15)?.line, "sound alone");
});

test("where packets were lost the pictures that came are seen", () => {
  const gaps = [{ why: "lost", words: "gap 2.0 s: packets lost", packets: 1, from: T + 5, to: T + 7 }];
  const camera = /** @type {any} */ ({ ...told().cameras[0], gaps });
  assert.equal(absenceAt(camera, T + 6) ?? unseenAt(camera, T + 6), null);
});

test("J and K walk through the events, and the row of now is the last that has happened", () => {
  const events = /** @type {ReplayEvent[]} */ ([1, 5, 5, 9].map((at) => ({ at: T + at, kind: "alert", text: "" })));
  assert.equal(eventFrom(events, T, 1)?.at, T + 1);
  assert.equal(eventFrom(events, T + 1, 1)?.at, T + 5);
  assert.equal(eventFrom(events, T + 5, -1)?.at, T + 1);
  assert.equal(eventFrom(events, T + 9, 1), undefined);
  assert.deepEqual(
    [T, T + 5, T + 99].map((at) => indexAt(events, at)),
    [-1, 2, 3],
  );
});

test("J and K go to the alert, not to the row that its TASER's log has a twentieth of a second beside it", () => {
  for (const beside of [-0.05, 0.05]) {
    const events = /** @type {ReplayEvent[]} */ (
      [
        { at: T + 1, kind: "activity", text: "" },
        { at: T + 5, kind: "alert", text: "TASER armed", priority: 1 },
        { at: T + 5 + beside, kind: "taser", text: "armed, by its own log" },
        { at: T + 9, kind: "activity", text: "" },
      ].sort((a, b) => a.at - b.at)
    );
    const forth = eventFrom(events, T + 1, 1);
    assert.equal(forth?.text, "TASER armed");
    assert.equal(events[indexAt(events, T + 5)]?.text, "TASER armed");
    assert.equal(
      events[indexAt(events, Number((T + 5).toFixed(3)) - 0.0004)]?.text,
      "TASER armed",
      "as by a link, in ms",
    );
    assert.equal(eventFrom(events, T + 9, -1)?.text, "TASER armed");
    assert.equal(eventFrom(events, T + 5, 1)?.at, T + 9);
    assert.equal(eventFrom(events, T + 5, -1)?.at, T + 1);
  }
});

test("J and K jump over no priority 1: it is beside another that they stop at, or they stop at it", () => {
  /** @param {[number, number?][]} listed @returns {ReplayEvent[]} */
  const eventsAt = (listed) =>
    listed.map(([at, priority]) => /** @type {ReplayEvent} */ ({ at: T + at, kind: "alert", text: "", priority }));
  /** @param {ReplayEvent[]} events @param {number} start @param {1 | -1} by @returns {ReplayEvent[]} */
  const stops = (events, start, by) => {
    const next = eventFrom(events, start, by);
    return next ? [next, ...stops(events, next.at, by)] : [];
  };
  /** @param {ReplayEvent[]} events @param {number} start @param {1 | -1} by */
  const seconds = (events, start, by) => stops(events, start, by).map(({ at }) => Number((at - T).toFixed(1)));
  assert.deepEqual(seconds(eventsAt([[4.6], [5, 2], [5.3, 1], [9]]), T, 1), [5.3, 9]);
  assert.deepEqual(seconds(eventsAt([[1], [4.7, 1], [5, 2], [5.4]]), T + 9, -1), [4.7, 1]);

  const priorities = [undefined, 3, 2, 1];
  for (let number = 0; number < 4 ** 6; number++) {
    const events = eventsAt(
      Array.from({ length: 6 }, (_, index) => [1 + index * 0.3, priorities[Math.floor(number / 4 ** index) % 4]]),
    );
    for (const by of /** @type {const} */ ([1, -1])) {
      const gravest = stops(events, T + (by === 1 ? 0 : 9), by).filter(({ priority }) => priority === 1);
      for (const event of events.filter(({ priority }) => priority === 1))
        assert.ok(
          gravest.some(({ at }) => (event.at - at) * by >= 0 && (event.at - at) * by <= 0.5),
          `of ${events.map(({ priority }) => priority ?? "-").join(" ")} by ${by}: ${event.at - T}`,
        );
    }
  }
});

const ONE = "20261128T204600Z-et17-3fa2c1d0";
const TWO = "20261128T204600Z-et22-3fa2c1d1";

test("an address opens the same second of the same cameras, and rubbish in it is left out", () => {
  const address = {
    recordings: [ONE, TWO],
    from: null,
    to: null,
    at: T + 7.2,
    rate: 2,
    sound: "et17-cam",
    follow: null,
    markIn: T + 1,
    markOut: null,
    command: true,
    zoom: { from: T - 1, to: T + 60.5 },
  };
  const url = new URL(pathOf(address), "https://console");
  assert.deepEqual(addressFrom(url.pathname, url.searchParams), address);
  const wrong = new URL(
    `https://console/replay/${ONE},../etc,${ONE}?t=yesterday&rate=99&sound=<b>&in=2026&zoom=${timeText(T)}~${timeText(T)}`,
  );
  assert.deepEqual(addressFrom(wrong.pathname, wrong.searchParams), {
    ...address,
    recordings: [ONE],
    at: null,
    rate: 1,
    sound: null,
    markIn: null,
    command: false,
    zoom: null,
  });
});

test("a mark set twice goes, and out never stands before in", () => {
  assert.deepEqual(marked({ markIn: null, markOut: null }, "markIn", 5), { markIn: 5, markOut: null });
  assert.deepEqual(marked({ markIn: 5, markOut: null }, "markIn", 5.01), { markIn: null, markOut: null });
  assert.deepEqual(marked({ markIn: 5, markOut: 9 }, "markIn", 12), { markIn: 12, markOut: null });
});

test("times are written to the hundredth, in both zones, and read as they are typed", () => {
  const at = new Date(2026, 10, 20, 22, 41, 7).getTime() / 1000;
  assert.equal(preciseTime(at + 0.2), "22:41:07.20");
  assert.match(utcTime(at), /^\d\d:\d\d:07 UTC$/);
  assert.equal(timeTyped("22:41", at + 500), at - 7);
  assert.equal(timeTyped(" 22:41:07.5 ", at - 900), at + 0.5);
  assert.equal(timeTyped(utcTime(at), at + 3), at);
  assert.equal((timeTyped("00:00:10", at) ?? 0) > at, true, "the nearest: after midnight, not the night before");
  for (const wrong of ["", "25:00", "22:61:99", "soon", "22"]) assert.equal(timeTyped(wrong, at), null);
  assert.deepEqual([aheadWords(0.42), aheadWords(-2)], ["0.4 s fast", "2.0 s slow"]);
  assert.deepEqual([9, 60, 200, 3700].map(lengthWords), ["9 s", "1 min", "3 min 20 s", "1 h 1 min"]);
});

test("the timeline's scale goes both ways, has round times, zooms about the hand and follows the playhead", () => {
  const whole = { from: T, to: T + 600 };
  const scale = scaleOf(whole, 100, 700);
  assert.deepEqual([scale.x(T), scale.x(T + 300), scale.x(T + 9999)], [100, 400, 700]);
  assert.equal(scale.at(250), T + 150);
  const { times, step } = marksOf(scale, 76);
  assert.deepEqual([step, times.length], [120, 6]);
  const near = zoomedTo(whole, whole, 0.5, T + 150);
  assert.deepEqual(near, { from: T + 75, to: T + 375 });
  assert.deepEqual(zoomedTo(near, whole, 10, T + 100), whole);
  assert.equal(zoomedTo(near, whole, 1e-6, T + 100).to - zoomedTo(near, whole, 1e-6, T + 100).from, 10);
  assert.equal(showing(near, whole, T + 200), near);
  assert.deepEqual([partOf(near, whole), partOf(whole, whole)], [near, null]);
  assert.deepEqual(fitted({ from: T + 595, to: T + 596 }, whole), { from: T + 590, to: T + 600 });
  assert.deepEqual(fitted({ from: 0, to: 9e9 }, whole), whole);
  assert.deepEqual(showing(near, whole, T + 400), { from: T + 300, to: T + 600 });
});

test("keys mean what the foot says, and nothing while somebody writes", () => {
  const free = { writing: false, onButton: false, enabled: true };
  assert.deepEqual(replayActionOf(press(" "), free), { action: "play", value: 0 });
  assert.equal(replayActionOf(press(" "), { ...free, onButton: true }), null);
  assert.deepEqual(replayActionOf(press("ArrowLeft"), free), { action: "skip", value: -5 });
  assert.deepEqual(replayActionOf(press("J"), free), { action: "event", value: 1 });
  assert.deepEqual(replayActionOf(press("3"), free), { action: "sound", value: 3 });
  assert.equal(replayActionOf(press("j"), { ...free, writing: true }), null);
  assert.equal(replayActionOf(press("j"), { ...free, enabled: false }), null);
  assert.deepEqual(replayActionOf(press("ArrowRight"), { ...free, enabled: false }), { action: "skip", value: 5 });
  assert.equal(replayActionOf({ ...press("j"), ctrlKey: true }, free), null);
  const keys = REPLAY_KEYS.flatMap((one) => one.keys);
  assert.equal(new Set(keys).size, keys.length, "no key means two things");
});

test("the list names what else was recorded then, and opens before the gravest alert", () => {
  const row_ = /** @param {string} id @param {string} device_id @param {number} from @param {number} to */ (
    id,
    device_id,
    from,
    to,
  ) =>
    /** @type {any} */ ({
      id,
      device_id,
      call_sign: id,
      wearer: null,
      why: "officer",
      from,
      to,
      open: false,
      signed: true,
      stamped: null,
      gaps: 1,
      alerts: [],
      there: null,
      near_m: null,
    });
  const one = row_("a", "c1", 0, 100);
  const all = [one, row_("b", "c2", 50, 150), row_("c", "c3", 100, 120), row_("d", "c2", 60, 70)];
  assert.deepEqual(
    besides(one, all).map(({ id }) => id),
    ["b"],
  );
  // of more than fit those that came nearest; of others those that recorded where it opens
  const many = Array.from({ length: 12 }, (_, n) => ({
    ...row_(`n${n}`, `d${n}`, n < 6 ? 40 : 0, 90),
    near_m: n === 11 ? 3 : n === 10 ? 80 : null,
  }));
  assert.deepEqual(
    besides(one, [one, ...many]).map(({ id }) => id),
    ["n11", "n10", "n6", "n7", "n8", "n9", "n0", "n1"],
  );
  assert.equal(opensAt({ ...one, alerts: [{ raised_at: 40 }] }), 30);
  assert.equal(opensAt(one), 0);
  assert.equal(about(one), "1 min 40 s · 1 gap · signed · by the officer");
  assert.match(about({ ...one, why: "start" }), / · since the camera was switched on$/);
  assert.match(about({ ...one, why: "button" }), / · after button$/);
  assert.match(about({ ...one, stamped: false }), / · signed, not yet timestamped · /);
  assert.match(about({ ...one, stamped: true }), / · signed, timestamped · /);
  assert.equal(
    about({ ...one, why: "signal:taser.drawn", open: true, gaps: 0 }),
    "1 min 40 s · no gap · still recording · after TASER drawn",
  );
  assert.equal(opensAt({ ...one, there: { from: 20, to: 30 } }), 20);
  const said = { tag: "arrest", category: "", text: " dog unit ", area: "circle:1,51,250" };
  const query = queryOf({ from: "2026-11-28T20:00", to: "rubbish", officer: " marsh ", alert: "", ...said }, ONE);
  assert.deepEqual([...query.keys()], ["from", "officer", "tag", "text", "area", "before"]);
  assert.equal(query.get("text"), "dog unit");
  const day = lastDay(new Date("2026-11-28T20:00:30Z"));
  assert.equal(new Date(day.to).getTime() - new Date(day.from).getTime(), 24 * 3_600_000);
  assert.equal(new Date(day.to).getTime(), new Date("2026-11-28T20:00:30Z").getTime());
});

test("in a hole that has just begun the last picture before it is the one that stood there", () => {
  const camera = /** @type {any} */ ({
    spans: [
      { from: T, to: T + 4 },
      { from: T + 8, to: T + 9 },
    ],
  });
  assert.deepEqual(
    [T + 1, T + 4.5, T + 5.5, T - 1].map((at) => Number((heldAt(camera, at) - T).toFixed(3))),
    [1, 3.98, 5.5, -1],
  );
});
