// One camera's recording in a <video>: loads its playlist, finds any moment of the server's clock in it, and keeps step.
import Hls from "hls.js";
import { MOST_RATE, SEEK_S, steered } from "../state/playback_clock.js";
import { NOT_DECODED, NOT_PLAYED, UNREADABLE, refusal } from "../state/replay_words.js";
import { mediaTimeAt, nearestWithPicture, serverTimeAt } from "../state/playlist_times.js";
import { UNTRIED, arrived, begun, isUnderWay } from "../state/seek_time.js";
import { WebmSource, playsWebm } from "./replay-webm.js";
import { TileStill } from "./tile-still.js";

const CALM_S = 0.02; // half a picture: while the clock stands, all show the same moment
const RETRY_MS = 3000; // after the server could not be reached
const RECOVERY_MS = 10_000; // what breaks off twice within this time is damaged
const BUFFER_S = 20; // of playing ahead; times the rate

export class ReplayPicture {
  /** @type {Hls | null} */ #hls = null;
  /** @type {WebmSource | null} what the other one cannot play */ #webm = null;
  /** @type {readonly import("../state/playlist_times.js").Fragment[]} */ #fragments = [];
  #urlOf;
  #layer = "";
  #hasBegun = false;
  #retryAt = 0;
  #unreadySince = 0;
  #recoveredAt = -Infinity;
  #seekTime = UNTRIED;
  still = new TileStill();
  /** Why it cannot be played here; "" while it can. */
  problem = "";

  /** @param {HTMLVideoElement} video @param {(layer: string) => string} urlOf the address of a layer's playlist */
  constructor(video, urlOf) {
    this.video = video;
    this.#urlOf = urlOf;
    video.addEventListener("seeked", () => {
      this.#seekTime = arrived(this.#seekTime, performance.now() / 1000);
      this.still.release();
    });
  }

