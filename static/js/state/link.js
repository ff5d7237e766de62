// The console's own link to the server: proven by what arrives, not by an open socket.

export const LOST_AFTER_S = 2.5; // beats come every second; two missed and half a second of grace: under 3 s

/** @typedef {{ lastHeardAt: number | null, openedAt: number, everLinked: boolean }} Link times are monotonic seconds */

/** @param {number} now @returns {Link} */
export function newLink(now) {
  return { lastHeardAt: null, openedAt: now, everLinked: false };
}

/** Any message proves the link. @param {Link} link @param {number} now @returns {Link} */
export function heard(link, now) {
  return { ...link, lastHeardAt: now, everLinked: true };
}

/** @param {Link} link @param {number} now */
export function isLost(link, now) {
  return now - (link.lastHeardAt ?? link.openedAt) > LOST_AFTER_S;
}

/** Seconds since the server was last heard. @param {Link} link @param {number} now */
export function silence(link, now) {
  return Math.max(0, now - (link.lastHeardAt ?? link.openedAt));
}
