// One viewing of one camera, by WHEP. It comes back by itself, for ever, until it is stopped.
/** @import { Layer } from "../state/shapes" */
/** @import { Mapping } from "../state/media_clock.js" */
/** @import { Wish } from "./whep_signalling.js" */
import { waitBefore } from "./backoff.js";
import { ToldWish } from "./told_wish.js";
import { Refusal, WhepSignalling } from "./whep_signalling.js";

const CLOCK_EVERY_S = 10;
const CLOCK_SOON_S = 1; // until the camera's first sender report has come
const STEADY_S = 10; // a machine that is too busy connects and loses again: only what lasts ends the back-off
const HEALS_WITHIN_S = 4; // "disconnected" often heals by itself; longer, and a new session is quicker

/**
 * @typedef {object} Surroundings what the viewing needs from outside; a test gives its own
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} peer
 * @property {typeof fetch} fetch
 * @property {() => number} monotonic seconds
 * @property {() => number} chance
 * @property {(run: () => void, seconds: number) => unknown} after
 * @property {(timer: any) => void} cancel
 */
/** @typedef {{ phase: "idle" | "connecting" | "connected" | "waiting", problem: string, retryAt: number | null }} Standing */
/** @typedef {{ clock: Mapping | null, layer: Layer, layers: Layer[], reduced: string | null }} Session */

/** @type {Surroundings} */
const BROWSER = {
  peer: (configuration) => new RTCPeerConnection(configuration),
  fetch: (...request) => fetch(...request),
  monotonic: () => performance.now() / 1000,
  chance: Math.random,
  after: (run, seconds) => setTimeout(run, seconds * 1000),
  cancel: (timer) => clearTimeout(timer),
};

/** Events: `change` (standing or session differ), `track` (`media` has another track). */
export class WhepClient extends EventTarget {
  /** @type {Standing} */ standing = { phase: "idle", problem: "", retryAt: null };
  /** @type {Session | null} */ session = null;
  /** @type {MediaStreamTrack[]} */ tracks = [];
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** @type {string | null} */ #location = null;
  /** @type {ToldWish | null} */ #told = null;
  #attempt = 0;
  #round = 0; // answers that belong to an earlier round are dropped
  /** @type {unknown} */ #timer = null;
  /** @type {unknown} */ #clockTimer = null;

  /**
   * @param {{ device: string, wish: Wish, csrf: string, iceServers?: RTCIceServer[] }} wanted
   * @param {Partial<Surroundings>} [surroundings]
   */
  constructor({ device, wish, csrf, iceServers = [] }, surroundings = {}) {
    super();
    this.device = device;
    this.wish = wish;
    this.iceServers = iceServers;
    this.here = { ...BROWSER, ...surroundings };
    this.signalling = new WhepSignalling({ csrf, fetch: this.here.fetch });
  }

  start() {
    this.#leave();
    const round = this.#round;
    this.#stand({ phase: "connecting", problem: this.standing.problem, retryAt: null });
    this.#open(round).catch((error) => round === this.#round && this.#failed(error));
  }

  stop() {
    this.#leave();
    this.#attempt = 0;
    this.#stand({ phase: "idle", problem: "", retryAt: null });
  }

  /** A person, or news from the camera, says that it is worth a try now. */
  retryNow() {
    this.#attempt = 0;
    this.start();
  }

  /** Another size, with sound or without, picture or pause, in the same session. Called again and again. @param {Wish} wish */
  change(wish) {
    const answers = this.standing.problem === "reason-needed" && wish.why && !this.wish.why; // an alert: its picture opens now
    this.wish = wish;
    return answers ? this.retryNow() : this.#tell();
  }

