// What is deleted next, and what must be reviewed: by category, soonest first. Pure.
/** @import { Wearer } from "./shapes" */
import { lengthWords } from "./replay_words.js";
import { dayOf, timeOfDay } from "./words.js";

/**
 * @typedef {{ id: string, device_id: string, call_sign: string, wearer: Wearer | null, from: number, to: number, rule: string,
 *   bytes: number, delete_at?: number, review_at?: number }} Going
 * @typedef {{ at: number, days: number, held_back: string, counts: { deletions: number, reviews: number, bytes: number },
 *   rules: { rule: string, deletions: number, bytes: number }[], deletions: Going[], reviews: Going[] }} Upcoming
 * @typedef {{ rule: string, title: string, words: string, rows: Going[] }} Group
 */

/**
 * Those of each category together; how many there are in all is the server's count, since it lists the soonest only.
 * @param {readonly Going[]} rows @param {Upcoming["rules"]} rules @param {ReadonlyMap<string, string>} titles @returns {Group[]}
 */
export function groupsOf(rows, rules, titles) {
  const names = [...new Set(rows.map(({ rule }) => rule))].sort();
  return names.map((rule) => {
    const mine = rows.filter((row) => row.rule === rule);
    const counted = rules.find((one) => one.rule === rule);
    const total = counted?.deletions ?? mine.length;
    const size = sizeWords(counted?.bytes ?? mine.reduce((sum, { bytes }) => sum + bytes, 0));
    const more = total > mine.length ? `, the first ${mine.length} are shown` : "";
    return { rule, title: titles.get(rule) ?? ruleWords(rule), words: `${total}, ${size}${more}`, rows: mine };
  });
}

/** @param {string} rule that is no category of the table */
function ruleWords(rule) {
  if (rule === "disposed") return "Decided to be disposed of";
  return rule === "retained" ? "Decided to be retained" : rule;
}

/** "on 28 Nov at 20:46:05, in 3 days" @param {Going} row @param {number} now */
export function whenWords({ delete_at: gone, review_at: review }, now) {
  const at = gone ?? review ?? now;
  const left = at - now;
  const days = Math.floor(left / 86_400);
  const soon = left <= 0 ? "due" : days < 1 ? "within a day" : `in ${days} ${days === 1 ? "day" : "days"}`;
  return `${dayOf(at)} ${timeOfDay(at)}, ${soon}`;
}

/** @param {Going} row */
export function spanOf({ from, to, bytes }) {
  return `${dayOf(from)} ${timeOfDay(from)}, ${lengthWords(to - from)}, ${sizeWords(bytes)}`;
}

/** @param {number} bytes */
export function sizeWords(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
