// What a <video> holds of the pieces that it was given, and what it takes next.
import { holds } from "../state/piece_run.js";

const BEHIND_S = 60; // what is longer ago is let go
const FULL_BEHIND_S = 5; // where the browser has no room for more
const MOOF = [...new TextEncoder().encode("moof")]; // ISO/IEC 14496-12 8.8.4, behind its size
const CLUSTER = [0x1f, 0x43, 0xb6, 0x75]; // RFC 9559 5.1.3

export class PieceBuffer {
  #media = new MediaSource();
  /** @type {SourceBuffer | null} */ #buffer = null;
  #video;
  #broke;
  #type = "";
  #address;
  /** It is taking a piece. */
  isTaking = false;

  /** @param {HTMLVideoElement} video @param {() => void} broke nothing more can be played of what it was given */
  constructor(video, broke) {
    this.#video = video;
    this.#broke = broke;
    this.#address = URL.createObjectURL(this.#media);
    video.src = this.#address;
    video.addEventListener("error", broke);
  }

  get isOpen() {
    return this.#media.readyState === "open";
  }

  /** Whether it has been given anything that this browser takes. */
  get isMade() {
    return this.#buffer !== null;
  }

  destroy() {
    this.#video.removeEventListener("error", this.#broke);
    this.#video.removeAttribute("src");
    URL.revokeObjectURL(this.#address);
  }

  /** Without a length the browser lets nobody go beyond what it holds. @param {number} seconds */
  lengthen(seconds) {
    if (this.#buffer && !this.#buffer.updating && this.isOpen) this.#media.duration = seconds;
  }

  /** What the browser holds, from and to, in media seconds. @returns {[number, number][]} */
  get held() {
    const { buffered } = this.#video;
    return Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
  }

  /**
   * Whether it is taken. It is not where the buffer holds other tracks: how many there are must be said before the first is
   * taken, and none with others follows; nor where there is no room for it: ask again.
   * @param {ArrayBuffer} film @param {string} type @param {boolean} goesOn its pictures may need those of the one before it
   * @returns {Promise<"yes" | "other tracks" | "no room">}
   */
  async take(film, type, goesOn) {
    const media = goesOn && type === this.#type ? headless(film) : film;
    if (this.#buffer && tracksOf(type) !== tracksOf(this.#type)) return "other tracks";
    if (this.#buffer && type !== this.#type) this.#buffer.changeType(type);
    this.#buffer ??= this.#made(type);
    this.#type = type;
    const buffer = this.#buffer;
    await this.#forget(buffer, BEHIND_S);
    this.isTaking = true;
    try {
      buffer.appendBuffer(media);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      this.isTaking = false;
      await this.#forget(buffer, FULL_BEHIND_S);
      return "no room";
    }
    await settled(buffer);
    this.isTaking = false;
    return "yes";
  }

  /** @param {SourceBuffer} buffer @param {number} behind seconds that are kept behind what is played */
  async #forget(buffer, behind) {
    const old = this.#video.currentTime - behind;
    if (old <= 0 || !holds(this.held, old)) return;
    buffer.remove(0, old);
    await settled(buffer);
  }

  /** @param {string} type */
  #made(type) {
    const buffer = this.#media.addSourceBuffer(type);
    buffer.addEventListener("error", this.#broke);
    return buffer;
  }
}

/** `video/mp4 2` of what has a picture and sound. @param {string} type */
function tracksOf(type) {
  return `${type.split(";")[0]} ${type.split(",").length}`;
}

/**
 * Without its initialisation, behind which every browser waits for a key frame: from its first `moof` (MP4), or its first
 * Cluster (WebM) on.
 * @param {ArrayBuffer} film
 */
function headless(film) {
  const bytes = new Uint8Array(film);
  const is = (/** @type {number[]} */ word, /** @type {number} */ at) =>
    word.every((one, index) => bytes[at + index] === one);
  const found = bytes.findIndex((_, at) => is(MOOF, at + 4) || is(CLUSTER, at));
  return film.slice(Math.max(0, found));
}

/** @param {SourceBuffer} buffer */
function settled(buffer) {
  return new Promise((resolve) => {
    if (buffer.updating) buffer.addEventListener("updateend", resolve, { once: true });
    else resolve(null);
  });
}
