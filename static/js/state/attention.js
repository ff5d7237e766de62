// Can anybody see this picture? One that nobody can see is not sent: it costs the link, the battery and the server.

export const LOOKS_AWAY_S = 4; // a glance at another tab, a scroll past: shorter than this stops nothing

export class Attention {
  /** @type {number | null} */ #unseenSince = null;

  /** @param {boolean} isSeen @param {number} now monotonic seconds */
  note(isSeen, now) {
    if (isSeen) this.#unseenSince = null;
    else this.#unseenSince ??= now;
  }

  /** @param {number} now monotonic seconds */
  isAway(now) {
    return this.#unseenSince !== null && now - this.#unseenSince >= LOOKS_AWAY_S;
  }
}
