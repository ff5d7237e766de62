// The last picture of a feed, kept beside the <video>: a connection that dies takes its frame with it, and leaves black.

export class TileStill {
  element = document.createElement("canvas");
  #isHeld = false;

  constructor() {
    this.element.className = "still";
    this.element.hidden = true;
    this.element.setAttribute("aria-hidden", "true");
  }

  /** Keeps what the video shows now, until `release`. @param {HTMLVideoElement} video */
  hold(video) {
    const { videoWidth: width, videoHeight: height } = video;
    if (this.#isHeld || !width || !height) return;
    this.element.width = width;
    this.element.height = height;
    this.element.getContext("2d")?.drawImage(video, 0, 0, width, height);
    this.element.hidden = false;
    this.#isHeld = true;
  }

  /** Something newer stands in the video, or nobody may see this any more. */
  release() {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.element.hidden = true;
    this.element.width = this.element.height = 0; // its memory too
  }

  get isHeld() {
    return this.#isHeld;
  }
}
