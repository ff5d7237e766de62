import assert from "node:assert/strict";
import { test } from "node:test";
import { hintFor } from "../../static/js/state/hints.js";
import { KEYS } from "../../static/js/state/keymap.js";
import { emptyRoom } from "../../static/js/state/room.js";
import { someAdvice, anAlert, aUnit } from "./fakes_console.js";

const unit = aUnit();
const NOW = 1010;
const control = { mayAct: true, now: NOW };

/** @param {Partial<import("../../static/js/state/shapes").Alert>[]} alerts @param {object[]} [advice] */
function roomWith(alerts, advice = []) {
  return {
    ...emptyRoom(),
    units: new Map([[unit.device_id, unit]]),
    alerts: new Map(alerts.map((change, index) => [`a${index}`, anAlert({ id: `a${index}`, ...change })])),
    advice: new Map(advice.map((change, index) => [`m${index}`, someAdvice({ id: `m${index}`, ...change })])),
  };
}

test("an alert leads from the acknowledgement to the advice, and from there to its receipts", () => {
  const acknowledged = { state: /** @type {const} */ ("acknowledged"), acknowledged_at: 1005 };
  assert.equal(hintFor(roomWith([{}]), control).key, "acknowledge");
  assert.match(hintFor(roomWith([{}]), control).words, /TASER armed, ET17.*tile 1.*Acknowledge/);
  assert.equal(hintFor(roomWith([acknowledged]), control).key, "advise");
  const said = /** @param {object} proof */ (proof) => hintFor(roomWith([acknowledged], [proof]), control).words;
  assert.match(said({ sent_at: 1006 }), /on their way/);
  assert.match(said({ sent_at: 1006, delivered_at: 1006 }), /camera has your words/);
  assert.match(said({ sent_at: 1006, delivered_at: 1006, shown_at: 1007 }), /PC Marsh has your words in view/);
  const heard = { sent_at: 1006, delivered_at: 1006, shown_at: 1007, acknowledged_at: 1009 };
  assert.match(said(heard), /were heard/);
  assert.match(hintFor(roomWith([acknowledged], [heard]), { mayAct: true, now: 1100 }).words, /resolve/);
  assert.equal(
    hintFor(roomWith([acknowledged], [{ sent_at: 990 }]), control).key,
    "advise",
    "older words were of another time",
  );
});

test("an alert whose cause is gone, and that somebody has, is to be resolved: nobody waits for more", () => {
  const safe = { state: /** @type {const} */ ("acknowledged"), acknowledged_at: 1002, cleared_at: 1008 };
  const hint = hintFor(roomWith([safe], [{ sent_at: 1003, delivered_at: 1003 }]), control);
  assert.match(hint.words, /ET17 is safe again: resolve/);
  assert.equal(hint.key, "resolve");
});

test("what is over is news for a while, then the room is calm", () => {
  const over = roomWith([{ state: "resolved", closed_at: 1000 }]);
  assert.match(hintFor(over, control).words, /closed/);
  const calm = new Set(
    Array.from({ length: 10 }, (_, turn) => hintFor(over, { mayAct: true, now: 2000 + 12 * turn }).words),
  );
  assert.equal(calm.size, 7);
});

test("in a calm room a small event is said once, and that it needs nobody; an alert comes first", () => {
  const news = {
    seq: 1,
    at: 1008,
    device_id: "et40-cam",
    call_sign: "ET40",
    kind: "recording.stopped",
    text: "Recording stopped",
  };
  const calm = { ...roomWith([]), activity: [news] };
  assert.match(hintFor(calm, control).words, /^ET40: recording stopped\. It needs nobody/);
  assert.match(
    hintFor({ ...calm, activity: [{ ...news, kind: "taser.safe", text: "TASER safe" }] }, control).words,
    /^ET40: TASER safe/,
  );
  assert.doesNotMatch(hintFor(calm, { mayAct: true, now: 1030 }).words, /ET40/);
  const begun = { ...news, kind: "recording.started", text: "Recording started" };
  assert.doesNotMatch(hintFor({ ...calm, activity: [begun] }, control).words, /ET40/);
  assert.match(hintFor({ ...roomWith([{}]), activity: [news] }, control).words, /TASER armed/);
});

test("nobody is told to press a key that does nothing, or that is not theirs", () => {
  const acts = new Set(KEYS.map(({ action }) => /** @type {string} */ (action)));
  const rooms = [roomWith([]), roomWith([{}]), roomWith([{ state: "cleared" }]), roomWith([{ state: "acknowledged" }])];
  for (const room of rooms)
    for (let turn = 0; turn < 6; turn += 1) {
      const { key } = hintFor(room, { mayAct: true, now: 5000 + 12 * turn });
      assert.ok(key === "" || acts.has(key), key);
    }
  assert.equal(hintFor(roomWith([{}]), { mayAct: false, now: NOW }).key, "");
});

test("before the first camera the three steps are pointed at", () => {
  assert.match(hintFor(emptyRoom(), control).words, /three steps/);
});
