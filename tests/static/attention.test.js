import assert from "node:assert/strict";
import { test } from "node:test";
import { Attention, LOOKS_AWAY_S } from "../../static/js/state/attention.js";

test("what nobody can see is paused after a few seconds, and wanted again at once", () => {
  const attention = new Attention();
  attention.note(true, 100);
  assert.equal(attention.isAway(1000), false);
  attention.note(false, 1000);
  attention.note(false, 1000 + LOOKS_AWAY_S - 0.1);
  assert.equal(attention.isAway(1000 + LOOKS_AWAY_S - 0.1), false);
  assert.equal(attention.isAway(1000 + LOOKS_AWAY_S), true);
  attention.note(true, 1010);
  assert.equal(attention.isAway(1010), false);
});

test("a glance away stops nothing, however often", () => {
  const attention = new Attention();
  for (let second = 0; second < 60; second += 1) {
    attention.note(second % 3 === 0, second);
    assert.equal(attention.isAway(second), false);
  }
});
