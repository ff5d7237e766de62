// A wall: pictures and alerts for people across the room, on a screen that nobody touches. Wiring only.
import { annunciated } from "../state/alerts.js";
import { emptyView } from "../state/layout.js";
import { byCallSign } from "../state/units.js";
import { isAtRest, placed } from "../state/wall_places.js";
import { reach, restOf } from "../state/wall_rest.js";
import { gridOf, isFirstKept, tileCount, wallSizes } from "../state/wall_sizes.js";
import { createApi } from "../net/api.js";
import { ConsoleSocket } from "../net/console_socket.js";
import { setText } from "../elements/build.js";
import { AlertTray } from "../elements/alert-tray.js";
import { LinkBanner } from "../elements/link-banner.js";
import { RoomClock } from "../elements/room-clock.js";
import { StatusLine } from "../elements/status-line.js";
import { WallFacts } from "../elements/wall-facts.js";
import { WallGrid } from "../elements/wall-grid.js";
import { WallRest } from "../elements/wall-rest.js";
import { Comeback } from "./comeback.js";
import { Desk } from "./desk.js";
import { placeMapIn } from "./map_place.js";
import { sayingWhy } from "./saying_why.js";

const TICK_MS = 250;
const MAP_LETTERS = 28; // px of a call sign at which the map is drawn as on a desk: its labels are half as high
const TIGHT = 40; // root em: a rail that is lower has no room for a card whose symbol stands above its words
const MAP_EVERY_MS = 30_000; // nobody can ask the map to show all, so it does so by itself

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new (...made: any[]) => T} type
 * @returns {T}
 */
