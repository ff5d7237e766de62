// One's own API tokens: what a row says of them.
import { dayOf } from "./words.js";

const DAY_S = 86_400;

/** @typedef {{ id: string, purpose: string, added_at: number, expires_at: number | null }} Token */

/** For how long a token is good, in the form. */
export const DAYS = /** @type {const} */ ([
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["366", "a year"],
]);

/** "ends Fri 20 Nov 2026, in 12 days" @param {Token} token @param {number} now */
export function endWords({ expires_at }, now) {
  if (expires_at === null) return "until it is revoked";
  const left = (expires_at - now) / DAY_S;
  if (left <= 0) return `ended ${dayOf(expires_at)}`;
  const days = Math.floor(left);
  return `ends ${dayOf(expires_at)}, ${days < 1 ? "within a day" : days === 1 ? "in 1 day" : `in ${days} days`}`;
}
