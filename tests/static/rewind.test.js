// Looking back while live goes on: never more than two minutes, never nearer than what is recorded, caught up at 2×.
import { test } from "node:test";
import assert from "node:assert/strict";
import { EDGE_S, behindWords, momentOf, rateOf } from "../../static/js/state/rewind.js";

test("it goes back two minutes at most and no nearer to now than what is recorded", () => {
  assert.equal(momentOf(1000, 1000, null), 1000);
  assert.equal(momentOf(700, 1000, null), 880);
  assert.equal(momentOf(999, 1000, 996), 995.7);
  assert.equal(momentOf(970, 1000, 996), 970);
  assert.equal(momentOf(990, 1000, 800), 880, "what stopped growing long ago is not shown as recent");
});

test("catching up ends where live is as near as it can be", () => {
  assert.deepEqual([rateOf(30, true), rateOf(EDGE_S, true), rateOf(30, false)], [2, 1, 1]);
});

test("it says how far behind it is", () => {
  assert.equal(behindWords(26.4, 2, true), "26 s behind, 2×");
  assert.equal(behindWords(26.4, 1, true), "26 s behind");
  assert.equal(behindWords(30, 2, false), "30 s behind, paused");
});
