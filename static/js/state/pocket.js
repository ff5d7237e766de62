// What an inspector's phone shows: one alert at a time, the most urgent first; else the unit that was picked.
/** @import { Alert, Fix, Unit } from "./shapes" */
import { needsAcknowledging, occasion, openAlerts } from "./alerts.js";
import { fixAge, isStale } from "./positions.js";
import { age } from "./words.js";

/** @typedef {"alert" | "units" | "write"} Face of the lower half */
/** @typedef {{ device: string | null, alert: Alert | undefined, face: Face, told: string }} Subject `told`: the last call that took the screen */

const METRES_A_DEGREE = 111_320; // of latitude
const ROUNDED_M = 10; // a distance between two fixes is no better than they are

/** @type {Subject} */
export const NOBODY = { device: null, alert: undefined, face: "alert", told: "" };

/**
 * The alert at hand: the one a person went to, until a priority 1 comes that nobody has acknowledged; else the most urgent.
 * @param {ReadonlyMap<string, Alert>} alerts @param {string | null} chosen
 * @returns {Alert | undefined}
 */
export function atHand(alerts, chosen) {
  const open = openAlerts(alerts);
  const top = open[0];
  const picked = open.find((alert) => alert.id === chosen);
  const presses = top && isPressing(top) && !(picked && isPressing(picked));
  return picked && !presses ? picked : top;
}

/**
 * Who is on the screen after what has happened. A new priority 1 takes it at once, but not from somebody who writes:
 * words to one officer never go to another, and no button comes under a thumb that was about to press a different one.
 * @param {Subject} before @param {Alert | undefined} alert the one at hand @param {string | null} picked of the units
 * @returns {Subject}
 */
export function subjectOf(before, alert, picked) {
  const call = alert && isPressing(alert) ? occasion(alert) : "";
  if (before.face === "write") {
    const device = before.device ?? picked;
    return { ...before, device, alert: alert?.device_id === device ? alert : undefined };
  }
  const takes = call !== "" && call !== before.told;
  const face = takes ? "alert" : before.face;
  const told = call || before.told;
  if (alert && face === "alert") return { device: alert.device_id, alert, face, told };
  return { device: picked ?? before.device, alert: undefined, face, told };
}

/** How many other alerts are open, and which comes next. @param {ReadonlyMap<string, Alert>} alerts @param {Alert | undefined} alert */
export function others(alerts, alert) {
  const open = openAlerts(alerts);
  const at = open.findIndex((one) => one.id === alert?.id);
  const next = open[(at + 1) % Math.max(1, open.length)];
  return { count: open.length - (at < 0 ? 0 : 1), next: next?.id === alert?.id ? undefined : next };
}

/** "fix ± 4 m, 1 s old" @param {Fix | undefined} fix @param {number} now */
export function fixWords(fix, now) {
  return fix ? `fix ± ${Math.round(fix.accuracy_m)} m, ${age(fixAge(fix, now))} old` : "no position yet";
}

/**
 * "ET22 40 m, ET09 1.2 km": who is nearest, of those whose position is known now.
 * @param {string | null} device
 * @param {{ units: ReadonlyMap<string, Unit>, fixes: ReadonlyMap<string, Fix>, now: number, staleAfter: number, most?: number }} facts
 */
export function nearWords(device, { units, fixes, now, staleAfter, most = 3 }) {
  const here = device === null ? undefined : fixes.get(device);
  if (!here || isStale(here, now, staleAfter)) return "";
  const near = [...units.values()].flatMap((unit) => {
    const fix = fixes.get(unit.device_id);
    const counts = fix && unit.online && unit.device_id !== device && !isStale(fix, now, staleAfter);
    return counts ? [{ name: unit.call_sign, metres: apart(here, fix) }] : [];
  });
  const nearest = near.sort((one, other) => one.metres - other.metres).slice(0, most);
  return nearest.map(({ name, metres }) => `${name} ${distance(metres)}`).join(", ");
}

/** @param {Alert} alert */
function isPressing(alert) {
  return alert.priority === 1 && needsAcknowledging(alert);
}

/** Metres between two fixes of one town: the ground is flat there. @param {Fix} one @param {Fix} other */
function apart(one, other) {
  const east = (other.lon - one.lon) * METRES_A_DEGREE * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(east, (other.lat - one.lat) * METRES_A_DEGREE);
}

/** @param {number} metres */
function distance(metres) {
  if (metres < 1000) return `${Math.max(1, Math.round(metres / ROUNDED_M)) * ROUNDED_M} m`;
  return `${(metres / 1000).toFixed(1)} km`;
}
