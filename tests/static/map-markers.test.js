import assert from "node:assert/strict";
import { test } from "node:test";
import { alertWord, buildMarkers, keepLive } from "../../static/js/state/map-markers.js";
import { anAlert } from "./fakes_console.js";

const VALIDITY = { fix_stale_s: 15, max_speed_mps: 10 };

/** @param {string} id @param {Record<string, unknown>} [more] */
const fix = (id, more = {}) => ({
  device_id: id,
  at: 100,
  lat: 51,
  lon: 1,
  accuracy_m: 5,
  heading_deg: 90,
  standing: "live",
  ...more,
});
/** @param {string} id @param {Record<string, unknown>} [more] */
const unit = (id, more = {}) =>
  /** @type {import("../../static/js/state/map-markers.js").MapUnit} */ ({
    device_id: id,
    call_sign: id.toUpperCase(),
    wearer: { name: "PC Marsh" },
    recording: "recording",
    ...more,
  });
/** @param {string} id @param {Partial<import("../../static/js/state/shapes").Alert>} [more] */
const alert = (id, more = {}) => anAlert({ device_id: id, raised_at: 1, ...more });

/** @param {Record<string, unknown>} more @returns {import("../../static/js/state/map-markers.js").Marker} */
function one(more) {
  const facts = {
    units: [unit("et17")],
    fixes: new Map([["et17", fix("et17")]]),
    alerts: [],
    selected: null,
    now: 100,
    validity: VALIDITY,
  };
  const [marker] = buildMarkers({ ...facts, ...more });
  assert.ok(marker);
  return marker;
}

test("a late or a future fix never moves a marker", () => {
  const held = keepLive(new Map(), [fix("a")]);
  for (const standing of ["late", "future"]) {
    const after = keepLive(held, [fix("a", { at: 200, lat: 52, standing })]);
    assert.equal(after.get("a")?.lat, 51);
    assert.equal(keepLive(new Map(), [fix("b", { standing })]).has("b"), false);
  }
});

test("a live fix moves the marker, an older one never moves it back", () => {
  const held = keepLive(new Map(), [fix("a")]);
  const newer = keepLive(held, [fix("a", { at: 101, lat: 52 }), fix("a", { at: 99, lat: 40 })]);
  assert.equal(newer.get("a")?.lat, 52);
  assert.equal(held.get("a")?.lat, 51, "what was held before is untouched");
});

test("the ring is as long as the fix is fresh, and the cone shows where the unit faces", () => {
  assert.equal(one({ now: 100 }).fresh, 1);
  const half = one({ now: 107.5 });
  assert.equal(half.fresh, 0.5);
  assert.equal(half.heading, 90);
  assert.equal(half.could_m, null);
  assert.equal(half.sub, "");
  assert.equal(one({ fixes: new Map([["et17", fix("et17", { heading_deg: null })]]) }).heading, null);
});

test("at exactly its validity a fix still counts; past it the marker changes", () => {
  assert.equal(one({ now: 115 }).stale, false);
  const stale = one({ now: 148 });
  assert.equal(stale.stale, true);
  assert.equal(stale.fresh, 0);
  assert.equal(stale.heading, null, "no cone: nobody knows where it faces now");
  assert.equal(stale.sub, "48 s");
  assert.equal(stale.could_m, 5 + 10 * 48);
  assert.match(stale.name, /past its validity.*could have moved 485 m/);
});

test("the could-have-moved circle is capped", () => {
  assert.equal(one({ now: 100_000 }).could_m, 1500);
});

test("a fix from a clock ahead of ours is new, never of negative age", () => {
  assert.equal(one({ now: 90 }).age_s, 0);
  assert.equal(one({ now: 90 }).fresh, 1);
});

test("a marker wears its most urgent open alert", () => {
  const alerts = [
    alert("et17", { id: "a", priority: 3, kind: "battery.low", state: "acknowledged" }),
    alert("et17", { id: "b", priority: 2, kind: "watch.requested", raised_at: 5 }),
    alert("et17", { id: "c", priority: 1, state: "resolved" }),
    alert("et17", { id: "d", priority: 2, kind: "emergency.pressed", raised_at: 4 }),
  ];
  assert.equal(one({ alerts }).sub, "watch me");
  assert.equal(one({ alerts: [alert("et17", { state: "false" })] }).priority, 0);
});

test("an alert is said on the label, flashes until acknowledged, and keeps the age of a stale fix beside it", () => {
  const raised = one({ alerts: [alert("et17")], now: 148 });
  assert.equal(raised.priority, 1);
  assert.equal(raised.unseen, true);
  assert.equal(raised.sub, "TASER 48 s");
  assert.equal(one({ alerts: [alert("et17", { state: "acknowledged" })] }).unseen, false);
  const cleared = one({ alerts: [alert("et17", { state: "cleared" })] });
  assert.equal(cleared.priority, 1, "cleared is still open");
  assert.equal(cleared.unseen, true, "and nobody has acknowledged it, as the tray says too");
});

test("what a screen reader says begins with the label's own words", () => {
  const marker = one({ alerts: [alert("et17")] });
  assert.ok(
    marker.name.startsWith(
      "1 ET17 TASER; PC Marsh; priority 1, TASER armed; recording; position 0 s old; within 5 m; facing east",
    ),
  );
});

test("a unit without a position has no marker, and a fix without a unit none either", () => {
  const facts = { alerts: [], selected: null, now: 100, validity: VALIDITY };
  assert.deepEqual(buildMarkers({ ...facts, units: [unit("a")], fixes: new Map() }), []);
  assert.deepEqual(buildMarkers({ ...facts, units: [], fixes: new Map([["a", fix("a")]]) }), []);
});

test("alerts in words", () => {
  assert.equal(alertWord(alert("a", { kind: "watch.requested" })), "watch me");
  assert.equal(alertWord(alert("a", { kind: "other", title: "Something long happened" })), "Something long");
});
