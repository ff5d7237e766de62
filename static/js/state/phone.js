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
 * @property {readonly Watcher[]} watchers
 * @property {readonly Heard[]} advice oldest first
 * @property {Told | null} told
 * @property {{ at: number, accuracy: number } | null} fix
 * @property {"" | "refused" | "none"} positionProblem
 * @property {{ pct: number, charging: boolean } | null} battery
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
  watchers: [],
  advice: [],
  told: null,
  fix: null,
  positionProblem: "",
  battery: null,
};

const ADVICE_KEPT = 20;
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
    case "alert_update":
      return withTold(phone, { kind: message["kind"], state: message["state"], by: message["by"] ?? null });
    default:
      return phone;
  }
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
  };
}

/** @param {Phone} phone @returns {string} the one word that the officer must be able to trust */
export function stateWord(phone) {
  if (phone.camera === "starting") return "Starting camera";
  if (phone.camera === "failed") return "No camera";
  if (phone.camera === "off") return "Camera off";
  return phone.recordingSince === null ? "Not recording" : "Recording";
}

/** @param {Phone} phone @returns {string} */
export function linkWord({ link, live, waiting, camera }) {
  if (link === "out") return "signed out";
  if (link !== "up") return waiting > 1 ? `no link, ${waiting} kept` : "no link";
  if (camera !== "on") return "linked";
  return { idle: "linked", connecting: "connecting", live: "live", waiting: "picture waits" }[live];
}

/** @param {string} problem a DOMException's name @returns {string} what happened, then what to do */
export function cameraProblemText(problem) {
  switch (problem) {
    case "SecurityError":
      return "The camera needs a secure page. Open the address that begins with https.";
    case "NotAllowedError":
      return "The camera is not allowed here. Allow camera and microphone for this site in the browser’s settings, then start again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "This phone shows no camera to the browser.";
    case "NotReadableError":
    case "AbortError":
      return "Another app holds the camera. Close it, then start again.";
    default:
      return "The camera did not start. Start it again.";
  }
}

/** @param {Phone} phone @returns {{ head: string, names: string }} */
export function watchersText({ watchers, watchAsked }) {
  if (watchers.length === 0)
    return { head: "Nobody watches you now", names: watchAsked ? "Control is asked to watch" : "" };
  const head = watchers.length === 1 ? "1 person watches you now" : `${watchers.length} people watch you now`;
  return { head, names: watchers.map(({ name }) => name).join(", ") };
}

/** @param {Phone} phone @returns {string} what control has done; "" when there is nothing to tell */
export function toldText(phone) {
  const { told, emergencyAt } = phone;
  if (emergencyAt !== null && (!told || !told.kind.startsWith("emergency"))) {
    return isProven(phone) ? "Emergency: control’s server has it" : "Emergency: being sent";
  }
  if (!told) return "";
  const what = told.kind.startsWith("emergency") ? "Emergency" : told.kind.startsWith("watch") ? "Watch me" : "Alert";
  const by = told.by ? ` by ${told.by}` : "";
  const words = {
    acknowledged: `acknowledged${by}`,
    resolved: `ended${by}`,
    false: `ended${by}`,
    cleared: "cleared",
    raised: "control has it",
  };
  return `${what}: ${words[/** @type {keyof typeof words} */ (told.state)] ?? told.state}`;
}

/** The emergency button's two lines. It says *sent* only once the server has committed it. @param {Phone} phone */
export function emergencyWords(phone) {
  if (phone.emergencyAt === null) return { word: "Emergency", sub: "hold 1 s, everyone is told" };
  if (!isProven(phone)) return { word: "Sending for help", sub: "it goes as soon as there is a link" };
  return { word: "Emergency sent", sub: "hold 1 s to send it again" };
}

/** Everything urgent is in the server's books. @param {Phone} phone */
function isProven({ link, urgent, told }) {
  return (told?.kind.startsWith("emergency") ?? false) || (link === "up" && urgent === 0);
}
