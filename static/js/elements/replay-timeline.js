// <replay-timeline>: the interval on one line a camera, with alerts and words below; the playhead, in and out marks.
/** @import { Replay } from "../state/replay.js" */
/** @import { Window } from "../state/replay_scale.js" */
import { fitted, partOf, scaleOf, showing, zoomedTo } from "../state/replay_scale.js";
import { preciseTime } from "../state/replay_words.js";
import { svg } from "./build.js";
import { TOP_PX, bracketOf, heightOf, laneAt, lanesOf, magnification } from "./replay-lanes.js";
import { STRIP_PX, stripOf } from "./replay-strip.js";

const [LEFT_PX, RIGHT_PX] = [100, 20];
const ZOOM = 1.5;
// timeline.css leaves room for the strip on the same screens
const HAS_STRIP = matchMedia("(min-width: 1181px) and (min-height: 861px)");

/** @typedef {(device: string, at: number) => import("../net/stills.js").Still | undefined} StillOf */

/** Events: `replay-seek` { at, settled }; `replay-glance` { at, index, x, top } of the camera under the pointer, null when it has left. */
export class ReplayTimeline extends HTMLElement {
  #drawing = svg("svg", { "aria-hidden": "true" });
  #lanes = svg("g");
  #strip = svg("g", { class: "strip" });
  #range = svg("g", { class: "range" });
  #head = svg("g", { class: "head" }, svg("line", { x1: 0, x2: 0, y1: 4 }), svg("path", { d: "M-8 2h16v8l-8 8-8-8z" }));
  /** @type {Replay | null} */ #replay = null;
  /** @type {Window | null} */ #window = null;
  #at = 0;
  #drawn = "";
  #marks = { in: /** @type {number | null} */ (null), out: /** @type {number | null} */ (null) };
  #stripIndex = 0;
  /** @type {StillOf} */ stillOf = () => undefined;

