// What this screen is fit for, said before somebody relies on it.

// Beyond this an operator's "now" is another moment than the room's.
const CLOCK_RIGHT_S = 2;

/**
 * How wrong this screen's clock is. The server's Date header counts whole seconds, so nothing below one is claimed.
 * @param {string | null} date the header @param {number} sentAt local Unix seconds @param {number} receivedAt
 * @returns {{ is: string, advice: string } | null} null when the header says nothing
 */
export function clockCheck(date, sentAt, receivedAt) {
  const server = Date.parse(date ?? "") / 1000;
  if (!Number.isFinite(server)) return null;
  // The header is cut to the second below: on average half a second later.
  const off = (sentAt + receivedAt) / 2 - (server + 0.5);
  if (Math.abs(off) <= CLOCK_RIGHT_S) return { is: "right within 2 s", advice: "" };
  const by = spoken(Math.abs(off));
  return {
    is: `${by} ${off > 0 ? "fast" : "slow"}`,
    advice: "Watchroom shows the server’s time; this screen’s own clock is wrong. Tell IT.",
  };
}

/**
 * Where to go after signing in: only a path of this site, never another address.
 * @param {string | null | undefined} next @param {string | undefined} role
 * @returns {string}
 */
export function landing(next, role) {
  const isPath = typeof next === "string" && /^\/(?![/\\])[^\\]*$/.test(next);
  if (isPath && next !== "/") return next;
  return role === "officer" ? "/camera" : "/";
}

/**
 * A refusal in words that say what to do.
 * @param {{ status: number, message: string, retryAfter: string | null }} refusal
 */
export function refusalText({ status, message, retryAfter }) {
  if (status === 401) return "Name or password is wrong. Check both; passwords know capital letters.";
  if (status === 429) return `Too many tries. Wait ${spoken(Number(retryAfter) || 60)}, then try again.`;
  if (status === 0) return "No answer from the server. Check this screen’s network, then try again.";
  return message;
}

/** @param {number} seconds */
function spoken(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
