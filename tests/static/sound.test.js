import assert from "node:assert/strict";
import { test } from "node:test";
import { isEscalated, silenced, silent, sounding } from "../../static/js/state/sound.js";
import { anAlert } from "./fakes_console.js";

/** Plays a history second by second and tells when what was heard. @param {(now: number) => any[]} alertsAt @param {number} until */
function heard(alertsAt, until) {
  let state = silent();
  const notes = [];
  for (let now = 1000; now <= until; now += 1) {
    const step = sounding(state, alertsAt(now), now);
    state = step.state;
    if (step.play) notes.push(`${now - 1000} ${step.play}`);
  }
  return notes;
}

test("P1: at once, again at 60 s, then every 15 s until somebody acknowledges", () => {
  assert.deepEqual(
    heard((now) => [anAlert({ state: now < 1100 ? "raised" : "acknowledged" })], 1200),
    ["0 p1", "60 p1-again", "75 p1-escalated", "90 p1-escalated"],
  );
});

test("P2 once; P3 never; an acknowledged one never", () => {
  assert.deepEqual(
    heard(() => [anAlert({ priority: 2 })], 1300),
    ["0 p2"],
  );
  assert.deepEqual(
    heard(() => [anAlert({ priority: 3 }), anAlert({ id: "b", state: "acknowledged" })], 1300),
    [],
  );
});

test("several at once sound as the gravest", () => {
  assert.deepEqual(
    heard(() => [anAlert({ id: "b", priority: 2 }), anAlert()], 1001),
    ["0 p1"],
  );
});

test("a tab that slept does not make up for what it missed: one sound", () => {
  const first = sounding(silent(), [anAlert()], 1000);
  const woken = sounding(first.state, [anAlert()], 4600);
  assert.equal(woken.play, "p1-again");
  assert.equal(sounding(woken.state, [anAlert()], 4601).play, null);
});

test("silenced: repeats wait a minute, a new alert still sounds", () => {
  let { state } = sounding(silent(), [anAlert()], 1000);
  state = silenced(state, 1059);
  assert.equal(sounding(state, [anAlert()], 1060).play, null);
  assert.equal(sounding(state, [anAlert(), anAlert({ id: "b" })], 1061).play, "p1");
  assert.equal(sounding(state, [anAlert()], 1119).play, "p1-again");
});

test("an alert that returns after it was dealt with sounds anew", () => {
  let { state } = sounding(silent(), [anAlert()], 1000);
  ({ state } = sounding(state, [anAlert({ state: "acknowledged" })], 1010));
  assert.equal(sounding(state, [anAlert({ state: "raised" })], 1020).play, "p1");
});

test("a priority 2 that returns before anybody acknowledged it is heard again", () => {
  const asked = anAlert({ priority: 2, kind: "watch.requested" });
  assert.deepEqual(
    heard((now) => [{ ...asked, needs_since: now < 1200 ? 1000 : 1200 }], 1300),
    ["0 p2", "200 p2"],
  );
});

test("escalated: a priority 1 that waits for more than a minute", () => {
  assert.ok(isEscalated(anAlert(), 1060));
  assert.ok(!isEscalated(anAlert(), 1059));
  assert.ok(!isEscalated(anAlert({ priority: 2 }), 2000));
});

test("raised again long after somebody acknowledged it: nobody has kept it waiting yet", () => {
  const again = anAlert({ raised_at: 1000, needs_since: 2200 });
  assert.ok(!isEscalated(again, 2201));
  assert.ok(isEscalated(again, 2260));
});

test("drawn, then armed before anybody acknowledged: one alert, and each kind is heard", () => {
  const drawn = anAlert({ kind: "taser.drawn", priority: 2 });
  const armed = anAlert({ kind: "taser.armed", priority: 1 });
  assert.deepEqual(
    heard((now) => [now < 1002 ? drawn : armed], 1063),
    ["0 p2", "2 p1", "62 p1-again"],
  );
});
