// <rewind-pane>: the last two minutes of one camera, beside its live picture, which goes on. Violet: it is not now.
import { changed, standing, timeOf } from "../state/playback_clock.js";
import {
  CATCH_UP_RATE,
  JOIN_RATE,
  MOST_BACK_S,
  behindWords,
  joinEnd,
  joinRate,
  momentOf,
  rateOf,
} from "../state/rewind.js";
import { timeOfDay } from "../state/words.js";
import { icon, make, setText } from "./build.js";
import { ReplayPicture } from "./replay-picture.js";

const STEER_MS = 200;
const monotonic = () => performance.now() / 1000;

/** Events: `rewind-close`; before it `rewind-joined` { device, call_sign, end: "live" | "ended" }, when a join has ended by itself. */
export class RewindPane extends HTMLElement {
  #video = make("video", { playsinline: true, disablepictureinpicture: true });
  #callSign = make("span", { class: "cs" });
  #seconds = make("span");
  #rate = make("span");
  // where the pane is narrow its violet and REWIND say as much as the word: one line, whatever the rate
  #behind = make("span", { class: "behind" }, this.#seconds, make("span", { class: "word" }, " behind"), this.#rate);
  #at = make("span", { class: "at" });
  #wait = make("p", { class: "wait", role: "status" });
  #range = make("input", { type: "range", min: -MOST_BACK_S, max: 0, step: 1, "aria-label": "Seconds behind live" });
  #play = this.#button("pause", "Pause", () => this.#toggle());
  #faster = make(
    "button",
    { class: "btn sm", type: "button", "aria-pressed": "false", onclick: () => this.#toggleHurry() },
    `Catch up ${CATCH_UP_RATE}×`,
  );
  /** @type {ReplayPicture | null} */ #picture = null;
  #clock = standing(0);
  #hurry = 1; // the rate to catch up at
  #joins = false;
  #openedAt = 0;
  #timer = 0;
  #now = () => Date.now() / 1000;
  device = "";

  connectedCallback() {
    if (this.childElementCount) return;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Rewind");
    this.#video.muted = true;
    this.#range.addEventListener("input", () => {
      this.#joins = false;
      this.#seek(this.#now() + Number(this.#range.value));
    });
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
   * `joins`: a layer to be played at once as fast as a join is, and to be closed when live is reached.
   * @param {{ device: string, call_sign: string, seconds: number, now: () => number, urlOf: (layer: string) => string,
   *           joins?: string, pictureOf?: (video: HTMLVideoElement, urlOf: (layer: string) => string) => ReplayPicture }} wish
   */
  open({ device, call_sign, seconds, now, urlOf, joins = "", pictureOf = (...parts) => new ReplayPicture(...parts) }) {
    this.close();
    this.hidden = false;
    this.device = device;
    this.#now = now;
    this.#joins = joins !== "";
    this.#openedAt = monotonic();
    this.#hurry = this.#joins ? JOIN_RATE : 1;
    setText(this.#callSign, call_sign);
    this.#picture = pictureOf(this.#video, urlOf);
    const at = now() - seconds;
    this.#clock = changed(standing(at), monotonic(), { playing: true });
    this.#picture.load(joins || "main", at);
    this.#timer = window.setInterval(() => this.#tick(), STEER_MS);
    this.#tick();
  }

  /** Further back. @param {number} seconds */
  back(seconds) {
    this.#joins = false;
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
    const end = this.#joins && playing && joinEnd(at, now, picture.reach, monotonic() - this.#openedAt);
    if (end) return this.#joined(end);
    if (this.#joins && playing && !picture.waiting)
      this.#hurry = joinRate(now - at, monotonic() - this.#openedAt, this.#hurry);
    const rate = rateOf(now - at, this.#hurry);
    if (rate === 1) this.#hurry = 1;
    // while the picture is on its way the clock stands: it must not run away from what is to be seen
    const waits = picture.waiting > 0 || picture.reach === null;
    const stays = waits ? picture.nearest(this.#clock.at) : at;
    this.#clock = { ...changed(this.#clock, monotonic(), { at: stays, rate }), playing };
    picture.steer(at, { rate, playing });
    const [seconds = "", goes = ""] = behindWords(now - at, rate, playing).split(" behind");
    setText(this.#seconds, seconds);
    setText(this.#rate, goes);
    setText(this.#at, `REWIND ${timeOfDay(at)}`);
    setText(this.#wait, picture.problem || (waits ? "Loading" : ""));
    this.#faster.setAttribute("aria-pressed", String(this.#hurry > 1));
    if (document.activeElement !== this.#range) this.#range.value = String(Math.round(at - now));
    this.#range.setAttribute("aria-valuetext", behindWords(now - at, 1, true));
  }

  /** Live is beside it, and has been all the time: nothing is left to catch up with. @param {"live" | "ended"} end */
  #joined(end) {
    const detail = { device: this.device, call_sign: this.#callSign.textContent, end };
    this.close();
    this.dispatchEvent(new CustomEvent("rewind-joined", { detail, bubbles: true }));
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

  #toggleHurry() {
    this.#joins = false;
    this.#hurry = this.#hurry > 1 ? 1 : CATCH_UP_RATE;
    this.#tick();
  }

  /** @param {string} sign @param {string} label @param {() => void} act */
  #button(sign, label, act) {
    return make("button", { class: "btn ic sm", type: "button", "aria-label": label, onclick: act }, icon(sign));
  }
}

customElements.define("rewind-pane", RewindPane);
