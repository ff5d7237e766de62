// A tile's caption: key, call sign, name, recording, who watches, and the age of the picture in a word and a number.
/** @import { FeedState } from "../state/liveness.js" */
/** @import { Alert, Unit } from "../state/shapes" */
import { STATE_WORD, ageText } from "../state/liveness.js";
import { notHeld } from "../state/rewind.js";
import { familyName, wearerName } from "../state/units.js";
import { counter } from "../state/words.js";
import { icon, keycap, make, setText } from "./build.js";
import { keyFor, namedWith } from "./key-caps.js";
import { alertIcon, alertTag } from "./alert-words.js";

/**
 * @typedef {object} CaptionFacts
 * @property {Unit} unit
 * @property {Alert | undefined} alert
 * @property {FeedState} state
 * @property {number | null} pictureAge
 * @property {boolean} large
 * @property {boolean} pinned
 * @property {number | null} also the other tile that shows this unit
 * @property {boolean} audible
 * @property {boolean} enlarged
 * @property {string | null} reduced
 * @property {number} now
 */

const LONG = 6; // letters: a longer call sign ends in three dots where there is no room
const RECORDING = { recording: ["REC", "rec"], buffering: ["BUF", "rec buf"], off: ["OFF", "rec off"] };
const RECORDING_LARGE = { recording: "REC", buffering: "Buffering", off: "Camera off" };
/** Why the picture is smaller than asked for; on a narrow tile in two words. @type {Record<string, [string, string]>} */
const REDUCED = { link: ["small: slow link here", "slow here"], camera: ["small: weak link there", "weak there"] };
const UNKEPT = /** @type {const} */ (["NOT RECORDING", "NOT REC"]);
const STATE_ICON = /** @type {Record<string, string>} */ ({ late: "clock", frozen: "ice", unlinked: "linkoff" });

export class TileCaption {
  #callSign = make("span", { class: "cs" });
  #name = make("span", { class: "nm" });
  #tag = make("span", { class: "tag" });
  #why = make("span", { class: "why" });
  #recording = make("span", { class: "rec" });
  #watching = make("span", { class: "wn" });
  #icon = make("span", { class: "ai" });
  #said = make("span", { class: "say" });
  #age = make("b");
  #tagged = "";
  #iconName = "";
  /** @type {{ device: string, at: number } | null} when the camera in it was last recorded */ #kept = null;

