// Looking back while live goes on: never more than two minutes, never nearer than what is recorded, caught up at 2×.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  EDGE_S,
  JOIN_RATE,
  MOST_JOIN_RATE,
  behindWords,
  hasBefore,
  joinEnd,
  joinRate,
  momentOf,
  notHeld,
  rateOf,
} from "../../static/js/state/rewind.js";

test("it goes back two minutes at most and no nearer to now than what is recorded", () => {
  assert.equal(momentOf(1000, 1000, null), 1000);
  assert.equal(momentOf(700, 1000, null), 880);
  assert.equal(momentOf(999, 1000, 996), 995.7);
  assert.equal(momentOf(970, 1000, 996), 970);
  assert.equal(momentOf(990, 1000, 800), 880, "what stopped growing long ago is not shown as recent");
});

test("what is recorded, or was a moment ago, can be looked back at; of the rest it is said why not", () => {
  assert.equal(notHeld(1000, 1000), "");
  assert.equal(notHeld(881, 1000), "");
  assert.match(notHeld(879, 1000), /not recorded/);
  assert.match(notHeld(null, 1000), /not recorded/);
});

test("catching up ends where live is as near as it can be", () => {
  assert.deepEqual([rateOf(30, 2), rateOf(EDGE_S, 2), rateOf(30, 1)], [2, 1, 1]);
});

test("the seconds before an alert are offered while they lie within the two minutes", () => {
  assert.deepEqual(
    [0, 90, 91].map((ago) => hasBefore({ raised_at: 1000 - ago }, 1000)),
    [true, true, false],
  );
});

for (const pressed of [0, 3, 10, 25]) {
  test(`who joins ${pressed} s after an alert is live within 8 s, at 4× or as little faster as that takes`, () => {
    const recordedUntil = /** @param {number} now */ (now) => now - 3;
    let [at, now, rate, shown] = [970 - pressed, 1000.5, JOIN_RATE, 0]; // it plays half a second after the press
    for (; !joinEnd(at, now, recordedUntil(now), now - 1000); now += 0.2) {
      const next = joinRate(now - at, now - 1000, rate);
      assert.ok(next >= rate && next <= MOST_JOIN_RATE);
      rate = next;
      at += rate * 0.2;
      if (at >= 1000 - pressed) shown ||= now;
    }
    assert.ok(now - 1000 <= 8, `joined after ${now - 1000} s`);
    assert.ok(shown - 1000 <= 8 && rate <= 5 + pressed / 6, `at ${rate}`);
    assert.equal(joinEnd(at, now, recordedUntil(now), now - 1000), "live");
  });
}

test("a join is no faster than 4× where that is fast enough, and never faster than it can be seen", () => {
  assert.equal(joinRate(20, 0.5, JOIN_RATE), JOIN_RATE);
  assert.equal(joinRate(110, 0.5, JOIN_RATE), MOST_JOIN_RATE);
  assert.equal(joinRate(20, 0.5, 5), 5, "its speed does not go up and down");
});

test("a join ends where live is as near as it can be, or where nothing more is recorded", () => {
  assert.equal(joinEnd(993.5, 1000, 993.8, 5), "live", "a segment is on its way to the disk");
  assert.equal(joinEnd(980, 1000, 980.3, 5), "ended", "the camera stopped: nobody is told that this is live");
  assert.equal(joinEnd(980, 1000, 980.3, 1), null, "it is still being written");
  assert.equal(joinEnd(970, 1000, null, 5), null);
});

test("it says how far behind it is", () => {
  assert.equal(behindWords(26.4, 2, true), "26 s behind, 2×");
  assert.equal(behindWords(26.4, 1, true), "26 s behind");
  assert.equal(behindWords(30, 2, false), "30 s behind, paused");
});
