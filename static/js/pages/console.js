// The console: brings state, channel and elements together. Wiring only.
import { annunciated, unacknowledged } from "../state/alerts.js";
import { cleared, LAYOUTS, pinToggled, queryOfView, sentToTile, viewFromQuery } from "../state/layout.js";
import { positionLine } from "../state/positions.js";
import { ApiError, createApi } from "../net/api.js";
import { ConsoleSocket } from "../net/console_socket.js";
import { FeedTile } from "../elements/feed-tile.js";
import { Advising } from "./advising.js";
import { Alerting } from "./alerting.js";
import { Desk } from "./desk.js";
import { listenToKeys } from "./keys.js";
import { parts, placeMap } from "./parts.js";

const TICK_MS = 250;
const RETRY_MS = 3000;

const root = document.documentElement;
const savedTheme = localStorage.getItem("watchroom.theme") ?? root.dataset["theme"];
const desk = new Desk(viewFromQuery(new URLSearchParams(location.search), savedTheme === "light" ? "light" : "dark"));
const api = createApi({ csrf: parts.csrf });
const socket = new ConsoleSocket(`${location.origin.replace(/^http/, "ws")}/api/console`);
const map = placeMap(desk.now);
const say = /** @param {string} words */ (words) => parts.notice.say(words);
const locate = /** @param {string} device */ (device) => map()?.focusUnit(device);
const alerting = new Alerting(desk, api, socket, {
  speaker: parts.speaker,
  say,
  locate,
  isLive: (device) => parts.wall.showsLive(device),
});
const advising = new Advising(desk, api, localStorage, parts.person);
let keysOn = localStorage.getItem("watchroom.keys") !== "off";
const iceServers = /** @type {RTCIceServer[]} */ ([]);

parts.wall.begin({ csrf: parts.csrf, iceServers, serverNow: desk.now });

function draw() {
  const { room, view, linked, mayAct, alarms } = desk;
  const now = desk.now();
  iceServers.splice(0, iceServers.length, ...room.settings.ice_servers);
  parts.wall.show({ room, view, alarms, tileOne: desk.tileOne, linked, asked: desk.asked });
  parts.units.show(room, alarms, view.selected, now);
  parts.tray.show({
    room,
    mayAct: mayAct && linked,
    busy: desk.busy,
    pictureAfter: desk.pictureAfter,
    chosen: desk.chosen,
    now,
  });
  parts.composer.show(room, view.selected, advising.outgoing, mayAct, now);
  parts.activity.show(room.activity);
  map()?.show(room, view.selected);
  parts.mapLine.textContent = positionLine(room.units, room.fixes, now, room.settings.fix_stale_s);
  drawEdges(now);
}

/** @param {number} now */
function drawEdges(now) {
  const { room, linked, silentFor } = desk;
  const waiting = unacknowledged(room.alerts);
  parts.status.show(room, linked || !desk.isLost, desk.mayAct, now);
  parts.meter.show(annunciated(room.alerts, now));
  parts.clock.show(now);
  parts.foot.show({ linked, silent: silentFor, latency: desk.latency, keysOn });
  parts.banner.show(!desk.isLost, silentFor);
  parts.tape.show(desk.samples, room.alerts, now);
  parts.showWaiting(
    waiting.length,
    waiting.some((alert) => alert.priority === 1),
  );
  parts.exercise.hidden = !room.settings.exercise;
  document.body.classList.toggle("link-lost", desk.isLost);
  root.dataset["theme"] = desk.view.theme;
}

/** @param {string} device @param {"record" | "stream"} what */
async function ask(device, what) {
  try {
    await api.ask(device, what);
    desk.asked.set(device, desk.now());
    desk.changed();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(`Not asked: ${error.message}.`);
  }
}

/** @param {number} tile */
const deviceOn = (tile) => parts.wall.tile(tile)?.dataset["device"] || null;

/** @param {number} tile @param {string} device */
function send(tile, device) {
  const held = tile === 1 ? desk.tileOne : undefined;
  if (held && held.device_id !== device)
    say(`Tile 1 is kept for ${held.call_sign}, ${held.title}. Another tile takes this unit.`);
  desk.look(sentToTile(desk.view, tile, device));
}

/** @param {number} tile */
function focusTile(tile) {
  const device = deviceOn(tile);
  desk.look({ ...desk.view, focus: tile, selected: device ?? desk.view.selected });
}

/** @param {string} act @param {number} tile @param {DOMRect} [box] */
function onTile(act, tile, box) {
  const device = deviceOn(tile);
  const view = desk.view;
  if (act === "enlarge") desk.look({ ...view, focus: tile, enlarged: view.enlarged === tile ? null : tile });
  if (act === "mute") desk.look({ ...view, audible: view.audible === tile ? null : tile });
  if (act === "pin") desk.look(pinToggled(view, tile));
  if (act === "clear") desk.look(cleared(view, tile));
  if (act === "select") focusTile(tile);
  if (act === "menu" && device && box) openMenu(device, tile, box.left, box.top);
  if ((act === "record" || act === "stream") && device) ask(device, act);
}

