// <command-tile>: one tile of a screen on which somebody decided, as it stood there then: picture, state, age.
/** @import { ReplayCamera } from "../state/replay.js" */
/** @import { TileThen } from "../state/command_view.js" */
import { missingWords, tileWords } from "../state/command_view.js";
import { ageRule } from "../state/liveness.js";
import { absenceAt, heldAt, unseenAt } from "../state/replay.js";
import { timeOfDay } from "../state/words.js";
import { icon, keycap, make, setText } from "./build.js";
import { ReplayPicture } from "./replay-picture.js";

/** @typedef {{ tile: TileThen, at: number | null, camera: ReplayCamera | undefined, urlOf: (layer: string) => string }} TileWish at: when its picture was taken */

const BACK_S = 0.12; // a picture, and a little, at ten a second
const MOST_BACK_S = 1;
const STUCK = 5; // ticks

export class CommandTile extends HTMLElement {
  #video = make("video", { playsinline: true, disablepictureinpicture: true });
  #plate = make("div", { class: "plate", hidden: true });
  #title = make("b");
  #line = make("span");
  /** @type {ReplayPicture | null} */ #picture = null;
  /** @type {TileWish | null} */ #wish = null;
  #back = 0;
  #stuck = 0;

  /** @param {TileWish} wish */
  begin(wish) {
    const { tile, at, camera, urlOf } = wish;
    const name = tile.call_sign ?? tile.device_id;
    const [words, missing] = [tileWords(tile), missingWords(tile)];
    this.#wish = wish;
    this.className = `tile replay ${tile.state}${missing ? " absent" : ""}`;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", [`Tile ${tile.tile}, ${name}`, words, missing].filter(Boolean).join(", "));
    this.#video.muted = true;
    this.#plate.append(icon("camoff"), this.#title, this.#line);
    const rule = make("i");
    rule.style.setProperty("--age", `${ageRule(tile.age_s ?? 0).toFixed(1)}%`);
    const key = tile.tile ? keycap(String(tile.tile)) : icon("rewind");
    const layer = make("span", { class: "layer" }, tile.layer ?? "");
    this.append(
      make("div", { class: "pic" }, this.#video, this.#plate),
      make("div", { class: "age" }, rule),
      make(
        "div",
        { class: "cap" },
        key,
        make("span", { class: "id" }, make("span", { class: "cs" }, name), layer),
        make("span", { class: "m" }, make("span", { class: "at" }, make("span", { class: "w" }, words))),
      ),
    );
    if (!missing && camera && at !== null) {
      this.#picture = new ReplayPicture(this.#video, urlOf);
      this.#picture.load(camera.layers.find((one) => one === tile.layer) ?? camera.layers[0] ?? "", at);
    }
    this.tick();
    return this;
  }

  /** Until its picture stands there, and it stays so; several times a second. */
  tick() {
    if (!this.#wish) return;
    const { tile, camera } = this.#wish;
    const at = camera && this.#wish.at !== null ? heldAt(camera, this.#wish.at) : this.#wish.at;
    const absence = camera && at !== null ? (absenceAt(camera, at) ?? unseenAt(camera, at)) : null;
    const taken = at === null ? "" : `the picture of ${timeOfDay(at)}`;
    const missing = missingWords(tile);
    const problem = this.#picture?.problem ?? "";
    this.#stepBack();
    if (this.#picture && at !== null && !absence) this.#picture.steer(at - this.#back, { rate: 1, playing: false });
    const title = missing || absence?.title || (problem && "NOT PLAYED");
    this.#plate.hidden = !title;
    setText(this.#title, title || "");
    setText(this.#line, missing ? taken : absence?.line || problem);
  }

  /** The last picture before a hole (a tile was frozen) Chromium does not show: it waits for the next. The one before it is shown. */
  #stepBack() {
    const { seeking, readyState, buffered, currentTime } = this.#video;
    const ends = Array.from({ length: buffered.length }, (_, index) => buffered.end(index));
    const isLast = ends.some((end) => currentTime <= end && end - currentTime < MOST_BACK_S / 2);
    const waits = seeking && readyState === HTMLMediaElement.HAVE_METADATA && isLast;
    this.#stuck = waits ? this.#stuck + 1 : 0;
    if (this.#stuck < STUCK || this.#back >= MOST_BACK_S) return;
    this.#stuck = 0;
    this.#back += BACK_S;
    this.#video.currentTime = currentTime - BACK_S;
  }

  end() {
    this.#picture?.end();
    this.#picture = null;
  }
}

customElements.define("command-tile", CommandTile);
