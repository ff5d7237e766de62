import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyRoom, received, withAlert } from "../../static/js/state/room.js";
import { aFix, aSnapshot, aUnit, anAlert, someAdvice } from "./fakes_console.js";

/** @param {number} seq @param {any} kind @param {any} body @returns {any} */
const entry = (seq, kind, body) => ({ t: "entry", seq, at: 1000, kind, body });
const start = () => received(emptyRoom(), aSnapshot());

test("a snapshot is the whole room", () => {
  const room = start();
  assert.ok(room.known);
  assert.equal(room.seq, 10);
  assert.equal(room.units.size, 1);
  assert.equal(room.person?.name, "Achebe");
});

test("rows of the journal may come twice", () => {
  const rows = [
    entry(11, "alert", anAlert()),
    entry(12, "activity", { seq: 12, at: 1, device_id: null, call_sign: null, kind: "x", text: "y" }),
    entry(13, "advice", someAdvice()),
    entry(14, "alert", anAlert({ state: "acknowledged" })),
  ];
  const once = rows.reduce(received, start());
  const twice = [...rows, ...rows].reduce(received, start());
  assert.deepEqual(twice, once);
  assert.equal(once.seq, 14);
  assert.equal(once.alerts.get("a1")?.state, "acknowledged");
});

test("an answer that overtakes its own row is not undone by the row before it", () => {
  const room = withAlert(start(), anAlert({ seq: 20, state: "acknowledged" }));
  assert.equal(received(room, entry(15, "alert", anAlert())).alerts.get("a1")?.state, "acknowledged");
});

test("what was closed more than an hour ago is forgotten as news comes, and a row of it that comes twice does not raise it", () => {
  const at = /** @param {any} row @param {number} time */ (row, time) => ({ ...row, at: time });
  const old = at(entry(11, "alert", anAlert()), 1000);
  const rows = [
    old,
    at(entry(12, "alert", anAlert({ state: "resolved", closed_at: 1010 })), 1010),
    at(entry(13, "alert", anAlert({ id: "open" })), 1020),
    at(entry(14, "alert", anAlert({ id: "fresh", state: "false", closed_at: 4000 })), 4000),
    at(entry(15, "alert", anAlert({ id: "news" })), 4611),
  ];
  const room = rows.reduce(received, start());
  assert.deepEqual([...room.alerts.keys()], ["open", "fresh", "news"]);
  assert.equal(received(room, old).alerts, room.alerts);
});

test("a later snapshot keeps what is newer than itself, a reset keeps nothing", () => {
  const room = withAlert(start(), anAlert({ seq: 20 }));
  assert.equal(received(room, aSnapshot({ seq: 15 })).alerts.size, 1);
  assert.equal(received(room, aSnapshot({ seq: 15, reset: true })).alerts.size, 0);
  assert.equal(received(room, aSnapshot({ seq: 21 })).alerts.size, 0);
});

test("what is latest-only merges; a replayed registration does not bring a unit back to life", () => {
  const gone = received(start(), {
    t: "latest",
    server_time: 1,
    fixes: [],
    units: [{ device_id: "et17-cam", online: false }],
  });
  assert.equal(gone.units.get("et17-cam")?.call_sign, "ET17");
  assert.equal(gone.units.get("et17-cam")?.online, false);
  const renamed = received(gone, entry(11, "unit", aUnit({ call_sign: "ET99" })));
  assert.equal(renamed.units.get("et17-cam")?.call_sign, "ET99");
  assert.equal(renamed.units.get("et17-cam")?.online, false);
  assert.equal(received(gone, entry(12, "unit", aUnit({ device_id: "new-cam" }))).units.size, 2);
});

test("a camera that was revoked leaves the room, and one that was never known does not enter it", () => {
  const revoked = received(start(), entry(11, "unit", { ...aUnit(), revoked: true }));
  assert.equal(revoked.units.size, 0);
  assert.equal(received(start(), entry(11, "unit", { device_id: "old-cam", revoked: true })).units.size, 1);
});

test("after a resume the units are those that the server names, and fixes go on from what was known", () => {
  const room = received(start(), {
    t: "resumed",
    seq: 10,
    server_time: 1,
    settings: { force: "Renamed" },
    units: [aUnit({ device_id: "b-cam" })],
    fixes: [aFix({ at: 900 })],
  });
  assert.deepEqual([...room.units.keys()], ["b-cam"]);
  assert.equal(room.fixes.get("et17-cam")?.at, 1000);
  assert.equal(room.settings.force, "Renamed");
});

test("credentials that expire are told again, and the rest of the settings stays", () => {
  const turn = [{ urls: "turn:t", username: "2:p", credential: "c" }];
  const { settings } = received(start(), { t: "settings", settings: { ice_servers: turn } });
  assert.deepEqual(settings, { ...start().settings, ice_servers: turn });
});

test("what this page does not know changes nothing but the number", () => {
  const room = start();
  assert.deepEqual(received(room, entry(11, "weather", {})), { ...room, seq: 11 });
  assert.equal(received(room, { t: "beat", server_time: 1, seq: 10, warning: "" }), room);
});

test("what everybody must know comes with a beat, and goes with one", () => {
  const beat = /** @param {string} warning */ (warning) => ({
    t: /** @type {const} */ ("beat"),
    server_time: 1,
    seq: 10,
    warning,
  });
  const room = start();
  assert.equal(received(room, beat("")), room, "nothing is drawn anew");
  const warned = received(room, beat("the disk is low"));
  assert.equal(warned.warning, "the disk is low");
  assert.equal(received(warned, aSnapshot()).warning, "the disk is low");
  assert.equal(received(warned, beat("")).warning, "");
});
