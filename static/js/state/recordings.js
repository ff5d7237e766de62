// The list of recordings: what is looked for, and how a row reads. Pure.
/** @import { Priority, Wearer } from "./shapes" */
import { lengthWords } from "./replay_words.js";

/**
 * @typedef {{ id: string, kind: string, title: string, priority: Priority, raised_at: number, place: string | null }} AlertOf
 * @typedef {{ id: string, device_id: string, call_sign: string, wearer: Wearer | null, why: string, from: number, to: number,
 *   open: boolean, signed: boolean, gaps: number, alerts: AlertOf[] }} Row
 * @typedef {{ at: number, recordings: Row[], next: string | null }} Page
 * @typedef {{ from: string, to: string, officer: string, alert: string }} Filter as the form has it
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
/** @type {Record<string, string>} */
const WHY = { officer: "by the officer", always: "records always" };

/** @param {Filter} filter @param {string | null} before @returns {URLSearchParams} the API's query */
export function queryOf({ from, to, officer, alert }, before) {
  const query = new URLSearchParams();
  for (const [name, text] of Object.entries({ from, to })) {
    const at = text ? new Date(text).getTime() / 1000 : NaN;
    if (Number.isFinite(at)) query.set(name, String(at));
  }
  if (officer.trim()) query.set("officer", officer.trim());
  if (alert) query.set("alert", alert);
  if (before) query.set("before", before);
  return query;
}

/** Recordings of other cameras at the same time, at most those that fit on one replay. @param {Row} row @param {readonly Row[]} all */
export function besides(row, all) {
  const devices = new Set([row.device_id]);
  return all.filter((other) => {
    if (devices.has(other.device_id) || devices.size >= MOST_CAMERAS) return false;
    if (other.from >= row.to || other.to <= row.from) return false;
    devices.add(other.device_id);
    return true;
  });
}

/** @param {Row} row where it opens: at its gravest alert, else where it begins */
export function opensAt({ alerts, from }) {
  const first = alerts[0];
  return first ? Math.max(from, first.raised_at - 10) : from;
}

/** "3 min 20 s, 2 gaps, signed" @param {Row} row */
export function about({ from, to, open, gaps, signed, why }) {
  const missing = gaps === 0 ? "no gap" : gaps === 1 ? "1 gap" : `${gaps} gaps`;
  const state = open ? "still recording" : signed ? "signed" : "not signed";
  const reason = WHY[why] ?? why.replace(/^signal:/, "by ");
  return `${lengthWords(to - from)} · ${missing} · ${state} · ${reason}`;
}
