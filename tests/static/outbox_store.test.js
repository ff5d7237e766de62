import assert from "node:assert/strict";
import { test } from "node:test";
import { openOutboxStore } from "../../static/js/net/outbox_store.js";

/** As much of IndexedDB as the outbox uses; what was written stays for the next page. @type {Map<string, Map<any, any>>} */
const disk = new Map();

/** @param {any} result @returns {any} */
function request(result) {
  const made = { result, onsuccess: () => {}, onerror: () => {}, onupgradeneeded: () => {} };
  queueMicrotask(() => {
    made.onupgradeneeded();
    made.onsuccess();
  });
  return made;
}

/** @param {string} name @param {string} [keyPath] */
function objectStore(name, keyPath) {
  const rows = disk.get(name) ?? disk.set(name, new Map()).get(name);
  const path = keyPath ?? (name === "about" ? undefined : "seq");
  return {
    get: (/** @type {any} */ key) => request(rows?.get(key)),
    getAll: () => request([...(rows?.values() ?? [])]),
    put: (/** @type {any} */ value, /** @type {any} */ key) => rows?.set(path ? value[path] : key, value),
    delete: (/** @type {any} */ key) => rows?.delete(key),
  };
}

const database = {
  createObjectStore: objectStore,
  transaction: () => {
    const made = { objectStore, oncomplete: () => {} };
    setTimeout(() => made.oncomplete());
    return made;
  },
};
Object.defineProperty(globalThis, "indexedDB", { value: { open: () => request(database) } });

const open = () => openOutboxStore("et17", () => "outbox-1").then((store) => store.load());

test("a number that may have gone out before it was written is never given again", async () => {
  const first = await open();
  assert.deepEqual(first, { entries: [], next: 1, outboxId: "outbox-1" });
  // this page says something, is killed before it is on the disk, and the officer opens it again
  const second = await open();
  assert.ok(second.next > 100, `${second.next} was said already`);
  const store = await openOutboxStore("et17", () => "another");
  const { next, outboxId } = await store.load();
  assert.equal(outboxId, "outbox-1");
  await store.put({ t: "signal", at: 1, kind: "emergency.pressed", seq: next }, []);
  const third = await open();
  assert.ok(third.next > next);
  assert.deepEqual(
    third.entries.map(({ seq }) => seq),
    [next],
  );
});
