// <rewind-pane>: the last two minutes of one camera, beside its live picture, which goes on. Violet: it is not now.
import { changed, standing, timeOf } from "../state/playback_clock.js";
import { CATCH_UP_RATE, MOST_BACK_S, behindWords, momentOf, rateOf } from "../state/rewind.js";
import { timeOfDay } from "../state/words.js";
import { icon, make, setText } from "./build.js";
import { ReplayPicture } from "./replay-picture.js";

const STEER_MS = 200;
const monotonic = () => performance.now() / 1000;

/** Event: `rewind-close`. */
export class RewindPane extends HTMLElement {
  #video = make("video", { playsinline: true, disablepictureinpicture: true });
  #callSign = make("span", { class: "cs" });
  #behind = make("span", { class: "behind" });
  #at = make("span", { class: "at" });
  #wait = make("p", { class: "wait", role: "status" });
  #range = make("input", { type: "range", min: -MOST_BACK_S, max: 0, step: 1, "aria-label": "Seconds behind live" });
  #play = this.#button("pause", "Pause", () => this.#toggle());
  #faster = make(
    "button",
    { class: "btn sm", type: "button", "aria-pressed": "false", onclick: () => this.#hurry() },
    `Catch up ${CATCH_UP_RATE}×`,
  );
  /** @type {ReplayPicture | null} */ #picture = null;
  #clock = standing(0);
  #hurries = false;
  #timer = 0;
  #now = () => Date.now() / 1000;
  device = "";

  connectedCallback() {
    if (this.childElementCount) return;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Rewind");
    this.#video.muted = true;
    this.#range.addEventListener("input", () => this.#seek(this.#now() + Number(this.#range.value)));
    const back = /** @param {number} seconds */ (seconds) =>
      make("button", { class: "btn sm", type: "button", onclick: () => this.back(seconds) }, `−${seconds} s`);
    this.append(
      make(
        "div",
        { class: "ph" },
        icon("rewind"),
        this.#callSign,
        this.#behind,
        make("span", { class: "sp" }),
        this.#at,
      ),
      make("div", { class: "pic" }, this.#video, this.#wait),
      make(
        "div",
        { class: "acts" },
        this.#play,
        back(10),
        back(30),
        this.#range,
        this.#faster,
        this.#button("close", "Close the rewind", () => this.close()),
      ),
    );
  }

  /**
   * @param {{ device: string, call_sign: string, seconds: number, now: () => number, urlOf: (layer: string) => string }} wish
   */
  open({ device, call_sign, seconds, now, urlOf }) {
    this.close();
    this.hidden = false;
    this.device = device;
    this.#now = now;
    this.#hurries = false;
    setText(this.#callSign, call_sign);
    this.#picture = new ReplayPicture(this.#video, urlOf);
    const at = now() - seconds;
    this.#clock = changed(standing(at), monotonic(), { playing: true });
    this.#picture.load("main", at);
    this.#timer = window.setInterval(() => this.#tick(), STEER_MS);
    this.#tick();
  }

  /** Further back. @param {number} seconds */
  back(seconds) {
    this.#seek(timeOf(this.#clock, monotonic()) - seconds);
  }

  close() {
    if (this.hidden) return;
    window.clearInterval(this.#timer);
    this.#picture?.end();
    this.#picture = null;
    this.hidden = true;
    this.device = "";
    this.dispatchEvent(new CustomEvent("rewind-close", { bubbles: true }));
  }

  #tick() {
    const picture = this.#picture;
    if (!picture) return;
    const now = this.#now();
    const at = picture.nearest(momentOf(timeOf(this.#clock, monotonic()), now, picture.reach));
    const { playing } = this.#clock;
    const rate = rateOf(now - at, this.#hurries);
    if (rate === 1) this.#hurries = false;
    // while the picture is on its way the clock stands: it must not run away from what is to be seen
    const waits = picture.waiting > 0 || picture.reach === null;
    const stays = waits ? picture.nearest(this.#clock.at) : at;
    this.#clock = { ...changed(this.#clock, monotonic(), { at: stays, rate }), playing };
    picture.steer(at, { rate, playing });
    setText(this.#behind, behindWords(now - at, rate, playing));
    setText(this.#at, `REWIND ${timeOfDay(at)}`);
    setText(this.#wait, picture.problem || (waits ? "Loading" : ""));
    this.#faster.setAttribute("aria-pressed", String(this.#hurries));
    if (document.activeElement !== this.#range) this.#range.value = String(Math.round(at - now));
    this.#range.setAttribute("aria-valuetext", behindWords(now - at, 1, true));
  }

  /** @param {number} at */
  #seek(at) {
    this.#clock = changed(this.#clock, monotonic(), { at: momentOf(at, this.#now(), this.#picture?.reach ?? null) });
    this.#tick();
  }

  #toggle() {
    this.#clock = changed(this.#clock, monotonic(), { playing: !this.#clock.playing });
    this.#play.setAttribute("aria-label", this.#clock.playing ? "Pause" : "Play");
    this.#play.replaceChildren(icon(this.#clock.playing ? "pause" : "play"));
    this.#tick();
  }

  #hurry() {
    this.#hurries = !this.#hurries;
    this.#tick();
  }

  /** @param {string} sign @param {string} label @param {() => void} act */
  #button(sign, label, act) {
    return make("button", { class: "btn ic sm", type: "button", "aria-label": label, onclick: act }, icon(sign));
  }
}

customElements.define("rewind-pane", RewindPane);
