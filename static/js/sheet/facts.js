// What the living sheet shows: made-up units, positions, alerts and advice, at one moment that does not pass.
/** @import { Activity, Advice, Alert, Fix, PersonRef, Priority, Unit } from "../state/shapes" */
/** @import { Room } from "../state/room.js" */
import { alarmsByDevice } from "../state/alerts.js";
import { emptyRoom } from "../state/room.js";

/** Friday 20 November 2026, 22:41:07 UTC. */
export const NOW = Date.UTC(2026, 10, 20, 22, 41, 7) / 1000;
/** @type {PersonRef} */ export const ME = { id: "me", name: "Insp. Achebe" };
/** @type {PersonRef} */ const OKAFOR = { id: "okafor", name: "D. Okafor" };
const LONG_NAME = "PC Featherstonehaugh-Wolstenholme";
const LONG_PLACE = "Old Custom House Lane, near Saint Bartholomew’s Churchyard";

/** @param {string} callSign @param {string} name @param {Partial<Unit>} [more] @returns {Unit} */
export function unit(callSign, name, more = {}) {
  return {
    device_id: `${callSign.toLowerCase()}-cam`,
    call_sign: callSign,
    wearer: { name, collar_number: "0417" },
    online: true,
    streaming: true,
    streaming_since: null,
    recording: "recording",
    recording_since: NOW - 372,
    keeping: "kept",
    battery_pct: 81,
    lacks: [],
    signal_pct: 74,
    status_code: 2,
    layers: ["main", "sub"],
    watchers: [{ name: ME.name, role: "inspector", since: NOW - 60 }],
    last_picture_at: NOW,
    last_seen_at: NOW,
    ...more,
  };
}

export const UNITS = [
  unit("ET17", "PC Marsh"),
  unit("ET14", "PC Iqbal", { status_code: 6 }),
  unit("ET22", "PC Lindqvist", { watchers: [] }),
  unit("ET28", "PC Chen", { recording: "buffering", recording_since: null }),
  unit("ET09", "PC Wray", { recording: "off", recording_since: null, status_code: 3 }),
  unit("ET31", "PC Doyle", { online: false, streaming: false }),
  unit("ETXX1207", LONG_NAME, { status_code: 14 }),
];
const CLOSE = ["ET40", "ET41", "ET42"].map((callSign) => unit(callSign, "PC Shaw"));

const KINDS = /** @type {const} */ ({
  "taser.armed": ["taser", "TASER armed", 1, "Watch, send units. Ask for the reason by radio."],
  emergency: ["emergency", "Emergency", 1, "Send the nearest units at once."],
  "taser.drawn": ["taser", "TASER drawn", 2, "Open the picture, and be ready to send units."],
  "watch.request": ["watch", "Asks to be watched", 2, "Open the picture and say that you watch."],
  "camera.lost": ["camera", "Camera lost", 2, "Call the officer by radio."],
  "battery.low": ["battery", "Battery 12 %", 3, "Plan a change within 25 minutes."],
});

/** @param {keyof typeof KINDS} kind @param {Unit} of @param {Partial<Alert>} [more] @returns {Alert} */
export function alert(kind, of, more = {}) {
  const [family, title, priority, action] = KINDS[kind];
  const raised = more.raised_at ?? NOW - 9;
  return {
    id: `${of.device_id} ${kind}`,
    seq: 1,
    kind,
    family,
    title,
    priority: /** @type {Priority} */ (priority),
    cause: "",
    action,
    time_allowed_s: 30,
    device_id: of.device_id,
    call_sign: of.call_sign,
    wearer: of.wearer,
    lat: null,
    lon: null,
    place: "Harbour Street",
    state: "raised",
    raised_at: raised,
    needs_since: raised,
    device_at: raised,
    count: 1,
    acknowledged_by: null,
    acknowledged_at: null,
    cleared_at: null,
    closed_by: null,
    closed_at: null,
    steps: [{ action: "seen", by: ME, at: raised + 1, detail: null }],
    ...more,
  };
}

/** Somebody has it. @type {Partial<Alert>} */
export const ACKNOWLEDGED = {
  state: "acknowledged",
  raised_at: NOW - 38,
  acknowledged_by: OKAFOR,
  acknowledged_at: NOW - 35,
  steps: [
    { action: "seen", by: ME, at: NOW - 37, detail: null },
    { action: "acknowledge", by: OKAFOR, at: NOW - 35, detail: null },
  ],
};
/** Its cause is gone, and nobody has seen to it. @type {Partial<Alert>} */
export const CLEARED = { state: "cleared", raised_at: NOW - 50, cleared_at: NOW - 12 };
/** @type {Partial<Alert>} */
export const CLOSED = {
  ...ACKNOWLEDGED,
  state: "resolved",
  raised_at: NOW - 900,
  closed_by: OKAFOR,
  closed_at: NOW - 400,
};
export const LONG = /** @type {Unit} */ (UNITS.at(-1));
/** @type {Partial<Alert>} */ export const LONG_WORDS = { place: LONG_PLACE, count: 17 };

