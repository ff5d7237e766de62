// The registered cameras: in which order, which are searched for, and what a row says of them.
import { age } from "./words.js";
import { fits } from "./typed.js";
import { lackWords } from "./units.js";

/**
 * @typedef {object} Device
 * @property {string} device_id
 * @property {string} call_sign
 * @property {{ name: string, collar_number: string } | null} wearer
 * @property {"on-signal" | "always"} record_mode
 * @property {boolean} is_phone
 * @property {boolean} online
 * @property {boolean} streaming
 * @property {string} recording
 * @property {number | null} battery_pct
 * @property {import("./shapes").Unit["lacks"]} lacks
 * @property {number | null} last_seen_at
 * @property {number | null} revoked_at
 */
/**
 * @typedef {object} Enrolment
 * @property {string} device_id
 * @property {string} call_sign
 * @property {string} uplink_url
 * @property {string} whip_url
 * @property {string} whip_token
 * @property {string} private_key
 * @property {string} qr
 * @property {string[]} namesakes
 */

/** When a camera records, in the words of the form. */
export const RECORDS = /** @type {const} */ ([
  ["on-signal", "on signal: its officer or holster starts it"],
  ["always", "always: whenever it streams (a client without telemetry)"],
]);

/**
 * Cameras in use, then revoked ones; by call sign, ET9 before ET17.
 * @param {readonly Device[]} devices
 * @param {string} typed every word must be found in a call sign, wearer or id
 */
export function listed(devices, typed) {
  const matches = /** @param {Device} one */ ({ call_sign, device_id, wearer }) =>
    fits(typed, call_sign, device_id, wearer?.name, wearer?.collar_number);
  return devices
    .filter(matches)
    .sort(
      (one, other) =>
        Number(one.revoked_at !== null) - Number(other.revoked_at !== null) ||
        one.call_sign.localeCompare(other.call_sign, "en-GB", { numeric: true }),
    );
}

/** What it does now. @param {Device} device */
export function conditionWords({ online, streaming, recording, battery_pct, lacks }) {
  if (!online && !streaming) return "not in touch";
  const parts = [streaming ? "sends a picture" : "in touch"];
  if (recording === "recording") parts.push("recording");
  if (lackWords(lacks)) parts.push(lackWords(lacks));
  if (battery_pct !== null) parts.push(`battery ${battery_pct} %`);
  return parts.join(" · ");
}

/** @param {Device} device @param {number} now */
export function heardWords({ last_seen_at }, now) {
  return last_seen_at === null
    ? "not heard since the server started"
    : `heard ${age(Math.max(0, now - last_seen_at))} ago`;
}

/** "6 cameras, 4 in touch." @param {readonly Device[]} devices */
export function summary(devices) {
  const present = devices.filter(({ revoked_at }) => revoked_at === null);
  const inTouch = present.filter(({ online }) => online).length;
  return `${present.length} ${present.length === 1 ? "camera" : "cameras"}, ${inTouch} in touch.`;
}
