/** The last minutes of one unit's positions. */

/**
 * @param {string} deviceId @param {number} minutes @param {AbortSignal} signal
 * @returns {Promise<{at: number, lat: number, lon: number}[]>} oldest first; raises an Error that says why not
 */
export async function fetchTrail(deviceId, minutes, signal) {
  const response = await fetch(`/api/units/${encodeURIComponent(deviceId)}/trail?minutes=${minutes}`, { signal });
  if (!response.ok) throw new Error(`trail of ${deviceId}: ${response.status}`);
  return (await response.json()).fixes;
}
