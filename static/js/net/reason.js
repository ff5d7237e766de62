// Why something is looked at or changed, as a request tells it: addresses stand in proxies' logs, headers do not.

/** @param {string} [why] "" or none: no header @returns {Record<string, string>} */
export function reasonHeader(why) {
  return why ? { "Viewing-Reason": encodeURIComponent(why) } : {};
}
