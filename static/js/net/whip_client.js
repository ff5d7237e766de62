// Publishes a camera's picture and sound by WHIP (RFC 9725): picture, small picture, sound. It comes back for ever.
import { waitBefore } from "./backoff.js";

/**
 * @typedef {"idle" | "connecting" | "live" | "waiting"} LiveState
 * @typedef {object} WhipParts
 * @property {() => { path: string, token: string, iceServers: RTCIceServer[] }} where asked anew for each try
 * @property {(state: LiveState, reason: string) => void} onState
 * @property {() => number} [chance]
 */

const CONNECT_WITHIN_MS = 10_000;
// A phone that changes cell is often back within two seconds without a new session.
const DISCONNECTED_FOR_MS = 4000;
const MAIN = { maxBitrate: 2_000_000, maxFramerate: 25 };
// The wall's grid: a quarter of each side, at what a weak cell still carries.
const SUB = { scaleResolutionDownBy: 4, maxBitrate: 150_000, maxFramerate: 10 };

export class WhipClient {
  #parts;
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** @type {string | null} where the session lives on the server */ #session = null;
  #isKnown = false; // the server has told us of this session
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #attempt = 0;

  /** @param {WhipParts} parts */
  constructor(parts) {
    this.#parts = { chance: Math.random, ...parts };
  }

  /** @param {MediaStream} stream with one picture and, where allowed, sound */
  publish(stream) {
    this.#stream = stream;
    this.#attempt = 0;
    this.#again(0);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#stream = null;
    this.#drop();
    this.#parts.onState("idle", "");
  }

  /** The network is said to be back: does not wait out the pause. */
  retryNow() {
    const state = this.#peer?.connectionState ?? "closed";
    if (!this.#stream || state === "connected" || state === "connecting" || state === "new") return;
    this.#attempt = 0;
    this.#again(0);
  }

  /** By which session the picture comes in at the server. It may lose ours without a word. @param {string | null} id */
  told(id) {
    if (id !== null && this.#session?.endsWith(id)) this.#isKnown = true;
    else if (id === null && this.#isKnown && this.#peer) this.#failed(this.#peer, "the server has lost the picture");
  }

  /** @param {number} ms */
  #again(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), ms);
  }

  /** @param {RTCPeerConnection} peer @param {string} reason */
  #failed(peer, reason) {
    if (peer !== this.#peer || !this.#stream) return;
    this.#drop();
    const wait = waitBefore(this.#attempt, this.#parts.chance, { cap: 5 });
    this.#attempt += 1;
    this.#parts.onState("waiting", reason);
    this.#again(wait * 1000);
  }

  async #connect() {
    this.#drop();
    const stream = this.#stream;
    if (!stream) return;
    const { path, token, iceServers } = this.#parts.where();
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer = peer;
    this.#parts.onState("connecting", "");
    this.#watch(peer);
    try {
      if (!token) throw new Error("waits for the line to control");
      addTracks(peer, stream);
      await peer.setLocalDescription();
      // Posted at once, without candidates: waiting for them costs a second, and the server finds the phone's
      // address by its own check.
      const answer = await this.#post(path, token, peer.localDescription?.sdp ?? "", peer);
      if (peer === this.#peer) await peer.setRemoteDescription({ type: "answer", sdp: answer });
    } catch (error) {
      this.#failed(peer, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {string} path @param {string} token @param {string} sdp @param {RTCPeerConnection} peer
   * @returns {Promise<string>} the answer
   */
  async #post(path, token, sdp, peer) {
    // The token alone counts here; the officer's session stays out of it.
    const response = await fetch(path, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/sdp", Accept: "application/sdp", Authorization: `Bearer ${token}` },
      body: sdp,
      signal: AbortSignal.timeout(CONNECT_WITHIN_MS),
    });
    if (response.status !== 201) throw new Error(await refusal(response));
    const session = response.headers.get("Location");
    if (peer === this.#peer) this.#session = session;
    else if (session) this.#remove(session, token);
    return response.text();
  }

  /** @param {RTCPeerConnection} peer */
  #watch(peer) {
    let timer = setTimeout(() => this.#failed(peer, "no connection within 10 s"), CONNECT_WITHIN_MS);
    peer.onconnectionstatechange = () => {
      clearTimeout(timer);
      if (peer !== this.#peer) return;
      if (peer.connectionState === "connected") {
        this.#attempt = 0;
        this.#parts.onState("live", "");
      } else if (peer.connectionState === "failed") this.#failed(peer, "the link broke");
      else if (peer.connectionState === "disconnected") {
        this.#parts.onState("waiting", "weak link");
        timer = setTimeout(() => this.#failed(peer, "the link broke"), DISCONNECTED_FOR_MS);
      } else timer = setTimeout(() => this.#failed(peer, "no connection within 10 s"), CONNECT_WITHIN_MS);
    };
  }

  #drop() {
    const peer = this.#peer;
    const session = this.#session;
    this.#peer = null;
    this.#session = null;
    this.#isKnown = false;
    if (peer) peer.onconnectionstatechange = null;
    peer?.close();
    if (session) this.#remove(session, this.#parts.where().token);
  }

  /** @param {string} session @param {string} token */
  #remove(session, token) {
    const headers = { Authorization: `Bearer ${token}` };
    const request = /** @type {RequestInit} */ ({ method: "DELETE", credentials: "omit", headers, keepalive: true });
    // Best effort: the server ends a silent session by itself.
    fetch(session, request).catch(() => undefined);
  }
}

/** @param {RTCPeerConnection} peer @param {MediaStream} stream picture first, then the small one, then sound */
function addTracks(peer, stream) {
  const [video] = stream.getVideoTracks();
  const [audio] = stream.getAudioTracks();
  if (!video) throw new Error("the camera gives no picture");
  for (const encoding of [MAIN, SUB]) {
    const pictures = peer.addTransceiver(video, {
      direction: "sendonly",
      streams: [stream],
      sendEncodings: [encoding],
    });
    pictures.setCodecPreferences(h264First(RTCRtpReceiver.getCapabilities("video")?.codecs ?? []));
  }
  if (audio) peer.addTransceiver(audio, { direction: "sendonly", streams: [stream] });
}

/**
 * H.264 constrained baseline in non-interleaved packets first: what every console decodes in hardware.
 * @template {{ mimeType: string, sdpFmtpLine?: string }} C
 * @param {readonly C[]} codecs
 * @returns {C[]}
 */
export function h264First(codecs) {
  const rank = (/** @type {C} */ { mimeType, sdpFmtpLine = "" }) => {
    if (!/h264/i.test(mimeType)) return /vp8/i.test(mimeType) ? 3 : 4;
    if (!/packetization-mode=1/.test(sdpFmtpLine)) return 2;
    return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  return codecs
    .map((codec, index) => ({ codec, index }))
    .sort((a, b) => rank(a.codec) - rank(b.codec) || a.index - b.index)
    .map(({ codec }) => codec);
}

/** @param {Response} response @returns {Promise<string>} */
async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail || problem.title || `the server answered ${response.status}`;
}
