import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dutyLine,
  familyName,
  matching,
  ordered,
  statusWords,
  unitSign,
  wearerName,
  withUnits,
} from "../../static/js/state/units.js";
import { aUnit, anAlert } from "./fakes_console.js";

test("rows: alarms by priority, then on line, then off line, each by call sign", () => {
  const list = [
    aUnit({ device_id: "a", call_sign: "ET9" }),
    aUnit({ device_id: "b", call_sign: "ET10" }),
    aUnit({ device_id: "c", call_sign: "ET1", online: false }),
    aUnit({ device_id: "d", call_sign: "ET99" }),
  ];
  const units = withUnits(new Map(), list);
  assert.deepEqual(
    ordered(units, new Map([["d", anAlert()]])).map((unit) => unit.call_sign),
    ["ET99", "ET9", "ET10", "ET1"],
  );
});

test("search: every word must fit call sign, name or number", () => {
  const units = [
    aUnit(),
    aUnit({ device_id: "b", call_sign: "ET22", wearer: { name: "PC Lindqvist", collar_number: "0688" } }),
  ];
  assert.equal(matching(units, " lind 06 ").length, 1);
  assert.equal(matching(units, "et").length, 2);
  assert.equal(matching(units, "marsh 0688").length, 0);
});

test("words", () => {
  assert.equal(statusWords(aUnit()), "on patrol");
  assert.equal(statusWords(aUnit({ status_code: 77 })), "status 77");
  assert.equal(statusWords(aUnit({ online: false })), "off line");
  assert.equal(statusWords(aUnit({ lacks: ["picture", "position"] })), "no camera, no GPS, on patrol");
  assert.equal(statusWords(aUnit({ online: false, lacks: ["picture"] })), "off line", "it may have one by now");
  assert.deepEqual(unitSign(aUnit({ lacks: ["picture", "position"] })), { name: "camoff", words: "no camera, no GPS" });
  assert.deepEqual(unitSign(aUnit({ online: false, lacks: ["picture"] })), { name: "linkoff", words: "off line" });
  assert.deepEqual(unitSign(aUnit({})), { name: "", words: "" });
  assert.equal(wearerName(null), "nobody assigned");
  assert.equal(wearerName(aUnit().wearer), "0417 PC Marsh");
  assert.equal(familyName({ name: "PC Ann Marsh" }), "Marsh");
  assert.equal(
    dutyLine(withUnits(new Map(), [aUnit(), aUnit({ device_id: "b", recording: "off" })])),
    "2 on duty, 1 recording",
  );
  assert.equal(dutyLine(new Map()), "none yet");
});

test("a change of nothing is the same map; a partial change keeps the rest", () => {
  const units = withUnits(new Map(), [aUnit()]);
  assert.equal(withUnits(units, []), units);
  assert.equal(withUnits(units, [{ device_id: "et17-cam", battery_pct: 5 }]).get("et17-cam")?.call_sign, "ET17");
});
