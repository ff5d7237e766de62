// Requests to the server's API. Errors are problem+json (RFC 9457) and say what was wrong.

/** @typedef {{ id: string, name: string, state: "waiting" | "writing" | "ready" | "failed", share: number, problem: string, bytes?: number,
 *   sha256?: string, damaged?: number, unplayable?: number, url?: string, films?: { device_id: string, bytes: number, url: string }[] }} Export of a ready one all */

import { deciding } from "./deciding.js";
import { reasonHeader } from "./reason.js";

const UPLOAD_MS = 120_000; // 4 MB at 0.3 Mbit/s

/** A refusal by the server, or no answer at all (`status` 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {Record<string, any>} problem
   */
  constructor(status, problem) {
    super(
      problem["detail"] || problem["title"] || (status ? `the server answered ${status}` : "no answer from the server"),
    );
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
    /** the last part of the problem's type: "not-recording" */
    this.kind =
      String(problem["type"] ?? "")
        .split(/[/:#]/)
        .at(-1) ?? "";
  }

  /** The request may succeed later without a change. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {object} parts
 * @param {string} parts.csrf the page's token
 * @param {typeof fetch} [parts.fetch]
 * @param {number} [parts.timeoutMs]
 */
export function createApi({ csrf, fetch: send = fetch.bind(globalThis), timeoutMs = 10_000 }) {
  /** @param {string} method @param {string} path @param {object} [body] a Blob goes as it is @param {string} [why] logged @returns {Promise<any>} */
  async function call(method, path, body, why) {
    const type = body instanceof Blob ? body.type : "application/json";
    const headers = { Accept: "application/json", "X-CSRF-Token": csrf, "Content-Type": type, ...reasonHeader(why) };
    const sent = body instanceof Blob ? body : body && JSON.stringify(body);
    const signal = AbortSignal.timeout(body instanceof Blob ? UPLOAD_MS : timeoutMs);
    const request = { method, headers, body: sent, signal };
    return bodyOf(await answered(path, /** @type {RequestInit} */ (request)));
  }

  /** @param {string} path @param {RequestInit} request */
  async function answered(path, request) {
    try {
      return await send(path, request);
    } catch (error) {
      throw new ApiError(0, {
        detail: `no answer from the server (${error instanceof Error ? error.name : "network"})`,
      });
    }
  }

  const id = encodeURIComponent;
  return {
    ...deciding(call),
    /** @param {string} device @param {"record" | "stream"} what @returns {Promise<unknown>} */
    ask: (device, what) => call("POST", `/api/units/${id(device)}/request`, { what }),
    /** What goes on in the installation. @param {string} question path and query @returns {Promise<import("../state/status_feed.js").Answer>} */
    status: (question) => call("GET", question),
    people: {
      /** @returns {Promise<{ at: number, people: import("../state/people.js").Entry[] }>} */
      all: () => call("GET", "/api/people"),
      /** @param {Record<string, string>} fields */
      add: (fields) => call("POST", "/api/people", fields),
      /** @param {string} person @param {Record<string, string>} fields */
      change: (person, fields) => call("PATCH", `/api/people/${id(person)}`, fields),
      /** @param {string} person @param {string} password */
      setPassword: (person, password) => call("PUT", `/api/people/${id(person)}/password`, { password }),
      /** @param {string} person @returns {Promise<{ url: string, expires_at: number }>} */
      link: (person) => call("POST", `/api/people/${id(person)}/link`),
      /** @param {string} person @returns {Promise<{ ended: number }>} */
      endSessions: (person) => call("DELETE", `/api/people/${id(person)}/sessions`),
      /** @param {string} person */
      switchOff: (person) => call("DELETE", `/api/people/${id(person)}`),
    },
    devices: {
      /** @returns {Promise<{ at: number, devices: import("../state/devices.js").Device[] }>} */
      all: () => call("GET", "/api/devices"),
      /** @param {Record<string, string>} fields @returns {Promise<import("../state/devices.js").Enrolment>} */
      add: (fields) => call("POST", "/api/devices", fields),
      /** @param {string} device @param {Record<string, string>} fields */
      change: (device, fields) => call("PATCH", `/api/devices/${id(device)}`, fields),
      /** @param {string} device */
      revoke: (device) => call("DELETE", `/api/devices/${id(device)}`),
    },
    audit: {
      /** @param {string} query @returns {Promise<{ at: number, rows: import("../state/audit.js").Row[], more: boolean }>} */
      rows: (query) => call("GET", `/api/audit?${query}`),
      /** Some thousand rows behind this one. @param {number} after @returns {Promise<import("../state/audit.js").Check>} */
      check: (after) => call("GET", `/api/audit/check?after=${after}`),
      /** The row that they are taken, by which they are then saved. @param {string} query @param {string} why logged
       *  @returns {Promise<import("../state/audit.js").Row>} */
      exported: (query, why) => call("POST", `/api/audit/export?${query}`, undefined, why),
    },
    tokens: {
      /** One's own. @returns {Promise<{ at: number, tokens: import("../state/tokens.js").Token[] }>} */
      all: () => call("GET", "/api/tokens"),
      /** @param {{ purpose: string, days: number }} wanted @returns {Promise<import("../state/tokens.js").Token & { token: string }>} */
      add: (wanted) => call("POST", "/api/tokens", wanted),
      /** @param {string} token its id */
      revoke: (token) => call("DELETE", `/api/tokens/${id(token)}`),
    },
    retention: {
      /** @param {string} one @returns {Promise<import("../state/retention_words.js").Retention>} */
      of: (one) => call("GET", `/api/recordings/${id(one)}/retention`),
      /** @returns {Promise<{ categories: { name: string, title: string }[] }>} */
      table: () => call("GET", "/api/retention"),
      /** @param {string} one @param {{ category: string, why: string }} wish @returns {Promise<unknown>} */
      categorise: (one, wish) => call("PUT", `/api/recordings/${id(one)}/category`, wish),
      /** @param {string} one @param {{ tag: string, why: string }} wish @returns {Promise<unknown>} */
      tag: (one, wish) => call("POST", `/api/recordings/${id(one)}/tags`, wish),
      /** @param {number} days @returns {Promise<import("../state/upcoming.js").Upcoming>} */
      upcoming: (days) => call("GET", `/api/retention/upcoming?days=${days}`),
      /** @param {string} one @param {{ why: string, until?: number }} wish @returns {Promise<unknown>} */
      hold: (one, wish) => call("POST", `/api/recordings/${id(one)}/holds`, wish),
      /** @param {string} one @param {{ decision: string, why: string }} wish @returns {Promise<unknown>} */
      decide: (one, wish) => call("POST", `/api/recordings/${id(one)}/decisions`, wish),
      /** @param {string} one @param {{ text: string }} wish @returns {Promise<unknown>} */
      note: (one, wish) => call("POST", `/api/recordings/${id(one)}/notes`, wish),
    },
    /** Who has looked at what one recorded oneself. @param {number | null} before @returns {Promise<import("../state/viewings.js").Page>} */
    viewings: (before) => call("GET", `/api/viewings${before === null ? "" : `?before=${before}`}`),
    taserLogs: {
      /** @returns {Promise<{ at: number, logs: import("../state/taser_logs.js").TaserLog[] }>} */
      all: () => call("GET", "/api/taser-logs"),
      /** Whose they may have been. @returns {Promise<{ cameras: { device_id: string, call_sign: string, wearer: string | null }[] }>} */
      cameras: () => call("GET", "/api/taser-logs/cameras"),
      /** @param {File} file @param {URLSearchParams} about @param {string} why logged @returns {Promise<import("../state/taser_logs.js").TaserLog>} */
      bringIn: (file, about, why) =>
        call("POST", `/api/taser-logs?${about}`, new Blob([file], { type: "text/csv" }), why),
      /** @param {string} log @param {{ offset_s: number | null, why: string }} wish */
      setOffset: (log, wish) => call("PUT", `/api/taser-logs/${id(log)}/offset`, wish),
    },
    recordings: {
      /** What a page with a map must know. @returns {Promise<import("../elements/incident-map.js").MapSettings>} */
      settings: () => call("GET", "/api/replays/settings"),
      /** @param {URLSearchParams} query @returns {Promise<import("../state/recordings.js").Page>} */
      find: (query) => call("GET", `/api/recordings?${query}`),
      /** Looks back at a camera that records. @param {string} device @param {number} from Unix seconds @param {string} why an alert's reason, "": one's duty @returns {Promise<import("../state/replay.js").View>} */
      rewind: (device, from, why) => call("POST", "/api/replays", { device_ids: [device], from, why, rewind: true }),
      /** Opens a view: the reason is logged. @param {{ recordings: string[], from?: number, to?: number, why: string }} wish @returns {Promise<import("../state/replay.js").View>} */
      open: (wish) => call("POST", "/api/replays", wish),
      /** @param {string} view @returns {Promise<import("../state/replay.js").Told>} */
      timeline: (view) => call("GET", `/api/replays/${id(view)}`),
      /** @param {string} view @param {{ at: number, note: string }} wish @returns {Promise<unknown>} */
      bookmark: (view, wish) => call("POST", `/api/replays/${id(view)}/bookmarks`, wish),
      /** @param {{ view: string, why: string }} wish @returns {Promise<Export>} */
      exported: (wish) => call("POST", "/api/exports", wish),
      /** Those that still stand, whoever made them. @returns {Promise<{ exports: import("../elements/export-list.js").Standing[] }>} */
      exports: () => call("GET", "/api/exports"),
      /** @param {string} one its id @param {string} why logged @returns {Promise<{ url: string }>} */
      exportAgain: (one, why) => call("POST", `/api/exports/${id(one)}/again`, { why }),
      /** @param {string} one its id @returns {Promise<Export>} */
      exportState: (one) => call("GET", `/api/exports/${id(one)}`),
    },
    /** What one is on duty as. @param {string} duty @returns {Promise<{ duty: string }>} */
    setDuty: (duty) => call("PATCH", "/api/session", { duty }),
    /** One's own: the other sign-ins end. @param {string} current @param {string} password @returns {Promise<{ ended: number }>} */
    setPassword: (current, password) => call("PUT", "/api/session/password", { current, password }),
    /** @returns {Promise<unknown>} */
    signOut: () => call("DELETE", "/api/session"),
  };
}

/** @typedef {ReturnType<typeof createApi>} Api */

/** @param {Response} answer @returns {Promise<any>} */
async function bodyOf(answer) {
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("Content-Type") ?? "");
  const body = isJson && text ? JSON.parse(text) : {};
  if (!answer.ok) throw new ApiError(answer.status, body);
  return body;
}