  /** @param {number} number of the tile */
  constructor(number) {
    this.number = number;
    /** @param {string} what */
    const ask = (what) => () =>
      this.element.dispatchEvent(new CustomEvent("tile-act", { detail: what, bubbles: true }));
    this.menu = make(
      "button",
      { class: "place", type: "button", "aria-haspopup": "menu", onclick: ask("menu") },
      keycap(String(number)),
    );
    this.pin = make("span", { class: "pin", hidden: true }, icon("tack"), make("span", { class: "sr" }, "pinned"));
    this.sound = make(
      "button",
      { class: "btn sm tool", type: "button", ...namedWith("Sound", "mute"), onclick: ask("mute") },
      icon("sound"),
      make("span", {}, "Sound"),
      " ", // a name is compared with what is read: two words
      keyFor("mute"),
    );
    this.rewind = make(
      "button",
      { class: "btn sm tool back", type: "button", ...namedWith("Rewind", "rewind"), onclick: ask("rewind") },
      icon("rewind"),
      make("span", {}, "Rewind"),
      " ",
      keyFor("rewind"),
    );
    this.size = make(
      "button",
      { class: "btn sm tool", type: "button", ...namedWith("Enlarge", "enlarge"), onclick: ask("enlarge") },
      icon("expand"),
      make("span", {}, "Enlarge"),
      " ",
      keyFor("enlarge"),
    );
    const watchers = make("span", { class: "eyes" }, icon("eye"), this.#watching);
    this.watchers = watchers;
    const at = make("span", { class: "at" }, make("span", { class: "w" }, this.#icon, this.#said), this.#age);
    const facts = make("span", { class: "facts" }, this.#tag, this.#why, this.#recording, watchers);
    this.element = make(
      "div",
      { class: "cap" },
      this.menu,
      make("span", { class: "id" }, this.#callSign, this.#name),
      this.pin,
      make("span", { class: "m" }, make("span", { class: "tools" }, this.rewind, this.sound, this.size), facts, at),
    );
  }

  /** @param {CaptionFacts} facts */
  show(facts) {
    const { unit, large } = facts;
    setText(this.#callSign, unit.call_sign);
    this.element.classList.toggle("long", unit.call_sign.length > LONG);
    setText(this.#name, large ? whoAndWhy(facts) : facts.also ? `on ${facts.also}` : familyName(unit.wearer));
    this.#name.title = facts.also ? `${unit.call_sign} is on tile ${facts.also}, too` : "";
    this.menu.setAttribute("aria-label", `Tile ${this.number} menu, ${unit.call_sign}`);
    this.pin.hidden = !facts.pinned;
    press(this.sound, facts.audible, facts.audible ? "sound" : "soundoff");
    press(this.size, facts.enlarged, facts.enlarged ? "shrink" : "expand");
    this.#showRecording(facts);
    this.#showRewind(facts);
    this.#showAlert(facts.alert);
    this.#showWhy(unit.keeping === "failing", facts.reduced ?? "");
    setText(this.#watching, String(unit.watchers.length));
    const names = unit.watchers.map((watcher) => watcher.name).join(", ");
    this.watchers.title = names ? `Watched by ${names}` : "Nobody watches";
    this.#showAge(facts);
  }

  /** @param {boolean} unkept @param {string} reduced */
  #showWhy(unkept, reduced) {
    const [words, short] = unkept ? UNKEPT : (REDUCED[reduced] ?? [reduced, reduced]);
    this.#why.classList.toggle("unkept", unkept);
    this.#why.dataset["short"] = short; // drawn instead where the words have no room; they are read out all the same
    this.#why.title = words;
    setText(this.#why, words);
  }

  /** @param {CaptionFacts} facts */
  #showAge({ state, pictureAge }) {
    setText(this.#said, STATE_WORD[state]);
    setText(this.#age, ageText(state, pictureAge));
    const name = STATE_ICON[state] ?? "";
    if (name === this.#iconName) return;
    this.#iconName = name;
    this.#icon.replaceChildren(...(name ? [icon(name)] : []));
  }

  /** It can be pressed all the same: then the reason is said in words. @param {CaptionFacts} facts */
  #showRewind({ unit, now }) {
    if (unit.keeping !== null) this.#kept = { device: unit.device_id, at: now };
    const why = notHeld(this.#kept?.device === unit.device_id ? this.#kept.at : null, now);
    this.rewind.title = why;
    this.rewind.setAttribute("aria-disabled", String(why !== ""));
  }

  /** @param {CaptionFacts} facts */
  #showRecording({ unit, large, now }) {
    if (unit.keeping === "failing") {
      setText(this.#recording, "");
      this.#recording.className = "rec unkept";
      return;
    }
    const [short = "", look = ""] = RECORDING[unit.recording];
    const since =
      unit.recording === "recording" && unit.recording_since ? ` ${counter(now - unit.recording_since)}` : "";
    setText(this.#recording, large ? RECORDING_LARGE[unit.recording] + since : short);
    this.#recording.className = look;
  }

  /** @param {Alert | undefined} alert */
  #showAlert(alert) {
    const tagged = alert ? `${alert.id} ${alertIcon(alert)} ${alertTag(alert)}` : "";
    if (tagged === this.#tagged) return;
    this.#tagged = tagged;
    const words = alert ? [icon(alertIcon(alert)), make("span", { class: "cut" }, alertTag(alert))] : [];
    this.#tag.replaceChildren(...words);
  }
}

/** The large tile says why it shows this one, which stands on a tile of its own as well. @param {CaptionFacts} facts */
function whoAndWhy({ unit, alert, also }) {
  const why = alert ? alert.place : also && "selected";
  return [wearerName(unit.wearer), why, also && `also on ${also}`].filter(Boolean).join(" · ");
}

/** @param {HTMLElement} button @param {boolean} pressed @param {string} symbol */
function press(button, pressed, symbol) {
  if (button.getAttribute("aria-pressed") === String(pressed)) return;
  button.setAttribute("aria-pressed", String(pressed));
  button.querySelector("svg")?.replaceWith(icon(symbol));
}
