import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceTo, queued, receiptBars, refused, settled, withAdvice } from "../../static/js/state/advice.js";
import { noAdvice, orders, someAdvice } from "./fakes_console.js";

const clock = () => "22:41:02";
/** @param {any} item @param {number} now */
const looks = (item, now) => receiptBars(item, now, clock).map(({ label, value, look }) => `${label}|${value}|${look}`);

test("receipts in any order, repeated: the same state", () => {
  const history = [
    someAdvice({ seq: 1 }),
    someAdvice({ seq: 2, delivered_at: 1000.2 }),
    someAdvice({ seq: 3, delivered_at: 1000.2, shown_at: 1000.6 }),
  ];
  for (const order of orders(history)) {
    const known = [...order, ...order].reduce((state, item) => withAdvice(state, [item]), noAdvice());
    assert.deepEqual(known, new Map([["v1", history[2]]]));
  }
});

test("solid is proven, dotted is waited for, amber has waited five seconds", () => {
  assert.deepEqual(looks(someAdvice(), 1001.5), [
    "Sent|22:41:02|on",
    "Not delivered|1.5 s|wait",
    "Shown||",
    "Acknowledged||",
  ]);
  assert.equal(looks(someAdvice(), 1006)[1], "Not delivered|6 s, say it again|late");
  assert.equal(looks(someAdvice({ delivered_at: 1000.3 }), 1007)[2], "Not shown|7 s, say it again|late");
  assert.deepEqual(looks(someAdvice({ delivered_at: 1000.2, shown_at: 1000.4, acknowledged_at: 1002.9 }), 2000), [
    "Sent|22:41:02|on",
    "Delivered|+0.2 s|on",
    "Shown|+0.4 s|on",
    "Acknowledged|+2.9 s|on",
  ]);
});

test("shown but not acknowledged is no fault: it waits, it does not warn", () => {
  assert.equal(looks(someAdvice({ delivered_at: 1000.2, shown_at: 1000.4 }), 5000)[3], "Acknowledged|waiting|wait");
});

test("a later proof includes the earlier ones whose receipts are on the way", () => {
  assert.equal(looks(someAdvice({ shown_at: 1000.4 }), 1001)[1], "Delivered|+0.4 s|on");
});

test("what was written is kept by its uuid until the server has it", () => {
  const message = { client_id: "u1", device_id: "et17-cam", text: "Hold", at: 1 };
  const waiting = queued(queued([], message), message);
  assert.equal(waiting.length, 1);
  assert.equal(refused(waiting, "u1", "no such unit")[0]?.refused, "no such unit");
  assert.equal(settled(waiting, "u1").length, 0);
});

test("a unit's advice, oldest first", () => {
  const known = withAdvice(new Map(), [
    someAdvice({ id: "b", sent_at: 2 }),
    someAdvice({ id: "a", sent_at: 1 }),
    someAdvice({ id: "c", device_id: "x" }),
  ]);
  assert.deepEqual(
    adviceTo(known, "et17-cam").map((item) => item.id),
    ["a", "b"],
  );
});

test("of advice the newest fifty are kept, and a late receipt brings no older one back", () => {
  const many = Array.from({ length: 60 }, (_, index) =>
    someAdvice({ id: `v${index}`, seq: index, sent_at: 1000 + index }),
  );
  const kept = withAdvice(noAdvice(), many);
  assert.deepEqual([kept.size, kept.has("v9"), kept.has("v10")], [50, false, true]);
  const late = withAdvice(kept, [someAdvice({ id: "v3", seq: 99, sent_at: 1003, shown_at: 1100 })]);
  assert.deepEqual([...late.keys()].sort(), [...kept.keys()].sort());
});
