import assert from "node:assert/strict";
import { test } from "node:test";
import { readiness } from "../../static/js/state/readiness.js";

/** @type {import("../../static/js/state/readiness.js").Facts} */
const FACTS = { linked: true, latency: 0.0123, offset: -0.004, heard: true, drawn: true, basemap: "pmtiles" };
const proofs = (/** @type {Partial<typeof FACTS>} */ more) =>
  readiness({ ...FACTS, ...more }).map(({ proof }) => proof);
const done = (/** @type {Partial<typeof FACTS>} */ more) =>
  readiness({ ...FACTS, ...more }).filter((step) => step.done).length;

test("a room that has everything but a camera says so, each with its proof", () => {
  assert.deepEqual(proofs({}), ["12 ms", "within 4 ms", "here", "your own", "next: see the wall"]);
  assert.equal(done({}), 4);
});

test("what is not proven is not claimed", () => {
  assert.equal(done({ linked: false, offset: null, heard: false, drawn: false }), 0);
  assert.deepEqual(proofs({ linked: false, offset: null, heard: false, drawn: false }).slice(0, 3), [
    "no answer",
    "asking",
    "click SOUND OFF",
  ]);
  assert.equal(proofs({ offset: 62 })[1], "apart: the server’s counts");
  assert.match(proofs({ basemap: "town" })[3] ?? "", /made-up town/);
  assert.match(proofs({ drawn: false })[3] ?? "", /WebGL/);
});
