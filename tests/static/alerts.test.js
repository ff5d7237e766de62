import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alarmsByDevice,
  annunciated,
  lastClosed,
  needsAcknowledging,
  openAlerts,
  openCounts,
  tileOneAlert,
  toClose,
  unacknowledged,
  withAlerts,
  witnesses,
} from "../../static/js/state/alerts.js";
import { alertTitle } from "../../static/js/elements/alert-words.js";
import { anAlert, chanceFrom, noAlerts, orders } from "./fakes_console.js";

const okafor = { id: "p2", name: "Okafor" };
const life = [
  anAlert({ seq: 1 }),
  anAlert({ seq: 4, state: "acknowledged", acknowledged_by: okafor, acknowledged_at: 1003 }),
  anAlert({ seq: 6, state: "acknowledged", cleared_at: 1020 }),
  anAlert({ seq: 9, state: "resolved", closed_at: 1100 }),
];

test("any order and any repetition of an alert's messages gives the same state", () => {
  for (const order of orders(life)) {
    const alerts = [...order, ...order].reduce((state, alert) => withAlerts(state, [alert]), noAlerts());
    assert.deepEqual(alerts, new Map([["a1", life[3]]]));
  }
});

test("a key ends the chosen alert if somebody has it, else one that is over, else the gravest; never one that waits", () => {
  const taken = { state: /** @type {const} */ ("acknowledged"), acknowledged_at: 1003 };
  const waiting = anAlert({ id: "waits" });
  const grave = anAlert({ id: "grave", priority: 1, ...taken });
  const over = anAlert({ id: "over", priority: 2, cleared_at: 1020, ...taken });
  const later = anAlert({ id: "later", priority: 2, raised_at: 1500, ...taken });
  const all = new Map([waiting, grave, over, later].map((alert) => [alert.id, alert]));
  assert.equal(toClose(all, "later")?.id, "later");
  assert.equal(toClose(all, "waits")?.id, "over");
  all.delete("over");
  assert.equal(toClose(all, null)?.id, "grave");
  assert.equal(toClose(new Map([["waits", waiting]]), null), undefined);
});

test("random histories of many alerts: the greatest number of each wins, however they arrive", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const chance = chanceFrom(seed);
    const messages = Array.from({ length: 30 }, (_, seq) =>
      anAlert({ id: `a${Math.floor(chance() * 5)}`, seq, count: seq }),
    );
    const shuffled = [...messages, ...messages]
      .map((item) => ({ item, key: chance() }))
      .sort((one, other) => one.key - other.key);
    const oneByOne = shuffled.reduce((state, { item }) => withAlerts(state, [item]), noAlerts());
    const atOnce = withAlerts(noAlerts(), messages);
    assert.deepEqual(
      [...oneByOne.keys()].sort().map((id) => oneByOne.get(id)),
      [...atOnce.keys()].sort().map((id) => atOnce.get(id)),
    );
  }
});

test("nothing new gives the same map, so that nothing is drawn again", () => {
  const alerts = withAlerts(noAlerts(), life);
  assert.equal(withAlerts(alerts, life), alerts);
});

test("the tray: priority 1 first, then what waits, then priority, then the newest", () => {
  const alerts = withAlerts(noAlerts(), [
    anAlert({ id: "p3", priority: 3, raised_at: 2000 }),
    anAlert({ id: "p2-known", priority: 2, state: "acknowledged", raised_at: 1900 }),
    anAlert({ id: "p2-new", priority: 2, raised_at: 1000 }),
    anAlert({ id: "p1-known", priority: 1, state: "acknowledged", raised_at: 900 }),
    anAlert({ id: "p1-new", priority: 1, raised_at: 800 }),
    anAlert({ id: "closed", priority: 1, state: "false" }),
  ]);
  assert.deepEqual(
    openAlerts(alerts).map((alert) => alert.id),
    ["p1-new", "p1-known", "p2-new", "p3", "p2-known"],
  );
  assert.deepEqual(
    unacknowledged(alerts).map((alert) => alert.id),
    ["p1-new", "p2-new", "p3"],
  );
  assert.deepEqual(openCounts(alerts), { 1: 2, 2: 2, 3: 1 });
});

test("cleared without anybody having seen it still waits", () => {
  assert.ok(needsAcknowledging(anAlert({ state: "cleared" })));
  assert.ok(!needsAcknowledging(anAlert({ state: "acknowledged", cleared_at: 1 })));
});

test("a unit's alarm is its most urgent one", () => {
  const alerts = withAlerts(noAlerts(), [anAlert({ id: "x", priority: 3 }), anAlert({ id: "y", priority: 1 })]);
  assert.equal(alarmsByDevice(alerts.values()).get("et17-cam")?.id, "y");
  const closed = [anAlert({ id: "over", state: "resolved" }), anAlert({ id: "unreal", state: "false" })];
  assert.equal(alarmsByDevice(closed).size, 0);
});

test("tile 1: a waiting priority 1 takes it from every choice; priority 2 only while it waits; priority 3 never", () => {
  const watch = anAlert({ id: "watch", priority: 2, device_id: "et14-cam" });
  const known = anAlert({ id: "known", priority: 1, state: "acknowledged" });
  const fresh = anAlert({ id: "fresh", priority: 1, device_id: "et09-cam" });
  const of = /** @param {any[]} list */ (list) => withAlerts(noAlerts(), list);
  assert.equal(tileOneAlert(of([watch]), null)?.id, "watch");
  assert.equal(tileOneAlert(of([{ ...watch, state: "acknowledged" }]), "watch"), undefined);
  assert.equal(tileOneAlert(of([watch, known]), "watch")?.id, "watch");
  assert.equal(tileOneAlert(of([watch, known, fresh]), "known")?.id, "fresh");
  assert.equal(tileOneAlert(of([anAlert({ id: "b", priority: 3 })]), "b"), undefined);
});

test("the meter counts ten minutes, closed ones too", () => {
  const alerts = withAlerts(noAlerts(), [
    anAlert({ id: "1", needs_since: 1000 }),
    anAlert({ id: "2", needs_since: 1500, state: "false" }),
    anAlert({ id: "3", raised_at: 399, needs_since: 399 }),
    anAlert({ id: "4", raised_at: 399, needs_since: 1200 }),
  ]);
  assert.equal(annunciated(alerts, 1599), 3, "what was raised again lately counts, however old it is");
  assert.equal(lastClosed(alerts)?.id, "2");
});

test("who has seen it: each person once, with the latest act", () => {
  const steps = [
    { action: "raised", by: null, at: 1, detail: null },
    { action: "seen", by: okafor, at: 2, detail: null },
    { action: "seen", by: { id: "p3", name: "Price" }, at: 3, detail: null },
    { action: "acknowledge", by: okafor, at: 4, detail: null },
  ];
  assert.deepEqual(
    witnesses(anAlert({ steps })).map(({ name, action }) => `${name} ${action}`),
    ["Okafor acknowledge", "Price seen"],
  );
});

test("whose cause is gone says so wherever its title alone is told", () => {
  assert.equal(alertTitle(anAlert({ title: "TASER armed" })), "TASER armed");
  assert.equal(alertTitle(anAlert({ title: "TASER armed", cleared_at: 1020 })), "TASER armed, cleared");
});
