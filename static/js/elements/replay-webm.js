// VP8 in a <video>: browsers take it from no MP4, so each segment is asked for as a WebM, which the server makes of it as it is.
/** @import { Fragment } from "../state/playlist_times.js" */
import { webmFragments } from "../state/playlist_times.js";

const LOOK_MS = 200;
const AHEAD_S = 20;
const BEHIND_S = 60; // what is longer ago is let go
const LIST_AGAIN_MS = 2000;
const HEAD_BYTES = 2048; // tracks stand at the beginning

/** @typedef {{ learn: (fragments: Fragment[]) => void, fail: (status: number) => void, unfit: () => void }} Told
 *   fail: status of the server's refusal; 0: no answer; unfit: these pictures can be in no WebM */

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
    this.#timer = window.setInterval(() => void this.#look(), LOOK_MS);
  }

  destroy() {
    this.#isOver = true; // what is still on its way is nobody's: another layer may be playing by then
    window.clearInterval(this.#timer);
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
      if (next) await this.#append(next);
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
    const now = this.#video.readyState ? this.#video.currentTime : this.#startInMedia();
    return this.#fragments.find(
      (one) =>
        one.start + one.duration > now && one.start < now + AHEAD_S && !this.#holds(one.start + one.duration / 2),
    );
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
    this.#buffer ??= this.#made(film);
    const buffer = this.#buffer;
    const old = this.#video.currentTime - BEHIND_S;
    if (old > 0 && this.#holds(old)) {
      buffer.remove(0, old);
      await settled(buffer);
    }
    buffer.appendBuffer(film);
    await settled(buffer);
    const last = this.#fragments.at(-1);
    if (last && this.#media.readyState === "open") this.#media.duration = last.start + last.duration;
  }

  /** @param {ArrayBuffer} film the first that has come: whether it has sound must be said before it is taken */
  #made(film) {
    const hasSound = new TextDecoder("latin1").decode(film.slice(0, HEAD_BYTES)).includes("A_OPUS");
    return this.#media.addSourceBuffer(`video/webm; codecs="vp8${hasSound ? ",opus" : ""}"`);
  }

  /** @param {URL} address */
  async #fetched(address) {
    try {
      const answer = await fetch(address);
      const film = answer.ok ? await answer.arrayBuffer() : null;
      if (film || this.#isOver) return this.#isOver ? null : film;
      const isUnfit = answer.status === 404 && address !== this.#playlist && !this.#buffer;
      if (isUnfit) this.#told.unfit();
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