  /** The moment on screen by the server's clock; null before anything is. @returns {number | null} */
  get shownAt() {
    return this.video.readyState ? serverTimeAt(this.#fragments, this.video.currentTime) : null;
  }

  /** Until when it can be played, by the server's clock; null before anything is known. @returns {number | null} */
  get reach() {
    const last = this.#fragments.at(-1);
    return last?.programDateTime ? last.programDateTime / 1000 + last.duration : null;
  }

  /** The moment itself, or the next one of which there is a picture. @param {number} at */
  nearest(at) {
    return nearestWithPicture(this.#fragments, at);
  }

  /** Seconds for which it has not been able to play on; 0 when it can. */
  get waiting() {
    return this.#unreadySince ? (performance.now() - this.#unreadySince) / 1000 : 0;
  }

  /** Loads a layer, to begin at a moment; what stood there stays until then. @param {string} layer @param {number} at */
  load(layer, at) {
    if (layer === this.#layer || !layer) return;
    this.#layer = layer;
    this.still.hold(this.video);
    this.#drop();
    this.#fragments = [];
    this.#hasBegun = false;
    this.problem = "";
    if (!Hls.isSupported()) return this.#stops(NOT_PLAYED);
    const hls = new Hls({ autoStartLoad: false, enableWorker: false, backBufferLength: 60, maxBufferLength: BUFFER_S });
    this.#hls = hls;
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => this.#learn(hls, details.fragments, at));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => (this.#fragments = details.fragments));
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.#fails(hls, error, at));
    hls.loadSource(this.#urlOf(layer));
    hls.attachMedia(this.video);
  }

  /** By how many seconds it is ahead of the clock while it plays; null while it does not. @param {number} at */
  off(at) {
    const { video } = this;
    const shown = video.paused || video.seeking || this.waiting ? null : this.shownAt;
    return shown === null ? null : shown - at;
  }

  /**
   * Keeps in step with the clock; called every 200 ms and at once after a jump. `holds`: the clock stands until another
   * picture has come, and goes on from where this one is.
   * @param {number} at @param {{ rate: number, playing: boolean, holds?: boolean }} how
   */
  steer(at, { rate, playing, holds = false }) {
    const target = mediaTimeAt(this.#fragments, at);
    if (this.#retryAt && performance.now() > this.#retryAt) return this.#again(at);
    if (target === null || !(this.#hls ?? this.#webm)) return this.rest();
    this.#note();
    const { video } = this;
    if (video.seeking || !video.readyState) return;
    const shown = serverTimeAt(this.#fragments, video.currentTime);
    if (!playing || rate > MOST_RATE) {
      video.pause();
      const most = holds ? SEEK_S * Math.max(1, rate) : CALM_S;
      if (shown === null || Math.abs(shown - at) > most) this.#seek(target);
      return;
    }
    const trimmed = !video.paused && video.playbackRate !== rate;
    const next = steered({ wanted: at, shown: shown ?? -Infinity, rate, trimmed });
    if (next.seek) this.#seek(target + (video.paused ? 0 : this.#seekTime.lead * rate));
    if (video.playbackRate !== next.rate) video.playbackRate = next.rate;
    if (video.paused) video.play().catch(() => undefined); // replaced before it began, or not allowed: asked for again
  }

  /** There is no picture at this moment: nothing plays. */
  rest() {
    this.#unreadySince = 0;
    this.video.pause();
  }

  /** @param {number} rate */
  buffer(rate) {
    if (this.#hls) this.#hls.config.maxBufferLength = BUFFER_S * Math.max(1, Math.min(rate, MOST_RATE) / 2);
  }

  end() {
    this.#drop();
    this.still.release();
  }

  #drop() {
    this.#hls?.destroy();
    this.#webm?.destroy();
    this.#hls = this.#webm = null;
  }

  /** @param {number} position seconds of media time */
  #seek(position) {
    this.#seekTime = begun(this.#seekTime, performance.now() / 1000);
    this.video.currentTime = position;
  }

  #note() {
    const { seeking, readyState } = this.video;
    const isReady = seeking
      ? isUnderWay(this.#seekTime, performance.now() / 1000)
      : readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (isReady) this.#unreadySince = 0;
    else this.#unreadySince ||= performance.now();
  }

  /** @param {Hls} hls @param {readonly import("../state/playlist_times.js").Fragment[]} fragments @param {number} at */
  #learn(hls, fragments, at) {
    this.#fragments = fragments;
    if (!this.#hasBegun) hls.startLoad(mediaTimeAt(fragments, at) ?? fragments[0]?.start ?? 0);
    this.#hasBegun = true;
  }

  /** @param {number} at */
  #again(at) {
    const layer = this.#layer;
    this.#layer = "";
    this.#retryAt = 0;
    this.load(layer, at);
  }

  /** @param {Hls} hls @param {import("hls.js").ErrorData} error @param {number} at */
  #fails(hls, { type, details, response }, at) {
    if (type === Hls.ErrorTypes.NETWORK_ERROR) this.#stops(refusal(response?.code ?? 0, details));
    else if (/incompatible|codec/i.test(details)) {
      if (playsWebm()) this.#loadWebm(at);
      else this.#stops(NOT_DECODED);
    } else if (performance.now() - this.#recoveredAt < RECOVERY_MS) this.#stops(UNREADABLE);
    else {
      this.#recoveredAt = performance.now();
      hls.recoverMediaError();
    }
  }

  /** @param {number} at */
  #loadWebm(at) {
    this.still.hold(this.video);
    this.#drop();
    this.#webm = new WebmSource(this.video, this.#urlOf(this.#layer), at, {
      learn: (fragments) => (this.#fragments = fragments),
      fail: (status) => this.#stops(refusal(status)),
      unfit: () => this.#stops(NOT_DECODED),
      broken: () => this.#stops(UNREADABLE),
      others: (from) => this.#loadWebm(from),
    });
  }

  /** @param {{ words: string, again: boolean }} trouble */
  #stops({ words, again }) {
    this.problem = words;
    this.#retryAt = again ? performance.now() + RETRY_MS : 0;
    this.#drop();
  }
}
