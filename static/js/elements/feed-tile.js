// <feed-tile>: one feed on the wall. Its state is said three times: word, frame, age rule.
/** @import { Alert, Fix, Layer, Unit } from "../state/shapes" */
/** @import { Wiring } from "./tile-picture.js" */
import { Attention } from "../state/attention.js";
import { reasonToView } from "../state/alerts.js";
import { ageRule, feedState, flowsAnew, isWorthAsking } from "../state/liveness.js";
import { NOT_KNOWN } from "../state/words.js";
import { keycap, make, setText } from "./build.js";
import { TileCaption } from "./tile-caption.js";
import { TilePicture } from "./tile-picture.js";
import { TilePlate } from "./tile-plate.js";

/**
 * @typedef {object} TileFacts
 * @property {Unit | null} unit
 * @property {Alert | undefined} alert the most urgent open alert of this unit
 * @property {Fix | undefined} fix
 * @property {boolean} large
 * @property {boolean} selected it shows the unit that is selected
 * @property {boolean} keyed the keys act on it
 * @property {boolean} pinned
 * @property {number | null} also the other tile that shows this unit
 * @property {boolean} audible
 * @property {boolean} enlarged
 * @property {boolean} covered another one is enlarged over it
 * @property {boolean} linked
 * @property {number | null} askedAt
 * @property {boolean} unknown the server has not told of the room: a tile without a unit may not be free
 * @property {string} hint what a free tile says
 */

/**
 * Events, all bubbling: `tile-act` (detail { tile, act }: "select", "menu", "enlarge", "mute", "record", "stream"),
 * `tile-picture` (detail { device }): its first frame is on screen.
 */
export class FeedTile extends HTMLElement {
  /** @type {TileFacts | null} */ #facts = null;
  /** @type {TilePicture | null} */ #picture = null;
  #video = make("video", { autoplay: true, playsinline: true });
  #plate = new TilePlate();
  #rule = make("i");
  #onScreen = true;
  #attention = new Attention();
  #state = "";

