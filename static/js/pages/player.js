// Plays all cameras of a replay on one clock: steers each picture, and waits a moment for those that are not there yet.
/** @import { ReplayTile } from "../elements/replay-tile.js" */
import { SEEK_S, SUB_FROM_RATE, changed, standing, timeOf, yielded } from "../state/playback_clock.js";
import { absenceAt } from "../state/replay.js";

export const STEER_S = 0.2;
const PATIENCE_S = 3; // so long the clock waits for a picture; then it goes on without
const FRAME_S = 0.04;

const monotonic = () => performance.now() / 1000;

/** Event: `change`, when somebody moved, started, stopped or changed its speed. */
export class Player extends EventTarget {
  #clock;
  #isPlaying = false; // what is wanted; the clock itself may wait for a picture
  #isAhead = false; // a hand has moved the clock, and the pictures are not there yet
  #timer = 0;

  /** @param {readonly ReplayTile[]} tiles @param {{ from: number, to: number, at: number, rate: number }} start */
  constructor(tiles, { from, to, at, rate }) {
    super();
    this.tiles = tiles;
    this.from = from;
    this.to = to;
    this.#clock = { ...standing(Math.min(to, Math.max(from, at))), rate };
    this.load();
    this.#timer = window.setInterval(() => this.tick(), STEER_S * 1000);
  }

  get at() {
    return Math.min(this.to, timeOf(this.#clock, monotonic()));
  }

  get rate() {
    return this.#clock.rate;
  }

  get isPlaying() {
    return this.#isPlaying;
  }

  /** How far the pictures on screen are apart, in seconds; null with less than two. */
  get spread() {
    const shown = this.#present()
      .map((tile) => tile.picture?.shownAt ?? null)
      .filter((one) => one !== null);
    return shown.length > 1 ? Math.max(...shown) - Math.min(...shown) : null;
  }

  /** @param {number} at Unix seconds @param {boolean} [settled] false while a hand still moves the playhead */
  seek(at, settled = true) {
    this.#set({ at: Math.min(this.to, Math.max(this.from, at)) });
    this.#isAhead = true;
    this.tick();
    if (settled) this.#tell();
  }

  toggle() {
    if (!this.#isPlaying && this.at >= this.to - 0.05) this.#set({ at: this.from });
    this.#play(!this.#isPlaying);
  }

  pause() {
    this.#play(false);
  }

  /** One picture on, or back. @param {1 | -1} by */
  step(by) {
    this.#isPlaying = false;
    this.#set({ playing: false });
    this.seek(Math.round(this.at / FRAME_S) * FRAME_S + by * FRAME_S);
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#set({ rate });
    this.load();
    this.tick();
    this.#tell();
  }

  /** Steers; every 200 ms. */
  tick() {
    if (this.#isPlaying && this.at >= this.to) this.#play(false);
    const rate = this.#clock.rate;
    if (rate <= SUB_FROM_RATE) this.#follow(rate);
    const at = this.at;
    const { playing } = this.#clock;
    for (const { camera, picture } of this.tiles) {
      if (!camera || !picture) continue;
      if (absenceAt(camera, at)) picture.rest();
      else picture.steer(at, { rate, playing, holds: this.#isPlaying && !playing });
    }
    this.#wait(rate);
  }

  /** The clock goes to its pictures where they agree that it is off. @param {number} rate */
  #follow(rate) {
    const at = this.at;
    const offs = this.#present()
      .map((tile) => tile.picture?.off(at) ?? null)
      .filter((off) => off !== null);
    if (!this.#clock.playing || !offs.length) return;
    if (offs.every((off) => Math.abs(off) <= SEEK_S * Math.max(1, rate))) this.#isAhead = false;
    const by = this.#isAhead ? 0 : yielded(offs);
    if (by) this.#set({ at: Math.max(this.from, at + by) });
  }

  end() {
    window.clearInterval(this.#timer);
    for (const tile of this.tiles) tile.picture?.end();
  }

  /** The clock stands while a picture is on its way; at high rates pictures are on their way all the time. @param {number} rate */
  #wait(rate) {
    const late = this.#present().map((tile) => tile.picture?.waiting ?? 0);
    const waits = rate <= SUB_FROM_RATE && late.some((seconds) => seconds > 0 && seconds < PATIENCE_S);
    const goes = this.#isPlaying && !waits;
    if (goes !== this.#clock.playing) this.#set({ playing: goes });
  }

  #present() {
    const at = this.at;
    return this.tiles.filter((tile) => tile.camera && !tile.picture?.problem && !absenceAt(tile.camera, at));
  }

  /** The layer that this rate wants, of each; anew where parts of it were uploaded meanwhile. */
  load() {
    const { rate } = this.#clock;
    const wanted = rate >= SUB_FROM_RATE ? "sub" : "main";
    for (const { camera, picture } of this.tiles) {
      const layers = camera?.layers ?? [];
      picture?.load(layers.find((layer) => layer === wanted) ?? layers[0] ?? "", this.at);
      picture?.buffer(rate);
    }
  }

  /** @param {boolean} playing */
  #play(playing) {
    this.#isPlaying = playing;
    this.#set({ playing });
    this.tick();
    this.#tell();
  }

  /** @param {Partial<Omit<import("../state/playback_clock.js").PlaybackClock, "anchor">>} change */
  #set(change) {
    this.#clock = changed(this.#clock, monotonic(), change);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
