// The desk: what one console knows and shows, and when it has to be drawn again. No elements in here.
/** @import { View } from "../state/layout.js" */
/** @import { Room } from "../state/room.js" */
/** @import { Alert, ConsoleMessage } from "../state/shapes" */
import { alarmsByDevice, tileOneAlert } from "../state/alerts.js";
import { commandView } from "../state/command_view.js";
import { filled } from "../state/filling.js";
import { queryOfView, withSelection } from "../state/layout.js";
import { heard, isLost, newLink, silence } from "../state/link.js";
import { emptyRoom, received, withAlert } from "../state/room.js";
import { latencyOf, offsetOf, withPong } from "../state/server_clock.js";
import { recordingCount, sampled } from "../state/tape.js";
import { byCallSign } from "../state/units.js";

const MAY_ACT = new Set(["control", "inspector", "supervisor", "admin"]); // handle-alerts of server/access/permission.py
const monotonic = () => performance.now() / 1000;

export class Desk extends EventTarget {
  /** @type {Room} */ room = emptyRoom();
  /** @type {View} */ view;
  link = newLink(monotonic());
  /** @type {import("../state/server_clock.js").Samples} */ pongs = [];
  /** @type {readonly import("../state/tape.js").Sample[]} */ samples = [];
  /** @type {string | null} the alert a person chose for tile 1 */ chosen = null;
  /** @type {Set<string>} alerts with a request on the way */ busy = new Set();
  /** @type {Map<string, number>} when a camera was asked to record or stream */ asked = new Map();
  /** @type {import("../state/command_view.js").Page} */ page = "console";
  /** @type {() => import("../state/command_view.js").TileSeen[]} what stands on its tiles */ tiles = () => [];
  #due = 0;

  /** @param {View} view */
  constructor(view) {
    super();
    this.view = view;
  }

  /** The server's time, Unix seconds. */
  now = () => Date.now() / 1000 + offsetOf(this.pongs);

  get linked() {
    return this.link.everLinked && !isLost(this.link, monotonic());
  }

  /** A fresh page is not a lost link, until it has waited too long. */
  get isLost() {
    return isLost(this.link, monotonic());
  }

  get silentFor() {
    return silence(this.link, monotonic());
  }

  get latency() {
    return latencyOf(this.pongs);
  }

  /** Of the server's clock against this machine's, once a ping has told it: seconds. */
  get offset() {
    return this.pongs.length > 1 ? offsetOf(this.pongs) : null;
  }

  get mayAct() {
    return MAY_ACT.has(this.room.person?.role ?? "");
  }

  get alarms() {
    return alarmsByDevice(this.room.alerts.values());
  }

  get tileOne() {
    return tileOneAlert(this.room.alerts, this.chosen);
  }

  /** What stands on this screen now: it goes with every decision. */
  get commandView() {
    return commandView({ page: this.page, at: this.now(), tiles: this.tiles(), alerts: this.room.alerts });
  }

  /** @param {ConsoleMessage} message */
  receive(message) {
    this.link = heard(this.link, monotonic());
    if (!this.pongs.length && "server_time" in message) this.#roughClock(message.server_time);
    const before = this.room;
    this.room = received(this.room, message);
    if (this.room === before) return;
    const units = [...this.room.units.values()].sort(byCallSign);
    this.look(withSelection(filled(this.view, units), units));
  }

  /** @param {{ sentAt: number, receivedAt: number, serverTime: number }} pong */
  pong(pong) {
    this.link = heard(this.link, monotonic());
    this.pongs = withPong(this.pongs, pong);
  }

  /** @param {Alert} alert the answer to a request */
  takeAlert(alert) {
    this.room = withAlert(this.room, alert);
    this.changed();
  }

  /** @param {View} view */
  look(view) {
    if (view !== this.view && queryOfView(view) !== queryOfView(this.view)) this.dispatchEvent(new Event("address"));
    this.view = view;
    this.changed();
  }

  /** @param {string} device */
  select(device) {
    this.look({ ...this.view, selected: device });
  }

  sample() {
    if (!this.room.known) return;
    this.samples = sampled(this.samples, {
      at: this.now(),
      recording: recordingCount(this.room.units),
      linked: this.linked,
    });
  }

  /** Draws once for all that changed in this moment; by a timer, since a hidden page has no animation frames. */
  changed() {
    if (this.#due) return;
    this.#due = window.setTimeout(() => {
      this.#due = 0;
      this.dispatchEvent(new Event("draw"));
    }, 0);
  }

  /** Good to half the way there and back, until the first pong. @param {number} serverTime */
  #roughClock(serverTime) {
    const at = Date.now() / 1000;
    this.pongs = withPong([], { sentAt: at - 1, receivedAt: at + 1, serverTime });
  }
}
