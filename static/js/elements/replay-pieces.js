// A recording in a <video>, piece by piece: what hls.js cannot play. The server makes each segment a file that plays by itself:
// VP8 as WebM, since browsers take it from no MP4; and where tracks change, or a segment is left out, H.264 too.
/** @import { Piece } from "../state/piece_run.js" */
/** @import { Fragment, Telling } from "../state/playlist_times.js" */
import { Given, heldOf, runTo } from "../state/piece_run.js";
import { pieceFragments } from "../state/playlist_times.js";
import { KEYLESS, UNDECODED, damaged, unplayable } from "../state/replay_words.js";
import { PieceBuffer } from "./piece-buffer.js";

const LOOK_MS = 200;
const AHEAD_S = 20;
const LIST_AGAIN_MS = 2000;
const NEAR_S = 0.3; // a look and a half before what has other tracks is due
export const LEFT_OUT = 409; // the server's answer for a segment that is not what was recorded, or that it cannot read

/**
 * fail: status of the server's refusal; 0: no answer. unfit: this browser plays no such thing. leaveOut: this piece cannot be
 * played, and why. again: a source must be made anew, to begin at that time (Unix seconds), since other tracks follow.
 * broke: since the browser's player broke off.
 * @typedef {{ learn: (fragments: readonly Fragment[]) => void, fail: (status: number) => void, unfit: () => void,
 *             leaveOut: (piece: Piece, telling: Telling) => void, again: (at: number) => void, broke: () => void }} Told
 */

export class PieceSource {
  /** @type {readonly Piece[]} */ #fragments = [];
  #video;
  #told;
  #buffer;
  #playlist;
  #start;
  #without;
  #isBusy = false;
  #isOver = false;
  #listedAt = -Infinity;
  #grows = true;
  /** @type {Piece | null} the last one that was asked for */ #asked = null;
  /** @type {Set<string>} addresses of what has other tracks than this source */ #others = new Set();
  #given = new Given();
  #timer;

  /**
   * @param {HTMLVideoElement} video @param {string} playlist @param {number} at Unix seconds @param {Told} told
   * @param {ReadonlyMap<number, unknown>} without by their times (Unix milliseconds) those that are known to be left out
   */
  constructor(video, playlist, at, told, without) {
    this.#video = video;
    this.#told = told;
    this.#start = at;
    this.#without = without;
    this.#playlist = new URL(playlist, location.href);
    this.#buffer = new PieceBuffer(video, () => this.#breaks());
    this.#timer = window.setInterval(() => void this.#look(), LOOK_MS);
  }

  destroy() {
    this.#isOver = true; // what is still on its way is nobody's: another layer may be playing by then
    window.clearInterval(this.#timer);
    this.#buffer.destroy();
  }

  /** One thing at a time: the list, then what is played next. */
  async #look() {
    if (this.#isBusy || !this.#buffer.isOpen) return;
    this.#isBusy = true;
    try {
      if (this.#grows && performance.now() - this.#listedAt > LIST_AGAIN_MS) await this.#list();
      const next = this.#isOver ? undefined : this.#next();
      if (next && this.#others.has(next.url)) this.#change(next);
      else if (next) await this.#give(next);
    } catch {
      this.#breaks();
    } finally {
      this.#isBusy = false;
    }
  }

  async #list() {
    const answer = await this.#fetched(this.#playlist);
    if (!answer) return;
    const words = await answer.text();
    if (this.#isOver) return;
    this.#listedAt = performance.now();
    this.#grows = !words.includes("#EXT-X-ENDLIST");
    this.#fragments = pieceFragments(words, this.#playlist.href);
    this.#lengthen();
    this.#tell();
  }

  #lengthen() {
    const last = this.#fragments.at(-1);
    if (last) this.#buffer.lengthen(last.start + last.duration);
  }

  #tell() {
    this.#told.learn(this.#fragments.filter((one) => this.#isWhole(one)));
  }

  /** @param {Fragment} piece */
  #isWhole({ programDateTime }) {
    return !this.#without.has(programDateTime ?? 0);
  }

