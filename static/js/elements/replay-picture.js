// One camera's recording in a <video>: loads its playlist, finds any moment of the server's clock in it, and keeps step.
import Hls from "hls.js";
import { MOST_RATE, steered } from "../state/playback_clock.js";
import { NOT_DECODED } from "../state/replay_words.js";
import { mediaTimeAt, nearestWithPicture, serverTimeAt } from "../state/playlist_times.js";
import { WebmSource, playsWebm } from "./replay-webm.js";
import { TileStill } from "./tile-still.js";

const CALM_S = 0.02; // half a picture: while the clock stands, all show the same moment
const RETRY_MS = 3000; // after the server could not be reached
const BUFFER_S = 20; // of playing ahead; times the rate

export class ReplayPicture {
  /** @type {Hls | null} */ #hls = null;
  /** @type {WebmSource | null} what the other one cannot play */ #webm = null;
  /** @type {readonly import("../state/playlist_times.js").Fragment[]} */ #fragments = [];
  #urlOf;
  #layer = "";
  #asked = 0;
  #hasBegun = false;
  #retryAt = 0;
  #unreadySince = 0;
  #lead = 0.1;
  still = new TileStill();
  /** Why it cannot be played here; "" while it can. */
  problem = "";

  /** @param {HTMLVideoElement} video @param {(layer: string) => string} urlOf the address of a layer's playlist */
  constructor(video, urlOf) {
    this.video = video;
    this.#urlOf = urlOf;
    video.addEventListener("seeked", () => {
      if (this.#asked) this.#lead = Math.min(0.5, this.#lead * 0.7 + ((performance.now() - this.#asked) / 1000) * 0.3);
      this.#asked = 0;
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
    if (!Hls.isSupported()) {
      this.problem = "This browser plays no recordings (Media Source Extensions are missing)";
      return;
    }
    const hls = new Hls({ autoStartLoad: false, enableWorker: false, backBufferLength: 60, maxBufferLength: BUFFER_S });
    this.#hls = hls;
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => this.#learn(hls, details.fragments, at));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => (this.#fragments = details.fragments));
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.#fails(hls, error, at));
    hls.loadSource(this.#urlOf(layer));
    hls.attachMedia(this.video);
  }

  /**
   * Keeps in step with the clock; called every 200 ms and at once after a jump.
   * @param {number} at @param {{ rate: number, playing: boolean }} how
   */
  steer(at, { rate, playing }) {
    const target = mediaTimeAt(this.#fragments, at);
    if (this.#retryAt && performance.now() > this.#retryAt) return this.#again(at);
    if (target === null || !(this.#hls ?? this.#webm)) return this.rest();
    this.#note();
    const { video } = this;
    if (video.seeking || !video.readyState) return;
    const shown = serverTimeAt(this.#fragments, video.currentTime);
    if (!playing || rate > MOST_RATE) {
      video.pause();
      if (shown === null || Math.abs(shown - at) > CALM_S) this.#seek(target);
      return;
    }
    const next = steered({ wanted: at, shown: shown ?? -Infinity, rate });
    if (next.seek) this.#seek(target + (video.paused ? 0 : this.#lead * rate));
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
    this.#asked = performance.now();
    this.video.currentTime = position;
  }

  #note() {
    const isReady = this.video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && !this.video.seeking;
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
    if (type !== Hls.ErrorTypes.MEDIA_ERROR) this.#refused(response?.code ?? 0);
    else if (!/incompatible|codec/i.test(details)) hls.recoverMediaError();
    else {
      this.#drop();
      if (playsWebm()) this.#loadWebm(at);
      else this.#cannot();
    }
  }

  /** @param {number} at */
  #loadWebm(at) {
    this.#webm = new WebmSource(this.video, this.#urlOf(this.#layer), at, {
      learn: (fragments) => (this.#fragments = fragments),
      fail: (status) => this.#refused(status),
      unfit: () => this.#cannot(),
    });
  }

  #cannot() {
    this.#drop();
    this.problem = NOT_DECODED;
  }

  /** @param {number} status the server's; 0: it does not answer */
  #refused(status) {
    const isOver = [401, 403, 404].includes(status);
    this.problem = isOver ? "This view has ended: load the page anew" : "The server cannot be reached; tried again";
    this.#retryAt = isOver ? 0 : performance.now() + RETRY_MS;
    this.#drop();
  }
}
