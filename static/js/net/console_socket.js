// The live channel: msgpack over one WebSocket, resumed from the last journal number, for ever.
/** @import { ConsoleMessage } from "../state/shapes" */
import { decode, encode } from "@msgpack/msgpack";
import { LOST_AFTER_S } from "../state/link.js";
import { waitBefore } from "./backoff.js";

const PING_EVERY_S = 5;
const SESSION_ENDED = 4001;
const OPENING_S = 6; // a handshake that takes longer is tried again

/**
 * @typedef {object} Surroundings what the socket needs from outside; a test gives its own
 * @property {(url: string) => WebSocket} open
 * @property {() => number} monotonic seconds
 * @property {() => number} wall Unix seconds
 * @property {() => number} chance
 * @property {(run: () => void, seconds: number) => unknown} after
 * @property {(timer: any) => void} cancel
 * @property {() => Promise<boolean>} isOver whether the server says that the session has ended
 */

/** @type {Surroundings} */
const BROWSER = {
  open: (url) => new WebSocket(url),
  monotonic: () => performance.now() / 1000,
  wall: () => Date.now() / 1000,
  chance: Math.random,
  after: (run, seconds) => setTimeout(run, seconds * 1000),
  cancel: (timer) => clearTimeout(timer),
  isOver: () =>
    fetch("/api/session").then(
      ({ status }) => status === 401,
      () => false,
    ),
};

/**
 * Events: `message` (detail: ConsoleMessage), `pong` (detail: { sentAt, receivedAt, serverTime }),
 * `ended` (the session is over: sign in again).
 */
export class ConsoleSocket extends EventTarget {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {number | null} */ #seq = null;
  #attempt = 0;
  #heardAt = 0;
  #pingedAt = -Infinity;
  #closed = false;
  /** @type {unknown} */ #watch = null;
  /** @type {unknown} */ #retry = null;

  /**
   * @param {string} url `wss://host/api/console`
   * @param {Partial<Surroundings>} [surroundings]
   */
  constructor(url, surroundings = {}) {
    super();
    this.url = url;
    this.here = { ...BROWSER, ...surroundings };
  }

  connect() {
    this.here.cancel(this.#retry);
    const socket = this.here.open(this.#seq === null ? this.url : `${this.url}?after=${this.#seq}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardAt = this.here.monotonic();
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#lost(event.code);
    this.#watchOver(socket, OPENING_S);
  }

  /** A page that comes back from sleep need not wait for the back-off. */
  hurry() {
    if (!this.#socket && !this.#closed) this.connect();
  }

  /** This console has shown an alert. @param {string} alertId @returns {boolean} whether it could be said */
  seen(alertId) {
    return this.#send({ t: "seen", alert_id: alertId });
  }

  close() {
    this.#closed = true;
    this.here.cancel(this.#watch);
    this.here.cancel(this.#retry);
    this.#socket?.close(1000);
    this.#socket = null;
  }

  /** @param {object} body @returns {boolean} */
  #send(body) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(encode(body));
    return true;
  }

  /** @param {ArrayBuffer} raw */
  #receive(raw) {
    const message = /** @type {ConsoleMessage} */ (decode(new Uint8Array(raw)));
    this.#heardAt = this.here.monotonic();
    this.#attempt = 0;
    if (message.t === "snapshot") this.#seq = message.seq;
    if (message.t === "entry") this.#seq = Math.max(this.#seq ?? 0, message.seq);
    if (message.t === "pong") {
      const detail = { sentAt: message.at, receivedAt: this.here.wall(), serverTime: message.server_time };
      this.dispatchEvent(new CustomEvent("pong", { detail }));
      return;
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    if (this.#heardAt - this.#pingedAt >= PING_EVERY_S) this.#ping();
    this.here.cancel(this.#watch);
    if (this.#socket) this.#watchOver(this.#socket, LOST_AFTER_S);
  }

  #ping() {
    if (this.#send({ t: "ping", at: this.here.wall() })) this.#pingedAt = this.here.monotonic();
  }

  /**
   * A socket that says nothing is dead, whatever the browser thinks of it.
   * @param {WebSocket} socket
   * @param {number} patience seconds
   */
  #watchOver(socket, patience) {
    this.#watch = this.here.after(() => {
      if (socket !== this.#socket) return;
      socket.close();
      this.#lost(0);
    }, patience);
  }

  /** @param {number} code */
  #lost(code) {
    this.here.cancel(this.#watch);
    this.#socket = null;
    this.#pingedAt = -Infinity;
    if (this.#closed) return;
    if (code === SESSION_ENDED) return this.#ended();
    if (this.#attempt > 0) this.#askWhetherOver();
    this.#retry = this.here.after(() => this.connect(), waitBefore(this.#attempt, this.here.chance));
    this.#attempt += 1;
  }

  #ended() {
    this.close();
    this.dispatchEvent(new CustomEvent("ended"));
  }

  /** A handshake that is refused looks like a server that is dead: only a request tells that one has to sign in again. */
  async #askWhetherOver() {
    const isOver = await this.here.isOver();
    if (isOver && !this.#closed && this.#attempt > 0) this.#ended();
  }
}
