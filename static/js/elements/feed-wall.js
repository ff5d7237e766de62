// <feed-wall>: the wall of tiles. Tile 1 is the alert's place and otherwise follows the selection.
/** @import { View } from "../state/layout.js" */
/** @import { Room } from "../state/room.js" */
/** @import { Alert } from "../state/shapes" */
/** @import { Wiring } from "./tile-picture.js" */
import { devicesOnWall } from "../state/layout.js";
import { tileWidth } from "../state/wall_fit.js";
import { make } from "./build.js";
import { FeedTile } from "./feed-tile.js";
import { FirstSteps } from "./first-steps.js";
import { takesUnits } from "./wall-drop.js";
import { WallHead } from "./wall-head.js";

const TICK_MS = 250;
const GAP = 8;
const LEAST_TILE = 96;

/**
 * @typedef {object} WallFacts
 * @property {Room} room
 * @property {View} view
 * @property {ReadonlyMap<string, Alert>} alarms
 * @property {Alert | undefined} tileOne the alert that has tile 1
 * @property {boolean} linked
 * @property {ReadonlyMap<string, number>} asked device to the time at which its camera was asked to record or stream
 */

/** Events: `tile-act`, `tile-picture` (from its tiles), `unit-drop` { device_id, tile }, `layout-pick` { layout }, `fullscreen`. */
export class FeedWall extends HTMLElement {
  /** @type {FeedTile[]} */ #tiles = [];
  /** @type {WallFacts | null} */ #facts = null;
  #head = new WallHead((name, detail) => this.#say(name, detail));
  #grid = make("div", { class: "tiles" });
  #first = new FirstSteps();
  #serverNow = () => Date.now() / 1000;
  #onScreen = new IntersectionObserver((entries) => entries.forEach((entry) => this.#seen(entry)));

