// One camera's recording in a <video>: loads its playlist, finds any moment of the server's clock in it, and keeps step.
/** @import { Fragment } from "../state/playlist_times.js" */
import { MOST_RATE, SEEK_S, steered } from "../state/playback_clock.js";
import { mediaTimeAt, nearestWithPicture, serverTimeAt } from "../state/playlist_times.js";
import { UNTRIED, arrived, begun, isUnderWay } from "../state/seek_time.js";
import { ReplaySource } from "./replay-source.js";
import { TileStill } from "./tile-still.js";

const CALM_S = 0.02; // half a picture: while the clock stands, all show the same moment
const RETRY_MS = 3000; // after the server could not be reached

export class ReplayPicture {
  /** @type {ReplaySource | null} */ #source = null;
  /** @type {readonly Fragment[]} */ #fragments = [];
  #urlOf;
  #layer = "";
  #url = "";
  #retryAt = 0;
  #unreadySince = 0;
  #lackedSince = 0;
  #seekTime = UNTRIED;
  still = new TileStill();
  /** How often it has come to where it was sent. */
  arrivals = 0;
  /** Why it cannot be played here; "" while it can. */
  problem = "";

  /** @param {HTMLVideoElement} video @param {(layer: string) => string} urlOf the address of a layer's playlist */
  constructor(video, urlOf) {
    this.video = video;
    this.#urlOf = urlOf;
    video.addEventListener("seeked", () => {
      this.arrivals++;
      this.#seekTime = arrived(this.#seekTime, performance.now() / 1000);
      this.still.release();
    });
  }

  /** The moment on screen by the server's clock; null before anything is. @returns {number | null} */
  get shownAt() {
    return this.video.readyState ? serverTimeAt(this.#fragments, this.video.currentTime) : null;
  }

  /** Whether what stands on screen is of that moment, to a second. @param {number} at */
  isAt(at) {
    const { seeking, readyState } = this.video;
    const shown = seeking || readyState < HTMLMediaElement.HAVE_CURRENT_DATA ? null : this.shownAt;
    return shown !== null && Math.abs(shown - at) < 1;
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

  /** Seconds for which the moment has not been in what has come of the playlist: what stands there is another. */
  get lacking() {
    return this.#lackedSince ? (performance.now() - this.#lackedSince) / 1000 : 0;
  }

  /** Why what was recorded then is not shown; null where it is. @param {number} at */
  leftOutAt(at) {
    return this.#source?.leftOutAt(at) ?? null;
  }

  /**
   * Loads a layer, to begin at a moment; what stood there stays until then. Anew where its address is another: parts of the
   * recording were uploaded meanwhile.
   * @param {string} layer @param {number} at
   */
  load(layer, at) {
    const url = layer && this.#urlOf(layer);
    if (url === this.#url || !url) return;
    [this.#layer, this.#url] = [layer, url];
    this.still.hold(this.video);
    this.#source?.destroy();
    this.#fragments = [];
    this.problem = "";
    this.#source = new ReplaySource(this.video, url, at, {
      learn: (fragments) => (this.#fragments = fragments),
      stops: (trouble) => this.#stops(trouble),
      changes: () => this.still.hold(this.video),
    });
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
    if (this.#source) this.#source.wantedAt = at;
    const target = mediaTimeAt(this.#fragments, at);
    if (this.#retryAt && performance.now() > this.#retryAt) return this.#again(at);
    if (target === null || !this.#source) {
      this.rest();
      this.#lackedSince ||= performance.now();
      return;
    }
    this.#lackedSince = 0;
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
    this.#source?.buffer(Math.max(1, Math.min(rate, MOST_RATE) / 2));
  }

  end() {
    this.#source?.destroy();
    this.#source = null;
    this.still.release();
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

  /** @param {number} at */
  #again(at) {
    this.#url = "";
    this.#retryAt = 0;
    this.load(this.#layer, at);
  }

  /** @param {import("../state/replay_words.js").Trouble} trouble */
  #stops({ words, again }) {
    this.#source = null;
    this.problem = words;
    this.#retryAt = again ? performance.now() + RETRY_MS : 0;
  }
}
