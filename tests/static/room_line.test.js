import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyRoom, received } from "../../static/js/state/room.js";
import { roomLine } from "../../static/js/state/room_line.js";
import { aSnapshot, aUnit, anAlert } from "./fakes_console.js";

const NOW = 1010;
/** @param {Partial<import("../../static/js/state/shapes").Snapshot>} [told] @param {boolean} [isLost] */
const lineOf = (told = {}, isLost = false) => roomLine(received(emptyRoom(), aSnapshot(told)), isLost, NOW);
/** @param {import("../../static/js/state/shapes").Alert[]} alerts */
const withAlerts = (...alerts) => lineOf({ alerts });

test("a page that knows nothing says that it is connecting, and neither that all is calm nor that no camera is there", () => {
  const line = roomLine(emptyRoom(), false, NOW);
  assert.equal(line.look, "connecting");
  assert.equal(line.strong, "Connecting to the server.");
  assert.doesNotMatch(`${line.strong} ${line.words}`, /calm|first start|no camera|no alert|nothing (needs|waits)/i);
});

test("beats without a snapshot are no knowledge, whatever they warn of", () => {
  const room = received(emptyRoom(), /** @type {any} */ ({ t: "beat", warning: "the disk is low" }));
  assert.equal(roomLine(room, false, NOW).look, "connecting");
});

test("a link that does not come is lost, and nothing is promised to be the last that came", () => {
  const line = roomLine(emptyRoom(), true, NOW);
  assert.deepEqual([line.look, line.strong, line.words], ["lost", "Link to the server lost.", "Nothing has come yet."]);
});

test("a link that breaks leaves the last that came, whatever was told before", () => {
  const line = lineOf({ alerts: [anAlert()] }, true);
  assert.deepEqual([line.look, line.alert], ["lost", undefined]);
  assert.match(line.words, /the last that came/);
});

test("the first start is told once the server has said that there is no camera", () => {
  assert.equal(lineOf({ units: [] }).strong, "First start.");
});

test("what is most urgent has the line: priority 1, not recording, priority 2, a warning, calm", () => {
  const unkept = { units: [aUnit({ keeping: "failing" })] };
  const drawn = anAlert({ priority: 2, title: "TASER drawn" });
  const one = lineOf({ ...unkept, alerts: [anAlert()] });
  assert.deepEqual([one.look, one.strong, one.symbol], ["p1", "TASER armed, ET17", { priority: 1, look: "flash" }]);
  assert.match(one.words, /nobody has acknowledged/);
  assert.equal(lineOf({ ...unkept, alerts: [drawn] }).strong, "NOT RECORDING.");
  assert.equal(withAlerts(drawn).strong, "TASER drawn, ET17.");
  assert.equal(lineOf().strong, "Calm.");
});

test("a priority 1 does not hide that something is not recorded", () => {
  const failing = /** @param {string[]} names */ (...names) =>
    lineOf({
      alerts: [anAlert()],
      units: names.map((name) => aUnit({ device_id: name, call_sign: name, keeping: "failing" })),
    });
  assert.deepEqual(failing().beside, "");
  assert.deepEqual([failing("ET14").strong, failing("ET14").beside], ["TASER armed, ET17", "ET14 NOT RECORDING"]);
  assert.equal(failing("ET14", "ET17", "ET22").beside, "NOT RECORDING ×3");
  assert.equal(lineOf({ units: [aUnit({ keeping: "failing" })] }).beside, undefined); // there it has the line
});

test("an acknowledged priority 1 stands still and says who has it; one of three is not alone", () => {
  const by = { id: "p2", name: "Okafor" };
  const seen = /** @param {string} id */ (id) =>
    anAlert({ id, device_id: id, state: "acknowledged", acknowledged_by: by, acknowledged_at: 1005 });
  const line = withAlerts(seen("a"), seen("b"), seen("c"));
  assert.deepEqual(line.symbol, { priority: 1, look: "" });
  assert.match(line.words, /acknowledged by Okafor · 2 more of priority 1/);
});

test("a line that is cut loses the place, which the card has too, and never that nobody has it", () => {
  const place = "Old Custom House Lane, near Saint Bartholomew’s Churchyard";
  assert.equal(withAlerts(anAlert({ place })).words, `nobody has acknowledged · ${place}`);
  const drawn = anAlert({ priority: 2, title: "TASER drawn", place });
  assert.equal(withAlerts(drawn).words, `not acknowledged · ${place}`);
});

test("a warning of the installation stands until it is over; calm tells what came last", () => {
  const warned = received(received(emptyRoom(), aSnapshot()), /** @type {any} */ ({ t: "beat", warning: "low" }));
  assert.deepEqual(
    [roomLine(warned, false, NOW).strong, roomLine(warned, false, NOW).words],
    ["Recording disk.", "Low. Tell IT support."],
  );
  const closed = withAlerts(anAlert({ state: "resolved", closed_at: 1005, closed_by: { id: "p2", name: "Okafor" } }));
  assert.equal(closed.strong, "Calm for 5 s.");
  assert.match(closed.words, /ET17 TASER armed, resolved by Okafor\./);
});
