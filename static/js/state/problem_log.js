// Since when something is wrong, and what was wrong lately: for as long as the page has been open.
/** @import { Problem } from "./verdict.js" */

export const KEPT_S = 600;
const AGAIN_WITHIN_S = 15; // what comes back so soon was never over
const MOST = 40;

/** `since` is null for what was wrong before the page was opened, `until` for what still is. */
/** @typedef {Problem & { since: number | null, until: number | null }} Entry */

/**
 * @param {readonly Entry[]} log
 * @param {readonly Problem[]} problems what is wrong at `at`
 * @param {number} at Unix seconds
 * @param {boolean} isFirst the first that the page hears
 * @returns {Entry[]} worst first what is wrong, then what was, the latest first
 */
export function logged(log, problems, at, isFirst) {
  const wrong = new Set(problems.map(({ key }) => key));
  const going = problems.map((problem) => {
    const known = log.find(({ key, until }) => key === problem.key && (until === null || at - until < AGAIN_WITHIN_S));
    return { ...problem, since: known ? known.since : isFirst ? null : at, until: null };
  });
  const over = log
    .filter(({ key, until }) => !(wrong.has(key) && (until === null || at - until < AGAIN_WITHIN_S)))
    .map((entry) => ({ ...entry, until: entry.until ?? at }))
    .filter(({ until }) => at - until < KEPT_S)
    .sort((one, other) => other.until - one.until);
  return [...going, ...over].slice(0, MOST);
}
