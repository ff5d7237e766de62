// What gives a <video> its recording: hls.js and, from where it can play no further, one piece after the other.
/** @import { Fragment, LeftOut } from "../state/playlist_times.js" */
/** @import { Trouble } from "../state/replay_words.js" */
import Hls from "hls.js";
import { byPictures, leftOut, leftOutAt, mediaTimeAt } from "../state/playlist_times.js";
import { NOT_DECODED, NOT_PLAYED, UNREADABLE, refusal } from "../state/replay_words.js";
import { LEFT_OUT, PieceSource } from "./replay-pieces.js";

const BUFFER_S = 20; // of playing ahead
const RECOVERY_MS = 10_000; // what breaks off so often within this time is not damaged here and there
const MOST_BROKEN = 3;

/**
 * learn: what can be played is known, or known anew; stops: nothing more comes, and why; changes: the picture goes for a
 * moment, since another source follows.
 * @typedef {{ learn: (fragments: readonly Fragment[]) => void, stops: (trouble: Trouble) => void, changes: () => void }} Heard
 */

export class ReplaySource {
  /** @type {Hls | null} */ #hls = null;
  /** @type {PieceSource | null} */ #pieces = null;
  /** @type {number[]} when the browser's player broke off */ #brokenAt = [];
  /** @type {Map<number, LeftOut>} what cannot be played, by its time (Unix milliseconds) */ #out = new Map();
  #hasBegun = false;
  #isOver = false;
  #video;
  #address;
  #heard;
  /** The moment that is to be shown: from there on it is played, whatever must be begun anew. */
  wantedAt;

  /** @param {HTMLVideoElement} video @param {string} address of its playlist @param {number} at Unix seconds @param {Heard} heard */
  constructor(video, address, at, heard) {
    this.#video = video;
    this.#address = address;
    this.#heard = heard;
    this.wantedAt = at;
    if (Hls.isSupported()) this.#playStream();
    else queueMicrotask(() => this.#stops(NOT_PLAYED));
  }

  /** What is told of a moment that was recorded and is not shown; null for any other. @param {number} at */
  leftOutAt(at) {
    return leftOutAt(this.#out.values(), at);
  }

  /** @param {number} times as far ahead as usual */
  buffer(times) {
    if (this.#hls) this.#hls.config.maxBufferLength = BUFFER_S * times;
  }

  /** From then on it says nothing, whatever is still on its way: another one has its <video>. */
  destroy() {
    this.#isOver = true;
    this.#leave();
  }

  #leave() {
    this.#hls?.destroy();
    this.#pieces?.destroy();
    this.#hls = this.#pieces = null;
  }

  #playStream() {
    const hls = new Hls({ autoStartLoad: false, enableWorker: false, backBufferLength: 60, maxBufferLength: BUFFER_S });
    this.#hls = hls;
    /** @type {readonly import("hls.js").Fragment[]} */
    let fragments = [];
    const origins = new Map();
    const learn = (/** @type {readonly import("hls.js").Fragment[]} */ known) => {
      fragments = known;
      this.#learn(hls, byPictures(fragments, origins));
    };
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => learn(details.fragments));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => learn(details.fragments));
    hls.on(Hls.Events.LEVEL_PTS_UPDATED, (_, { details }) => learn(details.fragments));
    hls.on(Hls.Events.INIT_PTS_FOUND, (_, { frag, initPTS, timescale }) => {
      origins.set(frag.cc, initPTS / timescale);
      learn(fragments);
    });
    // what is damaged it would ask for again and again
    hls.on(Hls.Events.ERROR, (_, error) => (error.fatal || error.response?.code === LEFT_OUT) && this.#fails(error));
    hls.loadSource(this.#address);
    hls.attachMedia(this.#video);
  }

  /** @param {Hls} hls @param {readonly Fragment[]} fragments */
  #learn(hls, fragments) {
    this.#heard.learn(fragments);
    if (!this.#hasBegun) hls.startLoad(mediaTimeAt(fragments, this.wantedAt) ?? fragments[0]?.start ?? 0);
    this.#hasBegun = true;
  }

  /**
   * What hls.js cannot play is played piece by piece: VP8, what is damaged, and sound that begins or ends (it has one buffer
   * for a picture with sound, another for a picture alone, and cannot change from one to the other).
   * @param {import("hls.js").ErrorData} error
   */
  #fails({ type, details, response }) {
    const isAway = type === Hls.ErrorTypes.NETWORK_ERROR && response?.code !== LEFT_OUT;
    if (isAway) this.#stops(refusal(response?.code ?? 0, details));
    else this.#playPieces(this.wantedAt);
  }

  /** @param {number} at Unix seconds: where it begins */
  #playPieces(at) {
    if (this.#isOver) return;
    this.#heard.changes();
    this.#leave();
    this.#pieces = new PieceSource(this.#video, this.#address, at, this.#told, this.#out);
  }

  /** @type {import("./replay-pieces.js").Told} */
  #told = {
    learn: (fragments) => this.#heard.learn(fragments),
    fail: (status) => this.#stops(refusal(status)),
    unfit: () => this.#stops(NOT_DECODED),
    leaveOut: (piece, telling) => this.#out.set(...leftOut(piece, telling)),
    again: (at) => this.#playPieces(at),
    broke: () => this.#breaks(),
  };

  /** The browser's player broke off, perhaps between two pieces: on it goes at what is to be shown. */
  #breaks() {
    const now = performance.now();
    this.#brokenAt = [...this.#brokenAt.filter((then) => now - then < RECOVERY_MS), now];
    if (this.#brokenAt.length > MOST_BROKEN) this.#stops(UNREADABLE);
    else this.#playPieces(this.wantedAt);
  }

  /** @param {Trouble} trouble */
  #stops(trouble) {
    if (this.#isOver) return;
    this.destroy();
    this.#heard.stops(trouble);
  }
}
