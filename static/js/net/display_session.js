// A display signs itself in: its address carries an API token behind the #, which no server, proxy or log ever sees.

/** @typedef {"in" | "refused" | "silent"} Answer */

/** The token in the part of the address after the #. @param {string} hash @returns {string | null} */
export function tokenIn(hash) {
  return /(?:^#|&)token=(wr_api_[\w-]{20,100})(?:&|$)/.exec(hash)?.[1] ?? null;
}

/**
 * Changes the token for the session cookie, which then lasts as long as the token.
 * @param {string} token
 * @param {typeof fetch} [send]
 * @returns {Promise<Answer>} silent: no server, or one that is not well; worth asking again
 */
export async function signInDisplay(token, send = fetch) {
  const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
  try {
    const { ok, status } = await send("/api/session", {
      method: "POST",
      headers,
      signal: AbortSignal.timeout(10_000),
    });
    if (ok) return "in";
    return status === 401 || status === 403 ? "refused" : "silent";
  } catch {
    return "silent";
  }
}

/** Whether the browser's cookie is a session's. @param {typeof fetch} [send] @returns {Promise<Answer>} */
export async function sessionStands(send = fetch) {
  try {
    const { ok, status } = await send("/api/session", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (ok) return "in";
    return status === 401 ? "refused" : "silent";
  } catch {
    return "silent";
  }
}
