// The console: brings state, channel and elements together. Wiring only.
import { annunciated, unacknowledged } from "../state/alerts.js";
import { NOT_YET, hintFor } from "../state/hints.js";
import { LAYOUTS, queryOfView, viewFromQuery } from "../state/layout.js";
import { positionLine } from "../state/positions.js";
import { NOT_KNOWN } from "../state/words.js";
import { createApi } from "../net/api.js";
import { ConsoleSocket } from "../net/console_socket.js";
import { FeedTile } from "../elements/feed-tile.js";
import { Advising } from "./advising.js";
import { Alerting } from "./alerting.js";
import { Desk } from "./desk.js";
import { isWritten, listenToKeys } from "./keys.js";
import { shownTheme } from "./looks.js";
import { parts, placeMap } from "./parts.js";
import { readying } from "./readying.js";
import { rewinding } from "./rewinding.js";
import { searching } from "./searching.js";
import { Tiles } from "./tiles.js";

const TICK_MS = 250;
const RETRY_MS = 3000;

const root = document.documentElement;
const desk = new Desk(viewFromQuery(new URLSearchParams(location.search), shownTheme()));
const api = createApi({ csrf: parts.csrf });
const socket = new ConsoleSocket(`${location.origin.replace(/^http/, "ws")}/api/console`);
const map = placeMap(desk.now);
const say = /** @param {string} words */ (words) => parts.notice.say(words);
const locate = /** @param {string} device */ (device) => map()?.focusUnit(device);
const [showReadiness, rewind] = [readying(desk, parts), rewinding(api, desk, say)];
const alerting = new Alerting(desk, api, socket, {
  speaker: parts.speaker,
  say,
  locate,
  isLive: (device) => parts.wall.showsLive(device),
  before: rewind.before,
});
const advising = new Advising(desk, api, localStorage, parts.person);
const tiles = new Tiles(desk, api, { wall: parts.wall, menu: parts.menu, say, locate, rewind: rewind.back });
const switches = {
  keysOn: localStorage.getItem("watchroom.keys") !== "off",
  hintsOn: localStorage.getItem("watchroom.hints") !== "off",
};
const iceServers = /** @type {RTCIceServer[]} */ ([]);

desk.tiles = () => parts.wall.seen;
parts.wall.begin({ csrf: parts.csrf, iceServers, serverNow: desk.now });

function draw() {
  const { room, view, linked, mayAct, alarms } = desk;
  const now = desk.now();
  iceServers.splice(0, iceServers.length, ...room.settings.ice_servers);
  parts.wall.show({ room, view, alarms, tileOne: desk.tileOne, linked, asked: desk.asked });
  parts.units.show(room, alarms, view.selected, now);
  parts.tray.show({
    room,
    me: room.person?.id ?? null,
    mayAct,
    mayLookBack: rewind.allowed,
    linked,
    busy: desk.busy,
    sightings: alerting.sightings,
    chosen: desk.chosen,
    now,
  });
  parts.composer.show(room, view.selected, advising.outgoing, mayAct, now);
  parts.activity.show(room.activity, room.known);
  showReadiness();
  map()?.show(room, view.selected);
  parts.mapLine.textContent = room.known
    ? positionLine(room.units, room.fixes, now, room.settings.fix_stale_s)
    : NOT_KNOWN;
  drawEdges(now);
}

/** @param {number} now */
function drawEdges(now) {
  const { room, linked, isLost, silentFor } = desk;
  const waiting = unacknowledged(room.alerts);
  parts.status.show(room, isLost, desk.mayAct, now);
  parts.meter.show(room.known ? annunciated(room.alerts, now) : null);
  parts.clock.show(now);
  const hint = room.known ? hintFor(room, { mayAct: desk.mayAct, now }) : NOT_YET;
  const link = { linked, isLost, silent: silentFor, latency: desk.latency };
  parts.foot.show({ ...link, keysOn: switches.keysOn, hint: switches.hintsOn ? hint : null });
  parts.banner.show(!isLost, silentFor);
  parts.tape.show(desk.samples, room.alerts, now);
  parts.showWaiting(
    waiting.length,
    waiting.some((alert) => alert.priority === 1),
  );
  parts.exercise.hidden = !room.settings.exercise;
  document.body.classList.toggle("link-lost", isLost);
  // only when it differs: whoever observes the attribute (the map) redraws all it has
  if (root.dataset["theme"] !== desk.view.theme) root.dataset["theme"] = desk.view.theme;
}

