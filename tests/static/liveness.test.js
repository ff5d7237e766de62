import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE_WORD, ageRule, ageText, feedState, flowsAnew, isWorthAsking } from "../../static/js/state/liveness.js";
import { aUnit } from "./fakes_console.js";

const unit = aUnit();
/** @param {Partial<Parameters<typeof feedState>[0]>} facts */
const state = (facts) => feedState({ unit, pictureAge: 0.3, waited: 0, linked: true, ...facts });

test("the age of the last frame decides: 2 s late, 5 s frozen, 30 s offline", () => {
  const told = [0, 1.99, 2, 4.99, 5, 29.9, 30, 9000].map((pictureAge) => state({ pictureAge }));
  assert.deepEqual(told, ["live", "live", "late", "late", "frozen", "frozen", "offline", "offline"]);
});

test("no picture while the camera does not record, however fresh a frame there was", () => {
  assert.equal(state({ unit: aUnit({ recording: "buffering" }) }), "notrec");
  assert.equal(state({ unit: aUnit({ recording: "off" }) }), "notrec");
  assert.equal(state({ unit: aUnit({ recording: "off", online: false }) }), "offline");
});

test("a camera that sends again is noticed, also where nobody told that it had gone", () => {
  const away = aUnit({ streaming: false, streaming_since: null });
  const first = aUnit({ streaming: true, streaming_since: 1000 });
  assert.equal(flowsAnew(null, first), true);
  assert.equal(flowsAnew(away, first), true);
  assert.equal(flowsAnew(first, { ...first, battery_pct: 79 }), false);
  assert.equal(flowsAnew(first, { ...first, streaming_since: 1000.2 }), true);
  assert.equal(flowsAnew(first, away), false);
});

test("a camera that has just begun to record is asked for its picture once it sends one, or after five seconds", () => {
  const began = aUnit({ recording: "recording", recording_since: 1000, streaming: false });
  assert.deepEqual(
    [1000, 1004.9, 1005].map((now) => isWorthAsking(began, now)),
    [false, false, true],
  );
  assert.equal(isWorthAsking({ ...began, streaming: true }, 1000.1), true);
  assert.equal(isWorthAsking({ ...began, recording: "off", streaming: true }, 2000), false);
  assert.equal(isWorthAsking({ ...began, recording_since: null }, 1000), true);
});

test("nothing is live without the link; ages still tell frozen and offline", () => {
  assert.equal(state({ linked: false }), "unlinked");
  assert.equal(state({ linked: false, pictureAge: 6 }), "frozen");
  assert.equal(state({ linked: false, pictureAge: 31 }), "offline");
  assert.equal(state({ linked: false, pictureAge: null, unit: aUnit({ recording: "off" }) }), "offline");
});

test("what was not sent because nobody could see it is neither live nor lost", () => {
  assert.equal(state({ paused: true }), "paused");
  assert.equal(state({ paused: true, pictureAge: 600 }), "paused");
  assert.equal(state({ paused: true, pictureAge: null, waited: 1 }), "connecting");
  assert.equal(state({ paused: true, unit: aUnit({ recording: "off" }) }), "notrec");
  assert.equal(ageText("paused", 61), ageText("frozen", 61));
  assert.equal(STATE_WORD.paused, "PAUSED");
});

test("where the server has no picture at all, nobody waits for it", () => {
  assert.equal(state({ pictureAge: null, waited: 0.1, problem: "elsewhere" }), "offline");
  assert.equal(state({ pictureAge: 1, waited: 9, problem: "elsewhere" }), "live");
});

test("without a reason that the force wants there is no picture, and no old one either", () => {
  assert.equal(state({ pictureAge: null, problem: "reason-needed" }), "notrec");
  assert.equal(state({ pictureAge: 3, problem: "reason-needed" }), "notrec");
  assert.equal(state({ pictureAge: null, linked: false, problem: "reason-needed" }), "connecting");
});

test("before the first frame: connecting, then offline", () => {
  assert.equal(state({ pictureAge: null, waited: 1 }), "connecting");
  assert.equal(state({ pictureAge: null, waited: 29 }), "connecting");
  assert.equal(state({ pictureAge: null, waited: 30 }), "offline");
  assert.equal(state({ unit: aUnit({ streaming: false }), pictureAge: null, waited: 5 }), "offline");
  assert.equal(feedState({ unit: null, pictureAge: null, waited: 0, linked: true }), "empty");
});

test("the age rule: a logarithm, notches where the thresholds are, full at 30 s", () => {
  assert.equal(ageRule(0), 0);
  assert.equal(Math.round(ageRule(2)), 32);
  assert.equal(Math.round(ageRule(5)), 52);
  assert.equal(ageRule(30), 100);
  assert.equal(ageRule(1e9), 100);
});

test("a number stands only where there is a picture to be old", () => {
  assert.equal(ageText("live", 0.36), "0.3 s");
  assert.equal(ageText("frozen", 12.7), "12 s");
  assert.equal(ageText("offline", 40), "");
  assert.equal(ageText("connecting", null), "");
  assert.equal(STATE_WORD.late, "LATE");
});
