// The audit's rows in words: who did what to whom; what a filter asks of the server; and how the chain stands.
import { timeOfDay } from "./words.js";

/**
 * @typedef {object} Row
 * @property {number} seq
 * @property {number} at
 * @property {string} what
 * @property {{ kind: string, id: string, name: string, role: string }} actor
 * @property {{ kind: string, id: string, name: string }} subject
 * @property {string} why
 * @property {string} address
 * @property {string} agent
 * @property {Record<string, unknown>} detail
 * @property {string} previous
 * @property {string} chain
 */
/** @typedef {{ at: number, rows: number, checked: number, done: boolean, fault: { seq: number, why: string } | null, chain: string }} Check */
/** @typedef {{ from: string, to: string, person: string, what: string, text: string }} Filter dates as YYYY-MM-DD */

/** A row read aloud: D. Okafor – watched live – ET17. @type {Record<string, string>} */
const WORDS = {
  "collect.asked": "asked to record",
  "collect.started": "recording started",
  "collect.resumed": "recording went on",
  "collect.ended": "recording ended",
  "collect.taser-log": "brought in a TASER log",
  "view.live": "watched live",
  "view.replay": "watched the replay",
  "view.thumbnail": "saw a still",
  "view.export": "began an export",
  "change.person-added": "added a person",
  "change.person": "changed a person",
  "change.password": "set a password",
  "change.sign-in-link": "made a sign-in link",
  "change.signed-out": "ended sign-ins",
  "change.person-off": "switched a person off",
  "change.token-made": "made an API token",
  "change.token-revoked": "revoked an API token",
  "change.camera-added": "registered a camera",
  "change.camera": "changed a camera",
  "change.camera-revoked": "revoked a camera",
  "change.recording": "changed a recording",
  "change.retention-table": "changed how long recordings are kept",
  "change.taser-clock": "set a TASER log's clock",
  "decide.alert": "dealt with an alert",
  "decide.advice": "advised an officer",
  "share.export-ready": "has an export ready",
  "share.export": "fetched an export",
  "share.audit": "exported the audit",
  "combine.recordings": "combined recordings",
  "delete.recording": "deleted a recording",
  "delete.taser-log": "deleted a TASER log",
  "access.signed-in": "signed in",
  "access.signed-out": "signed out",
  "access.not-signed-in": "was not let in",
  "access.refused": "was refused",
};

/** @param {Row} row */
export function whatWords({ what }) {
  return WORDS[what] ?? what;
}

/** @param {Row} row */
export function actorWords({ actor }) {
  return actor.kind === "nobody" ? "somebody" : actor.name || actor.id || actor.kind;
}

/** Who it was done to; empty where that is the person who did it. @param {Row} row */
export function subjectWords({ actor, subject }) {
  if (subject.kind === "person" && subject.id === actor.id && subject.id) return "";
  return subject.name || subject.id;
}

/** All that a row has beside its columns, name and value. @param {Row} row @returns {[string, string][]} */
export function detailLines(row) {
  const own = Object.entries(row.detail).map(([name, value]) => [name.replaceAll("_", " "), valueWords(name, value)]);
  const ids = [
    ["by", [row.actor.kind, row.actor.id, row.actor.role].filter(Boolean).join(" · ")],
    ["of", [row.subject.kind, row.subject.id].filter(Boolean).join(" · ")],
    ["with", row.agent],
    ["chain", row.chain],
  ];
  return /** @type {[string, string][]} */ ([...own, ...ids].filter(([, value]) => value));
}

/** @param {string} name @param {unknown} value */
function valueWords(name, value) {
  if (name === "until" && typeof value === "number") return timeOfDay(value);
  if (value === null) return "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Start of a day where the reader sits, Unix seconds. @param {string} day YYYY-MM-DD @param {number} more days later */
function startOf(day, more) {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + more).getTime() / 1000;
}

/** The query of a filter; the last day is part of what is asked for. @param {Filter} filter @param {Record<string, string | number>} [more] */
export function queryOf({ from, to, person, what, text }, more = {}) {
  const query = new URLSearchParams();
  if (from) query.set("from", String(startOf(from, 0)));
  if (to) query.set("to", String(startOf(to, 1)));
  for (const [name, value] of Object.entries({ person: person.trim(), what, text: text.trim() }))
    if (value) query.set(name, value);
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  return String(query);
}

/** "Chain intact: 12,345 rows, checked 21:03:11." @param {Check} check */
export function chainWords({ at, rows, checked, done, fault }) {
  if (fault) return `Row ${count(fault.seq)}: ${fault.why}. Found at ${timeOfDay(at)}; rows before it hold.`;
  if (!done) return `Checking the chain: ${count(checked)} of ${rowsWords(rows)}.`;
  return `Chain intact: ${rowsWords(rows)}, checked ${timeOfDay(at)}.`;
}

/** @param {number} rows */
export function rowsWords(rows) {
  return rows === 1 ? "1 row" : `${count(rows)} rows`;
}

/** @param {number} number */
function count(number) {
  return number.toLocaleString("en-GB");
}

/**
 * What is shown after another answer: those that came before stay, each once, the newest first.
 * @param {readonly Row[]} known @param {readonly Row[]} more
 */
export function merged(known, more) {
  const all = new Map([...known, ...more].map((row) => [row.seq, row]));
  return [...all.values()].sort((one, other) => other.seq - one.seq);
}
