// <replay-tile>: one camera's recording. Its frame and its caption say REPLAY and the moment; a gap says that it is one.
/** @import { Alert } from "../state/shapes" */
/** @import { ReplayCamera } from "../state/replay.js" */
import { absenceAt, unseenAt } from "../state/replay.js";
import { familyName, wearerName } from "../state/units.js";
import { timeOfDay } from "../state/words.js";
import { alertIcon, alertTag } from "./alert-words.js";
import { icon, keycap, make, setText } from "./build.js";
import { ReplayPicture } from "./replay-picture.js";

const LOADING_S = 0.7; // a shorter wait is not worth a word

/** Event: `replay-sound` { device_id }. */
export class ReplayTile extends HTMLElement {
  #video = make("video", { playsinline: true, disablepictureinpicture: true });
  #time = make("span", { class: "t" });
  #at = make("span", { class: "at" }, "REPLAY ", this.#time);
  #tag = make("span", { class: "tag" });
  #plate = make("div", { class: "plate", hidden: true });
  #title = make("b");
  #line = make("span");
  #alertId = "";
  #leftAt = -1; // behind a moment without a picture: what had arrived by then is of before it
  /** @type {ReplayCamera | null} */ camera = null;

  /** @param {number} number its key @param {ReplayCamera} camera @param {(layer: string) => string} urlOf */
  begin(number, camera, urlOf) {
    this.camera = camera;
    this.className = "tile replay";
    this.heard = false;
    this.picture = new ReplayPicture(this.#video, urlOf);
    this.#plate.append(icon("camoff"), this.#title, this.#line);
    this.sound = make(
      "button",
      { class: "place", type: "button", "aria-pressed": "false", onclick: () => this.#ask() },
      keycap(String(number)),
      icon("soundoff", "sm"),
    );
    this.sound.setAttribute("aria-label", `${number} Sound of ${camera.call_sign}`);
    const name = make("span", { class: "nm", title: wearerName(camera.wearer) }, familyName(camera.wearer));
    const sealed = camera.recordings.every((one) => one.signed);
    const state = make("span", { class: "rec" }, camera.recordings.some((one) => one.open) ? "Recording" : "Recorded");
    state.title = sealed ? "Closed and signed" : "Not signed yet: it is still open";
    this.append(
      make("div", { class: "pic" }, this.#video, this.picture.still.element, this.#plate),
      make("div", { class: "age mode" }),
      make(
        "div",
        { class: "cap" },
        this.sound,
        make("span", { class: "id" }, make("span", { class: "cs" }, camera.call_sign), name),
        make("span", { class: "m" }, make("span", { class: "facts" }, this.#tag, state), this.#at),
      ),
    );
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", `Replay ${number}, ${camera.call_sign}`);
    return this;
  }

  /** @param {boolean} isHeard */
  set heard(isHeard) {
    this.#video.muted = !isHeard;
    this.#video.preservesPitch = isHeard; // what nobody hears need not be stretched: that costs time at each change of speed
    this.sound?.setAttribute("aria-pressed", String(isHeard));
    this.sound?.querySelector("svg")?.replaceWith(icon(isHeard ? "sound" : "soundoff", "sm"));
  }

  /** The recording has grown. @param {readonly ReplayCamera[]} cameras */
  grow(cameras) {
    this.camera = cameras.find(({ device_id }) => device_id === this.camera?.device_id) ?? this.camera;
  }

  /** @param {number} at @param {Alert | undefined} alert as it stood then */
  show(at, alert) {
    if (!this.camera || !this.picture) return;
    setText(this.#time, timeOfDay(at));
    for (const priority of [1, 2]) this.classList.toggle(`a${priority}`, alert?.priority === priority);
    const id = alert ? `${alert.id}${alert.kind}${alert.cleared_at}` : "";
    if (id !== this.#alertId) {
      this.#alertId = id;
      this.#tag.replaceChildren(...(alert ? [icon(alertIcon(alert)), alertTag(alert)] : []));
    }
    this.#say(absenceAt(this.camera, at) ?? unseenAt(this.camera, at), at);
  }

  /** @param {ReturnType<typeof absenceAt>} absence @param {number} at */
  #say(absence, at) {
    const { problem = "", waiting = 0, lacking = 0 } = this.picture ?? {};
    const out = absence ? null : (this.picture?.leftOutAt(at) ?? null);
    const words = absence ?? out ?? this.#trouble(problem, Math.max(waiting, lacking));
    if (absence || out) this.#leftAt = this.picture?.arrivals ?? 0;
    else if (this.picture?.arrivals !== this.#leftAt || this.picture.isAt(at)) this.#leftAt = -1;
    const awaits = !absence && !out && (lacking > LOADING_S || this.#leftAt >= 0);
    this.classList.toggle("awaits", awaits); // no other moment's picture stands under the time
    this.classList.toggle("absent", absence !== null || out !== null || problem !== "");
    this.classList.toggle("unplayed", !absence && !out && problem !== "");
    this.classList.toggle("in-gap", absence?.kind === "gap");
    this.#plate.hidden = !words;
    setText(this.#title, words?.title ?? "");
    setText(this.#line, words?.line ?? "");
  }

  /** @param {string} problem @param {number} waiting */
  #trouble(problem, waiting) {
    if (problem) return { title: "NOT PLAYED", line: problem };
    return waiting > LOADING_S ? { title: "Loading", line: "" } : null;
  }

  #ask() {
    const detail = { device_id: this.camera?.device_id };
    this.dispatchEvent(new CustomEvent("replay-sound", { detail, bubbles: true }));
  }
}

customElements.define("replay-tile", ReplayTile);
