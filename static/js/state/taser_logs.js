// Logs of weapons that were brought in: how a row reads, and what the form asks for. Pure.
/** @import { Wearer } from "./shapes" */
import { dayOf, timeOfDay } from "./words.js";

/**
 * @typedef {{ seconds: number, how: "matched" | "set" | "unmatched", pairs: number, spread_s: number, words: string, why: string }} Clock
 * @typedef {{ id: string, device_id: string, call_sign: string, wearer: Wearer | null, serial: string, name: string,
 *   sha256: string, bytes: number, events: number, within: number, from: number, to: number, why: string, at: number,
 *   by_name: string, offset: Clock, settings: { at: number, by: string, offset_s: number | null, why: string }[] }} TaserLog
 */

/** "12 of 340 events, 28 Nov, 20:46:05 to 21:00:00" @param {TaserLog} log */
export function spanWords({ within, events, from, to }) {
  return `${within} of ${events} events, ${dayOf(from)}, ${timeOfDay(from)} to ${timeOfDay(to)}`;
}

/** Why its clock stands so, where somebody has said it. @param {TaserLog} log */
export function clockWords({ offset }) {
  const words = `${offset.words[0]?.toUpperCase()}${offset.words.slice(1)}`;
  return offset.how === "set" ? `${words}: ${offset.why}` : words;
}

/** @param {Record<string, string>} values of the form @param {string} name of the file @returns {URLSearchParams} */
export function aboutLog(values, name) {
  const about = new URLSearchParams({ name });
  for (const [field, text] of Object.entries(values)) {
    const isTime = field === "from" || field === "to";
    const at = isTime ? new Date(text).getTime() / 1000 : NaN;
    if (isTime && Number.isFinite(at)) about.set(field, String(at));
    else if (!isTime && text.trim()) about.set(field, text.trim());
  }
  return about;
}