function find(selector, type) {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

const parts = {
  grid: find("wall-grid", WallGrid),
  place: find("#rest", HTMLElement),
  rest: find("wall-rest", WallRest),
  clock: find("room-clock", RoomClock),
  status: find("status-line", StatusLine),
  tray: find("alert-tray", AlertTray),
  facts: find("wall-facts", WallFacts),
  banner: find("link-banner", LinkBanner),
  exercise: find("#exercise", HTMLElement),
};
const root = document.documentElement;
const { body } = document;
const { layout = "9", dist = "3", diag = "55", person = "" } = body.dataset;
const isKiosk = body.classList.contains("kiosk");
let grid = gridOf(layout, { width: innerWidth, height: innerHeight });
const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
const desk = new Desk(emptyView(root.dataset["theme"] === "light" ? "light" : "dark"));
const socket = new ConsoleSocket(`${location.origin.replace(/^http/, "ws")}/api/console`);
const why = sayingWhy(createApi({ csrf }));
const comeback = new Comeback((address) => fetch(address, { cache: "no-store", headers: { Accept: "text/html" } }));
const map = placeMapIn(find("#map", HTMLElement), desk.now);
const iceServers = /** @type {RTCIceServer[]} */ ([]);
let places = /** @type {import("../state/wall_places.js").Places} */ ([]);
let readsAt = Number(dist);

parts.grid.begin(grid, { csrf, iceServers, serverNow: desk.now });

function fit() {
  const window = { width: innerWidth, height: innerHeight };
  grid = gridOf(layout, window);
  parts.grid.arrange(grid);
  const sizes = wallSizes({ grid, dist: Number(dist), diag: Number(diag), screen, window });
  root.style.fontSize = `${sizes.root.toFixed(2)}px`;
  body.style.setProperty("--call", `${sizes.font.toFixed(2)}px`);
  body.style.setProperty("--rail", `${Math.round(sizes.rail)}px`);
  body.style.setProperty("--map-zoom", (sizes.font / MAP_LETTERS).toFixed(3));
  body.classList.toggle("below", !sizes.isBeside);
  body.classList.toggle("tight", !sizes.isBeside || innerHeight < sizes.root * TIGHT);
  body.classList.remove("unfit");
  ({ readsAt } = sizes);
}

function draw() {
  const { room, linked, alarms, isLost, silentFor } = desk;
  const now = desk.now();
  iceServers.splice(0, iceServers.length, ...room.settings.ice_servers);
  const units = [...room.units.values()].sort(byCallSign);
  const first = isFirstKept(grid) ? (desk.tileOne?.device_id ?? null) : null;
  places = placed(places, { count: tileCount(grid), units, alarms, first });
  const { trouble } = comeback;
  const hasToken = comeback.token !== null;
  const atRest = isAtRest(places, room.units, alarms);
  const rest = restOf({
    trouble,
    hasToken,
    known: room.known,
    silent: silentFor,
    now,
    units: units.length,
    isAtRest: atRest,
  });
  if (rest) places = []; // the next picture finds an empty wall
  parts.grid.show({ room, alarms, places, linked });
  parts.grid.hidden = rest !== null;
  parts.place.hidden = rest === null;
  if (rest) parts.rest.show(rest, room.units, alarms);
  body.classList.toggle("link-lost", isLost);
  body.classList.toggle("unknown", !room.known || trouble !== "");
  parts.banner.show(!isLost || rest?.kind === "starting" || trouble !== "", silentFor); // it is said once
  map()?.show(room, null);
  drawRail(now);
}

/** @param {number} now */
function drawRail(now) {
  const { room, linked, isLost, silentFor } = desk;
  parts.clock.show(now);
  parts.status.show(room, isLost, false, now);
  parts.tray.show({
    room,
    me: null,
    mayAct: false,
    mayLookBack: false,
    linked,
    busy: desk.busy,
    sightings: new Map(),
    chosen: null,
    now,
  });
  const recording = [...room.units.values()].filter((unit) => unit.recording === "recording");
  parts.facts.show({
    watched: isLost || !room.known ? null : recording.filter((unit) => unit.watchers.length > 0).length,
    recording: recording.length,
    silent: silentFor,
    alarms: room.known ? annunciated(room.alerts, now) : null,
    reach: reach(readsAt, Number(dist)),
    who: `${person}, read only`,
  });
  parts.exercise.hidden = !room.settings.exercise;
  setText(parts.exercise, "EXERCISE");
}

/** A screen that goes dark is a wall that is off. The browser takes the lock back whenever the page is hidden. */
function stayAwake() {
  if (isKiosk && document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => undefined);
}

desk.addEventListener("draw", draw);
comeback.addEventListener("change", draw);
socket.addEventListener("message", (event) => {
  const silent = desk.silentFor;
  const hadRoom = desk.room.known;
  desk.receive(/** @type {CustomEvent} */ (event).detail);
  if (hadRoom) comeback.heard(silent);
});
socket.addEventListener("pong", (event) => desk.pong(/** @type {CustomEvent} */ (event).detail));
socket.addEventListener("ended", () => {
  parts.grid.leave();
  if (isKiosk || comeback.token) comeback.signedOut();
  else signIn();
});

/** A display that boots while no server answers gets this page's own words, not the browser's error page for ever. */
function keepComingBack() {
  navigator.serviceWorker?.register("/wall/worker.js", { scope: "/wall/" }).catch(() => undefined); // over plain HTTP there is none
}

function signIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** A wall may have no pointer: Enter does the one thing that helps. @param {KeyboardEvent} event */
function help(event) {
  if (event.key !== "Enter" || document.querySelector("dialog[open]")) return;
  const isAsked = document.querySelector('.plate[data-kind="reason"]:not([hidden])') !== null;
  if (comeback.trouble) signIn();
  else if (isAsked) void why.ask();
  else return;
  event.preventDefault();
}

addEventListener("keydown", help);
addEventListener("resize", fit);
addEventListener("online", () => socket.hurry());
addEventListener("pagehide", () => parts.grid.leave());
document.addEventListener("visibilitychange", () => (socket.hurry(), stayAwake()));
document.querySelector("#full")?.addEventListener("click", () => root.requestFullscreen().catch(() => undefined));

setInterval(draw, TICK_MS);
setInterval(() => map()?.viewAll(), MAP_EVERY_MS);
fit();
stayAwake();
keepComingBack();
socket.connect();
draw();
