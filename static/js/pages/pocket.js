// The console in a pocket: one alert, its picture, and what to do about it under the thumb. Wiring only: state, channel
// and elements are the console's.
import { isOpen, unacknowledged } from "../state/alerts.js";
import { emptyView } from "../state/layout.js";
import { NOBODY, atHand, fixWords, nearWords, others, subjectOf } from "../state/pocket.js";
import { NOT_KNOWN } from "../state/words.js";
import { createApi } from "../net/api.js";
import { ConsoleSocket } from "../net/console_socket.js";
import { Wakefulness } from "../net/phone_kit.js";
import { setText } from "../elements/build.js";
import { Advising } from "./advising.js";
import { Alerting } from "./alerting.js";
import { asks } from "./asking.js";
import { Desk } from "./desk.js";
import { keepLooks, shownTheme } from "./looks.js";
import { parts, placeMap } from "./pocket_parts.js";
import { sayingWhy } from "./saying_why.js";

const TICK_MS = 250;
const RETRY_MS = 3000;
const BUZZ = [200, 100, 200];

keepLooks();
const desk = new Desk(emptyView(shownTheme()));
const api = createApi({ csrf: parts.csrf });
const socket = new ConsoleSocket(`${location.origin.replace(/^http/, "ws")}/api/console`);
const map = placeMap(desk.now);
const wake = new Wakefulness();
const say = /** @param {string} words */ (words) => parts.notice.say(words);
const alerting = new Alerting(desk, api, socket, {
  speaker: parts.speaker,
  say,
  locate: (device) => map()?.focusUnit(device),
  isLive: (device) => parts.tile.dataset["device"] === device && parts.tile.isLive,
  before: () => undefined, // looked back at in the whole console: there is no room for two pictures
});
const ask = asks(desk, api, say);
sayingWhy(api);
const advising = new Advising(desk, api, localStorage, parts.person);
const iceServers = /** @type {RTCIceServer[]} */ ([]);
let subject = NOBODY;
/** @type {string | null} nobody is watched until somebody is picked, or calls */ let picked = null;
let isAwake = false;
let centred = "";
let audible = false;
let wasLinked = true;

desk.page = "phone";
desk.tiles = () => {
  const seen = parts.tile.checkVisibility() ? parts.tile.seen : null;
  return seen ? [{ tile: 1, ...seen }] : [];
};
parts.tile.begin(1, { csrf: parts.csrf, iceServers, serverNow: desk.now });

function draw() {
  const { room, linked, silentFor } = desk;
  const now = desk.now();
  iceServers.splice(0, iceServers.length, ...room.settings.ice_servers);
  follow();
  drawPicture(now);
  drawCard(now);
  parts.status.hidden = subject.alert !== undefined;
  parts.status.show(room, desk.isLost, desk.mayAct, now);
  parts.units.show(room, desk.alarms, subject.device, now);
  parts.composer.show(room, subject.device, advising.outgoing, desk.mayAct, now);
  parts.banner.show(!desk.isLost, silentFor);
  parts.showFace(subject.face, unacknowledged(room.alerts));
  document.body.classList.toggle("link-lost", desk.isLost);
  if (linked && !wasLinked) parts.tile.probe();
  wasLinked = linked;
  map()?.show(room, subject.device);
  if (subject.device && subject.device !== centred && map() && room.fixes.has(subject.device)) {
    centred = subject.device;
    map()?.focusUnit(subject.device);
  }
}

/** Who is on the screen now; a call that takes it is felt, too. */
function follow() {
  const before = subject.told;
  subject = subjectOf(subject, atHand(desk.room.alerts, desk.chosen), picked);
  if (subject.told !== before && subject.told && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZ);
  const urgent = [...desk.room.alerts.values()].some((alert) => isOpen(alert) && alert.priority === 1);
  if (urgent !== isAwake) void wake.want(urgent);
  isAwake = urgent;
}

