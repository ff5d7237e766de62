// The list of recordings: what is looked for, and how a row reads. Pure.
/** @import { Priority, Wearer } from "./shapes" */
import { timeText } from "./replay_address.js";
import { lengthWords } from "./replay_words.js";

/**
 * @typedef {{ id: string, kind: string, title: string, priority: Priority, raised_at: number, place: string | null }} AlertOf
 * @typedef {{ id: string, device_id: string, call_sign: string, wearer: Wearer | null, why: string, from: number, to: number,
 *   open: boolean, signed: boolean, stamped: boolean | null, gaps: number, alerts: AlertOf[], there: { from: number, to: number } | null,
 *   near_m: number | null }} Row near_m: how near its camera came to where the alert that is looked for was raised
 * @typedef {{ at: number, recordings: Row[], next: string | null }} Page
 * @typedef {{ from: string, to: string, officer: string, alert: string, tag: string, category: string, text: string,
 *   area: string }} Filter as the form has it
 */

export const MOST_CAMERAS = 9;
/** Kinds that can be looked for; the server's catalogue may have more. */
export const KINDS = /** @type {const} */ ([
  ["emergency", "Emergency button"],
  ["taser.drawn", "TASER drawn"],
  ["taser.armed", "TASER armed"],
  ["taser.trigger", "TASER fired"],
  ["taser.arc", "TASER arc"],
  ["watch.request", "Watch me"],
  ["camera.lost", "Camera lost"],
  ["battery.low", "Battery low"],
]);
/** Which cameras belong to an alert: `server/replay/finding.py` has the rule. */
export const NEAR_WORDS =
  "Of this alert: its own camera, and those that came within 250 m of where it was raised while it stood.";
export const ALL_WORDS = "Every camera that recorded while this alert stood.";
/** What an alert that a link names by its id is called in the list of kinds. */
export const ONE_ALERT = "the one of the link";
/** @type {Record<string, string>} */
const WHY = {
  officer: "by the officer",
  control: "asked for by control",
  start: "since the camera was switched on",
  always: "records always",
  "not told": "the camera did not say why",
};

/** @param {Filter} filter @param {string | null} before @param {boolean} [all] of an alert: every camera of its time @returns {URLSearchParams} the API's query */
export function queryOf({ from, to, alert, ...others }, before, all = false) {
  const query = new URLSearchParams();
  for (const [name, text] of Object.entries({ from, to })) {
    const at = text ? new Date(text).getTime() / 1000 : NaN;
    if (Number.isFinite(at)) query.set(name, String(at));
  }
  // what is no kind is the id of one alert: everything of its time, or what belongs to it
  if (alert) query.set(isKind(alert) ? "alert" : "incident", alert);
  if (alert && !isKind(alert) && !all) query.set("near", "yes");
  for (const [name, text] of Object.entries(others)) if (text.trim()) query.set(name, text.trim());
  if (before) query.set("before", before);
  return query;
}

/** Whether alerts of this kind can be looked for. @param {string} alert */
export function isKind(alert) {
  return KINDS.some(([kind]) => kind === alert);
}

/**
 * Recordings of other cameras at the same time, at most those that fit on one replay: those that came nearest to where the alert
 * that is looked for was raised, then those that recorded at the second at which it opens.
 * @param {Row} row @param {readonly Row[]} all
 */
export function besides(row, all) {
  const at = opensAt(row);
  const rank = /** @param {Row} one @returns {[number, number]} */ (one) => [
    one.near_m ?? Infinity,
    one.from <= at && at < one.to ? 0 : 1,
  ];
  const others = all.filter((other) => other.from < row.to && other.to > row.from);
  const devices = new Set([row.device_id]);
  return inOrder(others, rank)
    .filter(({ device_id }) => !devices.has(device_id) && devices.add(device_id))
    .slice(0, MOST_CAMERAS - 1);
}

/** Stable. @template T @param {readonly T[]} all @param {(one: T) => [number, number]} rank @returns {T[]} */
function inOrder(all, rank) {
  const ranked = all.map((one) => ({ one, rank: rank(one) }));
  const less = /** @param {number} a @param {number} b */ (a, b) => (a === b ? 0 : a < b ? -1 : 1); // endless ones are equal
  ranked.sort((a, b) => less(a.rank[0], b.rank[0]) || less(a.rank[1], b.rank[1]));
  return ranked.map(({ one }) => one);
}

/** @param {Row} row where it opens: at its gravest alert, else when it came to the place, else where it begins */
export function opensAt({ alerts, from, there }) {
  const first = alerts[0];
  return first ? Math.max(from, first.raised_at - 10) : (there?.from ?? from);
}

/**
 * The replay of an alert's incident, at the second in which it was raised; null where its camera recorded nothing then.
 * @param {readonly Row[]} rows what was recorded while it stood @param {string} alert its id
 */
export function replayOf(rows, alert) {
  const row = rows.find(({ alerts }) => alerts.some(({ id }) => id === alert));
  const raised = row?.alerts.find(({ id }) => id === alert)?.raised_at;
  if (!row || raised === undefined) return null;
  const ids = [row, ...besides(row, rows)].map(({ id }) => id);
  return `/replay/${ids.join(",")}?t=${timeText(Math.max(row.from, raised))}`;
}

/** A day up to now, as the fields of a form have it: a place is searched from one time to another. @param {Date} now */
export function lastDay(now) {
  const field = /** @param {number} ms */ (ms) =>
    new Date(ms - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  return { from: field(now.getTime() - 24 * 3_600_000), to: field(now.getTime()) };
}

/** "3 min 20 s, 2 gaps, signed" @param {Row} row */
export function about({ from, to, open, gaps, signed, stamped, why }) {
  const missing = gaps === 0 ? "no gap" : gaps === 1 ? "1 gap" : `${gaps} gaps`;
  const stamp = stamped === null ? "" : stamped ? ", timestamped" : ", not yet timestamped";
  const state = open ? "still recording" : signed ? `signed${stamp}` : "not signed";
  const signal = why.replace(/^signal:/, "");
  const reason = WHY[why] ?? `after ${KINDS.find(([kind]) => kind === signal)?.[1] ?? signal}`;
  return `${lengthWords(to - from)} · ${missing} · ${state} · ${reason}`;
}
