// A made-up replay for the living sheet: two cameras, one with a gap, and an event of every kind.
/** @import { Replay, ReplayCamera, ReplayEvent } from "../state/replay.js" */
import { replayOf } from "../state/replay.js";
import { ACKNOWLEDGED, LONG, MAP_ALERTS, NOW, named } from "./facts.js";

const [FROM, TO] = [NOW - 120, NOW + 180];

/** @param {import("../state/shapes").Unit} of @param {Partial<ReplayCamera>} [more] @returns {ReplayCamera} */
export function camera(of, more = {}) {
  return {
    device_id: of.device_id,
    call_sign: of.call_sign,
    wearer: of.wearer,
    layers: ["main", "sub"],
    codec: "h264",
    sound: true,
    ahead_s: 0,
    parts: "0",
    recordings: [
      { id: "r", why: "officer", asked_at: FROM + 30, from: FROM, to: TO, open: false, signed: true, stamped: null },
    ],
    spans: [
      { from: FROM, to: FROM + 30, before: true, filled: false },
      { from: FROM + 30, to: TO, before: false, filled: false },
    ],
    unseen: [],
    gaps: [],
    ...more,
  };
}

const BROKEN = camera(LONG, {
  spans: [
    { from: FROM + 20, to: NOW + 20, before: false, filled: false },
    { from: NOW + 68, to: NOW + 90, before: false, filled: true },
    { from: NOW + 90, to: TO, before: false, filled: false },
  ],
  gaps: [{ from: NOW + 20, to: NOW + 68, why: "camera-away", words: "gap 48 s: camera away", packets: null }],
});
export const CAMERAS = [camera(named("ET17")), BROKEN];

/** @param {number} after seconds @param {ReplayEvent["kind"]} kind @param {string} text @param {Partial<ReplayEvent>} [more] @returns {ReplayEvent} */
const event = (after, kind, text, more = {}) => ({ at: NOW + after, kind, device_id: null, text, ...more });

/** @type {ReplayEvent[]} */
const EVENTS = [
  event(-90, "recording", "Recording ET17, 30 s before kept", { sign: "camera" }),
  event(-15, "alert", "TASER drawn, ET17", { sign: "alert", family: "taser", priority: 2 }),
  event(-9, "alert", "TASER armed, ET17", { sign: "alert", family: "taser", priority: 1 }),
  event(-6, "command", "D. Okafor watches ET17, ET22", { sign: "eye" }),
  event(-4, "command", "Acknowledged, D. Okafor: TASER armed", { sign: "tick", decision: "d" }),
  event(-2, "advice", "Insp. Achebe to ET17: Hold, contain.", { sign: "send" }),
  event(4, "advice", "Heard by ET17", { sign: "tick" }),
  event(12, "bookmark", "Hand to the belt, Insp. Achebe", { sign: "bookmark" }),
  event(16, "command", "Tag set on ET17's recording, Insp. Achebe", { sign: "log" }),
  event(20, "gap", `${LONG.call_sign} gap 48 s: camera away`, { sign: "camoff" }),
  event(110, "alert", "Battery 12 %, ET28", { sign: "alert", family: "battery", priority: 3 }),
  event(150, "activity", "PC Featherstonehaugh-Wolstenholme signed on, ETXX1207", { sign: "info" }),
];

/** @type {Replay} */
export const REPLAY = replayOf({
  view: {
    id: "v",
    by: "Insp. Achebe",
    why: "Debrief: 0412",
    recordings: ["r"],
    from: FROM,
    to: TO,
    opened_at: NOW,
    expires_at: NOW + 1,
  },
  at: NOW,
  from: FROM,
  to: TO,
  cameras: CAMERAS,
  units: [],
  fix_fields: [],
  fixes: {},
  alerts: MAP_ALERTS.map((alert) => ({ ...alert, ...ACKNOWLEDGED, raised_at: NOW - 9, cleared_at: NOW + 70 })),
  alert_states: [],
  advice: [],
  events: EVENTS,
  decisions: [],
  cuts: [],
  settings: {
    fix_stale_s: 15,
    max_speed_mps: 8,
    basemap: { kind: "none", url: null, center: null, zoom: null },
    exercise: false,
  },
});
