/** The map's opening view: of all who are heard of in its first seconds. Later it moves only when somebody asks it to. Pure. */

const OPENING_MS = 6000; // so long after the first position is known others still come in

export class MapOpening {
  #since = 0;
  #shown = 0;
  #isOver = false;

  /** Somebody has moved the map, or asked for something: it is theirs. */
  end() {
    this.#isOver = true;
  }

  /** Another ground is laid. */
  begin() {
    [this.#since, this.#shown, this.#isOver] = [0, 0, false];
  }

  /** Whether all are to be brought into sight now. @param {number} known how many positions are @param {number} now milliseconds */
  fits(known, now) {
    if (known > 0) this.#since ||= now;
    this.#isOver ||= this.#since > 0 && now - this.#since > OPENING_MS; // first: the page may have been hidden for an hour
    const isDue = !this.#isOver && known > this.#shown;
    this.#shown = Math.max(this.#shown, known);
    return isDue;
  }
}
