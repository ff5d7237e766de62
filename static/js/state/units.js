// Units: officers with a camera, keyed by device.
/** @import { Alert, Unit } from "./shapes" */
import { fits } from "./typed.js";

/** @typedef {Partial<Unit> & { device_id: string }} UnitChange */

/** The national status codes, as the room says them. @type {Record<number, string>} */
const STATUS_WORDS = {
  0: "emergency",
  1: "on duty",
  2: "on patrol",
  3: "at station",
  4: "refreshments",
  5: "en route",
  6: "at scene",
  7: "committed",
  8: "to court",
  9: "with prisoner",
  10: "message follows",
  11: "off duty",
  14: "urgent call",
};

/** What a unit is until the server has told more. @type {Omit<Unit, "device_id">} */
const UNKNOWN = {
  call_sign: "?",
  wearer: null,
  online: false,
  streaming: false,
  streaming_since: null,
  recording: "off",
  recording_since: null,
  keeping: null,
  battery_pct: null,
  signal_pct: null,
  status_code: 2,
  lacks: [],
  layers: [],
  watchers: [],
  last_picture_at: null,
  last_seen_at: null,
};

/**
 * The units that record, and of which the server keeps nothing.
 * @param {ReadonlyMap<string, Unit>} units
 */
export function notKept(units) {
  return [...units.values()].filter((unit) => unit.keeping === "failing");
}

/**
 * The units after some of them changed; the same map if none did.
 * @param {ReadonlyMap<string, Unit>} units
 * @param {readonly UnitChange[]} changes
 * @returns {ReadonlyMap<string, Unit>}
 */
export function withUnits(units, changes) {
  if (!changes.length) return units;
  const next = new Map(units);
  for (const change of changes) next.set(change.device_id, { ...UNKNOWN, ...next.get(change.device_id), ...change });
  return next;
}

/**
 * A unit's row in the journal tells who wears the camera. Its live state comes by `latest` alone:
 * a row replayed after a break is older than what is already on screen. A camera that was revoked is no unit any more.
 * @param {ReadonlyMap<string, Unit>} units
 * @param {UnitChange & { revoked?: boolean }} row
 */
export function withRegistration(units, row) {
  const known = units.get(row.device_id);
  if (row.revoked) return new Map([...units].filter(([device]) => device !== row.device_id));
  if (!known) return withUnits(units, [row]);
  const { device_id, call_sign = known.call_sign, wearer = known.wearer } = row;
  return withUnits(units, [{ device_id, call_sign, wearer }]);
}

/**
 * Rows of the list: alarms first by priority, then those on line, then by call sign.
 * The order does not follow ages or distances, so that a row stays where the eye left it.
 * @param {ReadonlyMap<string, Unit>} units
 * @param {ReadonlyMap<string, Alert>} alarms the highest open alert by device
 * @returns {Unit[]}
 */
export function ordered(units, alarms) {
  /** @param {Unit} unit */
  const rank = (unit) => alarms.get(unit.device_id)?.priority ?? (unit.online ? 4 : 5);
  return [...units.values()].sort((one, other) => rank(one) - rank(other) || byCallSign(one, other));
}

/**
 * The units that fit what was typed: call sign, name or collar number.
 * @param {readonly Unit[]} units
 * @param {string} typed
 */
export function matching(units, typed) {
  if (!typed) return [...units];
  return units.filter(({ call_sign, wearer }) => fits(typed, call_sign, wearer?.name, wearer?.collar_number));
}

// one for all comparisons: 200 units are put in order four times a second
const CALL_SIGNS = new Intl.Collator("en", { numeric: true });

/** @param {Unit} one @param {Unit} other */
export function byCallSign(one, other) {
  return CALL_SIGNS.compare(one.call_sign, other.call_sign);
}

/** @param {Unit} unit */
export function statusWords(unit) {
  if (!unit.online) return "off line";
  const words = STATUS_WORDS[unit.status_code] ?? `status ${unit.status_code}`;
  const lacks = lackWords(unit.lacks);
  return lacks ? `${lacks}, ${words}` : words;
}

const LACKS = { picture: "camera", sound: "microphone", position: "GPS" };

/**
 * "no camera, no GPS": what would not be sent if it were asked to record now; "" for nothing.
 * @param {Unit["lacks"]} lacks of an older server none
 */
export function lackWords(lacks) {
  return (lacks ?? []).map((what) => `no ${LACKS[what]}`).join(", ");
}

const LACK_SIGNS = { picture: "camoff", sound: "soundoff", position: "pin" };

/**
 * What matters of the status, as a symbol with its words: for a list that has no column for it.
 * @param {Unit} unit
 * @returns {{ name: string, words: string }} name of the symbol; "": there is nothing to tell
 */
export function unitSign(unit) {
  if (!unit.online) return { name: "linkoff", words: "off line" };
  const [lack] = unit.lacks ?? [];
  return lack ? { name: LACK_SIGNS[lack], words: lackWords(unit.lacks) } : { name: "", words: "" };
}

/**
 * "0417 PC Marsh"
 * @param {{ name: string, collar_number: string } | null | undefined} wearer
 */
export function wearerName(wearer) {
  return wearer ? `${wearer.collar_number} ${wearer.name}`.trim() : "nobody assigned";
}

/**
 * "Marsh": the family name alone, for a small caption.
 * @param {{ name: string } | null | undefined} wearer
 */
export function familyName(wearer) {
  return wearer?.name.split(" ").at(-1) ?? "";
}

/**
 * "12 on duty, 9 recording"
 * @param {ReadonlyMap<string, Unit>} units
 */
export function dutyLine(units) {
  const online = [...units.values()].filter((unit) => unit.online);
  const recording = online.filter((unit) => unit.recording === "recording").length;
  return units.size ? `${online.length} on duty, ${recording} recording` : "none yet";
}