  async #tell() {
    const round = this.#round;
    if ((await this.#told?.tell(this.wish)) && round === this.#round) this.#readClock(round);
  }

  /** Asks whether the server still knows the session; if not, begins another: in its turn, or at once. */
  async probe(atOnce = false) {
    const stood = this.standing.phase === "connected";
    if (stood) await this.#readClock(this.#round);
    if (this.standing.phase === "waiting" && (atOnce || !stood)) this.retryNow();
  }

  /** @param {number} round */
  async #open(round) {
    const peer = this.here.peer({ iceServers: this.iceServers, bundlePolicy: "max-bundle" });
    this.#peer = peer;
    this.tracks = [];
    // shown from now on, not from the answer's `track` event: a first frame that comes before it is shown is not shown at
    // all, and the next of a small picture takes 0.2 s
    for (const kind of ["video", "audio"])
      this.#took(peer.addTransceiver(kind, { direction: "recvonly" }).receiver.track);
    peer.onconnectionstatechange = () => round === this.#round && this.#peerChanged(peer);
    // the offer is made in it: by itself, it waited once more for a busy page (15 ms)
    await peer.setLocalDescription();
    // posted at once, without candidates: waiting for gathering costs a second
    const wish = this.wish;
    const answer = await this.signalling.offer(this.device, wish, String(peer.localDescription?.sdp));
    if (round !== this.#round) return this.signalling.leave(answer.location);
    this.#location = answer.location;
    this.#told = new ToldWish(this.signalling, answer.location, wish, this.here.monotonic);
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await this.#tell();
  }

  /** @param {MediaStreamTrack} track */
  #took(track) {
    this.tracks.push(track);
    this.dispatchEvent(new Event("track"));
  }

  /** @param {RTCPeerConnection} peer */
  #peerChanged(peer) {
    this.here.cancel(this.#timer);
    const state = peer.connectionState;
    if (state === "connected") {
      this.#timer = this.here.after(() => (this.#attempt = 0), STEADY_S);
      this.#stand({ phase: "connected", problem: "", retryAt: null });
      this.#readClock(this.#round);
    } else if (state === "disconnected") {
      this.#timer = this.here.after(() => this.#failed(new Refusal("lost")), HEALS_WITHIN_S);
    } else if (state === "failed" || state === "closed") {
      this.#failed(new Refusal("lost"));
    }
  }

  /** @param {number} round */
  async #readClock(round) {
    this.here.cancel(this.#clockTimer);
    if (!this.#location) return;
    try {
      const session = await this.signalling.read(this.#location);
      if (round !== this.#round) return;
      this.session = session ?? this.session;
    } catch (error) {
      if (round !== this.#round) return;
      if (error instanceof Refusal) this.#location = null; // it is gone already
      this.#failed(error);
      return;
    }
    this.dispatchEvent(new Event("change"));
    const again = this.session?.clock?.captured_at ? CLOCK_EVERY_S : CLOCK_SOON_S;
    this.#clockTimer = this.here.after(() => this.#readClock(round), again);
  }

  /** @param {unknown} error */
  #failed(error) {
    this.#leave();
    const { kind, retryAfter } = error instanceof Refusal ? error : new Refusal("lost");
    const wait = Math.max(retryAfter, waitBefore(this.#attempt, this.here.chance));
    this.#attempt += 1;
    this.#timer = this.here.after(() => this.start(), wait);
    this.#stand({ phase: "waiting", problem: kind, retryAt: this.here.monotonic() + wait });
  }

  #leave() {
    this.#round += 1;
    this.here.cancel(this.#timer);
    this.here.cancel(this.#clockTimer);
    if (this.#peer) this.#hangUp(this.#peer, this.#location ?? "");
    this.#peer = null;
    this.session = null;
    this.#location = null;
    this.#told = null;
  }

  /**
   * The session is ended by its resource first: a peer that closes before is gone when the request comes.
   * @param {RTCPeerConnection} peer
   * @param {string} location
   */
  #hangUp(peer, location) {
    peer.onconnectionstatechange = null;
    const patience = this.here.after(() => peer.close(), 1);
    this.signalling.leave(location).then(() => (this.here.cancel(patience), peer.close()));
  }

  /** @param {Standing} standing */
  #stand(standing) {
    this.standing = standing;
    this.dispatchEvent(new Event("change"));
  }
}
