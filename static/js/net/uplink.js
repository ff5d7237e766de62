// The phone's line to the server: says what happened and where it is, hears advice and who watches.
// It comes back for ever; nothing said is forgotten before the server has committed it.
import { decode, encode } from "@msgpack/msgpack";
import { Outbox } from "../state/outbox.js";
import { waitBefore } from "./backoff.js";
import { Deadlines } from "./deadlines.js";

/** @import { Said } from "../state/outbox.js" */
/** @import { OutboxStore } from "./outbox_store.js" */
/**
 * @typedef {Record<string, any> & { t: string }} Heard
 * @typedef {"joining" | "up" | "down"} LinkState
 *
 * @typedef {object} UplinkParts
 * @property {string} url
 * @property {OutboxStore} store
 * @property {string} software
 * @property {(message: Heard) => void} onMessage welcome, token, advice, watchers, request, alert_update
 * @property {(state: LinkState, attempt: number) => void} onState
 * @property {(waiting: number, urgent: number) => void} onWaiting how many messages the server has not confirmed,
 *   and how many of them are signals or receipts
 * @property {(problem: string) => void} onProblem
 * @property {() => number} [now] Unix seconds
 * @property {() => number} [chance]
 * @property {(url: string) => WebSocket} [dial]
 */

// A phone's radio can be gone for seconds without a close: after this the line is taken for dead.
const CONFIRM_WITHIN_MS = 8000; // and for the welcome
// The phone was unlocked or changed its network: a living line confirms signals at once, and positions every 5 s.
const PROVE_WITHIN_MS = { signals: 2000, positions: 6000 };

export class Uplink {
  /** @type {UplinkParts & { now: () => number, chance: () => number, dial: (url: string) => WebSocket }} */ #parts;
  /** @type {Outbox} */ #outbox = new Outbox();
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Heard | null} */ #status = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #deadlines = new Deadlines(() => this.#socket && this.#lost(this.#socket));
  #outboxId = "";
  #joined = false;
  #attempt = 0;
  #running = false;

  /** @param {UplinkParts} parts */
  constructor(parts) {
    this.#parts = {
      now: () => Date.now() / 1000,
      chance: Math.random,
      dial: (url) => new WebSocket(url),
      ...parts,
    };
  }

  async start() {
    const { entries, next, outboxId } = await this.#parts.store.load();
    this.#outbox = new Outbox(entries, next);
    this.#outboxId = outboxId;
    this.#running = true;
    this.#parts.onWaiting(this.#outbox.size, this.#outbox.urgent);
    this.#dial();
  }

  stop() {
    this.#running = false;
    this.#hangUp();
    clearTimeout(this.#timer);
  }

  /** The network is said to be back, or the phone was unlocked: waits out no pause, and no line that owes an answer. */
  retryNow() {
    if (!this.#running) return;
    if (this.#joined) return this.#prove();
    this.#attempt = 0;
    this.#hangUp();
    this.#dial();
  }

  #prove() {
    const owed = this.#outbox.urgent > 0 ? "signals" : "positions";
    if (this.#outbox.isUnderWay) this.#deadlines.start(PROVE_WITHIN_MS[owed]);
  }

  /**
   * Says something that must arrive. It is on disk before this returns, and sent at once where there is a line.
   * @param {Omit<Said, "at"> & { at?: number }} said
   */
  async say(said) {
    const { entry, dropped } = this.#outbox.add(/** @type {Said} */ ({ at: this.#parts.now(), ...said }));
    this.#parts.onWaiting(this.#outbox.size, this.#outbox.urgent);
    // The line first: a slow disk must not hold back a cry for help. The server knows a repeated number again.
    this.#flush();
    await this.#disk(this.#parts.store.put(entry, dropped));
    // Confirmed before it was written: the copy on disk is out of date.
    if (!this.#outbox.has(entry.seq)) await this.#disk(this.#parts.store.remove([entry.seq]));
  }

  /** Tells the camera's condition; only the latest counts. @param {Record<string, unknown>} status */
  tell(status) {
    this.#status = { t: "status", at: this.#parts.now(), ...status };
    if (this.#joined) this.#send(this.#status);
  }

  #dial() {
    clearTimeout(this.#timer);
    if (!this.#running) return;
    this.#parts.onState("joining", this.#attempt);
    const socket = this.#parts.dial(this.#parts.url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#hear(socket, data);
    socket.onclose = () => this.#lost(socket);
    this.#deadlines.start(CONFIRM_WITHIN_MS);
  }

  #hangUp() {
    this.#deadlines.clear();
    const socket = this.#socket;
    this.#socket = null;
    this.#joined = false;
    if (!socket) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  }

  /** @param {WebSocket} socket */
  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#hangUp();
    if (!this.#running) return;
    this.#parts.onState("down", this.#attempt);
    this.#timer = setTimeout(() => this.#dial(), waitBefore(this.#attempt, this.#parts.chance) * 1000);
    this.#attempt += 1;
  }

  /** @param {WebSocket} socket @param {ArrayBuffer} data */
  #hear(socket, data) {
    if (socket !== this.#socket) return;
    const message = /** @type {Heard} */ (decode(data));
    if (message.t === "challenge") {
      const { software, now } = this.#parts;
      // A phone is known by its wearer's session: it has no key to sign with.
      this.#send({ t: "hello", outbox_id: this.#outboxId, at: now(), software, signature: new Uint8Array() });
    } else if (message.t === "ack") this.#settle(this.#outbox.confirm(message["seqs"]));
    else if (message.t === "refused") this.#setAside(message["seq"], message["reason"]);
    else {
      if (message.t === "welcome") this.#join();
      this.#parts.onMessage(message);
    }
  }

  #join() {
    this.#deadlines.clear();
    this.#joined = true;
    this.#attempt = 0;
    this.#outbox.rewind();
    this.#parts.onState("up", 0);
    this.#flush();
    if (this.#status) this.#send(this.#status);
  }

  #flush() {
    if (!this.#joined) return;
    const entries = this.#outbox.take();
    entries.forEach((entry) => this.#send(entry));
    if (entries.length > 0) this.#deadlines.start(CONFIRM_WITHIN_MS);
  }

  /** @param {number[]} seqs */
  #settle(seqs) {
    this.#deadlines.clear();
    this.#disk(this.#parts.store.remove(seqs));
    this.#parts.onWaiting(this.#outbox.size, this.#outbox.urgent);
    this.#flush();
    if (this.#outbox.isUnderWay) this.#deadlines.start(CONFIRM_WITHIN_MS);
  }

  /** @param {number} seq 0: it could not even be read @param {string} reason */
  #setAside(seq, reason) {
    const entry = this.#outbox.refuse(seq);
    this.#parts.onProblem(`the server refused a ${entry?.t ?? "message"}: ${reason}`);
    if (entry) this.#disk(this.#parts.store.quarantine(entry, reason));
    this.#settle([]);
  }

  /** @param {Record<string, unknown>} message */
  #send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(encode(message, { ignoreUndefined: true }));
  }

  /** @param {Promise<void>} write */
  async #disk(write) {
    try {
      await write;
    } catch (error) {
      this.#parts.onProblem(`the phone could not keep it: ${error instanceof Error ? error.message : error}`);
    }
  }
}
