// <replay-transport>: play, step, rate, and the moment itself, which can be typed.
import { RATES } from "../state/playback_clock.js";
import { preciseTime, timeTyped, utcTime } from "../state/replay_words.js";
import { dayOf, timeOfDay } from "../state/words.js";
import { REPLAY } from "../state/replay_keys.js";
import { icon, make, setText } from "./build.js";
import { keyFor, namedWith } from "./key-caps.js";

/** Event: `replay-act` { act, value }: "play", "event" (±1), "rate", "seek" (Unix seconds), "mark-in", "mark-out", "bookmark", "command", "zoom" (±1). */
export class ReplayTransport extends HTMLElement {
  #time = make("input", {
    class: "big",
    "aria-label": "Time, as 22:41 or 22:41:07",
    autocomplete: "off",
    spellcheck: "false",
  });
  #day = make("span", { class: "day sec" });
  #rates = make("span", { class: "seg", role: "group", "aria-label": "Rate" });
  #note = make("span", { class: "sec note cut" });
  #marks = make("span", { class: "sec marks cut" });
  #play = this.#button("play", "pause", "Pause", "main");
  #at = 0;

  connectedCallback() {
    if (this.childElementCount) return;
    // pressed by a pointer, a button lets go of the keyboard: space must play, not press it again
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (event.detail > 0) button?.blur();
    });
    for (const rate of RATES) {
      const act = () => this.#say("rate", rate);
      const words = rate === 0.5 ? "½×" : `${rate}×`;
      this.#rates.append(
        make(
          "button",
          { class: "btn", type: "button", "data-rate": rate, "aria-pressed": "false", onclick: act },
          words,
        ),
      );
    }
    this.#time.addEventListener("keydown", (event) => this.#typed(event));
    this.#time.addEventListener("focus", () => this.#time.select());
    this.#time.addEventListener("blur", () => this.#write());
    const [back, next] = [
      this.#button("event", "stepb", "Previous event", "", -1),
      this.#button("event", "step", "Next event", "", 1),
    ];
    const marking = /** @param {string} act @param {string} words */ (act, words) =>
      make(
        "button",
        { class: "btn sm", type: "button", onclick: () => this.#say(act, 0) },
        words,
        " ",
        keyFor(act, REPLAY),
      );
    this.append(
      back,
      this.#play,
      next,
      this.#time,
      this.#day,
      this.#rates,
      this.#note,
      make("span", { class: "sp" }),
      this.#marks,
      marking("mark-in", "In"),
      marking("mark-out", "Out"),
      make(
        "button",
        {
          class: "btn sm",
          type: "button",
          ...namedWith("Bookmark", "bookmark", REPLAY),
          onclick: () => this.#say("bookmark", 0),
        },
        icon("bookmark"),
        " ",
        keyFor("bookmark", REPLAY),
      ),
      make(
        "button",
        {
          class: "btn sm",
          type: "button",
          ...namedWith("Command view", "command", REPLAY),
          onclick: () => this.#say("command", 0),
        },
        icon("wall"),
        make("span", { class: "long" }, "Command view"),
        " ",
        keyFor("command", REPLAY),
      ),
      this.#button("zoom", "minus", "Timeline: farther", "", -1),
      this.#button("zoom", "plus", "Timeline: nearer", "", 1),
    );
  }

  /**
   * @param {{ at: number, rate: number, playing: boolean, note: string, markIn: number | null, markOut: number | null }} facts
   */
  show({ at, rate, playing, note, markIn, markOut }) {
    this.#at = at;
    if (document.activeElement !== this.#time) this.#write();
    setText(this.#day, `${dayOf(at)} · ${utcTime(at)}`);
    setText(this.#note, note);
    const word = playing ? "Pause" : "Play";
    if (this.#play.getAttribute("aria-label") !== word) {
      this.#play.setAttribute("aria-label", word);
      this.#play.replaceChildren(icon(playing ? "pause" : "play"));
    }
    for (const button of this.#rates.children) {
      const on = String(button.getAttribute("data-rate") === String(rate));
      if (button.getAttribute("aria-pressed") !== on) button.setAttribute("aria-pressed", on);
    }
    const marked = [markIn !== null && `In ${timeOfDay(markIn)}`, markOut !== null && `out ${timeOfDay(markOut)}`];
    setText(this.#marks, marked.filter(Boolean).join(", "));
  }

  /** So that a time can be typed. */
  focusTime() {
    this.#time.focus();
  }

  #write() {
    const text = preciseTime(this.#at);
    if (this.#time.value !== text) this.#time.value = text;
    this.#time.removeAttribute("aria-invalid");
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.key === "Escape") this.#time.blur();
    if (event.key !== "Enter") return;
    const at = timeTyped(this.#time.value, this.#at);
    if (at === null) return this.#time.setAttribute("aria-invalid", "true");
    this.#say("seek", at);
    this.#time.blur();
  }

  /** @param {string} act @param {string} sign @param {string} label @param {string} [look] @param {number} [value] */
  #button(act, sign, label, look = "", value = 0) {
    const told = { class: `btn ic ${look}`, type: "button", "aria-label": label, onclick: () => this.#say(act, value) };
    return make("button", told, icon(sign));
  }

  /** @param {string} act @param {number} value */
  #say(act, value) {
    this.dispatchEvent(new CustomEvent("replay-act", { detail: { act, value }, bubbles: true }));
  }
}

customElements.define("replay-transport", ReplayTransport);
