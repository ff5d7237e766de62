// The list of recordings: what an alert's link opens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { replayOf } from "../../static/js/state/recordings.js";

const RAISED = Date.UTC(2026, 10, 20, 22, 41, 7) / 1000;

/** @param {string} device @param {number} from @param {number} to @param {string[]} alerts */
function row(device, from, to, alerts = []) {
  const own = alerts.map((id) => ({ id, kind: "taser.armed", title: "", priority: 1, raised_at: RAISED, place: null }));
  const one = { id: `20261120T224000Z-${device}`, device_id: device, call_sign: device, wearer: null, why: "" };
  const times = {
    from: RAISED + from,
    to: RAISED + to,
    open: false,
    signed: true,
    stamped: null,
    gaps: 0,
    there: null,
  };
  return /** @type {import("../../static/js/state/recordings.js").Row} */ ({ ...one, ...times, alerts: own });
}

test("an alert's link opens its own camera first, with those of that time, at the second in which it was raised", () => {
  const rows = [row("et22", -60, 60), row("et17", -90, 30, ["other", "a1"]), row("et31", 40, 90)];
  assert.equal(replayOf(rows, "a1"), `/replay/${rows[1]?.id},${rows[0]?.id}?t=2026-11-20T22:41:07.000Z`);
});

test("what was recorded only after it opens where it begins, and what was not recorded opens nothing", () => {
  assert.match(replayOf([row("et17", 5, 60, ["a1"])], "a1") ?? "", /t=2026-11-20T22:41:12.000Z$/);
  assert.equal(replayOf([row("et22", -60, 60)], "a1"), null);
  assert.equal(replayOf([], "a1"), null);
});