  connectedCallback() {
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Moment of the replay");
    this.#drawing.append(this.#lanes, this.#strip, this.#range, this.#head);
    this.append(this.#drawing);
    new ResizeObserver(() => this.#draw()).observe(this);
    this.addEventListener("pointerdown", (event) => this.#drag(event));
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("pointermove", (event) => this.#glance(event));
    this.addEventListener("pointerleave", () => this.#glance(null));
  }

  /** Whose pictures the strip shows. @param {number} index of the camera */
  set stripCamera(index) {
    this.#stripIndex = Math.max(0, index);
    this.drawStrip();
  }

  /** A picture has come, or another camera's are wanted. */
  drawStrip() {
    const camera = HAS_STRIP.matches ? this.#replay?.cameras[this.#stripIndex] : null;
    if (!this.#window || !this.clientWidth) return;
    this.#strip.replaceChildren(...(camera ? stripOf(camera, this.#scale(), TOP_PX, this.stillOf) : []));
  }

  /** @param {Replay} replay */
  set replay(replay) {
    const isGrown = this.#window && this.#replay && this.#window.to === this.#replay.to;
    this.#replay = replay;
    this.#window = this.#window && !isGrown ? this.#window : { from: this.#window?.from ?? replay.from, to: replay.to };
    this.setAttribute("aria-valuemin", String(Math.floor(replay.from)));
    this.setAttribute("aria-valuemax", String(Math.ceil(replay.to)));
    this.#drawn = "";
    this.#draw();
  }

  /** @param {number} at @param {number | null} markIn @param {number | null} markOut */
  show(at, markIn, markOut) {
    this.#at = at;
    this.#marks = { in: markIn, out: markOut };
    const replay = this.#replay;
    if (!replay || !this.#window) return;
    const window = showing(this.#window, replay, at);
    if (window !== this.#window) {
      this.#window = window;
      this.#draw();
    }
    const { x } = this.#scale();
    this.#head.setAttribute("transform", `translate(${x(at).toFixed(1)} 0)`);
    this.#bracket(x);
    const second = String(Math.floor(at));
    if (this.getAttribute("aria-valuenow") === second) return;
    this.setAttribute("aria-valuenow", second);
    this.setAttribute("aria-valuetext", preciseTime(at));
  }

  /** What it shows; null: all. @returns {Window | null} */
  get zoomed() {
    return this.#window && this.#replay && partOf(this.#window, this.#replay);
  }

  set zoomed(wished) {
    if (wished && this.#replay) this.#window = fitted(wished, this.#replay);
    this.#draw();
  }

  /** Nearer or farther, about the playhead or another moment. @param {1 | -1} by */
  zoom(by, about = this.#at) {
    if (!this.#replay || !this.#window) return;
    this.#window = zoomedTo(this.#window, this.#replay, by === 1 ? 1 / ZOOM : ZOOM, about);
    this.#draw();
  }

  get #width() {
    return this.clientWidth / magnification();
  }

  get #top() {
    return TOP_PX + (HAS_STRIP.matches ? STRIP_PX : 0); // where the lanes begin
  }

  #scale() {
    return scaleOf(this.#window ?? { from: 0, to: 1 }, LEFT_PX, Math.max(LEFT_PX + 50, this.#width - RIGHT_PX));
  }

  /** The moment under the pointer. @param {MouseEvent} event */
  #under(event) {
    return this.#scale().at((event.clientX - this.getBoundingClientRect().left) / magnification());
  }

  #draw() {
    const replay = this.#replay;
    if (!replay || !this.#window || !this.clientWidth) return;
    const { from, to } = this.#window;
    const width = Math.round(this.#width);
    const key = `${from} ${to} ${width} ${this.#top} ${replay.to} ${replay.events.length}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    const height = heightOf(replay.cameras.length, this.#top);
    this.#drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#lanes.replaceChildren(...lanesOf(replay, this.#scale(), height, this.#top));
    this.drawStrip();
    this.#head.firstElementChild?.setAttribute("y2", String(height - 2));
    this.show(this.#at, this.#marks.in, this.#marks.out);
  }

  /** @param {(at: number) => number} x */
  #bracket(x) {
    const replay = this.#replay;
    const { in: from, out: to } = this.#marks;
    if (!replay || (from === null && to === null)) return this.#range.replaceChildren();
    const [left, right] = [x(from ?? replay.from), x(to ?? replay.to)];
    const bottom = heightOf(replay.cameras.length, this.#top) - 4;
    const key = `${left} ${right} ${bottom}`;
    if (this.#range.getAttribute("data-key") === key) return;
    this.#range.setAttribute("data-key", key);
    this.#range.replaceChildren(...bracketOf(left, right, bottom, { from: from !== null, to: to !== null }));
  }

  /** @param {PointerEvent | null} event null: the pointer has left */
  #glance(event) {
    const cameras = this.#replay?.cameras.length ?? 0;
    let detail = null;
    if (event && cameras) {
      const { top } = this.getBoundingClientRect();
      const lane = laneAt((event.clientY - top) / magnification(), this.#top, cameras);
      const index = lane < 0 ? this.#stripIndex : lane;
      detail = { at: this.#under(event), index, x: event.clientX, top };
    }
    this.dispatchEvent(new CustomEvent("replay-glance", { detail, bubbles: true }));
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    const drag = new AbortController();
    const say = (/** @type {PointerEvent} */ moved, /** @type {boolean} */ settled) =>
      this.#seek(this.#under(moved), settled);
    say(event, false);
    this.addEventListener("pointermove", (moved) => say(moved, false), { signal: drag.signal });
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"]))
      this.addEventListener(end, (moved) => (drag.abort(), say(moved, true)), { signal: drag.signal });
  }

  /** With Ctrl, as maps and editors zoom; without, the page scrolls. @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1 : -1, this.#under(event));
  }

  /** Home and End; the rest are the page's keys. @param {KeyboardEvent} event */
  #key(event) {
    const to = { Home: this.#replay?.from, End: this.#replay?.to }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#seek(to, true);
  }

  /** @param {number} at @param {boolean} settled */
  #seek(at, settled) {
    this.dispatchEvent(new CustomEvent("replay-seek", { detail: { at, settled }, bubbles: true }));
  }
}

customElements.define("replay-timeline", ReplayTimeline);
