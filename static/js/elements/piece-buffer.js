// What a <video> holds of the pieces that it was given, and what it takes next.

const BEHIND_S = 60; // what is longer ago is let go
const FULL_BEHIND_S = 5; // where the browser has no room for more

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

  /** @param {number} position */
  holds(position) {
    const held = this.#video.buffered;
    return Array.from({ length: held.length }, (_, index) => index).some(
      (index) => held.start(index) <= position && position < held.end(index),
    );
  }

  /**
   * False where it holds other tracks: how many there are must be said before the first is taken, and none with others
   * follows. What it has no room for it does not take: ask again.
   * @param {ArrayBuffer} film @param {string} type
   */
  async take(film, type) {
    if (this.#buffer && tracksOf(type) !== tracksOf(this.#type)) return false;
    if (this.#buffer && type !== this.#type) this.#buffer.changeType(type);
    this.#buffer ??= this.#made(type);
    this.#type = type;
    const buffer = this.#buffer;
    await this.#forget(buffer, BEHIND_S);
    this.isTaking = true;
    try {
      buffer.appendBuffer(film);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      this.isTaking = false;
      await this.#forget(buffer, FULL_BEHIND_S);
      return true;
    }
    await settled(buffer);
    this.isTaking = false;
    return true;
  }

  /** @param {SourceBuffer} buffer @param {number} behind seconds that are kept behind what is played */
  async #forget(buffer, behind) {
    const old = this.#video.currentTime - behind;
    if (old <= 0 || !this.holds(old)) return;
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

/** @param {SourceBuffer} buffer */
function settled(buffer) {
  return new Promise((resolve) => {
    if (buffer.updating) buffer.addEventListener("updateend", resolve, { once: true });
    else resolve(null);
  });
}
