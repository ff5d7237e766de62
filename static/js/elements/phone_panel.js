// The phone's screen: writes what is true of the camera into the page, and only where it changed.
import { adviceShown } from "../state/phone.js";
import {
  cameraProblemText,
  emergencyWords,
  linkWord,
  stateWord,
  toldText,
  watchersText,
} from "../state/phone_words.js";

/** @import { Phone } from "../state/phone.js" */

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function part(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing`);
  return element;
}

/** @param {string} id */
const words = (id) => part(id, HTMLElement);
/** @param {string} id */
const button = (id) => part(id, HTMLButtonElement);

/** @param {number} seconds @returns {string} "00:42" or "1:02:05" */
function running(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export class PhonePanel {
  preview = part("preview", HTMLVideoElement);
  startCamera = button("start-camera");
  stopCamera = button("stop-camera");
  record = button("record");
  watch = button("watch");
  emergency = button("emergency");
  heard = button("heard");
  #barred = "";
  #wearer = words("who").textContent ?? "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #hinting;

  /** @param {Phone} phone @param {number} now Unix seconds */
  show(phone, now) {
    this.#head(phone, now);
    this.#picture(phone);
    this.#advice(phone);
    this.#facts(phone, now);
    this.#buttons(phone);
  }

  /** Says something for a few seconds. @param {string} text */
  hint(text) {
    clearTimeout(this.#hinting);
    words("hint").textContent = text;
    this.#hinting = setTimeout(() => (words("hint").textContent = ""), 5000);
  }

  /** The camera cannot be used at all. @param {string} text why not */
  bar(text) {
    this.#barred = text;
    write("curtain-text", text);
    show("start-camera", false);
    for (const each of [this.record, this.watch, this.emergency]) each.disabled = true;
  }

  /** @param {Phone} phone @param {number} now */
  #head(phone, now) {
    write("who", [...new Set([phone.callSign, this.#wearer])].filter(Boolean).join(" · "));
    write("link", linkWord(phone));
    show("battery-row", phone.battery !== null);
    if (phone.battery) write("battery", `${phone.battery.pct} %`);
    const since = phone.camera === "on" ? phone.recordingSince : null;
    write("state", stateWord(phone));
    write("since", since === null ? "" : running(now - since));
    words("state-row").classList.toggle("recording", since !== null);
  }

  /** @param {Phone} phone */
  #picture({ camera, cameraProblem }) {
    show("curtain", camera !== "on");
    if (this.#barred) return;
    show("start-camera", camera === "off" || camera === "failed");
    const texts = {
      off: "Your camera is off: no picture and no sound is sent. Control sees where you are.",
      starting: "The phone opens its camera.",
      on: "",
    };
    write("curtain-text", camera === "failed" ? cameraProblemText(cameraProblem) : texts[camera]);
  }

  /** @param {Phone} phone */
  #advice(phone) {
    const piece = adviceShown(phone);
    show("said", piece !== null);
    if (!piece) return;
    write("advice", piece.text);
    write("advice-from", `${piece.author}, ${time.format(piece.sentAt * 1000)}`);
    write("heard-word", "Heard");
    this.heard.disabled = piece.heard;
    words("said").classList.toggle("heard", piece.heard);
  }

  /** @param {Phone} phone @param {number} now */
  #facts(phone, now) {
    const told = toldText(phone);
    show("told", told !== "");
    write("told", told);
    const { head, names } = watchersText(phone);
    write("watch-head", head);
    write("watch-names", names);
    const { fix, positionProblem } = phone;
    if (fix) write("place", `Position ± ${Math.round(fix.accuracy)} m`);
    else if (positionProblem === "refused") write("place", "Position is not allowed: control cannot see where you are");
    else write("place", positionProblem === "none" ? "No position here" : "No position yet");
    write("place-age", fix ? `${Math.max(0, Math.floor(now - fix.at))} s old` : "");
    show("off-row", phone.camera === "on" && phone.recordingSince === null);
  }

  /** @param {Phone} phone */
  #buttons(phone) {
    const recording = phone.camera === "on" && phone.recordingSince !== null;
    write("record-word", recording ? "Stop recording" : "Start recording");
    write("record-sub", recording ? "hold 2 s" : phone.silent ? "no sound: microphone refused" : "one press");
    this.watch.setAttribute("aria-pressed", String(phone.watchAsked));
    const count = phone.watchers.length;
    write(
      "watch-sub",
      phone.watchAsked ? (count ? `${count} watching` : "asked, waiting") : "control is asked to look",
    );
    this.emergency.classList.toggle("on", phone.emergencyAt !== null);
    const { word, sub } = emergencyWords(phone);
    write("emergency-word", word);
    write("emergency-sub", sub);
  }
}

/** @param {string} id @param {string} text */
function write(id, text) {
  const element = words(id);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} id @param {boolean} shown */
function show(id, shown) {
  words(id).hidden = !shown;
}
