// Everything that the phone does as a camera, behind the buttons: what each press says, and what each word changes.
import { NEW_PHONE, hear, markAdvice, statusOf } from "../state/phone.js";
import { forgetfulStore, openOutboxStore } from "./outbox_store.js";
import { Wakefulness, followBattery, followPosition, openCamera } from "./phone_kit.js";
import { Uplink } from "./uplink.js";
import { WhipClient } from "./whip_client.js";

/** @import { Phone } from "../state/phone.js" */
/**
 * @typedef {object} RoomParts
 * @property {string} csrf
 * @property {() => void} onChange
 * @property {(text: string) => void} onHint
 * @property {(stream: MediaStream | null) => void} onPicture
 */

const STATUS_EVERY_MS = 10_000;
const JOIN_AGAIN_MS = 3000;
const BATTERY_LOW_PCT = 15;
const SOFTWARE = "watchroom phone 1";

export class PhoneRoom {
  /** @type {Phone} */ phone = NEW_PHONE;
  /** @type {Uplink | null} */ #uplink = null;
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {Promise<boolean> | null} */ #starting = null;
  #parts;
  #whipPath = "";
  #token = "";
  #offset = 0;
  #batteryTold = false;
  /** @type {RTCIceServer[]} */ #iceServers = [];
  #wakefulness = new Wakefulness();
  #whip = new WhipClient({
    where: () => ({ path: this.#whipPath, token: this.#token, iceServers: this.#iceServers }),
    onState: (live) => this.#lived(live),
  });

  /** @param {RoomParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Unix seconds by the server's clock, as near as one message tells. */
  now() {
    return Date.now() / 1000 + this.#offset;
  }

  get isRecording() {
    return this.phone.camera === "on" && this.phone.recordingSince !== null;
  }

  /**
   * Registers the phone and joins; tries for ever while the server is away.
   * @returns {Promise<string>} why this page cannot be the camera; "" when it is
   */
  async open() {
    const camera = await this.#registered();
    if (typeof camera === "string") return camera;
    if (!(await isOnlyPage(camera.device_id))) return "The camera is open in another tab of this phone. Use that one.";
    this.#whipPath = camera.whip_url;
    this.#change({ callSign: camera.call_sign });
    const newId = () => crypto.randomUUID();
    const store = await openOutboxStore(camera.device_id, newId).catch(() => forgetfulStore(newId));
    this.#uplink = new Uplink({
      url: camera.uplink_url,
      store,
      software: SOFTWARE,
      onMessage: (message) => this.#hear(message),
      onState: (link, attempt) => this.#linked(link, attempt),
      onWaiting: (waiting) => this.#change({ waiting }),
      onProblem: (problem) => this.#parts.onHint(problem),
    });
    await this.#uplink.start();
    followPosition(
      (fix) => {
        this.#say(fix);
        this.#change({ fix: { at: fix.at, accuracy: fix.accuracy_m }, positionProblem: "" });
      },
      (code) => this.#change({ positionProblem: code === 1 ? "refused" : "none" }),
    );
    followBattery((battery) => this.#charged(battery));
    setInterval(() => this.#tell(), STATUS_EVERY_MS);
    return "";
  }

  /** @returns {Promise<boolean>} whether there is a picture */
  startCamera() {
    if (this.#stream) return Promise.resolve(true);
    this.#starting ??= this.#open().finally(() => (this.#starting = null));
    return this.#starting;
  }

  stopCamera() {
    if (this.isRecording) this.stopRecording();
    if (this.phone.live !== "idle") this.#signal("stream.stopped");
    this.#whip.stop();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#parts.onPicture(null);
    this.#wakefulness.want(false);
    this.#change({ camera: "off" });
  }

  async startRecording() {
    if (this.isRecording || !(await this.startCamera())) return;
    this.#signal("recording.started");
    this.#change({ recordingSince: this.now() });
    this.#tell();
  }

  stopRecording() {
    this.#signal("recording.stopped");
    this.#change({ recordingSince: null });
    this.#tell();
  }

  /** Asks control to look, and records: without a recording nobody may look. */
  toggleWatch() {
    const watchAsked = !this.phone.watchAsked;
    this.#signal(watchAsked ? "watch.requested" : "watch.cancelled");
    this.#change({ watchAsked });
    if (watchAsked) this.startRecording();
  }

  /** The cry for help goes first: it waits for no camera. */
  emergency() {
    this.#signal("emergency.pressed");
    this.#change({ emergencyAt: this.now(), told: null });
    this.#tell();
    this.startRecording();
  }

  /** @param {string} id */
  shown(id) {
    this.phone = markAdvice(this.phone, id, "shown");
    this.#receipt(id, "shown");
  }

  /** @param {string} id */
  heard(id) {
    this.phone = markAdvice(this.phone, id, "heard");
    this.#receipt(id, "acknowledged");
    this.#parts.onChange();
  }

  /** The phone was unlocked, or its network came back. */
  awake() {
    this.#uplink?.retryNow();
    this.#whip.retryNow();
    this.#wakefulness.renew();
  }

  leave() {
    this.#whip.stop();
  }

  /** @returns {Promise<{ device_id: string, call_sign: string, uplink_url: string, whip_url: string } | string>} */
  async #registered() {
    for (;;) {
      const request = { method: "POST", headers: { "X-CSRF-Token": this.#parts.csrf, Accept: "application/json" } };
      const answer = await fetch("/api/camera", request).catch(() => null);
      if (answer?.ok) return answer.json();
      if (answer?.status === 401) return "You are signed out. Sign in again.";
      if (answer?.status === 403) return "Only an officer’s account can be a camera.";
      this.#change({ link: "down" });
      await new Promise((resolve) => {
        setTimeout(resolve, JOIN_AGAIN_MS);
      });
    }
  }
}
