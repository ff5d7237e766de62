// The commander's view: what stood on this screen when somebody decided here; and what a replay tells of it again. Pure.
/** @import { Alerts } from "./alerts.js" */
/** @import { Layer, Priority } from "./shapes" */
/** @import { FeedState } from "./liveness.js" */
import { openAlerts } from "./alerts.js";
import { STATE_WORD, ageText } from "./liveness.js";

const [MOST_TILES, MOST_ALERTS] = [25, 100]; // as the server takes it: server/decisions/command_view.py
const [FINE, OLDEST_S] = [1000, 1e6];

/** @typedef {"console" | "wall" | "phone"} Page */
/** @typedef {Exclude<FeedState, "empty"> | "rewind"} SeenState */
/** @typedef {{ tile: number, device_id: string, layer: Layer | null, state: SeenState, age_s: number | null }} TileSeen tile: 0 for the pane beside the wall */
/** @typedef {{ id: string, priority: Priority, since: number }} AlertSeen */
/** @typedef {{ at: number, page: Page, tiles: TileSeen[], alerts: AlertSeen[] }} CommandView */
/** @typedef {TileSeen & { call_sign: string | null, recorded: "here" | "elsewhere" | "not" }} TileThen */
/** @typedef {AlertSeen & { title: string | null, call_sign: string | null, device_id: string | null }} AlertThen */
/** @typedef {Omit<CommandView, "tiles" | "alerts"> & { tiles: TileThen[], alerts: AlertThen[], left_out: { tiles: number, alerts: number } }} ViewThen */
/** @typedef {{ id: string, at: number, decided_at: number, text: string, device_id: string | null, by: { id: string, name: string } | null, view: ViewThen | null }} Decision view null: the screen did not tell */

/**
 * What is told with a decision: never more than the server takes, the most urgent alerts first.
 * @param {{ page: Page, at: number, tiles: readonly TileSeen[], alerts: Alerts }} screen
 * @returns {CommandView}
 */
export function commandView({ page, at, tiles, alerts }) {
  return {
    at: fine(at),
    page,
    tiles: tiles
      .slice(0, MOST_TILES)
      .map((tile) => ({ ...tile, age_s: tile.age_s === null ? null : Math.min(OLDEST_S, fine(tile.age_s)) })),
    alerts: openAlerts(alerts)
      .slice(0, MOST_ALERTS)
      .map(({ id, priority, needs_since: since }) => ({ id, priority, since })),
  };
}

/** To the millisecond: finer is no truth. @param {number} seconds */
function fine(seconds) {
  return Math.round(seconds * FINE) / FINE;
}

/**
 * The last decision that was made by then.
 * @param {readonly Decision[]} decisions in order @param {number} at
 * @returns {Decision | undefined}
 */
export function decisionAt(decisions, at) {
  // as the list of events counts: a jump stands a hair beside the event
  return decisions.findLast((one) => one.at <= at + 0.05);
}

/** When the picture on that tile was taken (Unix seconds); null: there was none. @param {ViewThen} view @param {TileThen} tile */
export function pictureAt(view, tile) {
  return tile.age_s === null ? null : view.at - tile.age_s;
}

/** "FROZEN 12 s", as the tile said it then. @param {TileThen} tile */
export function tileWords({ state, age_s }) {
  const [word, age] =
    state === "rewind" ? ["REWIND", ageText("frozen", age_s)] : [STATE_WORD[state], ageText(state, age_s)];
  return age ? `${word} ${age}` : word;
}

/** Why there is no picture to show again; "": there is one. @param {TileThen} tile */
export function missingWords({ age_s, recorded }) {
  if (recorded === "not") return "NO RECORDING";
  if (recorded === "elsewhere") return "NOT OPENED HERE";
  return age_s === null ? "NO PICTURE THEN" : "";
}

/** Where it was decided. @param {Page} page */
export function pageWords(page) {
  return { console: "on a console", wall: "on a wall", phone: "on a phone" }[page];
}

/** What an officer, or a view of few cameras, is not shown. @param {ViewThen} view */
export function leftOutWords({ left_out: { tiles, alerts } }) {
  const parts = [
    tiles && `${tiles} ${tiles === 1 ? "picture" : "pictures"}`,
    alerts && `${alerts} ${alerts === 1 ? "alert" : "alerts"}`,
  ];
  const words = parts.filter(Boolean).join(" and ");
  return words ? `${words} of other cameras stood there too.` : "";
}
