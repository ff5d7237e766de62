// The timeline's scale: moments to pixels and back, round times for its axis, a window that is zoomed and moved.

/** @typedef {{ from: number, to: number }} Window */
/** @typedef {{ x: (at: number) => number, at: (x: number) => number, left: number, right: number, window: Window }} Scale */

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
export const LEAST_WINDOW_S = 10;

/** @param {Window} window @param {number} left @param {number} right pixels @returns {Scale} */
export function scaleOf(window, left, right) {
  const perSecond = (right - left) / Math.max(0.001, window.to - window.from);
  return {
    window,
    left,
    right,
    x: (at) => Math.min(right, Math.max(left, left + (at - window.from) * perSecond)),
    at: (x) => window.from + (Math.min(right, Math.max(left, x)) - left) / perSecond,
  };
}

/**
 * Round times of the axis, at least `least` pixels apart; by the clock on the wall here.
 * @param {Scale} scale @param {number} least
 * @returns {{ times: number[], step: number }}
 */
export function marksOf(scale, least) {
  const { from, to } = scale.window;
  const perSecond = (scale.right - scale.left) / Math.max(0.001, to - from);
  const step = STEPS_S.find((one) => one * perSecond >= least) ?? 86_400;
  const zone = new Date(from * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((from - zone) / step) * step + zone;
  return {
    times: Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step),
    step,
  };
}

/**
 * A window that shows more or less, with the moment under the hand where it was.
 * @param {Window} window @param {Window} whole @param {number} factor below 1: nearer @param {number} about
 * @returns {Window}
 */
export function zoomedTo(window, whole, factor, about) {
  const length = Math.min(whole.to - whole.from, Math.max(LEAST_WINDOW_S, (window.to - window.from) * factor));
  const share = (about - window.from) / Math.max(0.001, window.to - window.from);
  return within({ from: about - share * length, to: about + (1 - share) * length }, whole);
}

/**
 * The window, moved so that it shows this moment; as it is where it does.
 * @param {Window} window @param {Window} whole @param {number} at
 */
export function showing(window, whole, at) {
  if (at >= window.from && at <= window.to) return window;
  const length = window.to - window.from;
  return within({ from: at - length * 0.1, to: at + length * 0.9 }, whole);
}

/** The window, if it is not all of it. @param {Window} window @param {Window} whole @returns {Window | null} */
export function partOf(window, whole) {
  return window.from > whole.from || window.to < whole.to ? window : null;
}

/**
 * A window that is wished for, as far as it can be had.
 * @param {Window} wished @param {Window} whole
 */
export function fitted({ from, to }, whole) {
  return within({ from, to: Math.max(to, from + LEAST_WINDOW_S) }, whole);
}

/** @param {Window} window @param {Window} whole @returns {Window} */
function within(window, whole) {
  const length = Math.min(window.to - window.from, whole.to - whole.from);
  const from = Math.min(Math.max(whole.from, window.from), whole.to - length);
  return { from, to: from + length };
}
