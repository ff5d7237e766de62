// Wires alerts: what a person does with them, what this console has shown, what it sounds, when the picture came.
/** @import { Alert } from "../state/shapes" */
/** @import { Api } from "../net/api.js" */
/** @import { ConsoleSocket } from "../net/console_socket.js" */
/** @import { Desk } from "./desk.js" */
import { isOpen, needsAcknowledging, openAlerts, toClose, unacknowledged } from "../state/alerts.js";
import { withHeard, withPicture } from "../state/first_picture.js";
import { silenced, silent, sounding } from "../state/sound.js";
import { timeOfDay } from "../state/words.js";
import { ApiError } from "../net/api.js";
import { capNow } from "../elements/key-caps.js";

const AGAIN_WITHIN_S = 8;

export class Alerting {
  /** @type {Set<string>} shown, and not yet told to the server */ #toTell = new Set();
  /** @type {import("../state/first_picture.js").Sightings} */ sightings = new Map();
  #sound = silent();
  /** what a second press of the same key does, and until when */ #asked = { what: "", until: 0 };

  /**
   * @param {Desk} desk
   * @param {Api} api
   * @param {ConsoleSocket} socket
   * @param {{ speaker: import("../elements/sound-switch.js").SoundSwitch, say: (words: string) => void, locate: (device: string) => void, isLive: (device: string) => boolean, before: (alert: Alert) => void }} room
   */
  constructor(desk, api, socket, room) {
    this.desk = desk;
    this.api = api;
    this.socket = socket;
    this.room = room;
  }

  /** What the keys for alerts do. @param {(id: string) => void} reveal @returns {Record<string, () => void>} */
  keys(reveal) {
    return {
      acknowledge: () => this.acknowledgeFirst(),
      resolve: () => this.close("resolve"),
      false: () => this.close("false"),
      "next-alert": () => reveal(this.go(1) ?? ""),
      "previous-alert": () => reveal(this.go(-1) ?? ""),
      silence: () => this.silence(),
      before: () => this.before(),
    };
  }

  /** @param {string} id @param {string} act */
  async act(id, act) {
    const alert = this.desk.room.alerts.get(id);
    if (!alert) return;
    if (act === "locate") this.room.locate(alert.device_id);
    if (act !== "locate" && act !== "false" && act !== "resolve") this.show(alert);
    if (act === "before") this.room.before(alert);
    if (act === "acknowledge" || act === "watch")
      await this.#ask(alert, needsAcknowledging(alert) ? this.api.acknowledge : null);
    if (act === "resolve") await this.#ask(alert, this.api.resolve);
    if (act === "false") await this.#ask(alert, this.api.markFalse);
  }

  /** The most urgent alert that waits. */
  acknowledgeFirst() {
    const first = unacknowledged(this.desk.room.alerts)[0];
    if (!first) return this.room.say("Nothing waits to be acknowledged.");
    this.act(first.id, first.kind.startsWith("watch") ? "watch" : "acknowledge");
  }

  /** By a key. What is still on, or is said to have been false, is ended by a second press only. @param {"resolve" | "false"} act */
  close(act) {
    const alert = toClose(this.desk.room.alerts, this.desk.chosen);
    if (!alert) return this.room.say("No acknowledged alert is open.");
    const [now, what] = [this.desk.now(), `${act} ${alert.id}`];
    const isSure = act === "resolve" && alert.cleared_at !== null;
    if (isSure || (this.#asked.what === what && now < this.#asked.until)) return this.act(alert.id, act);
    this.#asked = { what, until: now + AGAIN_WITHIN_S };
    const does = act === "resolve" ? "resolve" : "mark false";
    this.room.say(`Press ${capNow(act)} again to ${does}: ${alert.title}, ${alert.call_sign}.`);
  }

  /** The seconds before the alert that tile 1 is for, beside its live picture. */
  before() {
    const { tileOne, room } = this.desk;
    const alert = tileOne ?? openAlerts(room.alerts)[0];
    if (!alert) return this.room.say("No alert is open. R looks back at the selected tile.");
    this.act(alert.id, "before");
  }

  /** @param {1 | -1} step @returns {string | null} the alert gone to */
  go(step) {
    const open = openAlerts(this.desk.room.alerts);
    if (!open.length) return null;
    const at = open.findIndex((alert) => alert.id === this.desk.chosen);
    const next = open[at < 0 ? 0 : (at + step + open.length) % open.length];
    if (next) this.show(next);
    return next?.id ?? null;
  }

  /** Its picture on tile 1. @param {Alert} alert */
  show(alert) {
    this.desk.chosen = alert.id;
    this.desk.select(alert.device_id);
  }

  silence() {
    this.#sound = silenced(this.#sound, this.desk.now());
    this.room.speaker.showQuiet(`Quiet until ${timeOfDay(this.#sound.quietUntil)}`);
  }

  /** Sound has just been allowed: what still waits is heard now. */
  heardAgain() {
    this.#sound = silent();
    this.sound();
  }

  sound() {
    const { state, play } = sounding(this.#sound, [...this.desk.room.alerts.values()], this.desk.now());
    this.#sound = state;
    if (play) this.room.speaker.play(play);
    if (this.desk.now() >= state.quietUntil) this.room.speaker.showQuiet("");
  }

  /** @param {string} id */
  shown(id) {
    this.#toTell.add(id);
    this.tell();
  }

  /** A hidden page has shown nothing to anybody: it tells when it is looked at. */
  tell() {
    if (document.visibilityState !== "visible") return;
    for (const id of this.#toTell) if (!this.desk.room.alerts.has(id) || this.socket.seen(id)) this.#toTell.delete(id);
    const open = openAlerts(this.desk.room.alerts);
    this.sightings = withHeard(this.sightings, open, this.desk.now(), this.room.isLive);
  }

  /** A first frame of this device is on screen. @param {string} device */
  pictured(device) {
    this.sightings = withPicture(this.sightings, openAlerts(this.desk.room.alerts), device, this.desk.now());
    this.desk.changed();
  }

  /** @param {Alert} alert @param {((id: string, view: import("../state/command_view.js").CommandView) => Promise<Alert>) | null} request */
  async #ask(alert, request) {
    if (!request || !this.desk.mayAct) return;
    const view = this.desk.commandView; // before anything changes for it
    this.desk.busy.add(alert.id);
    this.desk.changed();
    try {
      this.desk.takeAlert(await request(alert.id, view));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refused(alert, error);
    } finally {
      this.desk.busy.delete(alert.id);
      this.desk.changed();
    }
  }

  /** Somebody was quicker, or nothing answered. @param {Alert} alert @param {ApiError} error */
  #refused(alert, error) {
    const now = /** @type {Alert | undefined} */ (error.problem["alert"]);
    if (!now) return this.room.say(`${alert.title}, ${alert.call_sign}: not done, ${error.message}.`);
    this.desk.takeAlert(now);
    const winner = isOpen(now) ? now.acknowledged_by : now.closed_by;
    this.room.say(`${winner?.name ?? "Another person"} was quicker: ${alert.call_sign} is ${now.state}.`);
  }
}