  /** @param {Wiring} wiring */
  begin(wiring) {
    this.wiring = wiring;
    this.#serverNow = wiring.serverNow;
    this.append(this.#head.element, this.#grid);
    takesUnits(this, (device_id, tile) => this.#say("unit-drop", { device_id, tile }));
    new ResizeObserver(() => this.#fit()).observe(this);
    setInterval(() => this.#tick(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.#tiles.forEach((tile) => tile.look()));
  }

  /** @param {WallFacts} facts */
  show(facts) {
    const before = this.#facts;
    this.#facts = facts;
    const { view, room, tileOne } = facts;
    this.#count(view.layout);
    const devices = devicesOnWall(view, tileOne?.device_id ?? null);
    const large = devices[0] ?? null;
    const also = (/** @type {number} */ number) => (number === 1 ? devices.indexOf(large, 1) + 1 || null : 1);
    devices.forEach((device, index) =>
      this.#showTile(index, device, facts, device !== null && device === large ? also(index + 1) : null),
    );
    this.#head.show(view, room);
    this.#grid.classList.toggle("has-enlarged", view.enlarged !== null);
    this.#welcome(room.known && room.units.size === 0);
    if (before?.view.layout !== view.layout) this.#fit();
    if (before && !before.linked && facts.linked) for (const tile of this.#tiles) tile.probe();
  }

  /** The page goes: the officer must not be told for another half minute that somebody watches. */
  leave() {
    for (const tile of this.#tiles) tile.end();
  }

  /** @param {number} number */
  tile(number) {
    return this.#tiles[number - 1];
  }

  /** Whether a device's living picture stands on the wall. @param {string} device */
  showsLive(device) {
    return this.#tiles.some((tile) => tile.isLive && tile.dataset["device"] === device);
  }

  /** What stands on the wall, for a decision. @returns {import("../state/command_view.js").TileSeen[]} */
  get seen() {
    return this.#tiles.flatMap(({ seen, number = 0 }) => (seen ? [{ tile: number, ...seen }] : []));
  }

  /** @param {number} index @param {string | null} device @param {WallFacts} facts @param {number | null} also */
  #showTile(index, device, { room, view, alarms, linked, asked }, also) {
    const number = index + 1;
    const tile = this.#tiles[index];
    const unit = device ? (room.units.get(device) ?? null) : null;
    if (!tile) return;
    tile.dataset["device"] = device ?? "";
    const alert = device ? alarms.get(device) : undefined;
    tile.show(
      {
        unit,
        alert,
        fix: device ? room.fixes.get(device) : undefined,
        large: number === 1,
        // tile 1 follows the selection anyway: a frame there would say nothing, and lie beside an alarm's
        selected: number > 1 && device !== null && device === view.selected,
        keyed: view.focus === number,
        pinned: view.tiles.get(number)?.pinned ?? false,
        also,
        audible: view.audible === number,
        enlarged: view.enlarged === number,
        // an alert's picture is there when the enlarged one goes
        covered: view.enlarged !== null && view.enlarged !== number && !alert,
        linked,
        askedAt: device ? (asked.get(device) ?? null) : null,
        unknown: !room.known,
        hint: freeWords(number, room),
      },
      this.#serverNow(),
    );
  }

  /** @param {number} wanted */
  #count(wanted) {
    this.#grid.dataset["layout"] = String(wanted);
    while (this.#tiles.length > wanted) this.#remove();
    while (this.#tiles.length < wanted) this.#add();
  }

  /** An empty room says how the first camera comes in, where the large tile will be. @param {boolean} isEmpty */
  #welcome(isEmpty) {
    if (isEmpty === this.#first.isConnected) return;
    this.#grid.classList.toggle("is-empty", isEmpty);
    if (isEmpty) this.#grid.prepend(this.#first);
    else this.#first.remove();
  }

  #add() {
    if (!this.wiring) return;
    const number = this.#tiles.length + 1;
    const tile = new FeedTile().begin(number, this.wiring);
    // the slot keeps its place while the tile is enlarged: no other tile moves
    this.#grid.append(make("div", { class: "slot", "data-tile": number }, tile));
    this.#tiles.push(tile);
    this.#onScreen.observe(tile);
  }

  #remove() {
    const tile = this.#tiles.pop();
    if (!tile) return;
    this.#onScreen.unobserve(tile);
    tile.end();
    tile.parentElement?.remove();
  }

  #tick() {
    const now = this.#serverNow();
    for (const tile of this.#tiles) {
      tile.look();
      tile.tick(now);
    }
  }

  /** @param {IntersectionObserverEntry} entry */
  #seen({ target, isIntersecting }) {
    if (target instanceof FeedTile) target.onScreen = isIntersecting;
  }

  /** Tiles as large as the room allows. */
  #fit() {
    const layout = this.#facts?.view.layout ?? 9;
    const style = getComputedStyle(this.#grid);
    const [bar, bigBar] = ["--bar", "--big-bar"].map((name) => pixels(style.getPropertyValue(name)));
    const height = style.getPropertyValue("--bounded").trim() === "1" ? this.#grid.clientHeight : null;
    const width = tileWidth(layout, {
      width: this.#grid.clientWidth,
      height,
      gap: GAP,
      bar: bar ?? 38,
      bigBar: bigBar ?? 64,
    });
    this.#grid.style.setProperty("--tile-w", `${Math.max(LEAST_TILE, Math.floor(width * 4) / 4)}px`);
  }

  /** @param {string} name @param {object} detail */
  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

/** What a tile without a unit says. @param {number} number @param {Room} room */
function freeWords(number, { known, units }) {
  if (number === 1) return "kept for alerts; shows the unit you select";
  return units.size || !known ? "free: drop a unit here" : "free"; // not seen before it is known
}

/** A length in rem, in pixels. @param {string} length */
function pixels(length) {
  return parseFloat(length) * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

customElements.define("feed-wall", FeedWall);
