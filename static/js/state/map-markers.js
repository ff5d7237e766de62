/** Units, fixes and alerts to the markers that stand for them at one moment. Pure: `now` is handed in. */
/** @import { Alert } from "./shapes" */
import { alarmsByDevice, needsAcknowledging } from "./alerts.js";
import { age as ageWords } from "./words.js";

/**
 * @typedef {object} MapUnit
 * @property {string} device_id
 * @property {string} call_sign
 * @property {{name: string, collar_number?: string | null} | null} [wearer]
 * @property {boolean} [online]
 * @property {"recording" | "buffering" | "off"} recording
 *
 * @typedef {object} MapFix
 * @property {string} device_id
 * @property {number} at Unix seconds, as the device saw it
 * @property {number} lat
 * @property {number} lon
 * @property {number} accuracy_m
 * @property {number | null} [heading_deg]
 * @property {string} standing "live", "late" or "future"
 *
 * @typedef {{fix_stale_s: number, max_speed_mps: number}} Validity
 *
 * @typedef {object} Marker
 * @property {string} device_id
 * @property {string} call_sign
 * @property {number} lon
 * @property {number} lat
 * @property {number} age_s
 * @property {number} fresh 1 = just now, 0 = at the end of its validity
 * @property {boolean} stale
 * @property {"recording" | "buffering" | "off"} recording
 * @property {number | null} heading degrees from north; null when unknown or stale
 * @property {number} accuracy_m
 * @property {number | null} could_m how far the unit may be from the mark by now; only when stale
 * @property {0 | 1 | 2 | 3} priority 0 = no open alert
 * @property {boolean} unseen its alert is not acknowledged yet
 * @property {string} sub the label's second word
 * @property {boolean} selected
 * @property {string} name what a screen reader says
 */

// Beyond this the circle says no more than "anywhere in this part of town", and hides the streets.
const COULD_CAP_M = 1500;
const WINDS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];
/** @type {[RegExp, string][]} */
const ALERT_WORDS = [
  [/^taser/, "TASER"],
  [/^emergency/, "emergency"],
  [/^watch/, "watch me"],
  [/^battery/, "battery"],
  [/lost|offline/, "lost"],
];

/**
 * The positions that may be shown as now: only a live fix moves a marker, and never back in time.
 * @template {MapFix} F
 * @param {ReadonlyMap<string, F>} held @param {Iterable<F>} fixes
 * @returns {Map<string, F>}
 */
export function keepLive(held, fixes) {
  const kept = new Map(held);
  for (const fix of fixes) {
    const before = kept.get(fix.device_id);
    if (fix.standing === "live" && (!before || fix.at >= before.at)) kept.set(fix.device_id, fix);
  }
  return kept;
}

/**
 * @param {Alert} alert
 * @returns {string} one short word for a label
 */
export function alertWord(alert) {
  if (alert.cleared_at !== null) return "cleared";
  return ALERT_WORDS.find(([pattern]) => pattern.test(alert.kind))?.[1] ?? alert.title.slice(0, 14);
}

/**
 * One marker for each unit whose position was ever known.
 * @param {{units: Iterable<MapUnit>, fixes: ReadonlyMap<string, MapFix>, alerts: Iterable<Alert>,
 *   selected: string | null, now: number, validity: Validity}} facts
 * @returns {Marker[]}
 */
export function buildMarkers({ units, fixes, alerts, selected, now, validity }) {
  const alarms = alarmsByDevice(alerts);
  /** @type {Marker[]} */
  const markers = [];
  for (const unit of units) {
    const fix = fixes.get(unit.device_id);
    if (fix) markers.push(marker(unit, fix, alarms.get(unit.device_id), selected === unit.device_id, now, validity));
  }
  return markers;
}

/**
 * @param {MapUnit} unit @param {MapFix} fix @param {Alert | undefined} alert
 * @param {boolean} selected @param {number} now @param {Validity} validity
 * @returns {Marker}
 */
function marker(unit, fix, alert, selected, now, validity) {
  const age = Math.max(0, now - fix.at);
  const stale = age > validity.fix_stale_s;
  const words = [alert ? alertWord(alert) : "", stale ? ageWords(age) : ""];
  /** @type {Omit<Marker, "name">} */
  const known = {
    device_id: unit.device_id,
    call_sign: unit.call_sign,
    lon: fix.lon,
    lat: fix.lat,
    age_s: age,
    fresh: stale ? 0 : 1 - age / validity.fix_stale_s,
    stale,
    recording: unit.recording,
    heading: stale ? null : (fix.heading_deg ?? null),
    accuracy_m: fix.accuracy_m,
    could_m: stale ? Math.min(COULD_CAP_M, fix.accuracy_m + validity.max_speed_mps * age) : null,
    priority: /** @type {0 | 1 | 2 | 3} */ (alert?.priority ?? 0),
    unseen: alert !== undefined && needsAcknowledging(alert),
    sub: words.filter(Boolean).join(" "),
    selected,
  };
  return { ...known, name: spoken(known, unit, alert) };
}

/**
 * @param {Omit<Marker, "name">} known @param {MapUnit} unit @param {Alert | undefined} alert
 */
function spoken(known, unit, alert) {
  const state = { recording: "recording", buffering: "buffering", off: "camera off" }[known.recording];
  const parts = [
    // Begins with the words on the label, so that who speaks to the screen can name it.
    [known.priority || "", unit.call_sign, known.sub].filter(Boolean).join(" "),
    unit.wearer?.name ?? "",
    alert ? `priority ${alert.priority}, ${alert.title}` : "",
    state,
    `position ${ageWords(known.age_s)} old${known.stale ? ", past its validity" : ""}`,
    known.could_m === null
      ? `within ${Math.round(known.accuracy_m)} m`
      : `could have moved ${Math.round(known.could_m)} m`,
    known.heading === null ? "" : `facing ${WINDS[Math.round(known.heading / 45) % 8]}`,
  ];
  return parts.filter(Boolean).join("; ");
}
