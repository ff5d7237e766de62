// The room: everything the server has told this console, and the one function that takes in a message.
/** @import { Activity, Advice, Alert, ConsoleMessage, Fix, Person, Settings, Snapshot, Unit } from "./shapes" */
import { withActivity } from "./activity.js";
import { withAdvice } from "./advice.js";
import { recentAlerts, withAlerts } from "./alerts.js";
import { withFixes } from "./positions.js";
import { withRegistration, withUnits } from "./units.js";

/**
 * @typedef {object} Room
 * @property {boolean} known a snapshot has come
 * @property {number} seq the last journal number taken in
 * @property {Person | null} person
 * @property {Settings} settings
 * @property {ReadonlyMap<string, Unit>} units
 * @property {ReadonlyMap<string, Fix>} fixes
 * @property {ReadonlyMap<string, Alert>} alerts
 * @property {ReadonlyMap<string, Advice>} advice
 * @property {readonly Activity[]} activity newest first
 * @property {string} warning what everybody must know of the installation; "": nothing
 */

/** @type {Settings} */
const SETTINGS = {
  force: "",
  fix_stale_s: 15,
  max_speed_mps: 70,
  ice_servers: [],
  quick_phrases: [],
  basemap: { kind: "none", url: null, center: null, zoom: null },
  exercise: false,
};

/** @returns {Room} */
export function emptyRoom() {
  return {
    known: false,
    seq: 0,
    person: null,
    settings: SETTINGS,
    units: new Map(),
    fixes: new Map(),
    alerts: new Map(),
    advice: new Map(),
    activity: [],
    warning: "",
  };
}

/**
 * The room after a message. Journal rows may come twice; the state is the same.
 * @param {Room} room
 * @param {ConsoleMessage} message
 * @returns {Room}
 */
export function received(room, message) {
  switch (message.t) {
    case "snapshot":
      return fromSnapshot(room, message);
    case "resumed":
      return {
        ...withSettings(room, message.settings),
        units: withUnits(new Map(), message.units),
        fixes: withFixes(room.fixes, message.fixes),
      };
    case "settings":
      return withSettings(room, message.settings);
    case "latest":
      return { ...room, units: withUnits(room.units, message.units), fixes: withFixes(room.fixes, message.fixes) };
    case "beat":
      return message.warning === room.warning ? room : { ...room, warning: message.warning };
    case "entry":
      return { ...withEntry(room, message), seq: Math.max(room.seq, message.seq) };
    default:
      return room;
  }
}

/**
 * An alert that came as the answer to a request, perhaps before its journal row.
 * @param {Room} room
 * @param {Alert} alert
 * @returns {Room}
 */
export function withAlert(room, alert) {
  return { ...room, alerts: withAlerts(room.alerts, [alert]) };
}

/**
 * A snapshot is the whole truth as of its number; only what is newer is kept.
 * @param {Room} room
 * @param {Snapshot} message
 * @returns {Room}
 */
function fromSnapshot(room, message) {
  const newer = message.reset ? [] : [...room.alerts.values()].filter((alert) => alert.seq > message.seq);
  return {
    known: true,
    seq: message.seq,
    person: message.person,
    settings: { ...SETTINGS, ...message.settings },
    units: withUnits(new Map(), message.units),
    fixes: withFixes(new Map(), message.fixes),
    alerts: withAlerts(withAlerts(new Map(), message.alerts), newer),
    advice: withAdvice(new Map(), message.advice),
    activity: withActivity([], message.activity),
    warning: room.warning,
  };
}

/** TURN credentials expire, so the server tells the settings again. @param {Room} room @param {Partial<Settings>} told */
function withSettings(room, told) {
  return { ...room, settings: { ...room.settings, ...told } };
}

/** @param {Room} room @param {Extract<ConsoleMessage, { t: "entry" }>} entry @returns {Room} */
function withEntry(room, entry) {
  switch (entry.kind) {
    case "alert": {
      if (entry.seq <= room.seq) return room; // it was taken in, and may have been forgotten since: it must not rise again
      const alerts = withAlerts(room.alerts, [{ ...entry.body, seq: entry.seq }]);
      return { ...room, alerts: recentAlerts(alerts, entry.at) };
    }
    case "advice":
      return { ...room, advice: withAdvice(room.advice, [{ ...entry.body, seq: entry.seq }]) };
    case "activity":
      return { ...room, activity: withActivity(room.activity, [{ ...entry.body, seq: entry.seq }]) };
    case "unit":
      return { ...room, units: withRegistration(room.units, entry.body) };
    default:
      return room; // a newer server may tell more than this page knows
  }
}