  #next() {
    const now = this.#now();
    const near = this.#fragments.filter((one) => one.start + one.duration > now && one.start < now + AHEAD_S);
    return near.find((one) => this.#isWhole(one) && !this.#isHeld(one));
  }

  /** To what has other tracks, when it is due: not a moment before, since nothing of what is held goes with it.
   *  @param {Fragment} next */
  #change({ start, programDateTime }) {
    const now = this.#now();
    if (start - now < NEAR_S) this.#told.again((programDateTime ?? 0) / 1000 + Math.max(0, now - start));
  }

  #now() {
    return this.#video.readyState ? this.#video.currentTime : this.#startInMedia();
  }

  #startInMedia() {
    const [first] = this.#fragments;
    return first ? Math.max(first.start, this.#start - (first.programDateTime ?? 0) / 1000 + first.start) : 0;
  }

  /** @param {Piece} piece */
  #isHeld(piece) {
    return this.#given.isHeld(piece, this.#buffer.held, this.#others.has(piece.url));
  }

  /**
   * What begins on no key frame comes by itself to nothing, or to its end alone: it is given once more behind those that it
   * needs. What comes to nothing even so is left out; else it would be asked for without end.
   * @param {Piece} piece
   */
  async #give(piece) {
    const run = runTo(this.#fragments, piece, (one) => this.#isWhole(one) && !this.#others.has(one.url));
    let [isTaken, before] = [false, 0];
    for (const one of this.#given.next(piece, run)) {
      before = heldOf(piece, this.#buffer.held);
      isTaken = await this.#append(one, isTaken);
      if (!isTaken || this.#isOver) return; // the next look knows why
    }
    if (this.#given.came(piece, run, before, this.#buffer.held)) return;
    this.#leaveOut(piece, run.isKeyed ? UNDECODED : KEYLESS);
  }

  /** @param {Piece} piece @param {Telling} why */
  #leaveOut(piece, why) {
    this.#told.leaveOut(piece, why);
    this.#tell();
  }

  /** @param {Piece} piece @param {boolean} goesOn with the one before it @returns {Promise<boolean>} whether the buffer has taken it */
  async #append(piece, goesOn) {
    this.#asked = piece;
    const answer = await this.#fetched(new URL(piece.url), piece);
    const film = await answer?.arrayBuffer();
    if (!answer || !film || this.#isOver || !this.#buffer.isOpen) return false;
    const taken = await this.#buffer.take(film, answer.headers.get("Content-Type") ?? "", goesOn);
    if (taken === "other tracks") this.#others.add(piece.url);
    this.#lengthen();
    return taken === "yes";
  }

  /** The browser's player broke off: at what it was given last, or else at what it was to show. */
  #breaks() {
    if (this.#isOver) return;
    if (!this.#buffer.isMade) return this.#told.unfit();
    const now = this.#now();
    const shown = this.#fragments.find((one) => one.start <= now && now < one.start + one.duration);
    const piece = this.#buffer.isTaking ? this.#asked : shown;
    if (piece) this.#told.leaveOut(piece, UNDECODED);
    this.#told.broke();
  }

  /** @param {URL} address @param {Piece} [piece] that it is */
  async #fetched(address, piece) {
    try {
      const answer = await fetch(address);
      if (this.#isOver || answer.ok) return this.#isOver ? null : answer;
      if (piece && answer.status === LEFT_OUT) await this.#leave(piece, answer);
      else if (piece && answer.status === 404 && !this.#buffer.isMade) this.#told.unfit();
      else this.#told.fail(answer.status);
    } catch {
      if (!this.#isOver) this.#told.fail(0);
    }
    return null;
  }

  /** @param {Piece} piece @param {Response} answer why */
  async #leave(piece, answer) {
    const { type, detail } = await answer.json();
    if (this.#isOver) return;
    this.#leaveOut(piece, /\/unplayable-segment$/.test(type) ? unplayable(detail) : damaged(detail));
  }
}
