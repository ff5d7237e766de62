// Small pictures of recordings: each is asked for once, a few at a time, the newest wish first.

import { reasonHeader } from "./reason.js";

const AT_ONCE = 3;
const MOST_KEPT = 400; // of some 8 kB
const MOST_WAITING = 80; // a strip and what a hand has swept over; older wishes are nobody's any more
const AGAIN_MS = 4000; // where there was none: a recording may have grown since, and a server be back

/** @typedef {{ url: string, at: number } | null} Still a blob's address, and when the picture was (Unix seconds); null: there is none */

/**
 * The picture that a list shows a recording by.
 * @param {string} recording its id @param {string} why
 * @returns {Promise<Blob | null>} null: there is none, or it could not be asked for
 */
export async function stillOf(recording, why) {
  try {
    const answer = await fetch(`/api/recordings/${recording}/still`, { headers: reasonHeader(why) });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null; // no answer
  }
}

/** Event: `still` whenever something is known of one. */
export class Stills extends EventTarget {
  /** @type {Map<string, { still: Still | undefined, until: number }>} least lately used first */ #held = new Map();
  /** @type {Map<string, string>} address by key, oldest wish first */ #waiting = new Map();
  /** @type {Set<string>} */ #asked = new Set();
  #addressOf;
  #send;
  #now;

  /**
   * @param {(device: string, at: number) => string} addressOf
   * @param {{ fetch?: typeof fetch, now?: () => number }} [here] `now` in milliseconds
   */
  constructor(addressOf, { fetch: send = fetch.bind(globalThis), now = () => performance.now() } = {}) {
    super();
    this.#addressOf = addressOf;
    this.#send = send;
    this.#now = now;
  }

  /** The picture of that second; undefined while it is on its way or cannot be asked for. @param {string} device @param {number} at Unix seconds @returns {Still | undefined} */
  of(device, at) {
    const key = `${device} ${at}`;
    const held = this.#held.get(key);
    if (held && held.until > this.#now()) {
      this.#held.delete(key);
      this.#held.set(key, held);
      return held.still;
    }
    if (!this.#asked.has(key)) {
      this.#waiting.delete(key);
      this.#waiting.set(key, this.#addressOf(device, at));
      const [oldest] = this.#waiting.keys();
      if (this.#waiting.size > MOST_WAITING && oldest) this.#waiting.delete(oldest);
      this.#pump();
    }
    return undefined;
  }

  #pump() {
    while (this.#asked.size < AT_ONCE && this.#waiting.size) {
      const [key, address] = /** @type {[string, string]} */ ([...this.#waiting].at(-1));
      this.#waiting.delete(key);
      this.#asked.add(key);
      void this.#ask(key, address);
    }
  }

  /** @param {string} key @param {string} address */
  async #ask(key, address) {
    const still = await this.#fetched(address);
    this.#asked.delete(key);
    this.#keep(key, still);
    this.#pump();
    // Not for what could not be asked: whoever draws wishes again, and a server in trouble would be asked without end.
    if (still !== undefined) this.dispatchEvent(new Event("still"));
  }

  /** @param {string} address @returns {Promise<Still | undefined>} undefined: it could not be asked */
  async #fetched(address) {
    try {
      const answer = await this.#send(address);
      if (answer.ok)
        return { url: URL.createObjectURL(await answer.blob()), at: Number(answer.headers.get("Still-At")) };
      return answer.status === 404 ? null : undefined;
    } catch {
      return undefined; // no answer
    }
  }

  /** @param {string} key @param {Still | undefined} still */
  #keep(key, still) {
    this.#held.set(key, { still, until: still ? Infinity : this.#now() + AGAIN_MS });
    for (const [old, { still: gone }] of this.#held) {
      if (this.#held.size <= MOST_KEPT) break;
      this.#held.delete(old);
      if (gone) URL.revokeObjectURL(gone.url);
    }
  }
}
