// <wall-grid>: the tiles of a wall that nobody touches. They never move; only what stands on them changes.
/** @import { Room } from "../state/room.js" */
/** @import { Alert } from "../state/shapes" */
/** @import { Places } from "../state/wall_places.js" */
/** @import { Grid } from "../state/wall_sizes.js" */
/** @import { Wiring } from "./tile-picture.js" */
import { isFirstKept, isLarge, tileCount } from "../state/wall_sizes.js";
import { make } from "./build.js";
import { FeedTile } from "./feed-tile.js";

const TICK_MS = 250;

/** @typedef {{ room: Room, alarms: ReadonlyMap<string, Alert>, places: Places, linked: boolean }} GridFacts */

export class WallGrid extends HTMLElement {
  /** @type {FeedTile[]} */ #tiles = [];
  /** @type {Grid} */ #grid = { columns: 1, rows: 1, first: 1 };
  #serverNow = () => Date.now() / 1000;
  #wasLinked = true;

  /** @param {Grid} grid @param {Wiring} wiring */
  begin(grid, wiring) {
    this.#serverNow = wiring.serverNow;
    this.arrange(grid);
    for (let number = 1; number <= tileCount(grid); number += 1) {
      const tile = new FeedTile().begin(number, wiring);
      this.#tiles.push(tile);
      this.append(make("div", { class: "slot", "data-tile": number }, tile));
    }
    setInterval(() => this.#tick(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.#tiles.forEach((tile) => tile.look()));
  }

  /** The same tiles in other columns: the screen was turned. @param {Grid} grid */
  arrange(grid) {
    this.#grid = grid;
    for (const name of /** @type {const} */ (["columns", "rows", "first"]))
      this.style.setProperty(`--${name}`, String(grid[name]));
  }

  /** @param {GridFacts} facts */
  show({ room, alarms, places, linked }) {
    this.#tiles.forEach((tile, index) => {
      const device = places[index] ?? null;
      tile.dataset["device"] = device ?? "";
      tile.show(
        {
          unit: device === null ? null : (room.units.get(device) ?? null),
          alert: device === null ? undefined : alarms.get(device),
          fix: device === null ? undefined : room.fixes.get(device),
          large: isLarge(this.#grid, index),
          selected: false,
          keyed: false,
          pinned: false,
          also: null, // nobody chooses here: what stands twice is an alert's
          audible: false,
          enlarged: false,
          covered: false,
          linked,
          askedAt: null,
          unknown: !room.known,
          hint: index === 0 && isFirstKept(this.#grid) ? "kept for alerts" : "free",
        },
        this.#serverNow(),
      );
    });
    if (linked && !this.#wasLinked) for (const tile of this.#tiles) tile.probe();
    this.#wasLinked = linked;
  }

  /** The officers must not be told for another half minute that somebody watches. */
  leave() {
    for (const tile of this.#tiles) tile.end();
  }

  #tick() {
    const now = this.#serverNow();
    for (const tile of this.#tiles) {
      tile.look();
      tile.tick(now);
    }
  }
}

customElements.define("wall-grid", WallGrid);
