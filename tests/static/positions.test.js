import assert from "node:assert/strict";
import { test } from "node:test";
import { fixAge, isStale, positionLine, withFixes } from "../../static/js/state/positions.js";
import { aFix, aUnit, noFixes, orders } from "./fakes_console.js";

test("late and future fixes never move a marker, in whatever order they come", () => {
  const fixes = [
    aFix({ at: 1000 }),
    aFix({ at: 1005, lat: 51.4 }),
    aFix({ at: 1009, standing: "future" }),
    aFix({ at: 990, standing: "late" }),
  ];
  for (const order of orders(fixes)) {
    const known = order.reduce((state, fix) => withFixes(state, [fix]), noFixes());
    assert.equal(known.get("et17-cam")?.lat, 51.4);
    assert.deepEqual(withFixes(new Map(), order), known);
  }
});

test("an older live fix does not replace a newer one; nothing new is the same map", () => {
  const known = withFixes(new Map(), [aFix({ at: 1000 })]);
  assert.equal(withFixes(known, [aFix({ at: 999 })]), known);
  assert.equal(withFixes(known, [aFix({ at: 1000, lat: 0 })]), known);
});

test("stale is told by age; no fix at all is stale", () => {
  assert.equal(fixAge(aFix({ at: 1000 }), 1012), 12);
  assert.equal(fixAge(aFix({ at: 1000 }), 990), 0);
  assert.ok(!isStale(aFix({ at: 1000 }), 1015, 15));
  assert.ok(isStale(aFix({ at: 1000 }), 1015.1, 15));
  assert.ok(isStale(undefined, 1000, 15));
});

test("the map's line counts what cannot be trusted", () => {
  const units = new Map([
    ["et17-cam", aUnit()],
    ["b", aUnit({ device_id: "b" })],
  ]);
  assert.equal(positionLine(new Map(), new Map(), 0, 15), "no units yet");
  assert.equal(
    positionLine(units, new Map([["et17-cam", aFix()]]), 1100, 15),
    "2 units, 1 past validity, 1 without position",
  );
  assert.equal(
    positionLine(new Map([["et17-cam", aUnit()]]), new Map([["et17-cam", aFix()]]), 1001, 15),
    "1 unit, all positions under 15 s old",
  );
});
