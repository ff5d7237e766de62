// The persons of an installation: in which order, which are searched for, and what a row says of them.
import { age } from "./words.js";
import { fits } from "./typed.js";

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} name
 * @property {string} display_name
 * @property {string} role
 * @property {string | null} call_sign
 * @property {boolean} has_password
 * @property {number | null} revoked_at
 * @property {number} sessions
 * @property {number | null} last_used_at
 * @property {number} tokens
 */

/** What a role is for, in the words of the form. */
export const ROLES = /** @type {const} */ ([
  ["control", "control: the room, its alerts and advice"],
  ["inspector", "inspector: the same, in command"],
  ["supervisor", "supervisor: the same, and who viewed what"],
  ["officer", "officer: a phone as a camera"],
  ["trainer", "trainer: sees, and acts on nothing"],
  ["investigator", "investigator: recordings and evidence, nothing live"],
  ["standards", "standards: the same, and who did and saw what"],
  ["engineer", "engineer: figures only"],
  ["auditor", "auditor: who did and saw what, and no pictures"],
  ["admin", "admin: all of it, and people and cameras"],
]);

/**
 * Those who may sign in, then those who are switched off; by the name that others see.
 * @param {readonly Entry[]} people
 * @param {string} typed every word must be found in a name, role or call sign
 */
export function listed(people, typed) {
  const matches = /** @param {Entry} one */ ({ name, display_name, role, call_sign }) =>
    fits(typed, name, display_name, role, call_sign);
  return people
    .filter(matches)
    .sort(
      (one, other) =>
        Number(one.revoked_at !== null) - Number(other.revoked_at !== null) ||
        one.display_name.localeCompare(other.display_name, "en-GB"),
    );
}

/** @param {Entry} entry @param {number} now */
export function signInWords({ sessions, last_used_at, tokens, has_password }, now) {
  const times = sessions === 1 ? "signed in" : `signed in ${sessions} times`;
  const used = last_used_at === null ? "" : `, used ${age(Math.max(0, now - last_used_at))} ago`;
  const parts = [sessions ? times + used : "not signed in"];
  if (tokens) parts.push(tokens === 1 ? "1 API token" : `${tokens} API tokens`);
  if (!has_password) parts.push("no password");
  return parts.join(" · ");
}

/** "6 people, 2 signed in." @param {readonly Entry[]} people */
export function summary(people) {
  const present = people.filter(({ revoked_at }) => revoked_at === null);
  const inside = present.filter(({ sessions }) => sessions > 0).length;
  return `${present.length} ${present.length === 1 ? "person" : "people"}, ${inside} signed in.`;
}
