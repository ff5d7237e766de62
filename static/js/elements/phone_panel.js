// The phone's screen: writes what is true of the camera into the page, and only where it changed.
import { setText } from "./build.js";
import { adviceShown } from "../state/phone.js";
import {
  cameraProblemText,
  emergencyWords,
  linkWord,
  offText,
  stateWord,
  toldText,
  watchersText,
} from "../state/phone_words.js";

/** @import { Phone } from "../state/phone.js" */

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {number} seconds @returns {string} "00:42" or "1:02:05" */
function running(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export class PhonePanel {
  #barred = "";
  #wearer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #hinting;

  /** @param {string} [prefix] of the ids: the living sheet has more than one phone */
  constructor(prefix = "") {
    this.prefix = prefix;
    this.preview = this.#part("preview", HTMLVideoElement);
    this.startCamera = this.#button("start-camera");
    this.stopCamera = this.#button("stop-camera");
    this.record = this.#button("record");
    this.watch = this.#button("watch");
    this.emergency = this.#button("emergency");
    this.heard = this.#button("heard");
    this.theme = this.#button("theme");
    this.#wearer = this.#words("who").textContent ?? "";
  }

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
    this.#words("hint").textContent = text;
    this.#hinting = setTimeout(() => (this.#words("hint").textContent = ""), 5000);
  }

  /** What the other theme would be. @param {"dark" | "light"} theme the one that is shown */
  lit(theme) {
    this.#write("theme-word", theme === "light" ? "Dark, for the night" : "Light, for the sun");
  }

  /** The camera cannot be used at all. @param {string} text why not */
  bar(text) {
    this.#barred = text;
    this.#write("curtain-text", text);
    this.#show("start-camera", false);
    for (const each of [this.record, this.watch, this.emergency]) each.disabled = true;
  }

  /** @param {Phone} phone @param {number} now */
  #head(phone, now) {
    this.#write("who", [...new Set([phone.callSign, this.#wearer])].filter(Boolean).join(" · "));
    this.#write("link", linkWord(phone));
    this.#show("battery-row", phone.battery !== null);
    if (phone.battery) this.#write("battery", `${phone.battery.pct} %`);
    const since = phone.camera === "on" ? phone.recordingSince : null;
    this.#write("state", stateWord(phone));
    this.#write("since", since === null ? "" : running(now - since));
    this.#words("state-row").classList.toggle("recording", since !== null);
  }

  /** @param {Phone} phone */
  #picture(phone) {
    const { camera, cameraProblem } = phone;
    this.#show("curtain", camera !== "on");
    if (this.#barred) return;
    this.#show("start-camera", camera === "off" || camera === "failed");
    const texts = {
      off: offText(phone),
      starting: "The phone opens its camera.",
      on: "",
    };
    this.#write("curtain-text", camera === "failed" ? cameraProblemText(cameraProblem) : texts[camera]);
  }

  /** @param {Phone} phone */
  #advice(phone) {
    const piece = adviceShown(phone);
    this.#show("said", piece !== null);
    if (!piece) return;
    this.#write("advice", piece.text);
    this.#write("advice-from", `${piece.author}, ${time.format(piece.sentAt * 1000)}`);
    this.#write("heard-word", "Heard");
    this.heard.disabled = piece.heard;
    this.#words("said").classList.toggle("heard", piece.heard);
  }

  /** @param {Phone} phone @param {number} now */
  #facts(phone, now) {
    const told = toldText(phone);
    this.#show("told", told !== "");
    this.#write("told", told);
    const { head, names } = watchersText(phone);
    this.#write("watch-head", head);
    this.#write("watch-names", names);
    const { fix, positionProblem } = phone;
    if (fix) this.#write("place", `Position ± ${Math.round(fix.accuracy)} m`);
    else if (positionProblem === "refused")
      this.#write("place", "Position is not allowed: control cannot see where you are");
    else this.#write("place", positionProblem === "none" ? "No position here" : "No position yet");
    this.#write("place-age", fix ? `${Math.max(0, Math.floor(now - fix.at))} s old` : "");
    this.#show("off-row", phone.camera === "on" && phone.recordingSince === null);
    this.#show("settings", phone.camera === "off" || phone.camera === "failed"); // who leaves the page takes the camera along
  }

  /** @param {Phone} phone */
  #buttons(phone) {
    const recording = phone.camera === "on" && phone.recordingSince !== null;
    this.#write("record-word", recording ? "Stop recording" : "Start recording");
    this.#write("record-sub", recording ? "hold 2 s" : phone.silent ? "no sound: microphone refused" : "one press");
    this.watch.setAttribute("aria-pressed", String(phone.watchAsked));
    const count = phone.watchers?.length ?? 0;
    this.#write(
      "watch-sub",
      phone.watchAsked ? (count ? `${count} watching` : "asked, waiting") : "control is asked to look",
    );
    this.emergency.classList.toggle("on", phone.emergencyAt !== null);
    const { word, sub } = emergencyWords(phone);
    this.#write("emergency-word", word);
    this.#write("emergency-sub", sub);
  }

  /** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
  #part(id, type) {
    const element = document.getElementById(this.prefix + id);
    if (!(element instanceof type)) throw new Error(`#${this.prefix}${id} is missing`);
    return element;
  }

  /** @param {string} id */
  #words(id) {
    return this.#part(id, HTMLElement);
  }

  /** @param {string} id */
  #button(id) {
    return this.#part(id, HTMLButtonElement);
  }

  /** @param {string} id @param {string} text */
  #write(id, text) {
    setText(this.#words(id), text);
  }

  /** @param {string} id @param {boolean} shown */
  #show(id, shown) {
    this.#words(id).hidden = !shown;
  }
}