  /** @param {number} number @param {Wiring} wiring */
  begin(number, wiring) {
    this.number = number;
    this.caption = new TileCaption(number);
    this.#video.muted = true;
    this.#picture = new TilePicture(this.#video, wiring);
    this.#picture.addEventListener("picture", () => this.#say("tile-picture", { device: this.#picture?.device }));
    const ask = /** @param {string} act */ (act) => () => this.#say("tile-act", act);
    const picture = make(
      "div",
      { class: "pic", onclick: ask("select"), ondblclick: ask("enlarge") },
      this.#video,
      this.#picture.still.element,
      this.#plate.element,
    );
    this.free = make("div", { class: "free" }, keycap(String(number)), make("span"));
    this.append(picture, make("div", { class: "age" }, this.#rule), this.caption.element, this.free);
    this.className = "tile";
    this.setAttribute("role", "group");
    this.addEventListener("plate-act", (event) => this.#fromPlate(/** @type {CustomEvent} */ (event)));
    return this;
  }

  /** @param {boolean} onScreen */
  set onScreen(onScreen) {
    this.#onScreen = onScreen;
    this.look();
  }

  /** Off the screen, covered, or on a page that is not shown, it costs nothing after a while: its picture pauses. */
  look() {
    this.#attention.note(this.#isSeen, performance.now() / 1000);
    this.#wantPicture();
  }

  get #isSeen() {
    return this.#onScreen && !this.#facts?.covered && document.visibilityState === "visible";
  }

  /** @param {TileFacts} facts @param {number} now */
  show(facts, now) {
    const [before, asked, unit] = [this.#facts?.unit, this.#picture?.device, facts.unit];
    this.#facts = facts;
    this.look();
    if (unit && asked === unit.device_id && flowsAnew(before, unit)) this.#picture?.flowsAgain();
    this.#video.muted = !facts.audible;
    this.ariaLabel = `Tile ${this.number}, ${unit?.call_sign ?? (facts.unknown ? NOT_KNOWN : "free")}`;
    for (const look of /** @type {const} */ (["large", "selected", "keyed", "enlarged", "pinned", "unknown"]))
      this.classList.toggle(look, facts[look]);
    for (const priority of [1, 2]) this.classList.toggle(`a${priority}`, facts.alert?.priority === priority);
    if (this.free?.lastChild) setText(this.free.lastChild, facts.hint);
    this.tick(now);
  }

  /** Four times a second: the age of the frame on screen decides what the tile may claim. @param {number} now */
  tick(now) {
    const [facts, picture] = [this.#facts, this.#picture];
    if (!facts || !picture) return;
    const { unit, alert, fix, large, linked, askedAt } = facts;
    const { standing, waited, isPaused: paused } = picture;
    const [pictureAge, problem] = [picture.age(now), standing?.problem ?? ""];
    const state = feedState({ unit, pictureAge, waited, linked, problem, paused });
    this.#setState(state);
    if (state === "late" || state === "frozen") picture.hold();
    if (!unit) return;
    const retryIn = standing?.retryAt ? standing.retryAt - performance.now() / 1000 : null;
    this.#plate.show({
      state,
      unit,
      fix,
      pictureAge,
      pictureAt: picture.shownAt,
      waited,
      problem,
      retryIn,
      askedAt,
      now,
    });
    this.caption?.show({
      unit,
      alert,
      state,
      pictureAge,
      large,
      pinned: facts.pinned,
      also: facts.also,
      audible: facts.audible,
      enlarged: facts.enlarged,
      reduced: picture.reduced,
      now,
    });
    this.#rule.style.setProperty("--age", `${ageRule(pictureAge ?? 0).toFixed(1)}%`);
  }

  /** After the link came back: is the session still known? */
  probe() {
    this.#picture?.probe();
  }

  /** Whether a living picture stands here. */
  get isLive() {
    return this.#state === "live" || this.#state === "late";
  }

  /** What is told of it with a decision; null: it is free, or nobody can see it. @returns {Omit<import("../state/command_view.js").TileSeen, "tile"> | null} */
  get seen() {
    const [unit, picture, state] = [this.#facts?.unit, this.#picture, /** @type {any} */ (this.#state)];
    if (!unit || !picture || !state || !this.#isSeen) return null;
    return { device_id: unit.device_id, layer: picture.layer, state, age_s: picture.age(picture.now()) };
  }

  end() {
    this.#picture?.end();
  }

  #wantPicture() {
    const unit = this.#facts?.unit;
    const shown = this.#picture?.device;
    // nobody is watched unseen: what is off the screen begins no viewing, it goes on with the one that it has
    const isShown = unit?.device_id === shown;
    if (!unit || unit.recording !== "recording" || (!this.#isSeen && !isShown)) shown && this.#picture?.end();
    else if (isShown || isWorthAsking(unit, this.#picture?.now() ?? 0))
      this.#picture?.view(unit.device_id, this.#wish());
    else if (shown) this.#picture?.end();
  }

  #wish() {
    const picture = !this.#attention.isAway(performance.now() / 1000);
    const { audible: sound = false, alert } = this.#facts ?? {};
    /** @type {Layer} */
    const layer = this.#facts?.large || this.#facts?.enlarged ? "main" : "sub";
    return { layer, sound, picture, why: reasonToView(alert) };
  }

  /** @param {string} state */
  #setState(state) {
    if (state !== this.#state && this.#state) this.classList.remove(this.#state);
    this.#state = state;
    this.classList.add(state);
  }

  /** @param {CustomEvent} event */
  #fromPlate(event) {
    event.stopPropagation();
    if (event.detail === "retry") this.#picture?.retryNow();
    else this.#say("tile-act", event.detail);
  }

  /** @param {string} name @param {object | string} detail */
  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

customElements.define("feed-tile", FeedTile);
