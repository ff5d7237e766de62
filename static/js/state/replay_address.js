// What a replay's address says, so that a link opens the same second of the same cameras.
import { RATES } from "./playback_clock.js";

/**
 * @typedef {object} ReplayAddress
 * @property {string[]} recordings
 * @property {number | null} from Unix seconds; null: from where they begin
 * @property {number | null} to
 * @property {number | null} at the second that is shown
 * @property {number} rate
 * @property {string | null} sound device whose sound is heard
 * @property {string | null} follow device that the map follows
 * @property {number | null} markIn
 * @property {number | null} markOut
 * @property {boolean} command whether it shows what stood on the screen at the last decision by then
 * @property {import("./replay_scale.js").Window | null} zoom what the timeline shows of it; null: all
 */

const MOST = 200;
const RECORDING = /^\d{8}T\d{6}Z-[a-z0-9-]{3,40}$/;
const DEVICE = /^[a-z0-9-]{3,40}$/;

/** @param {string} path `/replay/ID,ID` @param {URLSearchParams} query @returns {ReplayAddress} */
export function addressFrom(path, query) {
  const names = decodeURIComponent(path.split("/")[2] ?? "").split(",");
  const rate = RATES.find((one) => String(one) === query.get("rate")) ?? 1;
  return {
    recordings: [...new Set(names.filter((name) => RECORDING.test(name)))].slice(0, MOST),
    from: timeFrom(query.get("from")),
    to: timeFrom(query.get("to")),
    at: timeFrom(query.get("t")),
    rate,
    sound: deviceFrom(query.get("sound")),
    follow: deviceFrom(query.get("follow")),
    markIn: timeFrom(query.get("in")),
    markOut: timeFrom(query.get("out")),
    command: query.get("command") === "1",
    zoom: windowFrom(query.get("zoom")),
  };
}

/** @param {ReplayAddress} address @returns {string} path and query */
export function pathOf(address) {
  const query = new URLSearchParams();
  const times = { from: address.from, to: address.to, t: address.at, in: address.markIn, out: address.markOut };
  for (const [name, at] of Object.entries(times)) if (at !== null) query.set(name, timeText(at));
  if (address.rate !== 1) query.set("rate", String(address.rate));
  if (address.sound) query.set("sound", address.sound);
  if (address.follow) query.set("follow", address.follow);
  if (address.command) query.set("command", "1");
  const { zoom } = address;
  if (zoom) query.set("zoom", `${timeText(zoom.from)}~${timeText(zoom.to)}`);
  const text = query.toString().replaceAll("%3A", ":");
  return `/replay/${address.recordings.join(",")}${text ? `?${text}` : ""}`;
}

/**
 * In or out set here. The same mark at the same moment takes it away, and out never stands before in.
 * @param {Pick<ReplayAddress, "markIn" | "markOut">} marks @param {"markIn" | "markOut"} which @param {number} at
 */
export function marked({ markIn, markOut }, which, at) {
  const marks = { markIn, markOut };
  const held = marks[which];
  marks[which] = held !== null && Math.abs(held - at) < 0.05 ? null : at;
  if (marks.markIn !== null && marks.markOut !== null && marks.markIn > marks.markOut)
    marks[which === "markIn" ? "markOut" : "markIn"] = null;
  return marks;
}

/** "2026-11-20T22:41:07.200Z" @param {number} at */
export function timeText(at) {
  return new Date(Math.round(at * 1000)).toISOString();
}

/** @param {string | null} text @returns {number | null} Unix seconds */
function timeFrom(text) {
  if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text)) return null;
  const at = Date.parse(text) / 1000;
  return Number.isFinite(at) ? at : null;
}

/** "2026-11-20T22:41:00.000Z~2026-11-20T22:42:00.000Z" @param {string | null} text */
function windowFrom(text) {
  const [from = null, to = null] = (text?.split("~") ?? []).map(timeFrom);
  return from !== null && to !== null && from < to ? { from, to } : null;
}

/** @param {string | null} text */
function deviceFrom(text) {
  return text && DEVICE.test(text) ? text : null;
}
