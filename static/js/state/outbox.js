// What the camera has said and the server has not yet confirmed. Signals and receipts go before positions:
// an emergency must not queue behind an hour of fixes. Pure: the clock and the disk are elsewhere.

/**
 * @typedef {{ t: "fix" | "signal" | "receipt", at: number, [field: string]: unknown }} Said
 * @typedef {Said & { seq: number }} Entry
 */

// Five and a half hours of positions at one a second: about 2.5 MB on the phone.
const MOST_FIXES = 20_000;
// Sent and not yet confirmed at one time: more would only fill a poor link's queue in front of the next signal.
const WINDOW = 32;

export class Outbox {
  /** @type {Map<number, Entry>} in order of their numbers */ #entries;
  /** @type {Set<number>} */ #sent = new Set();
  #next;

  /** @param {Iterable<Entry>} kept from an earlier run, in any order @param {number} next the next free number */
  constructor(kept = [], next = 1) {
    const entries = [...kept].sort((a, b) => a.seq - b.seq);
    this.#entries = new Map(entries.map((entry) => [entry.seq, entry]));
    this.#next = Math.max(next, (entries.at(-1)?.seq ?? 0) + 1);
  }

  /** The next free number; never given twice. */
  get next() {
    return this.#next;
  }

  /** How many wait for confirmation. */
  get size() {
    return this.#entries.size;
  }

  /** How many of them are signals and receipts. */
  get urgent() {
    return this.#numbers((entry) => entry.t !== "fix").length;
  }

  /** Whether something was sent and is not confirmed yet. */
  get isUnderWay() {
    return this.#sent.size > 0;
  }

  /** @param {number} seq */
  has(seq) {
    return this.#entries.has(seq);
  }

  /**
   * Takes a message in. When there are too many positions the oldest goes; signals and receipts never do.
   * @param {Said} said
   * @returns {{ entry: Entry, dropped: number[] }}
   */
  add(said) {
    const entry = { ...said, seq: this.#next };
    this.#next += 1;
    this.#entries.set(entry.seq, entry);
    const fixes = this.size > MOST_FIXES ? this.#numbers((each) => each.t === "fix") : [];
    const dropped = fixes.slice(0, Math.max(0, fixes.length - MOST_FIXES));
    dropped.forEach((seq) => this.#forget(seq));
    return { entry, dropped };
  }

  /**
   * What to send now, most urgent first; it counts as under way from here on.
   * @returns {Entry[]}
   */
  take() {
    const waiting = [...this.#entries.values()].filter((entry) => !this.#sent.has(entry.seq));
    const urgent = waiting.filter((entry) => entry.t !== "fix");
    // Signals pass the window: they are few, and each one may be a cry for help.
    const room = Math.max(0, WINDOW - this.#sent.size - urgent.length);
    const taken = [...urgent, ...waiting.filter((entry) => entry.t === "fix").slice(0, room)];
    taken.forEach((entry) => this.#sent.add(entry.seq));
    return taken;
  }

  /**
   * The server has committed these. Unknown numbers are an old confirmation, and no fault.
   * @param {Iterable<number>} seqs
   * @returns {number[]} those that were still waiting
   */
  confirm(seqs) {
    const known = [...seqs].filter((seq) => this.#entries.has(seq));
    known.forEach((seq) => this.#forget(seq));
    return known;
  }

  /**
   * The server can never accept this one: it is set aside so that the next may go.
   * @param {number} seq
   * @returns {Entry | null}
   */
  refuse(seq) {
    const entry = this.#entries.get(seq) ?? null;
    this.#forget(seq);
    return entry;
  }

  /** The link broke: whatever was under way is sent again on the next one. */
  rewind() {
    this.#sent.clear();
  }

  /** @param {(entry: Entry) => boolean} test */
  #numbers(test) {
    return [...this.#entries.values()].filter(test).map((entry) => entry.seq);
  }

  /** @param {number} seq */
  #forget(seq) {
    this.#entries.delete(seq);
    this.#sent.delete(seq);
  }
}
