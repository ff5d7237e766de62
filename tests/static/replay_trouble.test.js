// What a replay says when a picture is not there: what it is, and whether anybody need do something.
import assert from "node:assert/strict";
import { test } from "node:test";
import { leftOut, leftOutAt } from "../../static/js/state/playlist_times.js";
import { UNDECODED, UNREADABLE, damaged, refusal, unplayable } from "../../static/js/state/replay_words.js";
import { UNTRIED, arrived, begun, isUnderWay } from "../../static/js/state/seek_time.js";

test("a server that is there is not called away", () => {
  assert.deepEqual(refusal(0), { words: "The server cannot be reached; tried again", again: true });
  assert.match(refusal(0, "fragLoadTimeOut").words, /takes long to answer/);
  assert.match(refusal(503, "fragLoadError").words, /cannot give it now \(503\)/);
  assert.equal(refusal(0, "levelParsingError"), UNREADABLE);
  assert.equal(refusal(200, "manifestParsingError"), UNREADABLE);
});

test("a view that is over is not asked for again", () => {
  for (const status of [401, 403, 404]) assert.equal(refusal(status, "levelLoadError").again, false);
});

test("a picture is aimed at where the clock is when it comes, and waited for only if it comes late", () => {
  let time = begun(UNTRIED, 100);
  assert.equal(isUnderWay(time, 100.3), true);
  assert.equal(isUnderWay(time, 100.5), false);
  time = arrived(time, 100.3);
  assert.equal(isUnderWay(time, 100.3), false);
  assert.ok(Math.abs(time.lead - 0.16) < 1e-9);
  assert.equal(arrived(time, 200).lead, time.lead, "one that nobody asked for tells nothing");
  assert.ok(arrived(begun(time, 0), 60).lead <= 0.5);
});

test("only what the server found to be another is damaged; what this browser cannot decode is whole", () => {
  const piece = (/** @type {number} */ at) => ({ start: 0, duration: 2, programDateTime: at * 1000 });
  const out = new Map([
    leftOut(piece(100), damaged("its SHA-256 is another")),
    leftOut(piece(104), UNDECODED),
    leftOut(piece(108), unplayable("it is what was recorded")),
  ]).values();
  const told = [...out];
  assert.match(leftOutAt(told, 100)?.title ?? "", /^DAMAGED$/);
  assert.match(leftOutAt(told, 101.9)?.line ?? "", /SHA-256/);
  assert.equal(leftOutAt(told, 102), null);
  assert.equal(leftOutAt(told, 105)?.title, "NOT PLAYED HERE");
  assert.equal(leftOutAt(told, 109)?.title, "NOT PLAYED");
});
