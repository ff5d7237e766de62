// The phone as a camera, behind the buttons: what each press says, and what each word from control changes.
import { NEW_PHONE, hear, isKnownRequest, markAdvice, statusOf } from "../state/phone.js";
import { PhoneLine } from "./phone_line.js";
import { PhoneCamera } from "./phone_camera.js";
import { followBattery, followPosition } from "./phone_kit.js";

/** @import { Phone } from "../state/phone.js" */
/** @import { LiveState } from "./whip_client.js" */
/**
 * @typedef {object} RoomParts
 * @property {string} csrf
 * @property {() => void} onChange
 * @property {(text: string) => void} onHint
 * @property {(stream: MediaStream | null) => void} onPicture
 */

const STATUS_EVERY_MS = 10_000;
// A reload in the middle of a recording goes on recording: the officer did not stop it.
const RECORDING_KEY = "watchroom-recording";
/** @type {Record<string, string>} */
const ASKED = { record: "record", stop_recording: "stop recording", stream: "camera on" };

export class PhoneRoom {
  /** @type {Phone} */ phone = NEW_PHONE;
  #told = "";
  #parts;
  #line;
  #camera;

  /** @param {RoomParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#line = new PhoneLine({
      csrf: parts.csrf,
      onMessage: (message) => this.#hear(message),
      onLink: (link) => this.#change({ link }),
      onWaiting: (waiting, urgent) => this.#change({ waiting, urgent }),
      onProblem: parts.onHint,
    });
    this.#camera = new PhoneCamera({
      where: () => ({ path: this.#line.whipPath, token: this.#line.whipToken, iceServers: this.#line.iceServers }),
      onLive: (live) => this.#lived(live),
      onPicture: parts.onPicture,
      onTaken: () => this.#taken(),
    });
  }

  /** @returns {Promise<string>} why this page cannot be the camera; "" when it is */
  async open() {
    const hindrance = await this.#line.join();
    if (hindrance) return hindrance;
    followPosition(
      (fix) => {
        this.#line.say(fix);
        this.#change({ fix: { at: fix.at, accuracy: fix.accuracy_m }, positionProblem: "" });
      },
      (code) => this.#change({ positionProblem: code === 1 ? "refused" : "none" }),
    );
    const low = (/** @type {number} */ pct) =>
      this.#line.say({ t: "signal", kind: "battery.low", detail: { battery_pct: pct } });
    followBattery((battery) => this.#change({ battery }), low);
    setInterval(() => this.#tell(true), STATUS_EVERY_MS);
    this.#tell(true);
    if (sessionStorage.getItem(RECORDING_KEY)) this.startRecording();
    return "";
  }

  /** Unix seconds by the server's clock. */
  now() {
    return this.#line.now();
  }

  get isRecording() {
    return this.phone.camera === "on" && this.phone.recordingSince !== null;
  }

  /** @returns {Promise<boolean>} whether there is a picture */
  async startCamera() {
    if (this.#camera.isOpen) return true;
    this.#change({ camera: "starting" });
    try {
      const { silent } = await this.#camera.open();
      if (this.phone.camera !== "on") this.#line.signal("stream.started");
      this.#change({ camera: "on", cameraProblem: "", silent });
      return true;
    } catch (error) {
      const cameraProblem = error instanceof DOMException ? error.name : "Error";
      this.#change({ camera: "failed", cameraProblem, recordingSince: null });
      return false;
    }
  }

  stopCamera() {
    if (this.isRecording) this.stopRecording();
    if (this.#camera.isOpen) this.#line.signal("stream.stopped");
    this.#camera.close();
    this.#change({ camera: "off" });
    this.#tell();
  }

  async startRecording() {
    if (this.isRecording || !(await this.startCamera()) || this.isRecording) return;
    this.#line.signal("recording.started");
    sessionStorage.setItem(RECORDING_KEY, "1");
    this.#change({ recordingSince: this.now() });
    this.#tell();
  }

  stopRecording() {
    this.#line.signal("recording.stopped");
    sessionStorage.removeItem(RECORDING_KEY);
    this.#change({ recordingSince: null });
    this.#tell();
  }

  /** Asks control to look, and records: without a recording nobody may look. */
  toggleWatch() {
    const watchAsked = !this.phone.watchAsked;
    this.#line.signal(watchAsked ? "watch.requested" : "watch.cancelled");
    this.#change({ watchAsked });
    if (watchAsked) this.startRecording();
  }

  /** The cry for help goes first: it waits for no camera. */
  emergency() {
    this.#line.signal("emergency.pressed");
    this.#change({ emergencyAt: this.now(), told: null });
    this.#tell();
    this.startRecording();
  }

  /** @param {string} adviceId */
  shown(adviceId) {
    this.phone = markAdvice(this.phone, adviceId, "shown");
    this.#line.receipt(adviceId, "shown");
  }

  /** @param {string} adviceId */
  heard(adviceId) {
    this.#line.receipt(adviceId, "acknowledged");
    this.#change({ advice: markAdvice(this.phone, adviceId, "heard").advice });
  }

  /** The phone was unlocked, or its network came back. */
  awake() {
    this.#line.retryNow();
    this.#camera.retryNow();
  }

  /** The page goes: the server need not wait for silence. */
  leave() {
    this.#camera.leave();
  }

  async #taken() {
    const wasRecording = this.isRecording;
    if (wasRecording) this.stopRecording();
    this.#line.signal("stream.stopped");
    this.#change({ camera: "off" });
    this.#parts.onHint("The phone took the camera away. It is opened again.");
    if (wasRecording) await this.startRecording();
    else await this.startCamera();
  }

  /** @param {LiveState} live */
  #lived(live) {
    this.#change({ live });
    this.#tell();
  }

  /** @param {Record<string, any> & { t: string }} message */
  #hear(message) {
    const isRepeated = message.t === "request" && isKnownRequest(this.phone, message);
    this.#change(hear(this.phone, message));
    if (message["whip_token"]) this.#camera.retryNow(); // it waited for this
    if (message.t === "media_session") this.#camera.told(message["session_id"]);
    if (message.t !== "request") return;
    this.#tell(); // confirms it
    if (isRepeated) return;
    this.#parts.onHint(`${message["by"]} asks: ${ASKED[message["what"]] ?? message["what"]}.`);
    if (message["what"] === "record") this.startRecording();
    else if (message["what"] === "stream") this.startCamera();
    else if (this.isRecording) this.stopRecording();
  }

  /** @param {boolean} anyway also when nothing changed */
  #tell(anyway = false) {
    const status = statusOf(this.phone);
    const now = JSON.stringify(status);
    if (now === this.#told && !anyway) return;
    this.#told = now;
    this.#line.tell(status);
  }

  /** @param {Partial<Phone>} changes */
  #change(changes) {
    this.phone = { ...this.phone, ...changes };
    this.#parts.onChange();
  }
}
