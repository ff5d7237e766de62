import assert from "node:assert/strict";
import { test } from "node:test";
import { REST_AFTER_S, awake, restedBy } from "../../static/js/state/rest.js";

const seen = /** @type {const} */ ({ layer: "sub", sound: false, picture: true });
const hidden = { ...seen, picture: false };

test("a tile that nobody sees or hears gives its viewing up after a minute, and comes back at once", () => {
  let rest = restedBy(awake(), hidden, 100);
  assert.equal(rest.rests, false);
  rest = restedBy(rest, hidden, 100 + REST_AFTER_S - 0.1);
  assert.equal(rest.rests, false);
  rest = restedBy(rest, hidden, 100 + REST_AFTER_S);
  assert.equal(rest.rests, true);
  assert.deepEqual(restedBy(rest, seen, 500), awake());
});

test("a look in between begins the minute anew, and who listens is there", () => {
  const looked = restedBy(restedBy(restedBy(awake(), hidden, 0), seen, 50), hidden, 55);
  assert.equal(restedBy(looked, hidden, 70).rests, false);
  assert.equal(restedBy(looked, { ...hidden, sound: true }, 500).rests, false);
});
