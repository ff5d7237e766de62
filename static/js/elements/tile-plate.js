// The plate over a picture that is not alive: what happened, then what to do. Never over a living one.
/** @import { FeedState } from "../state/liveness.js" */
/** @import { Fix, Unit } from "../state/shapes" */
import { lackWords } from "../state/units.js";
import { age as ageWords, timeOfDay } from "../state/words.js";
import { icon, make, setText } from "./build.js";

/**
 * @typedef {object} PlateFacts
 * @property {FeedState} state
 * @property {Unit} unit
 * @property {Fix | undefined} fix
 * @property {number | null} pictureAge
 * @property {number | null} pictureAt Unix seconds
 * @property {number} waited seconds since a picture was first asked for
 * @property {string} problem why the last try gave no picture
 * @property {number | null} retryIn seconds
 * @property {number | null} askedAt when the camera was asked to record or stream
 * @property {number} now
 */
/** @typedef {{ kind: string, icon: string, title: string, line: string, button: string, icon2?: string, note?: string, event?: string }} PlateWords */

export class TilePlate {
  #kind = "";
  #title = make("b");
  #line = make("span");
  #label = make("span");
  #note = make("span", { class: "note" });

  constructor() {
    this.element = make("div", { class: "plate", hidden: true });
  }

  /** @param {PlateFacts} facts */
  show(facts) {
    const words = plateWords(facts);
    this.element.hidden = !words;
    if (!words) return;
    if (words.kind !== this.#kind) this.#build(words);
    setText(this.#title, words.title);
    setText(this.#line, words.line);
    setText(this.#label, words.button);
    setText(this.#note, words.note ?? "");
  }

  /** @param {PlateWords} words */
  #build(words) {
    this.element.dataset["kind"] = this.#kind = words.kind;
    const act = () => this.element.dispatchEvent(new CustomEvent("plate-act", { detail: words.event, bubbles: true }));
    const button = make(
      "button",
      { class: "btn sm", type: "button", onclick: act },
      words.icon2 && icon(words.icon2),
      this.#label,
      this.#note,
    );
    this.element.replaceChildren(icon(words.icon), this.#title, this.#line, ...(words.event ? [button] : []));
  }
}

/** @param {PlateFacts} facts @returns {PlateWords | null} */
function plateWords(facts) {
  if (facts.state === "frozen") return frozen(facts);
  if (facts.state === "offline") return offline(facts);
  if (facts.state === "notrec") return facts.problem === "reason-needed" ? unasked(facts) : notRecording(facts);
  if (facts.state !== "connecting") return null;
  return {
    kind: "connecting",
    icon: "link",
    title: facts.waited < 3 ? "Connecting" : `Connecting ${ageWords(facts.waited)}`,
    line: `to ${facts.unit.call_sign}`,
    button: "",
  };
}

/** @param {PlateFacts} facts @returns {PlateWords} */
function frozen({ pictureAge, pictureAt }) {
  const line = `last picture ${timeOfDay(pictureAt)}`;
  return { kind: "frozen", icon: "ice", title: `FROZEN ${ageWords(pictureAge)}`, line, button: "" };
}

/** @param {PlateFacts} facts @returns {PlateWords} */
function offline({ unit, fix, pictureAt, problem, retryIn, askedAt, now }) {
  const at = latest(pictureAt, unit.last_picture_at);
  const known = [at !== null && `picture ${timeOfDay(at)}`, fix && `position ${timeOfDay(fix.at)}`].filter(Boolean);
  if (unit.online && problem === "not-streaming") {
    const line = askedAt
      ? `Asked to stream at ${timeOfDay(askedAt)}`
      : known.join(" · ") || "The camera records but sends no picture";
    const button = `Ask ${unit.call_sign} to stream`;
    return { kind: "notstreaming", icon: "camoff", title: "Recording, not streaming", line, button, event: "stream" };
  }
  if (problem === "elsewhere") {
    const line = `${unit.call_sign} is linked to another server. Open the console there to see its picture`;
    return { kind: "elsewhere", icon: "linkoff", title: "Picture not here", line, button: "" };
  }
  return {
    kind: "offline",
    icon: "camoff",
    title: at === null ? "OFFLINE" : `OFFLINE ${ageWords(Math.max(0, now - at))}`,
    line: known.join(" · ") || "no picture yet",
    button: "Retry now",
    icon2: "retry",
    note: retryIn !== null && retryIn > 0 ? `next in ${Math.ceil(retryIn)} s` : "trying",
    event: "retry",
  };
}

/** The force wants a reason, and there is neither an alert nor a duty. @param {PlateFacts} facts @returns {PlateWords} */
function unasked({ unit }) {
  const line = `${unit.call_sign} opens for a reason: an alert, or what you are on duty as`;
  return { kind: "reason", icon: "eye", title: "Why do you watch?", line, button: "Say why", event: "why" };
}

/** @param {PlateFacts} facts @returns {PlateWords} */
function notRecording({ unit, askedAt }) {
  const lacks = lackWords(unit.lacks);
  const missing = lacks && `${unit.call_sign} has ${lacks.replace(/, ([^,]*)$/, " and $1")} now`;
  const line = askedAt
    ? `Asked at ${timeOfDay(askedAt)}, waiting for the camera`
    : missing || "Live view opens when the camera records";
  const button = askedAt ? "Ask again" : `Ask ${unit.call_sign} to record`;
  return { kind: "notrec", icon: "camera", title: "Not recording", line, button, event: "record" };
}

/** @param {...(number | null)} times @returns {number | null} */
function latest(...times) {
  const known = times.filter((at) => at !== null);
  return known.length ? Math.max(...known) : null;
}
