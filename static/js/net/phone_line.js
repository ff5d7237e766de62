// How the phone joins: it is registered as the officer's camera, is the only page that is, and holds its line.
import { forgetfulStore, openOutboxStore } from "./outbox_store.js";
import { Uplink } from "./uplink.js";

/** @import { Said } from "../state/outbox.js" */
/** @import { Heard, LinkState } from "./uplink.js" */
/**
 * @typedef {{ device_id: string, call_sign: string, uplink_url: string, whip_url: string }} Registered
 * @typedef {object} LineParts
 * @property {string} csrf
 * @property {(message: Heard) => void} onMessage
 * @property {(link: LinkState | "out") => void} onLink
 * @property {(waiting: number, urgent: number) => void} onWaiting
 * @property {(problem: string) => void} onProblem
 */

const JOIN_AGAIN_MS = 3000;
// Refused tries look like a missing server; after so many it is worth asking whether the session ended.
const TRIES_BEFORE_ASKING = 2;
const SOFTWARE = "watchroom phone 1";

export class PhoneLine {
  whipPath = "";
  whipToken = "";
  /** @type {RTCIceServer[]} */ iceServers = [];
  /** @type {Uplink | null} */ #uplink = null;
  #parts;
  #offset = 0;

  /** @param {LineParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Unix seconds by the server's clock, as near as one message tells. */
  now() {
    return Date.now() / 1000 + this.#offset;
  }

  /**
   * Joins; tries for ever while the server is away.
   * @returns {Promise<string>} why this page cannot be the camera; "" when it is
   */
  async join() {
    const camera = await this.#register();
    if (typeof camera === "string") return camera;
    if (!(await isOnlyPage(camera.device_id))) return "The camera is open in another tab of this phone. Use that one.";
    this.whipPath = camera.whip_url;
    this.#parts.onMessage({ t: "welcome", call_sign: camera.call_sign });
    const newId = () => crypto.randomUUID();
    const store = await openOutboxStore(camera.device_id, newId).catch(() => forgetfulStore(newId));
    this.#uplink = new Uplink({
      url: new URL(camera.uplink_url, location.href.replace(/^http/, "ws")).href,
      store,
      software: SOFTWARE,
      onMessage: (message) => this.#hear(message),
      onState: (link, attempt) => this.#state(link, attempt),
      onWaiting: this.#parts.onWaiting,
      onProblem: this.#parts.onProblem,
    });
    await this.#uplink.start();
    return "";
  }

  /** @param {Omit<Said, "at"> & { at?: number }} said */
  say(said) {
    this.#uplink?.say(said);
  }

  /** @param {string} kind what the officer or the phone did */
  signal(kind) {
    this.say({ t: "signal", kind, detail: {} });
  }

  /** @param {string} adviceId @param {"delivered" | "shown" | "acknowledged"} state */
  receipt(adviceId, state) {
    this.say({ t: "receipt", advice_id: adviceId, state });
  }

  /** @param {Record<string, unknown>} status */
  tell(status) {
    this.#uplink?.tell(status);
  }

  retryNow() {
    this.#uplink?.retryNow();
  }

  /** @returns {Promise<Registered | string>} */
  async #register() {
    for (;;) {
      const headers = { "X-CSRF-Token": this.#parts.csrf, Accept: "application/json" };
      const answer = await fetch("/api/camera", { method: "POST", headers }).catch(() => null);
      if (answer?.ok) return answer.json();
      if (answer?.status === 401) return this.#out();
      if (answer?.status === 403) return "Only an officer’s account can be a camera.";
      this.#parts.onLink("down");
      await new Promise((resolve) => {
        setTimeout(resolve, JOIN_AGAIN_MS);
      });
    }
  }

  /** @param {LinkState} link @param {number} attempt */
  async #state(link, attempt) {
    this.#parts.onLink(link);
    if (link !== "down" || attempt < TRIES_BEFORE_ASKING) return;
    const answer = await fetch("/api/session", { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.status === 401) this.#out();
  }

  /** @returns {string} */
  #out() {
    this.#parts.onLink("out");
    return "You are signed out. Sign in again: what was not sent yet is kept on this phone.";
  }

  /** @param {Heard} message */
  #hear(message) {
    if (message.t === "welcome") {
      this.#offset = message["server_time"] - Date.now() / 1000;
      this.whipPath = message["whip_path"] || this.whipPath;
    }
    this.iceServers = message["ice_servers"] ?? this.iceServers;
    if (message["whip_token"]) this.whipToken = message["whip_token"];
    if (message.t === "advice") this.receipt(message["advice_id"], "delivered");
    this.#parts.onMessage(message);
  }
}

/**
 * Two pages of one phone would number the same outbox twice. Where the browser has no locks, it is the only one.
 * @param {string} deviceId
 * @returns {Promise<boolean>}
 */
function isOnlyPage(deviceId) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const hold = (/** @type {Lock | null} */ lock) => {
      resolve(lock !== null);
      // Held until the page goes.
      return lock ? new Promise(() => {}) : undefined;
    };
    navigator.locks.request(`watchroom-camera-${deviceId}`, { ifAvailable: true }, hold);
  });
}
