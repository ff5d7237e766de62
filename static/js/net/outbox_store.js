// The outbox on the phone's disk (IndexedDB), so that nothing said is lost when the page is reloaded or killed.
/** @import { Entry } from "../state/outbox.js" */

const VERSION = 1;
// Numbers set apart on disk before any is used: a message goes out before it is written, and a page that is killed in
// between must not give its number to another one, which the server would take for a copy. Nearly three hours of fixes.
const AHEAD = 10_000;

/**
 * @typedef {{ entries: Entry[], next: number, outboxId: string }} Kept
 * @typedef {object} OutboxStore
 * @property {() => Promise<Kept>} load
 * @property {(entry: Entry, dropped: number[]) => Promise<void>} put with it the next free number
 * @property {(seqs: number[]) => Promise<void>} remove
 * @property {(entry: Entry, reason: string) => Promise<void>} quarantine
 */

/**
 * @param {string} deviceId one outbox for each camera
 * @param {() => string} newId makes the outbox's identity, once
 * @returns {Promise<OutboxStore>} raises DOMException where the browser keeps nothing (private windows)
 */
export async function openOutboxStore(deviceId, newId) {
  const database = await opened(deviceId);
  /** @param {(stores: IDBTransaction) => void} work */
  const write = (work) => {
    const transaction = database.transaction(["entries", "about", "quarantine"], "readwrite", { durability: "strict" });
    work(transaction);
    return finished(transaction);
  };
  const first = (await answer(database.transaction(["about"]).objectStore("about").get("next"))) ?? 1;
  await write((stores) => stores.objectStore("about").put(first + AHEAD, "next"));
  return {
    async load() {
      const reading = database.transaction(["entries", "about"]);
      const [entries, known] = await Promise.all([
        answer(reading.objectStore("entries").getAll()),
        answer(reading.objectStore("about").get("outbox_id")),
      ]);
      const outboxId = known ?? newId();
      if (!known) await write((stores) => stores.objectStore("about").put(outboxId, "outbox_id"));
      return { entries, next: first, outboxId };
    },
    put: (entry, dropped) =>
      write((stores) => {
        stores.objectStore("entries").put(entry);
        stores.objectStore("about").put(entry.seq + AHEAD, "next");
        dropped.forEach((seq) => stores.objectStore("entries").delete(seq));
      }),
    remove: (seqs) => write((stores) => seqs.forEach((seq) => stores.objectStore("entries").delete(seq))),
    quarantine: (entry, reason) =>
      write((stores) => {
        stores.objectStore("entries").delete(entry.seq);
        stores.objectStore("quarantine").put({ ...entry, reason });
      }),
  };
}

/**
 * Keeps nothing: better a camera that forgets on a reload than none.
 * @param {() => string} newId
 * @returns {OutboxStore}
 */
export function forgetfulStore(newId) {
  const outboxId = newId();
  const done = () => Promise.resolve();
  return {
    load: () => Promise.resolve({ entries: [], next: 1, outboxId }),
    put: done,
    remove: done,
    quarantine: done,
  };
}

/** @param {string} deviceId @returns {Promise<IDBDatabase>} */
function opened(deviceId) {
  const request = indexedDB.open(`watchroom-outbox-${deviceId}`, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("entries", { keyPath: "seq" });
    request.result.createObjectStore("about");
    request.result.createObjectStore("quarantine", { keyPath: "seq" });
  };
  return answer(request);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