/** @param {number} now */
function drawPicture(now) {
  const { room, alarms, linked } = desk;
  const { device } = subject;
  parts.tile.dataset["device"] = device ?? "";
  const alert = device === null ? undefined : alarms.get(device);
  const fix = device === null ? undefined : room.fixes.get(device);
  const unit = device === null ? null : (room.units.get(device) ?? null);
  const askedAt = device === null ? null : (desk.asked.get(device) ?? null);
  const looks = {
    large: true,
    selected: false,
    keyed: false,
    pinned: false,
    also: null,
    enlarged: false,
    covered: false,
    audible,
    unknown: !room.known,
    hint: room.known ? "Pick a unit below" : NOT_KNOWN,
  };
  parts.tile.show({ unit, alert, fix, linked, askedAt, ...looks }, now);
  setText(parts.where, subject.alert?.place ? `${subject.alert.place},` : "");
  setText(parts.fix, unit ? fixWords(fix, now) : "");
  setText(parts.near, nearWords(device, { ...room, now, staleAfter: room.settings.fix_stale_s }));
}

/** @param {number} now */
function drawCard(now) {
  const { room, linked, mayAct } = desk;
  const { alert } = subject;
  parts.card.hidden = !alert;
  parts.showNext(others(room.alerts, alert), subject.face);
  if (!alert) return;
  const busy = !linked || desk.busy.has(alert.id);
  parts.card.show(
    alert,
    { me: room.person?.id ?? null, first: false, ends: false, mayAct, before: false, busy, pictureAfter: null },
    now,
  );
  parts.announce(alert, () => alerting.shown(alert.id));
}

/** @param {import("../state/pocket.js").Face} face */
function turn(face) {
  subject = { ...subject, face };
  desk.changed();
  if (face === "write") {
    draw();
    parts.composer.focusBox();
  }
}

/** @param {string} device */
function pick(device) {
  picked = device;
  turn("units");
}

/** Custom events of the elements. @type {Record<string, (detail: any) => void>} */
const heard = {
  "unit-pick": ({ device_id }) => pick(device_id),
  "unit-select": ({ device_id }) => pick(device_id),
  "tile-act": (act) => {
    if ((act === "record" || act === "stream") && subject.device) void ask(subject.device, act);
    if (act === "mute") audible = !audible;
    desk.changed();
  },
  "tile-picture": ({ device }) => alerting.pictured(device),
  "alert-act": ({ id, act }) => {
    subject = { ...subject, face: "alert" };
    alerting.act(id, act);
  },
  "face-turn": ({ face }) => turn(face),
  "alert-next": ({ id }) => {
    const next = desk.room.alerts.get(id);
    subject = { ...subject, face: "alert" };
    if (next) alerting.show(next);
  },
  "advice-send": ({ device_id, text }) => advising.send(device_id, text),
  "advice-again": ({ client_id }) => advising.again(client_id),
  "advice-drop": ({ client_id }) => advising.drop(client_id),
  "sound-change": ({ on }) => on && alerting.heardAgain(),
};
for (const [name, act] of Object.entries(heard))
  document.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));

desk.addEventListener("draw", draw);
socket.addEventListener("message", (event) => {
  desk.receive(/** @type {CustomEvent} */ (event).detail);
  alerting.sound();
});
socket.addEventListener("pong", (event) => desk.pong(/** @type {CustomEvent} */ (event).detail));
socket.addEventListener("ended", () => location.assign("/sign-in"));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  socket.hurry();
  alerting.tell();
  void wake.renew();
});
addEventListener("online", () => socket.hurry());
addEventListener("pagehide", () => parts.tile.end());

setInterval(() => {
  alerting.sound();
  alerting.tell();
  parts.tile.look();
  draw();
}, TICK_MS);
setInterval(() => desk.linked && advising.flush(), RETRY_MS);
socket.connect();
draw();
