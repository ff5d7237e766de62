// A living picture in a <video>: its viewing session, and the time at which the frame on screen was captured.
/** @import { Wish } from "../net/whep_signalling.js" */
import { WhepClient } from "../net/whep_client.js";
import { FROZEN_S } from "../state/liveness.js";
import { capturedAt } from "../state/media_clock.js";
import { awake, restedBy } from "../state/rest.js";
import { TileStill } from "./tile-still.js";

/**
 * One viewing of one camera: a WhepClient, or what the living sheet draws.
 * @typedef {EventTarget & Pick<WhepClient, "device" | "wish" | "standing" | "session" | "tracks" | "start" | "stop" | "change" | "retryNow" | "probe">} Viewing
 */
/** @typedef {{ csrf: string, iceServers: RTCIceServer[], serverNow: () => number, viewing?: (wanted: { device: string, wish: Wish }) => Viewing }} Wiring */

/** Events: `change` (the session's standing), `picture` (the first frame of a viewing is on screen). */
export class TilePicture extends EventTarget {
  /** @type {Viewing | null} */ #viewing = null;
  #round = 0;
  /** @type {MediaStream | null} */ #media = null;
  #beganAt = 0;
  #isStamped = false; // the frames of this stream wear RTP timestamps
  #isPaused = false;
  #rest = awake();
  /** monotonic; null: a frame has come since @type {number | null} */ #resumedAt = null;
  still = new TileStill();
  /** when the frame on screen was captured, Unix seconds by the server's clock @type {number | null} */ shownAt = null;

  /** @param {HTMLVideoElement} video @param {Wiring} wiring */
  constructor(video, wiring) {
    super();
    this.video = video;
    this.wiring = wiring;
  }

  /** @returns {string | null} the device being viewed */
  get device() {
    return this.#viewing?.device ?? null;
  }

  get standing() {
    return this.#viewing?.standing ?? null;
  }

  /** Why the picture is smaller or slower than it could be, in the server's words. */
  get reduced() {
    return this.#viewing?.session?.reduced ?? null;
  }

  /** Which size it gets, or has asked for; null: it asks for none. */
  get layer() {
    return this.#viewing?.session?.layer ?? this.#viewing?.wish.layer ?? null;
  }

  /** Seconds since a picture was first asked for. */
  get waited() {
    return this.#viewing ? performance.now() / 1000 - this.#beganAt : 0;
  }

  /** Nobody could see it, so it was not sent; the picture that stands there is old by our own doing. */
  get isPaused() {
    return this.#isPaused || (this.#resumedAt !== null && performance.now() / 1000 - this.#resumedAt < FROZEN_S);
  }

  /** The server's time. */
  now() {
    return this.wiring.serverNow();
  }

  /** @param {number} now @returns {number | null} seconds */
  age(now) {
    return this.shownAt === null ? null : Math.max(0, now - this.shownAt);
  }

  /**
   * Views this device, in this size, with its sound or without, or pauses. Another wish changes the running session.
   * @param {string} device
   * @param {Wish} wish
   */
  view(device, wish) {
    if (this.#viewing?.device === device) {
      if (this.#isPaused && wish.picture) this.#resumedAt = performance.now() / 1000;
      this.#isPaused = !wish.picture;
      this.#keep(this.#viewing, wish);
      return;
    }
    this.end();
    const { csrf, iceServers } = this.wiring;
    const viewing = this.wiring.viewing?.({ device, wish }) ?? new WhepClient({ device, wish, csrf, iceServers });
    this.#viewing = viewing;
    this.#beganAt = performance.now() / 1000;
    viewing.addEventListener("track", () => this.#attach(viewing));
    viewing.addEventListener("change", () => this.#stands(viewing));
    viewing.start();
  }

  /** @param {Viewing} viewing @param {Wish} wish */
  #keep(viewing, wish) {
    const { rests } = this.#rest;
    this.#rest = restedBy(this.#rest, wish, performance.now() / 1000);
    if (this.#rest.rests) return rests || viewing.stop();
    viewing.change(wish);
    if (rests) viewing.start();
    this.#listen();
  }

  retryNow() {
    if (!this.#rest.rests) this.#viewing?.retryNow();
  }

  /** The camera sends again: a session that still stands goes on with it, any other begins at once. */
  flowsAgain() {
    if (!this.#rest.rests) this.#viewing?.probe(true);
  }

  /** Does the server still know the session? */
  probe() {
    this.#viewing?.probe();
  }

  /** The picture has stopped, or is about to: what stands there is kept, whatever becomes of the connection. */
  hold() {
    if (this.shownAt !== null) this.still.hold(this.video);
  }

  /** @param {Viewing} viewing */
  #stands(viewing) {
    if (viewing.standing.phase !== "connected") this.hold();
    this.dispatchEvent(new Event("change"));
  }

  /** Ends the viewing and forgets the picture. A hidden video would go on being decoded: the session has to end. */
  end() {
    this.#viewing?.stop();
    this.#viewing = null;
    this.#round += 1;
    this.#media = null;
    this.video.srcObject = null;
    this.still.release();
    this.shownAt = this.#resumedAt = null;
    this.#isPaused = false;
    this.#rest = awake();
  }

  /** @param {Viewing} viewing */
  #attach(viewing) {
    if (viewing !== this.#viewing) return;
    // a new session's first track: the last picture of the old one stays on screen until here
    if (!this.#media || viewing.tracks.length === 1) this.#media = new MediaStream();
    for (const track of viewing.tracks) if (track.kind === "video") this.#media.addTrack(track);
    this.#listen();
    if (this.video.srcObject === this.#media) return;
    this.video.srcObject = this.#media;
    this.#isStamped = false;
    if (!this.still.isHeld) this.shownAt = null; // the old frame went with its stream: a black tile must not wear its age
    this.video.play().catch(() => undefined); // replaced before it began: the next one plays
    this.#round += 1;
    this.#watchFrames(this.#round, true);
  }

  /** Sound is mixed a hundred times a second even where it is muted: only what is heard has its track in the picture. */
  #listen() {
    const sound = this.#viewing?.tracks.find((track) => track.kind === "audio");
    if (!sound || !this.#media) return;
    if (this.#viewing?.wish.sound) this.#media.addTrack(sound);
    else this.#media.removeTrack(sound);
  }

  /** @param {number} round @param {boolean} first */
  #watchFrames(round, first) {
    this.video.requestVideoFrameCallback((_, frame) => {
      if (round !== this.#round) return;
      const isStamped = frame.rtpTimestamp !== undefined;
      // as it closes, a connection hands over one more frame: black, and of no time; also one that never stood
      const isPicture = isStamped || (!this.#isStamped && this.standing?.phase === "connected");
      this.#isStamped ||= isStamped;
      if (isPicture) this.#shows(frame, first);
      this.#watchFrames(round, first && !isPicture);
    });
  }

  /** @param {VideoFrameCallbackMetadata} frame @param {boolean} first */
  #shows(frame, first) {
    this.shownAt = this.#captureTime(frame);
    this.#resumedAt = null;
    this.still.release();
    if (first) this.dispatchEvent(new Event("picture"));
  }

  /** @param {VideoFrameCallbackMetadata} frame */
  #captureTime(frame) {
    const now = this.wiring.serverNow();
    const captured = capturedAt(this.#viewing?.session?.clock ?? null, frame.rtpTimestamp);
    if (captured !== null) return Math.min(captured, now);
    // no mapping yet: the age since this machine had the frame, which is the least it can be
    return now - Math.max(0, performance.now() - (frame.receiveTime ?? performance.now())) / 1000;
  }
}
