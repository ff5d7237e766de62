// Deadlines of a line, one of each length. One that runs belongs to the oldest thing that is waited for:
// what is asked after that buys a dead line no time.

export class Deadlines {
  /** @type {Map<number, ReturnType<typeof setTimeout>>} by their length */ #running = new Map();
  #over;

  /** @param {() => void} over the time is up */
  constructor(over) {
    this.#over = over;
  }

  /** @param {number} ms */
  start(ms) {
    if (!this.#running.has(ms)) this.#running.set(ms, setTimeout(this.#over, ms));
  }

  clear() {
    this.#running.forEach((timer) => clearTimeout(timer));
    this.#running.clear();
  }
}
