// A replay: what the server told of an interval, and what was known at each moment of it. Pure.
/** @import { Advice, Alert, Settings, Wearer } from "./shapes" */
/** @import { Decision } from "./command_view.js" */
/** @import { MapFix, MapUnit } from "./map-markers.js" */
import { isOpen } from "./alerts.js";
import { TRAIL_S } from "./map-trails.js";

const HELD_S = 1; // as server/replay/decided.py has it
const BESIDE_S = 0.5; // while it plays, after a jump the clock stands so near to the event
const ROUNDED_S = 0.001; // an address tells milliseconds
const LEAST_UNSEEN_S = 0.5; // a shorter standstill nobody takes for a living picture

/**
 * @typedef {{ from: number, to: number, before: boolean, filled: boolean }} Span
 * @typedef {{ from: number, to: number, why: string, words: string, packets: number | null, filled?: number }} Gap
 * @typedef {{ id: string, why: string, asked_at: number, from: number, to: number, open: boolean, signed: boolean,
 *   stamped: boolean | null }} RecordingOf stamped: null: no authority was asked to
 * @typedef {{ device_id: string, call_sign: string, wearer: Wearer | null, layers: ("main" | "sub")[], codec: string | null,
 *   sound: boolean, ahead_s: number | null, parts: string, recordings: RecordingOf[], spans: Span[], unseen: { from: number, to: number }[],
 *   gaps: Gap[] }} ReplayCamera unseen: sound alone
 * @typedef {{ at: number, kind: "recording" | "gap" | "alert" | "command" | "taser" | "advice" | "activity" | "bookmark", device_id: string | null, text: string,
 *   sign?: string, priority?: 1 | 2 | 3, alert_id?: string, family?: string, decision?: string }} ReplayEvent decision: its id
 * @typedef {{ what: string, own: boolean, since: number }} Cut what lacks from then on; own: of the view's cameras
 * @typedef {{ id: string, by: string, why: string, recordings: string[], from: number, to: number | null,
 *   opened_at: number, expires_at: number }} View
 * @typedef {{ view: View, at: number, from: number, to: number, cameras: ReplayCamera[],
 *   units: { device_id: string, call_sign: string }[], fix_fields: string[], fixes: Record<string, (number | boolean | null)[][]>,
 *   alerts: Alert[], alert_states: { at: number, alert: Alert }[], advice: Advice[], events: ReplayEvent[], decisions: Decision[], cuts: Cut[],
 *   settings: Pick<Settings, "fix_stale_s" | "max_speed_mps" | "basemap" | "exercise"> }} Told
 * @typedef {MapFix & { received_at: number }} Known
 * @typedef {{ fixes: Known[], newest: (Known | null)[] }} Trail newest[i]: the live position after the first i + 1 arrived
 * @typedef {Told & { trails: Map<string, Trail> }} Replay
 */

/** @param {Told} told @returns {Replay} */
export function replayOf(told) {
  const trails = new Map();
  for (const [device, rows] of Object.entries(told.fixes)) trails.set(device, trailOf(device, rows, told.fix_fields));
  return { ...told, trails };
}

/** @param {string} device_id @param {(number | boolean | null)[][]} rows in order of arrival @param {string[]} fields @returns {Trail} */
function trailOf(device_id, rows, fields) {
  /** @type {Known[]} */
  const fixes = rows.map((row) => {
    const named = Object.fromEntries(fields.map((name, index) => [name, row[index]]));
    return /** @type {any} */ ({ ...named, device_id, standing: named["live"] ? "live" : "late" });
  });
  /** @type {Known | null} */
  let held = null;
  const newest = fixes.map((fix) => {
    if (fix.standing === "live" && fix.at >= (held?.at ?? -Infinity)) held = fix;
    return held;
  });
  return { fixes, newest };
}

/**
 * What consoles showed at that moment.
 * @param {Replay} replay @param {number} at
 * @returns {{ units: MapUnit[], fixes: Map<string, Known>, alerts: Alert[], trails: Map<string, Known[]> }}
 */
export function knownAt(replay, at) {
  const fixes = new Map();
  const trails = new Map();
  for (const [device, trail] of replay.trails) {
    const arrived = countUntil(trail.fixes, at);
    const newest = trail.newest[arrived - 1];
    if (!newest) continue;
    fixes.set(device, newest);
    trails.set(
      device,
      trail.fixes.slice(0, arrived).filter((fix) => fix.at > at - TRAIL_S && fix.at <= newest.at),
    );
  }
  const cameras = new Map(replay.cameras.map((camera) => [camera.device_id, camera]));
  /** @type {MapUnit[]} */
  const units = replay.units.map(({ device_id, call_sign }) => {
    const camera = cameras.get(device_id);
    const recording = camera && spanAt(camera, at) ? "recording" : "off";
    return { device_id, call_sign, wearer: camera?.wearer ?? null, online: true, recording };
  });
  return { units, fixes, alerts: alertsAt(replay.alert_states, at), trails };
}

