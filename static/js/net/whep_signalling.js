// The HTTP side of a viewing (WHEP draft): offer, wish, clock, end.
/** @import { Layer } from "../state/shapes" */
import { reasonHeader } from "./reason.js";

/** @typedef {{ layer: Layer, sound: boolean, picture: boolean, why?: string }} Wish the size, whether somebody listens and looks, and why */

const ANSWER_WITHIN_MS = 10_000;
const LONGEST_WAIT_S = 60; // a Retry-After beyond this would outlast the reason for it

/** Why there is no picture, and how long the server wants us to wait. */
export class Refusal extends Error {
  /**
   * @param {string} kind the last part of the problem's type: "not-recording", "lost", "no-answer", "http-503"
   * @param {number} [retryAfter] seconds
   */
  constructor(kind, retryAfter = 0) {
    super(kind);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

export class WhepSignalling {
  /** @param {{ csrf: string, fetch: typeof fetch }} parts */
  constructor({ csrf, fetch: send }) {
    this.csrf = csrf;
    this.send = send;
  }

  /**
   * Raises Refusal.
   * @param {string} device @param {Wish} wish @param {string} sdp
   * @returns {Promise<{ location: string, sdp: string }>}
   */
  async offer(device, { layer, sound, picture, why }, sdp) {
    const unseen = picture ? "" : "&picture=off";
    const path = `/whep/${encodeURIComponent(device)}?layer=${layer}&sound=${sound ? "on" : "off"}${unseen}`;
    const answer = await this.#ask("POST", path, { body: sdp, type: "application/sdp", why });
    if (!answer) throw new Refusal("no-answer");
    if (answer.status !== 201) throw await refusalOf(answer);
    return { location: answer.headers.get("Location") ?? "", sdp: await answer.text() };
  }

  /** @param {string} location @param {Wish} wish @returns {Promise<boolean>} whether it was taken */
  async wish(location, { layer, sound, picture }) {
    const answer = await this.#ask("POST", `${location}/wish`, {
      body: JSON.stringify({ layer, sound, picture }),
      type: "application/json",
    });
    return answer?.ok ?? false;
  }

  /**
   * The session as the server knows it; null where there was no answer. Raises Refusal("lost") if it is gone.
   * @param {string} location
   * @returns {Promise<any>}
   */
  async read(location) {
    const answer = await this.#ask("GET", location);
    if (answer?.status === 404 || answer?.status === 410) throw new Refusal("lost");
    return answer?.ok ? answer.json() : null;
  }

  /** Ends the session; keepalive, so that it outlives the page. @param {string} location */
  async leave(location) {
    if (location) await this.#ask("DELETE", location, { keepalive: true });
  }

  /**
   * An answer, or null where there was none: the caller tries again.
   * @param {string} method @param {string} path
   * @param {{ body?: string, type?: string, keepalive?: boolean, why?: string }} [more]
   */
  async #ask(method, path, { body, type, keepalive = false, why } = {}) {
    /** @type {Record<string, string>} */
    const headers = { "X-CSRF-Token": this.csrf, ...reasonHeader(why) };
    if (type) headers["Content-Type"] = type;
    const request = { method, headers, body, keepalive, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
    return this.send(path, request).catch(() => null);
  }
}

/** @param {Response} answer */
async function refusalOf(answer) {
  const isJson = /json/.test(answer.headers.get("Content-Type") ?? "");
  const problem = isJson ? await answer.json().catch(() => ({})) : {};
  const kind =
    String(problem.type ?? "")
      .split(/[/:#]/)
      .at(-1) || `http-${answer.status}`;
  const wanted = Number(answer.headers.get("Retry-After"));
  return new Refusal(kind, Number.isFinite(wanted) ? Math.min(Math.max(wanted, 0), LONGEST_WAIT_S) : 0);
}
