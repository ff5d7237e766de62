// How long after an alert its unit's picture stood on this screen. Only for what this console heard of at once.
/** @import { Alert } from "./shapes" */
import { occasion } from "./alerts.js";

/** @typedef {{ fresh: boolean, after: number | null }} Sighting `after`: seconds; 0: it was live already */
/** @typedef {ReadonlyMap<string, Sighting>} Sightings by occasion, of open alerts only */

const FRESH_S = 5; // an alert that was older when this console first heard of it says nothing about the way to its picture

/**
 * The sightings with the alerts that are new; what is closed, or was overtaken by a newer occasion, is forgotten.
 * @param {Sightings} sightings
 * @param {readonly Alert[]} open
 * @param {number} now
 * @param {(device: string) => boolean} isLive
 * @returns {Sightings}
 */
export function withHeard(sightings, open, now, isLive) {
  const entries = open.map((alert) => {
    const key = occasion(alert);
    const fresh = now - alert.needs_since < FRESH_S;
    const known = sightings.get(key) ?? { fresh, after: fresh && isLive(alert.device_id) ? 0 : null };
    return /** @type {const} */ ([key, known]);
  });
  return new Map(entries);
}

/**
 * The sightings once a first frame of `device` is on screen.
 * @param {Sightings} sightings
 * @param {readonly Alert[]} open
 * @param {string} device
 * @param {number} now
 * @returns {Sightings}
 */
export function withPicture(sightings, open, device, now) {
  const next = new Map(withHeard(sightings, open, now, () => false));
  for (const alert of open) {
    const known = next.get(occasion(alert));
    if (alert.device_id === device && known?.fresh && known.after === null)
      next.set(occasion(alert), { fresh: true, after: now - alert.needs_since });
  }
  return next;
}

/** @param {Sightings} sightings @param {Alert} alert @returns {number | null} */
export function pictureAfter(sightings, alert) {
  return sightings.get(occasion(alert))?.after ?? null;
}