/** The open alerts as they were told by then. @param {readonly { at: number, alert: Alert }[]} states @param {number} at @returns {Alert[]} */
export function alertsAt(states, at) {
  /** @type {Map<string, Alert>} */
  const held = new Map();
  for (const state of states)
    if (state.at <= at && state.alert.seq >= (held.get(state.alert.id)?.seq ?? -1))
      held.set(state.alert.id, state.alert);
  return [...held.values()].filter(isOpen);
}

/** The footage at that moment, if there is any. @param {ReplayCamera} camera @param {number} at */
export function spanAt(camera, at) {
  return camera.spans.find((span) => span.from <= at && at < span.to);
}

/**
 * The moment itself; in a hole that began less than a second ago, the last one before it: that picture stood on the screens.
 * @param {ReplayCamera} camera @param {number} at
 */
export function heldAt(camera, at) {
  if (spanAt(camera, at)) return at;
  const last = camera.spans.findLast((span) => span.to <= at);
  return last && at - last.to < HELD_S ? last.to - 0.02 : at;
}

/**
 * Why there is no picture at that moment.
 * @param {ReplayCamera} camera @param {number} at
 * @returns {{ title: string, line: string, kind: "gap" | "outside" } | null} null: there is one
 */
export function absenceAt(camera, at) {
  if (spanAt(camera, at)) return null;
  const gap = camera.gaps.find((one) => one.from - 0.3 <= at && at < one.to + 0.3);
  if (gap) return { kind: "gap", title: "GAP", line: gap.words };
  const first = camera.spans[0];
  if (!first || at < first.from) return { kind: "outside", title: "NOT YET RECORDING", line: "" };
  const next = camera.spans.find((span) => span.from > at);
  if (next) return { kind: "outside", title: "NOT RECORDING", line: "" };
  return { kind: "outside", title: "RECORDING HAS ENDED", line: "" };
}

/**
 * Sound without a picture: what stands on screen then is the picture from before it. Where packets were lost and pictures
 * came all the same, those are seen.
 * @param {ReplayCamera} camera @param {number} at
 * @returns {ReturnType<typeof absenceAt>}
 */
export function unseenAt(camera, at) {
  const unseen = camera.unseen.find((one) => one.to - one.from >= LEAST_UNSEEN_S && one.from <= at && at < one.to);
  if (!unseen || camera.spans.some((span) => span.filled && span.from <= at && at < span.to)) return null;
  const gap = camera.gaps.find((one) => one.from <= at && at < one.to);
  return { kind: "gap", title: "GAP", line: gap?.words ?? "sound alone" };
}

/**
 * The event before or after a moment; where a graver one follows within half a second, that one: a TASER's log has its own row
 * beside the alert. The next jump begins behind what is chosen, so that it is looked at again until none graver follows.
 * @param {readonly ReplayEvent[]} events in order @param {number} at @param {1 | -1} by
 * @returns {ReplayEvent | undefined}
 */
export function eventFrom(events, at, by) {
  const nearest =
    by === 1
      ? events.find(({ at: own }) => own > at + BESIDE_S)
      : events.findLast(({ at: own }) => own < at - BESIDE_S);
  return nearest && gravestFrom(nearest, by === 1 ? events : events.toReversed());
}

/** @param {ReplayEvent} from @param {readonly ReplayEvent[]} events in the direction of the jump @returns {ReplayEvent} */
function gravestFrom(from, events) {
  const beside = events.slice(events.indexOf(from)).filter(({ at }) => Math.abs(at - from.at) <= BESIDE_S);
  const gravest = beside.reduce((best, event) => (graveness(event) < graveness(best) ? event : best), from);
  return gravest === from ? from : gravestFrom(gravest, events);
}

/** @param {ReplayEvent} event @returns {number} what is no alert comes last */
function graveness({ priority }) {
  return priority ?? Infinity;
}

/** The last event that has happened by then; -1 for none. @param {readonly ReplayEvent[]} events @param {number} at */
export function indexAt(events, at) {
  return events.findLastIndex((event) => event.at <= at + ROUNDED_S);
}

/** How many have arrived by then. @param {readonly Known[]} fixes @param {number} at */
function countUntil(fixes, at) {
  let [low, high] = [0, fixes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fixes[middle]?.received_at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
