import assert from "node:assert/strict";
import { test } from "node:test";
import { gathered, withActivity } from "../../static/js/state/activity.js";
import { heard, isLost, newLink, silence } from "../../static/js/state/link.js";
import { latencyOf, offsetOf, withPong } from "../../static/js/state/server_clock.js";
import { linkProof, recordingSteps, sampled, spread } from "../../static/js/state/tape.js";
import { GRIDS, tileWidth } from "../../static/js/state/wall_fit.js";
import { age, counter, timeOfDay } from "../../static/js/state/words.js";

test("ages carry their unit", () => {
  assert.deepEqual(
    [0.36, 9.99, 12].map((seconds) => age(seconds, true)),
    ["0.3 s", "9.9 s", "12 s"],
  );
  assert.deepEqual(
    [null, 0, 99, 100, 5399, 7200, 200_000].map((seconds) => age(seconds)),
    ["none", "0 s", "99 s", "1 min", "89 min", "2 h", "2 days"],
  );
  assert.deepEqual([9, 760, 3760, -1].map(counter), ["00:09", "12:40", "1:02:40", "00:00"]);
  assert.match(timeOfDay(0), /^\d\d:00:00$|^\d\d:30:00$/);
  assert.equal(timeOfDay(null), "–");
});

test("the link is lost within three seconds of silence, a slow start included", () => {
  const fresh = newLink(100);
  assert.ok(!isLost(fresh, 102.5));
  assert.ok(isLost(fresh, 102.6));
  const link = heard(fresh, 110);
  assert.ok(!isLost(link, 112.5));
  assert.ok(isLost(link, 112.51));
  assert.equal(silence(link, 115), 5);
});

test("of several pings the quickest tells the server's clock", () => {
  let samples = withPong([], { sentAt: 100, receivedAt: 100.8, serverTime: 110.7 });
  samples = withPong(samples, { sentAt: 101, receivedAt: 101.02, serverTime: 111.01 });
  samples = withPong(samples, { sentAt: 102, receivedAt: 102.4, serverTime: 112.35 });
  assert.ok(Math.abs(offsetOf(samples) - 10) < 1e-9);
  assert.ok(Math.abs((latencyOf(samples) ?? 0) - 0.4) < 1e-9);
  assert.equal(offsetOf([]), 0);
  assert.equal(latencyOf([]), null);
});

test("activity: newest first, each line once", () => {
  const line = /** @param {number} seq */ (seq) => ({
    seq,
    at: seq,
    device_id: null,
    call_sign: null,
    kind: "x",
    text: "y",
  });
  const known = withActivity(withActivity([], [line(2), line(1)]), [line(3), line(2), line(3)]);
  assert.deepEqual(
    known.map((item) => item.seq),
    [3, 2, 1],
  );
  assert.equal(withActivity(known, [line(1)]), known);
});

test("the tape's marks make room for the later one, but stand near their own time", () => {
  assert.deepEqual(spread([10, 100, 105, 110], 18, 36, 200), [10, 74, 92, 110]);
  assert.deepEqual(spread([110, 110, 110, 110], 18, 36, 200), [74, 74, 92, 110]);
  assert.deepEqual(spread([110], 18, 36, 112), [103]);
  assert.deepEqual(spread([], 18, 36, 112), []);
});

test("the tape: a sample every ten seconds, and no break of the link goes unseen", () => {
  let samples = /** @type {readonly import("../../static/js/state/tape.js").Sample[]} */ ([]);
  for (let at = 0; at < 60; at += 0.25)
    samples = sampled(samples, { at, recording: at < 30 ? 3 : 5, linked: at < 43 || at > 44 });
  assert.equal(samples.length, 6);
  assert.deepEqual(
    recordingSteps(samples).map((step) => step.recording),
    [3, 5],
  );
  assert.deepEqual(linkProof(samples), [{ at: 0, linked: false }]);
  assert.equal(sampled(samples, { at: 5000, recording: 1, linked: true }).length, 1);
});

test("tiles fill the wall and never overflow it", () => {
  for (const layout of /** @type {const} */ ([4, 9, 16, 25])) {
    for (const [width, height] of [
      [932, 900],
      [640, 620],
      [2000, 700],
      [500, 3000],
    ]) {
      const room = { width: width ?? 0, height: height ?? 0, gap: 8, bar: 38, bigBar: 64 };
      const tile = tileWidth(layout, room);
      const [columns, rows] = GRIDS[layout];
      const wide = columns * tile + (columns - 1) * 8;
      const small = rows * (tile * (9 / 16) + 38) + (rows - 1) * 8;
      const high = layout === 4 ? (wide * 9) / 16 + 64 + 8 + tile * (9 / 16) + 38 : small;
      assert.ok(wide <= room.width + 0.01 && high <= room.height + 0.01, `${layout} in ${width} × ${height}`);
      assert.ok(Math.abs(wide - room.width) < 0.01 || Math.abs(high - room.height) < 0.01, "as large as can be");
    }
  }
  assert.equal(tileWidth(9, { width: 932, height: null, gap: 8, bar: 38, bigBar: 64 }), (932 - 16) / 3);
});

test("activity: what a camera tells twice as it starts is one line, and only that", () => {
  const line = /** @param {number} seq @param {string} kind @param {string} text @param {string} [device] */ (
    seq,
    kind,
    text,
    device = "et17",
  ) => ({ seq, at: seq / 10, device_id: device, call_sign: device, kind, text });
  const [recording, stream] = ["recording.started", "stream.started"];
  const words = /** @param {ReturnType<typeof line>[]} lines */ (...lines) => gathered(lines).map(({ text }) => text);
  assert.deepEqual(
    words(
      line(3, stream, "Stream started · by the officer"),
      line(2, recording, "Recording started · by the officer"),
      line(1, recording, "Recording started", "et22"),
    ),
    ["Recording and stream started · by the officer", "Recording started"],
  );
  const between = [line(3, stream, "Stream started"), line(2, stream, "Stream started", "et09")];
  assert.deepEqual(words(...between, line(1, recording, "Recording started")), [
    "Recording and stream started",
    "Stream started",
  ]);
  const apart = [line(40, stream, "Stream started"), line(2, recording, "Recording started")];
  assert.deepEqual(words(...apart), ["Stream started", "Recording started"]);
  const others = [line(3, stream, "Stream started", "et09"), line(2, recording, "Recording started")];
  assert.deepEqual(words(...others), ["Stream started", "Recording started"]);
  const otherwise = [line(3, stream, "Stream started · a"), line(2, recording, "Recording started · b")];
  assert.deepEqual(words(...otherwise), ["Stream started · a", "Recording started · b"]);
});
