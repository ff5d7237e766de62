// A wall that nobody touches: its tiles, its rail, and what it says when there is nothing to show.
import { AlertTray } from "../elements/alert-tray.js";
import { FeedTile } from "../elements/feed-tile.js";
import { RoomClock } from "../elements/room-clock.js";
import { WallFacts } from "../elements/wall-facts.js";
import { WallGrid } from "../elements/wall-grid.js";
import { WallRest } from "../elements/wall-rest.js";
import { make } from "../elements/build.js";
import { reach, restOf } from "../state/wall_rest.js";
import { GRIDS } from "../state/wall_sizes.js";
import { FLOOD, MAP_ALERTS, NOW, alarms, named, room } from "./facts.js";
import { DrawnViewing } from "./drawn_viewing.js";
import { chapter, shown, specimen } from "./specimen.js";

/** @typedef {import("../state/room.js").Room} Room */

const CALM = {
  silent: 0,
  now: NOW,
  units: 6,
  isAtRest: true,
  known: true,
  hasToken: true,
  trouble: /** @type {const} */ (""),
};
const PLACES = ["ET17", "ET14", "ET22", "ET31"].map((callSign) => named(callSign).device_id);

export function wall() {
  return chapter(
    "Wall",
    "walls-sheet",
    specimen(
      "Wall, alerts",
      "Tile 1 is kept for them; the rail says what, who, since when.",
      place("1+5", room(MAP_ALERTS)),
    ),
    specimen("Wall, flood", "The most urgent first; how many more stands at the foot.", place("4", FLOOD)),
    specimen("Wall, nothing recording", "It never goes dark: who is on duty.", resting(restOf(CALM))),
    specimen(
      "Wall, no server",
      "Since when, and that it asks by itself.",
      resting(restOf({ ...CALM, known: false, silent: 92 })),
    ),
    specimen("Wall, signed out", "What helps.", resting(restOf({ ...CALM, trouble: "signed-out", hasToken: false }))),
  );
}

/** @param {string} layout @param {Room} facts */
function place(layout, facts) {
  const grid = new WallGrid();
  const looks = GRIDS[layout];
  if (!looks) throw new Error(`no layout ${layout}`);
  /** @type {Map<string, DrawnViewing>} */ const drawn = new Map();
  const viewing = (/** @type {{ device: string, wish: any }} */ wanted) => {
    const made = new DrawnViewing(wanted, {});
    drawn.set(wanted.device, made);
    return made;
  };
  grid.addEventListener("tile-picture", (event) => {
    event.stopPropagation();
    drawn.get(/** @type {CustomEvent} */ (event).detail.device)?.rest();
    if (event.target instanceof FeedTile) event.target.dataset["ready"] = "";
  });
  grid.begin(looks, { csrf: "", iceServers: [], serverNow: () => NOW, viewing });
  const show = () => {
    grid.show({ room: facts, alarms, places: PLACES, linked: true });
    for (const tile of grid.querySelectorAll("feed-tile")) if (!isPictured(tile)) tile.setAttribute("data-ready", "");
  };
  queueMicrotask(show);
  const tray = shown(new AlertTray(), (one) => one.show(trayFacts(facts)));
  tray.className = "panel";
  const told = { watched: 3, recording: 4, silent: 0, alarms: 3, reach: reach(3.3, 3.3), who: "FCR wall A, read only" };
  const foot = shown(new WallFacts(), (one) => one.show(told));
  foot.className = "panel";
  const clock = make(
    "section",
    { class: "panel" },
    shown(new RoomClock(), (one) => one.show(NOW)),
  );
  return around(make("div", { class: "stage" }, grid), make("div", { class: "rail" }, clock, tray, foot));
}

/** Whether a picture will come there. @param {Element} tile */
function isPictured(tile) {
  const device = tile instanceof HTMLElement ? (tile.dataset["device"] ?? "") : "";
  return FLOOD.units.get(device)?.recording === "recording";
}

/** @param {Room} facts */
function trayFacts(facts) {
  return {
    room: facts,
    me: null,
    mayAct: false,
    mayLookBack: false,
    linked: true,
    busy: new Set(),
    sightings: new Map(),
    chosen: null,
    now: NOW,
  };
}

/** @param {import("../state/wall_rest.js").Rest | null} rest */
function resting(rest) {
  const element = shown(new WallRest(), (one) => rest && one.show(rest, FLOOD.units, new Map()));
  return around(make("div", { class: "stage" }, element));
}

/** As wide as a wall's least, whatever the window: it scrolls by itself. @param {...Node} parts */
function around(...parts) {
  const frame = { class: "wall-place", tabindex: 0, role: "group", "aria-label": "A wall" };
  return make("div", frame, make("div", { class: "wall" }, ...parts));
}
