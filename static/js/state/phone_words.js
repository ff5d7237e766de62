// What the phone says to its officer about itself, in words that are true.
/** @import { Phone } from "./phone.js" */

/** @param {Phone} phone @returns {string} the one word that the officer must be able to trust */
export function stateWord(phone) {
  if (phone.camera === "starting") return "Starting camera";
  if (phone.camera === "failed") return "No camera";
  if (phone.camera === "off") return "Camera off";
  return phone.recordingSince === null ? "Not recording" : "Recording";
}

/** @param {Phone} phone @returns {string} */
export function linkWord({ link, live, waiting, camera, watchers }) {
  if (link === "out") return "signed out";
  if (link === "joining" && watchers === null) return "joining";
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
export function watchersText({ link, watchers, watchAsked }) {
  const names = watchAsked ? "Control is asked to watch" : "";
  if (watchers === null) return { head: "Not known yet who watches you", names };
  // the picture has a way of its own: it may be watched while this line is gone
  if (link !== "up") return { head: "No link: not known who watches you", names };
  if (watchers.length === 0) return { head: "Nobody watches you now", names };
  const head = watchers.length === 1 ? "1 person watches you now" : `${watchers.length} people watch you now`;
  return { head, names: watchers.map(({ name }) => name).join(", ") };
}

/** @param {Phone} phone @returns {string} what control has done; "" when there is nothing to tell */
export function toldText(phone) {
  const { told, emergencyAt } = phone;
  if (emergencyAt !== null && (!told || !told.kind.startsWith("emergency"))) {
    return isProven(phone) ? "Emergency: sent, nobody has acknowledged it yet" : "Emergency: being sent";
  }
  if (!told) return "";
  const what = told.kind.startsWith("emergency") ? "Emergency" : told.kind.startsWith("watch") ? "Watch me" : "Alert";
  const by = told.by ? ` by ${told.by}` : "";
  const words = {
    acknowledged: `acknowledged${by}`,
    resolved: `ended${by}`,
    false: `ended${by}`,
    cleared: "cleared",
    raised: "sent, nobody has acknowledged it yet",
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

/** What stands where the picture would, while the camera is off: control sees only what has come. @param {Phone} phone */
export function offText({ link, fix }) {
  const seen = link === "up" && fix ? " Control sees where you are." : "";
  return `Your camera is off: no picture and no sound is sent.${seen}`;
}