/** @param {string} callSign @returns {Unit} */
export function named(callSign) {
  const found = [...UNITS, ...CLOSE].find((one) => one.call_sign === callSign);
  if (!found) throw new Error(`no ${callSign} in the sheet`);
  return found;
}

/** @param {Unit} of @param {number} east metres from the market place @param {number} north @param {Partial<Fix>} [more] @returns {Fix} */
function fix({ device_id }, east, north, more = {}) {
  const at = more.at ?? NOW - 1;
  const [lon, lat] = [1.03 + east / 69_600, 51.36 + north / 111_320];
  const known = { accuracy_m: 6, speed_mps: 1.2, heading_deg: null, standing: /** @type {const} */ ("live") };
  return { device_id, at, received_at: at, lat, lon, ...known, ...more };
}

/** Every state of a marker, far enough apart for their labels; three stand together. */
export const FIXES = [
  fix(named("ET17"), -230, 90, { heading_deg: 120, accuracy_m: 18 }),
  fix(named("ET14"), 30, 95, { heading_deg: 300 }),
  fix(named("ET22"), 250, 90, { heading_deg: 20 }),
  fix(named("ET28"), -250, -20, { at: NOW - 6 }),
  fix(named("ET09"), -60, -25, { at: NOW - 11 }),
  fix(named("ET31"), 130, -60, { at: NOW - 18, heading_deg: 80 }),
  fix(LONG, -180, -120),
  ...CLOSE.map((one, index) => fix(one, 290 + index * 2, -30 + index)),
];
/** Where ET17 came from; nobody else has moved. @param {string} device @returns {Promise<Fix[]>} */
export const past = async (device) =>
  Array.from({ length: device === named("ET17").device_id ? 9 : 0 }, (_, index) =>
    fix(named("ET17"), -300 + index * 8, 10 + index * 9, { at: NOW - 90 + index * 9 }),
  );

export const MAP_ALERTS = [alert("taser.armed", named("ET17")), alert("watch.request", named("ET14"), ACKNOWLEDGED)];

/** @param {string} text @param {Partial<Advice>} [more] @returns {Advice} */
function advice(text, more = {}) {
  const { device_id, call_sign } = named("ET17");
  const none = { delivered_at: null, shown_at: null, acknowledged_at: null };
  return { id: text, seq: 1, device_id, call_sign, text, author: ME, sent_at: NOW - 65, ...none, ...more };
}

export const ADVICE = [
  advice("Two units come from Market Row.", { sent_at: NOW - 90, acknowledged_at: NOW - 87.1, shown_at: NOW - 89.6 }),
  advice("Hold, contain.", { sent_at: NOW - 40, shown_at: NOW - 39.6, delivered_at: NOW - 39.8 }),
  advice("Ambulance called.", { sent_at: NOW - 12, delivered_at: NOW - 11.7 }),
  advice("ET22 is 80 m behind you.", { sent_at: NOW - 1.7 }),
];

/** @type {Activity[]} */
export const ACTIVITY = [
  { seq: 3, at: NOW - 4, device_id: null, call_sign: "ET17", kind: "", text: "records, TASER armed" },
  { seq: 2, at: NOW - 61, device_id: null, call_sign: LONG.call_sign, kind: "", text: `${LONG_NAME} signed on` },
  { seq: 1, at: NOW - 300, device_id: null, call_sign: null, kind: "", text: "Insp. Achebe has taken the room" },
];

/** A room with these alerts. @param {Alert[]} alerts @param {Partial<Room>} [more] @returns {Room} */
export function room(alerts = [], more = {}) {
  const empty = emptyRoom();
  return {
    ...empty,
    known: true,
    person: { ...ME, display_name: ME.name, role: "inspector" },
    settings: { ...empty.settings, max_speed_mps: 3, quick_phrases: ["Backup is coming", "Hold, contain", "Stand by"] },
    units: new Map(UNITS.map((one) => [one.device_id, one])),
    fixes: new Map(FIXES.map((one) => [one.device_id, one])),
    alerts: new Map(alerts.map((one) => [one.id, one])),
    advice: new Map(ADVICE.map((one) => [one.id, one])),
    activity: ACTIVITY,
    ...more,
  };
}

/** Twelve alerts in ten minutes: a flood. */
export const FLOOD = room([
  ...MAP_ALERTS,
  alert("battery.low", LONG, { ...LONG_WORDS, id: "long" }),
  ...Array.from({ length: 9 }, (_, index) =>
    alert("camera.lost", named("ET31"), { id: `lost ${index}`, raised_at: NOW - 20 * (index + 1) }),
  ),
]);
export const alarms = alarmsByDevice(FLOOD.alerts.values());
export const CLUSTERED = CLOSE;