/** Custom events of the elements. @type {Record<string, (detail: any, event: Event) => void>} */
const heard = {
  "unit-pick": ({ device_id }) => desk.select(device_id),
  "unit-select": ({ device_id }) => desk.select(device_id),
  "unit-menu": ({ device_id, x, y }) => tiles.openMenu(device_id, null, x, y),
  "unit-drop": ({ device_id, tile }) => tiles.send(tile, device_id),
  "layout-pick": ({ layout }) => desk.look({ ...desk.view, layout, enlarged: null }),
  fullscreen: () => toggleFullScreen(),
  "tile-act": (act, event) => {
    const tile = /** @type {HTMLElement} */ (event.target).closest("feed-tile");
    if (tile instanceof FeedTile) tiles.act(act, tile.number ?? 1, tile.caption?.menu.getBoundingClientRect());
  },
  "tile-picture": ({ device }) => alerting.pictured(device),
  "menu-act": ({ act, device_id, tile }) => tiles.fromMenu(act, device_id, tile),
  "alert-act": ({ id, act }) => alerting.act(id, act),
  "alert-shown": ({ id }) => alerting.shown(id),
  "advice-send": ({ device_id, text }) => advising.send(device_id, text),
  "advice-again": ({ client_id }) => advising.again(client_id),
  "advice-drop": ({ client_id }) => advising.drop(client_id),
  "sound-change": ({ on }) => on && alerting.heardAgain(),
  "keys-switch": ({ on }) => {
    switches.keysOn = on;
    localStorage.setItem("watchroom.keys", on ? "on" : "off");
  },
  "hints-switch": ({ on }) => {
    switches.hintsOn = on;
    localStorage.setItem("watchroom.hints", on ? "on" : "off");
    draw();
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
    tile: (tile) => (parts.units.focused ? tiles.send(tile, parts.units.focused) : tiles.focusTile(tile)),
    layout: (index) => desk.look({ ...desk.view, layout: LAYOUTS[index - 1] ?? 9, enlarged: null }),
    ...alerting.keys((id) => parts.tray.reveal(id)),
    watch: () => desk.view.selected && tiles.send(1, desk.view.selected),
    enlarge: () => tiles.act("enlarge", desk.view.enlarged ?? desk.view.focus),
    rewind: () => tiles.act("rewind", desk.view.focus),
    mute: () => tiles.act("mute", desk.view.focus),
    advise: () => {
      draw(); // what was selected a moment ago is who is written to
      parts.composer.focusBox();
    },
    fit: () => map()?.viewAll(),
    fullscreen: () => toggleFullScreen(),
    search: () => parts.search.focus(),
    help: () => parts.help.open(switches),
    back: () => {
      // out of the box first: while somebody writes, A writes an a and acknowledges nothing
      const writing = document.activeElement;
      if (writing instanceof HTMLElement && isWritten(writing)) writing.blur();
      else if (desk.view.enlarged !== null) desk.look({ ...desk.view, enlarged: null });
    },
  },
  () => switches.keysOn,
);

searching(desk, parts, map, say);
parts.onTheme(() => setTheme(desk.view.theme === "dark" ? "light" : "dark"));
parts.onHelp(() => parts.help.open(switches));
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
addEventListener("pagehide", () => parts.wall.leave());

setInterval(() => {
  desk.sample();
  alerting.sound();
  alerting.tell();
  draw();
}, TICK_MS);
setInterval(() => desk.linked && advising.flush(), RETRY_MS);
socket.connect();
draw();
