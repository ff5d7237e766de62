import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../../static/js/state/outbox.js";

/** @typedef {import("../../static/js/state/outbox.js").Said} Said */

/** @type {Said} */
const FIX = { t: "fix", at: 1 };
/** @type {Said} */
const SIGNAL = { t: "signal", at: 1, kind: "emergency.pressed" };
/** @type {Said} */
const RECEIPT = { t: "receipt", at: 1 };

/** @param {{ seq: number }[]} entries */
const numbers = (entries) => entries.map(({ seq }) => seq);

test("numbers grow by one and are never given twice, not even after a reload", () => {
  const outbox = new Outbox();
  assert.deepEqual(
    [FIX, SIGNAL, FIX].map((said) => outbox.add(said).entry.seq),
    [1, 2, 3],
  );
  outbox.confirm([1, 2, 3]);
  const reloaded = new Outbox([], outbox.next);
  assert.equal(reloaded.add(FIX).entry.seq, 4);
  assert.equal(new Outbox([{ ...FIX, seq: 9 }], 1).next, 10, "a lost counter never falls behind the entries");
});

test("signals and receipts overtake positions, and stay in order among themselves", () => {
  const outbox = new Outbox();
  for (const said of [FIX, FIX, SIGNAL, FIX, RECEIPT, SIGNAL]) outbox.add(said);
  assert.deepEqual(numbers(outbox.take()), [3, 5, 6, 1, 2, 4]);
});

test("what is under way is not sent twice; after a broken line it is sent again, urgent first", () => {
  const outbox = new Outbox();
  outbox.add(FIX);
  outbox.add(SIGNAL);
  assert.deepEqual(numbers(outbox.take()), [2, 1]);
  assert.equal(outbox.isUnderWay, true);
  assert.deepEqual(outbox.take(), []);
  outbox.rewind();
  assert.deepEqual(numbers(outbox.take()), [2, 1]);
});

test("a confirmed message is forgotten; an old or strange confirmation is no fault", () => {
  const outbox = new Outbox();
  outbox.add(FIX);
  outbox.take();
  assert.deepEqual(outbox.confirm([1, 7]), [1]);
  assert.deepEqual(outbox.confirm([1]), []);
  assert.equal(outbox.size, 0);
  assert.equal(outbox.isUnderWay, false);
});

test("a long backlog goes in windows, and a signal passes the window", () => {
  const outbox = new Outbox();
  for (let index = 0; index < 100; index += 1) outbox.add(FIX);
  const first = outbox.take();
  assert.equal(first.length, 32);
  const { entry } = outbox.add(SIGNAL);
  assert.deepEqual(numbers(outbox.take()), [entry.seq]);
  outbox.confirm(numbers(first));
  assert.equal(outbox.take().length, 31, "the signal still under way takes one place");
});

test("a refused message is set aside and the next goes on", () => {
  const outbox = new Outbox();
  outbox.add(FIX);
  outbox.add(SIGNAL);
  outbox.take();
  assert.equal(outbox.refuse(2)?.seq, 2);
  assert.equal(outbox.refuse(2), null);
  assert.equal(outbox.has(2), false);
  assert.equal(outbox.has(1), true);
});

test("when the phone is full of positions the oldest go; a signal is never dropped", () => {
  const kept = Array.from({ length: 20_000 }, (_, index) => ({ ...FIX, seq: index + 2 }));
  const outbox = new Outbox([{ ...SIGNAL, seq: 1 }, ...kept], 20_002);
  const { dropped } = outbox.add(FIX);
  assert.deepEqual(dropped, [2]);
  assert.equal(outbox.has(1), true);
  assert.equal(outbox.urgent, 1);
});

test("whatever the order of breaks and confirmations, everything arrives, and nothing is lost", () => {
  let seed = 7;
  const chance = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const outbox = new Outbox();
  /** @type {Set<number>} */
  const arrived = new Set();
  let said = 0;
  for (let step = 0; step < 3000; step += 1) {
    if (chance() < 0.4) {
      outbox.add(chance() < 0.2 ? SIGNAL : FIX);
      said += 1;
    }
    const sent = outbox.take();
    if (chance() < 0.1) outbox.rewind();
    else {
      const through = sent.filter(() => chance() < 0.7);
      through.forEach(({ seq }) => arrived.add(seq));
      outbox.confirm(numbers(through));
    }
  }
  outbox.rewind();
  for (let batch = outbox.take(); batch.length > 0; batch = outbox.take()) {
    batch.forEach(({ seq }) => arrived.add(seq));
    outbox.confirm(numbers(batch));
  }
  assert.equal(arrived.size, said);
  assert.equal(outbox.size, 0);
});
