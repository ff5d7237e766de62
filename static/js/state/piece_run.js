// Which pieces a browser is given for one of them to be played, and what came of it. Pure.
/** @import { Fragment } from "./playlist_times.js" */

const MOST_BEFORE = 4; // pieces that one is given with: a key frame is asked for after 1.5 s, and they are of 2 s at most
const LEAST_S = 0.02; // half a picture: what has come to less has come to nothing
const BESIDE_S = 0.25; // of a piece that others may leave uncovered: times are placed, and sound ends beside the picture
const KEPT = 0.75; // of what a piece came to: the browser lets go what is long ago, and what it has no room for
const QUARTERS = [0.25, 0.5, 0.75];

/** @typedef {Fragment & { url: string, isKeyed: boolean }} Piece isKeyed: it begins on a key frame */
/** @typedef {readonly (readonly [number, number])[]} Held what a browser holds: from and to, in media seconds */
/** @typedef {{ pieces: readonly Piece[], isKeyed: boolean }} Run isKeyed: its first one begins on a key frame */

/**
 * One and those before it that it needs, from the nearest on that begins on a key frame. It begins behind the last one that
 * cannot be played: that one would break the player again, or be asked for again in vain.
 * @param {readonly Piece[]} pieces @param {Piece} piece one of them @param {(one: Piece) => boolean} isPlayable
 * @returns {Run}
 */
export function runTo(pieces, piece, isPlayable) {
  const index = pieces.indexOf(piece);
  let [from, first] = [index, piece];
  while (!first.isKeyed && index - from < MOST_BEFORE) {
    const before = pieces[from - 1];
    if (!before || !isPlayable(before)) break;
    [from, first] = [from - 1, before];
  }
  return { pieces: pieces.slice(from, index + 1), isKeyed: first.isKeyed };
}

/** What came of the pieces that a source was given. */
export class Given {
  /** @type {Map<string, number>} by its address, to how many seconds a piece came that is not given again */ #cameTo =
    new Map();
  /** @type {Map<string, number>} the same of what was given by itself, and needs those before it */ #alone = new Map();

  /**
   * Whether a piece need not be given (again): as much of it as it came to is still there, or its neighbours cover it.
   * @param {Piece} piece @param {Held} held
   * @param {boolean} isOther it has other tracks than what is held, and comes when nothing of it is played any more
   */
  isHeld(piece, held, isOther) {
    const { start, duration, url } = piece;
    const seconds = heldOf(piece, held);
    if (seconds >= duration - besideOf(piece) || seconds >= (this.#cameTo.get(url) ?? Infinity) * KEPT) return true;
    return isOther && QUARTERS.some((share) => holds(held, start + duration * share));
  }

  /**
   * What is to be given for it: by itself at first. What begins on no key frame may have one further on.
   * @param {Piece} piece @param {Run} run
   */
  next(piece, run) {
    return this.#alone.has(piece.url) ? run.pieces : [piece];
  }

  /**
   * It was given: whether it has come to something, or is to be given behind those that it needs.
   * @param {Piece} piece @param {Run} run @param {number} before seconds of it that were held already, of its neighbours
   * @param {Held} held now
   */
  came(piece, run, before, held) {
    const { url, start, isKeyed } = piece;
    const seconds = heldOf(piece, held);
    const alone = this.#alone.get(url);
    const isSome = Math.max(seconds - before, alone ?? 0) > LEAST_S || this.#cameTo.has(url);
    const isWhole = isSome && (isKeyed || holds(held, start + besideOf(piece)));
    if (!isWhole && alone === undefined && run.pieces.length > 1) this.#alone.set(url, seconds - before);
    else if (isSome) this.#cameTo.set(url, seconds);
    else return false;
    return true;
  }
}

/** Seconds of a piece that are held. @param {Piece} piece @param {Held} held */
export function heldOf({ start, duration }, held) {
  return held.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, start + duration) - Math.max(from, start)), 0);
}

/** @param {Held} held @param {number} position media seconds */
export function holds(held, position) {
  return held.some(([from, to]) => from <= position && position < to);
}

/** @param {Piece} piece */
function besideOf({ duration }) {
  return Math.min(BESIDE_S, duration / 2);
}
