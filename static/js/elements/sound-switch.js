// <sound-switch>: says whether alarms can be heard. Browsers block sound until a person has clicked: so does honesty.
/** @import { Signal } from "../state/sound.js" */
import { icon, make, setText } from "./build.js";

/** Notes as [Hz, start in s, length in s, gain]. @type {Record<Signal | "test", [number, number, number, number][]>} */
const SCORES = {
  p1: [
    [880, 0, 0.22, 0.5],
    [1175, 0.26, 0.34, 0.5],
  ],
  "p1-again": [
    [880, 0, 0.22, 0.6],
    [1175, 0.26, 0.22, 0.6],
    [880, 0.6, 0.22, 0.6],
    [1175, 0.86, 0.34, 0.6],
  ],
  "p1-escalated": [
    [988, 0, 0.18, 0.8],
    [1319, 0.2, 0.18, 0.8],
    [988, 0.4, 0.18, 0.8],
    [1319, 0.6, 0.18, 0.8],
    [988, 0.8, 0.18, 0.8],
    [1319, 1, 0.3, 0.8],
  ],
  p2: [[660, 0, 0.35, 0.4]],
  test: [
    [523, 0, 0.16, 0.3],
    [659, 0.18, 0.24, 0.3],
  ],
};

const PRESS = matchMedia("(pointer: coarse)").matches ? "tap" : "click"; // as it is done here

/** Event: `sound-change` { on }. */
export class SoundSwitch extends HTMLElement {
  /** @type {AudioContext | null} */ #audio = null;
  #label = make("b");
  #button = make("button", { class: "btn sm quiet", type: "button" });
  #quiet = "";

  /** The living sheet hands in one that no click has woken. */
  audio = () => new AudioContext();

  connectedCallback() {
    this.append(this.#button);
    this.#button.addEventListener("click", () => this.unlock().then(() => this.play("test")));
    this.#audio = this.audio();
    this.#audio.addEventListener("statechange", () => this.#changed());
    this.#changed();
  }

  get on() {
    return this.#audio?.state === "running";
  }

  /** Until when repeats are silenced, in words. @param {string} until */
  showQuiet(until) {
    if (until === this.#quiet) return;
    this.#quiet = until;
    this.#changed();
  }

  /** @param {Signal | "test"} signal @returns {boolean} whether it could be heard */
  play(signal) {
    const audio = this.#audio;
    if (!audio || !this.on) return false;
    for (const [hertz, start, length, gain] of SCORES[signal])
      note(audio, hertz, audio.currentTime + 0.02 + start, length, gain);
    return true;
  }

  /** Lets sound out, if a person has clicked. */
  async unlock() {
    await this.#audio?.resume();
  }

  #changed() {
    this.classList.toggle("is-off", !this.on);
    setText(this.#label, this.on ? this.#quiet || "Sound on" : `SOUND OFF – ${PRESS}`);
    this.#button.title = this.on ? "Play the test tone" : `Alarms cannot be heard until you ${PRESS} here`;
    this.#button.replaceChildren(icon(this.on && !this.#quiet ? "sound" : "soundoff"), this.#label);
    this.dispatchEvent(new CustomEvent("sound-change", { detail: { on: this.on }, bubbles: true }));
  }
}

/** A soft-edged sine: a hard edge clicks. @param {AudioContext} audio @param {number} hertz @param {number} at @param {number} length @param {number} loudness */
function note(audio, hertz, at, length, loudness) {
  const tone = new OscillatorNode(audio, { frequency: hertz, type: "triangle" });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loudness, at + 0.015);
  gain.gain.setValueAtTime(loudness, at + length - 0.06);
  gain.gain.linearRampToValueAtTime(0, at + length);
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}

customElements.define("sound-switch", SoundSwitch);
