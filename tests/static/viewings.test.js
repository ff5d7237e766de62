// Who viewed an officer's recordings, in words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { viewerWords, viewingWords } from "../../static/js/state/viewings.js";

const BASE = /** @type {any} */ ({
  seq: 1,
  at: 0,
  by: { id: "p1", name: "Insp. Hale", role: "inspector" },
  why: "debrief",
});

test("a viewing tells what was seen, and of which time", () => {
  assert.equal(viewingWords({ ...BASE, what: "view.live", from: null, to: null }), "Watched you live");
  const from = Date.parse("2026-11-28T20:46:05") / 1000;
  assert.match(
    viewingWords({ ...BASE, what: "view.replay", from, to: from + 60 }),
    /^Watched your recording of .*, 20:46:05 to 20:47:05$/,
  );
  assert.match(viewingWords({ ...BASE, what: "view.replay", from, to: null }), /20:46:05 on$/);
});

test("whoever looked is named with their role, and oneself as you", () => {
  assert.equal(viewerWords(BASE, "p2"), "Insp. Hale, inspector");
  assert.equal(viewerWords(BASE, "p1"), "You");
});