/** @param {string} device @param {number | null} tile @param {number} x @param {number} y */
function openMenu(device, tile, x, y) {
  const unit = desk.room.units.get(device);
  if (unit) parts.menu.open({ unit, view: desk.view, tile, mayAsk: desk.mayAct && desk.linked, x, y });
}

/** Custom events of the elements. @type {Record<string, (detail: any, event: Event) => void>} */
const heard = {
  "unit-pick": ({ device_id }) => desk.select(device_id),
  "unit-select": ({ device_id }) => desk.select(device_id),
  "unit-menu": ({ device_id, x, y }) => openMenu(device_id, null, x, y),
  "unit-drop": ({ device_id, tile }) => send(tile, device_id),
  "layout-pick": ({ layout }) => desk.look({ ...desk.view, layout, enlarged: null }),
  fullscreen: () => toggleFullScreen(),
  "tile-act": (act, event) => {
    const tile = /** @type {HTMLElement} */ (event.target).closest("feed-tile");
    if (tile instanceof FeedTile) onTile(act, tile.number ?? 1, tile.caption?.menu.getBoundingClientRect());
  },
  "tile-picture": ({ device }) => alerting.pictured(device),
  "menu-act": ({ act, device_id, tile }) => {
    if (act === "watch") send(1, device_id);
    else if (act === "send") send(tile, device_id);
    else if (act === "locate") locate(device_id);
    else if (act === "record") ask(device_id, act);
    else onTile(act, tile);
  },
  "alert-act": ({ id, act }) => alerting.act(id, act),
  "alert-shown": ({ id }) => alerting.shown(id),
  "advice-send": ({ device_id, text }) => advising.send(device_id, text),
  "advice-again": ({ client_id }) => advising.again(client_id),
  "advice-drop": ({ client_id }) => advising.drop(client_id),
  "sound-change": ({ on }) => on && alerting.heardAgain(),
  "keys-switch": ({ on }) => {
    keysOn = on;
    localStorage.setItem("watchroom.keys", on ? "on" : "off");
  },
};
for (const [name, act] of Object.entries(heard)) {
  document.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail, event));
}

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen().catch(() => say("This browser does not allow full screen here."));
}

/** @param {"dark" | "light"} theme */
function setTheme(theme) {
  localStorage.setItem("watchroom.theme", theme);
  desk.look({ ...desk.view, theme });
}

listenToKeys(
  {
    tile: (tile) => (parts.units.focused ? send(tile, parts.units.focused) : focusTile(tile)),
    layout: (index) => desk.look({ ...desk.view, layout: LAYOUTS[index - 1] ?? 9, enlarged: null }),
    acknowledge: () => alerting.acknowledgeFirst(),
    watch: () => desk.view.selected && send(1, desk.view.selected),
    "next-alert": () => parts.tray.reveal(alerting.go(1) ?? ""),
    "previous-alert": () => parts.tray.reveal(alerting.go(-1) ?? ""),
    silence: () => alerting.silence(),
    enlarge: () => onTile("enlarge", desk.view.enlarged ?? desk.view.focus),
    mute: () => onTile("mute", desk.view.focus),
    advise: () => parts.composer.focusBox(),
    fit: () => map()?.viewAll(),
    fullscreen: () => toggleFullScreen(),
    search: () => parts.search.focus(),
    help: () => parts.help.open(keysOn),
    back: () => desk.view.enlarged !== null && desk.look({ ...desk.view, enlarged: null }),
  },
  () => keysOn,
);

parts.onSearch((typed, entered) => {
  parts.units.typed = typed;
  draw();
  if (entered && parts.units.first) desk.select(parts.units.first);
});
parts.onTheme(() => setTheme(desk.view.theme === "dark" ? "light" : "dark"));
parts.onHelp(() => parts.help.open(keysOn));
parts.onSignOut(() => api.signOut().finally(() => location.assign("/sign-in")));

desk.addEventListener("draw", draw);
desk.addEventListener("address", () => setTimeout(() => history.replaceState(null, "", `?${queryOfView(desk.view)}`)));
socket.addEventListener("message", (event) => {
  desk.receive(/** @type {CustomEvent} */ (event).detail);
  alerting.sound();
});
socket.addEventListener("pong", (event) => desk.pong(/** @type {CustomEvent} */ (event).detail));
socket.addEventListener("ended", () => location.assign("/sign-in"));
document.addEventListener(
  "visibilitychange",
  () => document.visibilityState === "visible" && (socket.hurry(), alerting.tell()),
);
addEventListener("online", () => socket.hurry());

setInterval(() => {
  desk.sample();
  alerting.sound();
  alerting.tell();
  draw();
}, TICK_MS);
setInterval(() => desk.linked && advising.flush(), RETRY_MS);
socket.connect();
draw();
