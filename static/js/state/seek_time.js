// How long a picture takes to come after it is asked for: where it is aimed at, and from when on it is waited for. Pure.

// So long it may take before anybody waits for it: it was aimed at where the clock is by then.
const SHORT_S = 0.4;
const MOST_LEAD_S = 0.5;
const NEW = 0.3; // what the last one tells, against all before

/** @typedef {{ lead: number, asked: number | null }} SeekTime seconds; `asked`: since when one is on its way */

/** @type {SeekTime} */
export const UNTRIED = { lead: 0.1, asked: null };

/** @param {SeekTime} time @param {number} now @returns {SeekTime} */
export function begun(time, now) {
  return { ...time, asked: now };
}

/** @param {SeekTime} time @param {number} now @returns {SeekTime} */
export function arrived({ lead, asked }, now) {
  return { lead: asked === null ? lead : Math.min(MOST_LEAD_S, lead * (1 - NEW) + (now - asked) * NEW), asked: null };
}

/** Whether one is on its way, and not late yet. @param {SeekTime} time @param {number} now */
export function isUnderWay({ asked }, now) {
  return asked !== null && now - asked < SHORT_S;
}
