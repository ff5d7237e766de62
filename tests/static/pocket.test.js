import assert from "node:assert/strict";
import { test } from "node:test";
import { occasion } from "../../static/js/state/alerts.js";
import { NOBODY, atHand, fixWords, nearWords, others, subjectOf } from "../../static/js/state/pocket.js";
import { aFix, aUnit, anAlert } from "./fakes_console.js";

/** @typedef {import("../../static/js/state/shapes").Alert} Alert */

/** @param {string} name @param {1 | 2 | 3} priority @param {Partial<Alert>} [change] */
const alert = (name, priority, change = {}) =>
  anAlert({ id: name, device_id: `${name}-cam`, call_sign: name, priority, ...change });
/** @param {...Alert} all */
const map = (...all) => new Map(all.map((one) => [one.id, one]));
const KNOWN = /** @type {const} */ ({ state: "acknowledged", acknowledged_at: 1001 });

test("the most urgent alert is at hand, or the one that a person went to, until a priority 1 presses", () => {
  const watch = alert("B", 2, KNOWN);
  const armed = alert("A", 1);
  assert.equal(atHand(map(), null), undefined);
  assert.equal(atHand(map(watch, alert("C", 3)), null)?.id, "C"); // it waits, the other does not
  assert.equal(atHand(map(watch, alert("C", 3)), "B")?.id, "B");
  assert.equal(atHand(map(watch, armed), "B")?.id, "A");
  assert.equal(atHand(map(watch, alert("A", 1, KNOWN)), "B")?.id, "B");
  assert.equal(atHand(map(alert("D", 1), armed), "D")?.id, "D"); // both press: the choice stands
});

test("a new priority 1 takes the screen once; who then looks elsewhere is left in peace", () => {
  const armed = alert("A", 1);
  const looking = subjectOf({ ...NOBODY, face: "units" }, undefined, "C-cam");
  assert.deepEqual([looking.device, looking.alert], ["C-cam", undefined]);
  const taken = subjectOf(looking, armed, "C-cam");
  assert.deepEqual([taken.device, taken.face, taken.told], ["A-cam", "alert", occasion(armed)]);
  const away = subjectOf({ ...taken, face: "units" }, armed, "C-cam");
  assert.deepEqual([away.device, away.alert], ["C-cam", undefined]);
  const again = subjectOf(away, { ...armed, needs_since: 1500 }, "C-cam");
  assert.equal(again.device, "A-cam");
  const calmer = subjectOf({ ...away, face: "units" }, alert("B", 2), "C-cam");
  assert.equal(calmer.device, "C-cam"); // a priority 2 waits in the badge
});

test("whoever writes to an officer goes on writing to that officer", () => {
  const writing = { ...NOBODY, device: "B-cam", face: /** @type {const} */ ("write") };
  const during = subjectOf(writing, alert("A", 1), "A-cam");
  assert.deepEqual([during.device, during.alert, during.face], ["B-cam", undefined, "write"]);
  const after = subjectOf({ ...during, face: "alert" }, alert("A", 1), "A-cam");
  assert.equal(after.device, "A-cam");
  assert.equal(subjectOf({ ...NOBODY, face: "write" }, undefined, "C-cam").device, "C-cam");
});

test("how many others are open, and which comes next: round and round", () => {
  const all = map(alert("A", 1), alert("B", 2), alert("C", 3));
  assert.deepEqual([others(all, all.get("A")).count, others(all, all.get("A")).next?.id], [2, "B"]);
  assert.equal(others(all, all.get("C")).next?.id, "A");
  assert.deepEqual(others(map(alert("A", 1)), alert("A", 1)), { count: 0, next: undefined });
  assert.equal(others(all, undefined).next?.id, "A");
});

test("the nearest are told by fixes that are true now, and a distance is no finer than they are", () => {
  const units = new Map(
    ["A", "B", "C", "D", "E"].map((name) => [`${name}-cam`, aUnit({ device_id: `${name}-cam`, call_sign: name })]),
  );
  units.set("E-cam", { ...aUnit({ device_id: "E-cam", call_sign: "E" }), online: false });
  const at = (/** @type {string} */ name, /** @type {number} */ north, older = 0) =>
    aFix({ device_id: `${name}-cam`, lat: 51.36 + north / 111_320, at: 1000 - older });
  const fixes = new Map(
    [at("A", 0), at("B", 1480), at("C", 42), at("D", 5, 60), at("E", 3)].map((fix) => [fix.device_id, fix]),
  );
  const facts = { units, fixes, now: 1001, staleAfter: 15 };
  assert.equal(nearWords("A-cam", facts), "C 40 m, B 1.5 km");
  assert.equal(nearWords("A-cam", { ...facts, most: 1 }), "C 40 m");
  assert.equal(nearWords("A-cam", { ...facts, now: 1100 }), ""); // nobody knows where anybody is
  assert.equal(nearWords(null, facts), "");
  assert.equal(fixWords(fixes.get("A-cam"), 1003.4), "fix ± 8 m, 3 s old");
  assert.equal(fixWords(undefined, 1003), "no position yet");
});
