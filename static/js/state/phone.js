// A phone as camera: what is true of it, and the words for it. Pure.

/**
 * @typedef {{ name: string, role: string, since: number }} Watcher
 * @typedef {{ id: string, text: string, author: string, sentAt: number, shown: boolean, heard: boolean }} Heard
 * @typedef {{ kind: string, state: string, by: string | null }} Told what became of the officer's alert
 *
 * @typedef {object} Phone
 * @property {string} callSign
 * @property {"joining" | "up" | "down" | "out"} link out: the session ended
 * @property {number} waiting messages that the server has not confirmed
 * @property {number} urgent how many of them are signals or receipts
 * @property {"off" | "starting" | "on" | "failed"} camera
 * @property {string} cameraProblem the DOMException's name
 * @property {boolean} silent without sound
 * @property {"idle" | "connecting" | "live" | "waiting"} live
 * @property {number | null} recordingSince Unix seconds
 * @property {boolean} watchAsked
 * @property {number | null} emergencyAt
 * @property {readonly Watcher[] | null} watchers null: the server has not told yet
 * @property {readonly Heard[]} advice oldest first
 * @property {Told | null} told
 * @property {{ at: number, accuracy: number } | null} fix
 * @property {"" | "refused" | "none"} positionProblem
 * @property {{ pct: number, charging: boolean } | null} battery
 * @property {readonly string[]} taken the ids of control's last requests, newest last
 */

/** @type {Phone} */
export const NEW_PHONE = {
  callSign: "",
  link: "joining",
  waiting: 0,
  urgent: 0,
  camera: "off",
  cameraProblem: "",
  silent: false,
  live: "idle",
  recordingSince: null,
  watchAsked: false,
  emergencyAt: null,
  watchers: null,
  advice: [],
  told: null,
  fix: null,
  positionProblem: "",
  battery: null,
  taken: [],
};

const ADVICE_KEPT = 20;
const TAKEN_KEPT = 8; // as many as a status may hold
const CLOSED = new Set(["resolved", "false"]);

/**
 * What a message from the server changes.
 * @param {Phone} phone @param {Record<string, any> & { t: string }} message
 * @returns {Phone}
 */
export function hear(phone, message) {
  switch (message.t) {
    case "welcome":
      return { ...phone, callSign: message["call_sign"] };
    case "watchers":
      return { ...phone, watchers: message["watchers"] };
    case "advice":
      return withAdvice(phone, message);
    case "request":
      return isKnownRequest(phone, message)
        ? phone
        : { ...phone, taken: [...phone.taken, message["request_id"]].slice(-TAKEN_KEPT) };
    case "alert_update":
      return withTold(phone, { kind: message["kind"], state: message["state"], by: message["by"] ?? null });
    default:
      return phone;
  }
}

/**
 * Sent again after a broken line, since no status of ours had confirmed it.
 * @param {Phone} phone @param {Record<string, any>} message
 */
export function isKnownRequest(phone, message) {
  return phone.taken.includes(message["request_id"]);
}

/** @param {Phone} phone @param {Record<string, any>} message @returns {Phone} */
function withAdvice(phone, message) {
  // Sent again after a broken line: it is the same piece of advice, and stays as heard as it was.
  if (phone.advice.some(({ id }) => id === message["advice_id"])) return phone;
  const piece = {
    id: message["advice_id"],
    text: message["text"],
    author: message["author"],
    sentAt: message["sent_at"],
  };
  const advice = [...phone.advice, { ...piece, shown: false, heard: false }];
  return { ...phone, advice: advice.sort((a, b) => a.sentAt - b.sentAt).slice(-ADVICE_KEPT) };
}

/** @param {Phone} phone @param {Told} told @returns {Phone} */
function withTold(phone, told) {
  const closed = CLOSED.has(told.state);
  if (told.kind.startsWith("emergency")) return { ...phone, told, emergencyAt: closed ? null : phone.emergencyAt };
  // Word about a lesser alert never covers the answer to an emergency.
  const covers = phone.told?.kind.startsWith("emergency") && phone.emergencyAt !== null;
  const watchAsked = told.kind.startsWith("watch") && closed ? false : phone.watchAsked;
  return { ...phone, watchAsked, told: covers ? phone.told : told };
}

/**
 * The piece of advice that the officer sees: the newest that is not marked as heard, else the last.
 * @param {Phone} phone
 * @returns {Heard | null}
 */
export function adviceShown({ advice }) {
  return advice.findLast((piece) => !piece.heard) ?? advice.at(-1) ?? null;
}

/** @param {Phone} phone @param {string} id @param {"shown" | "heard"} mark @returns {Phone} */
export function markAdvice(phone, id, mark) {
  return { ...phone, advice: phone.advice.map((piece) => (piece.id === id ? { ...piece, [mark]: true } : piece)) };
}

/** The camera's condition for the wire. @param {Phone} phone */
export function statusOf(phone) {
  return {
    recording: phone.recordingSince === null ? "off" : "recording",
    streaming: phone.live === "live",
    battery_pct: phone.battery?.pct ?? null,
    signal_pct: null,
    // 0 emergency, 2 on patrol: the national status codes.
    status_code: phone.emergencyAt === null ? 2 : 0,
    taken: phone.taken,
    lacks: lacksOf(phone),
  };
}

/**
 * What the phone would not send if it were asked to record: known once it was tried, and gone as soon as it works.
 * @param {Phone} phone
 */
function lacksOf({ camera, silent, positionProblem }) {
  return [camera === "failed" && "picture", silent && "sound", positionProblem && "position"].filter(
    (what) => typeof what === "string" && what !== "",
  );
}
