// The phone's camera and its way to the server: open it, publish it, keep the screen on, hold on to it.
import { Wakefulness, openCamera } from "./phone_kit.js";
import { WhipClient } from "./whip_client.js";

/** @import { LiveState, WhipParts } from "./whip_client.js" */
/**
 * @typedef {object} CameraParts
 * @property {WhipParts["where"]} where
 * @property {(live: LiveState) => void} onLive
 * @property {(stream: MediaStream | null) => void} onPicture
 * @property {() => void} onTaken the system took the camera away: a call, another app
 */

export class PhoneCamera {
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {Promise<{ silent: boolean }> | null} */ #opening = null;
  #parts;
  #whip;
  #wakefulness = new Wakefulness();

  /** @param {CameraParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#whip = new WhipClient({ where: parts.where, onState: parts.onLive });
  }

  get isOpen() {
    return this.#stream !== null;
  }

  /** Opens and publishes it; a second call while it opens waits for the same. @returns {Promise<{ silent: boolean }>} raises DOMException */
  open() {
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  close() {
    this.#whip.stop();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#parts.onPicture(null);
    this.#wakefulness.want(false);
  }

  /** The phone was unlocked, its network came back, or a token has come. */
  retryNow() {
    this.#whip.retryNow();
    this.#wakefulness.renew();
  }

  /** By which session the picture comes in at the server. @param {string | null} id */
  told(id) {
    this.#whip.told(id);
  }

  /** The page goes: the server need not wait for silence. */
  leave() {
    this.#whip.stop();
  }

  async #open() {
    const { stream, silent } = await openCamera();
    this.#stream = stream;
    for (const track of stream.getVideoTracks()) {
      track.addEventListener("ended", () => {
        if (stream !== this.#stream) return;
        this.close();
        this.#parts.onTaken();
      });
    }
    this.#parts.onPicture(stream);
    this.#whip.publish(stream);
    this.#wakefulness.want(true);
    return { silent };
  }
}
