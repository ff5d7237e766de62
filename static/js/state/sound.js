// When the console sounds. P1: two notes, again at 60 s, then it escalates; P2: one note, once; P3: never.
/** @import { Alert } from "./shapes" */
import { needsAcknowledging, occasion } from "./alerts.js";

/** @typedef {"p1" | "p1-again" | "p1-escalated" | "p2"} Signal */
/** @typedef {{ times: number, lastAt: number }} Sounded */
/** @typedef {{ sounded: ReadonlyMap<string, Sounded>, quietUntil: number }} SoundState sounded by occasion */

export const REPEAT_S = 60;
export const ESCALATED_S = 15; // past the second minute: every 15 s until somebody acknowledges
export const SILENCE_S = 60;
const RANK = { "p1-escalated": 3, "p1-again": 2, p1: 1, p2: 0 };

/** @returns {SoundState} */
export function silent() {
  return { sounded: new Map(), quietUntil: 0 };
}

/**
 * What to play now, and what to remember. Several alerts at once sound as one: the gravest.
 * An alert met for the first time (a fresh page, a resumed link) sounds as if it had just been raised,
 * and so does one that was raised again or became graver: drawn and then armed is one alert, but armed is news.
 * @param {SoundState} state
 * @param {readonly Alert[]} alerts
 * @param {number} now
 * @returns {{ state: SoundState, play: Signal | null }}
 */
export function sounding(state, alerts, now) {
  const sounded = new Map();
  /** @type {Signal | null} */
  let play = null;
  for (const alert of alerts) {
    if (alert.priority === 3 || !needsAcknowledging(alert)) continue;
    const key = occasion(alert);
    const before = state.sounded.get(key);
    const signal = due(alert, before, now);
    if (before && (!signal || now < state.quietUntil)) sounded.set(key, before);
    else sounded.set(key, { times: (before?.times ?? 0) + 1, lastAt: now });
    if (signal && (!before || now >= state.quietUntil) && (!play || RANK[signal] > RANK[play])) play = signal;
  }
  return { state: { ...state, sounded }, play };
}

/**
 * A person asked for quiet: repeats wait. A new alert still sounds.
 * @param {SoundState} state
 * @param {number} now
 * @returns {SoundState}
 */
export function silenced(state, now) {
  return { ...state, quietUntil: now + SILENCE_S };
}

/** Nobody has acknowledged a priority 1 for more than a minute. @param {Alert} alert @param {number} now */
export function isEscalated(alert, now) {
  return alert.priority === 1 && needsAcknowledging(alert) && now - alert.needs_since >= REPEAT_S;
}

/** @param {Alert} alert @param {Sounded | undefined} before @param {number} now @returns {Signal | null} */
function due(alert, before, now) {
  if (alert.priority === 2) return before ? null : "p2";
  if (!before) return "p1";
  if (before.times === 1) return now - before.lastAt >= REPEAT_S ? "p1-again" : null;
  return now - before.lastAt >= ESCALATED_S ? "p1-escalated" : null;
}
