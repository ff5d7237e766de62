// VP8 in a <video>: browsers take it from no MP4, so each segment is asked for as a WebM, which the server makes of it as it is.
/** @import { Fragment } from "../state/playlist_times.js" */
import { webmFragments } from "../state/playlist_times.js";

const LOOK_MS = 200;
const AHEAD_S = 20;
const BEHIND_S = 60; // what is longer ago is let go
const LIST_AGAIN_MS = 2000;
const HEAD_BYTES = 2048; // tracks stand at the beginning
const FULL_BEHIND_S = 5; // where the browser has no room for more
const NEAR_S = 0.3; // a look and a half before what has other tracks is due

/** @typedef {{ learn: (fragments: Fragment[]) => void, fail: (status: number) => void, unfit: () => void,
 *              broken: () => void, others: (at: number) => void }} Told
 *   fail: status of the server's refusal; 0: no answer; unfit: these pictures can be in no WebM; broken: what came cannot be
 *   read; others: what begins at that time (Unix seconds) has other tracks, for which a source must be made anew */

/** Whether this browser plays it so. */
export function playsWebm() {
  return globalThis.MediaSource?.isTypeSupported('video/webm; codecs="vp8,opus"') ?? false;
}

export class WebmSource {
  #media = new MediaSource();
  /** @type {SourceBuffer | null} */ #buffer = null;
  /** @type {(Fragment & { url: string })[]} */ #fragments = [];
  #video;
  #told;
  #playlist;
  #start;
  #isBusy = false;
  #isOver = false;
  #listedAt = -Infinity;
  #grows = true;
  #hasSound = false;
  /** @type {Set<string>} addresses of what has other tracks than this source */ #others = new Set();
  #broke = () => this.#isOver || this.#told.broken();
  #timer;
  #address;

  /** @param {HTMLVideoElement} video @param {string} playlist @param {number} at Unix seconds @param {Told} told */
  constructor(video, playlist, at, told) {
    this.#video = video;
    this.#told = told;
    this.#start = at;
    this.#playlist = new URL(playlist, location.href);
    this.#address = URL.createObjectURL(this.#media);
    video.src = this.#address;
    video.addEventListener("error", this.#broke);
    this.#timer = window.setInterval(() => void this.#look(), LOOK_MS);
  }

  destroy() {
    this.#isOver = true; // what is still on its way is nobody's: another layer may be playing by then
    window.clearInterval(this.#timer);
    this.#video.removeEventListener("error", this.#broke);
    this.#video.removeAttribute("src");
    URL.revokeObjectURL(this.#address);
  }

  /** One thing at a time: the list, then what is played next. */
  async #look() {
    if (this.#isBusy || this.#media.readyState !== "open") return;
    this.#isBusy = true;
    try {
      if (this.#grows && performance.now() - this.#listedAt > LIST_AGAIN_MS) await this.#list();
      const next = this.#next();
      if (next && this.#others.has(next.url)) this.#change(next);
      else if (next) await this.#append(next);
    } catch {
      this.#broke();
    } finally {
      this.#isBusy = false;
    }
  }

  async #list() {
    const text = await this.#fetched(this.#playlist);
    if (!text) return;
    const words = new TextDecoder().decode(text);
    this.#listedAt = performance.now();
    this.#grows = !words.includes("#EXT-X-ENDLIST");
    this.#fragments = webmFragments(words, this.#playlist.href);
    const last = this.#fragments.at(-1);
    // without a length the browser lets nobody go beyond what it holds
    if (last && this.#buffer) this.#media.duration = last.start + last.duration;
    this.#told.learn(this.#fragments);
  }

  #next() {
    const now = this.#now();
    return this.#fragments.find(
      (one) =>
        one.start + one.duration > now && one.start < now + AHEAD_S && !this.#holds(one.start + one.duration / 2),
    );
  }

  /** To what has other tracks, when it is due: not a moment before, since nothing of what is held goes with it.
   *  @param {Fragment} next */
  #change({ start, programDateTime }) {
    const now = this.#now();
    if (start - now < NEAR_S) this.#told.others((programDateTime ?? 0) / 1000 + Math.max(0, now - start));
  }

  #now() {
    return this.#video.readyState ? this.#video.currentTime : this.#startInMedia();
  }

  #startInMedia() {
    const [first] = this.#fragments;
    return first ? Math.max(first.start, this.#start - (first.programDateTime ?? 0) / 1000 + first.start) : 0;
  }

  /** @param {number} position */
  #holds(position) {
    const held = this.#video.buffered;
    return Array.from({ length: held.length }, (_, index) => index).some(
      (index) => held.start(index) <= position && position < held.end(index),
    );
  }

  /** @param {Fragment & { url: string }} fragment */
  async #append(fragment) {
    const film = await this.#fetched(new URL(fragment.url));
    if (!film || this.#media.readyState !== "open") return;
    const hasSound = new TextDecoder("latin1").decode(film.slice(0, HEAD_BYTES)).includes("A_OPUS");
    if (this.#buffer && hasSound !== this.#hasSound) return void this.#others.add(fragment.url);
    this.#buffer ??= this.#made(hasSound);
    const buffer = this.#buffer;
    await this.#forget(buffer, BEHIND_S);
    try {
      buffer.appendBuffer(film);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      return this.#forget(buffer, FULL_BEHIND_S); // then it is tried again
    }
    await settled(buffer);
    const last = this.#fragments.at(-1);
    if (last && this.#media.readyState === "open") this.#media.duration = last.start + last.duration;
  }

  /** @param {SourceBuffer} buffer @param {number} behind seconds that are kept behind what is played */
  async #forget(buffer, behind) {
    const old = this.#video.currentTime - behind;
    if (old <= 0 || !this.#holds(old)) return;
    buffer.remove(0, old);
    await settled(buffer);
  }

  /** @param {boolean} hasSound it must be said before the first is taken, and none with other tracks is taken after that */
  #made(hasSound) {
    this.#hasSound = hasSound;
    const buffer = this.#media.addSourceBuffer(`video/webm; codecs="vp8${hasSound ? ",opus" : ""}"`);
    buffer.addEventListener("error", this.#broke);
    return buffer;
  }

  /** @param {URL} address */
  async #fetched(address) {
    try {
      const answer = await fetch(address);
      const film = answer.ok ? await answer.arrayBuffer() : null;
      if (film || this.#isOver) return this.#isOver ? null : film;
      if (address !== this.#playlist && answer.status === 409) this.#told.broken();
      else if (address !== this.#playlist && answer.status === 404 && !this.#buffer) this.#told.unfit();
      else this.#told.fail(answer.status);
    } catch {
      if (!this.#isOver) this.#told.fail(0);
    }
    return null;
  }
}

/** @param {SourceBuffer} buffer */
function settled(buffer) {
  return new Promise((resolve) => {
    if (buffer.updating) buffer.addEventListener("updateend", resolve, { once: true });
    else resolve(null);
  });
}
