// The player of a replay: one clock for pictures that are moved, hurried or held only where they are not of one mind.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Player } from "../../static/js/pages/player.js";
import { yielded } from "../../static/js/state/playback_clock.js";

/** @typedef {import("../../static/js/elements/replay-tile.js").ReplayTile} ReplayTile */

const T = 1_800_000_000;
let now = 0;
beforeEach(() => {
  now = 0;
  mock.method(performance, "now", () => now * 1000);
  Object.defineProperty(globalThis, "window", {
    value: { setInterval: () => 0, clearInterval: () => undefined },
    configurable: true,
  });
});

/** A picture that plays by itself from where it is steered to, and may be late. */
class Picture {
  /** @type {number | null} */ at = null;
  waiting = 0;
  problem = "";
  rate = 1;
  /** @type {object[]} */ steered = [];

  /** @param {number} at */
  off(at) {
    return this.at === null || this.waiting ? null : this.at - at;
  }

  load() {}
  buffer() {}
  rest() {}

  /** @param {number} at @param {object} how */
  steer(at, how) {
    this.steered.push({ ...how, off: this.at === null ? null : Math.round((this.at - at) * 1000) / 1000 });
    this.at ??= at;
  }
}

/** @param {number} count */
function played(count) {
  const pictures = Array.from({ length: count }, () => new Picture());
  const camera = {
    layers: ["main"],
    spans: [{ from: T, to: T + 1000 }],
    recordings: [{ from: T, to: T + 1000 }],
    gaps: [],
  };
  const tiles = pictures.map((picture) => /** @type {ReplayTile} */ (/** @type {unknown} */ ({ camera, picture })));
  const player = new Player(tiles, { from: T, to: T + 1000, at: T + 10, rate: 1 });
  player.toggle();
  return { player, pictures };
}

/** @param {ReturnType<typeof played>} all @param {number} seconds @param {(index: number) => number} [lost] seconds that a picture loses */
function pass({ player, pictures }, seconds, lost = () => 0) {
  now += seconds;
  pictures.forEach((picture, index) => {
    if (picture.at !== null) picture.at += seconds * player.rate - lost(index);
  });
  player.tick();
}

test("the clock goes to pictures that are all late or all early, by the least of it, and stays where they differ", () => {
  assert.equal(yielded([-0.3, -0.1, -0.2]), -0.1);
  assert.equal(yielded([0.3, 0.1]), 0.1);
  assert.equal(yielded([-0.3, 0.1]), 0);
  assert.equal(yielded([-0.3, 0]), 0);
  assert.equal(yielded([]), 0);
});

test("a machine that was busy for a moment moves no picture: the clock waits for them", () => {
  const all = played(4);
  pass(all, 1);
  pass(all, 1, () => 0.6);
  assert.equal(Math.round((all.player.at - T) * 10) / 10, 11.4);
  assert.deepEqual(
    all.pictures.map((picture) => picture.steered.at(-1)),
    Array.from({ length: 4 }, () => ({ rate: 1, playing: true, holds: false, off: 0 })),
  );
});

test("one that is late alone is brought back to the clock, which goes on for the others", () => {
  const all = played(4);
  pass(all, 1);
  pass(all, 1, (index) => (index === 2 ? 0.6 : 0));
  assert.equal(all.player.at, T + 12);
  assert.deepEqual(
    all.pictures.map((picture) => /** @type {any} */ (picture.steered.at(-1)).off),
    [0, 0, -0.6, 0],
  );
});

test("where a hand has moved the playhead the clock does not go back to the pictures that are not there yet", () => {
  const all = played(2);
  pass(all, 1);
  all.player.seek(T + 50);
  pass(all, 0.2);
  assert.ok(all.player.at >= T + 50);
  for (const picture of all.pictures) picture.at = all.player.at;
  pass(all, 0.2);
  pass(all, 0.2, () => 0.15);
  assert.ok(all.player.at < T + 50.5, "from then on they lead again");
});

test("while one is on its way the clock stands, and the others hold where they are", () => {
  const all = played(2);
  pass(all, 1);
  const [first, second] = all.pictures;
  assert.ok(first && second);
  second.waiting = 0.5;
  pass(all, 0.2);
  pass(all, 0.2);
  assert.deepEqual(/** @type {any} */ (first.steered.at(-1)).holds, true);
  assert.deepEqual(/** @type {any} */ (first.steered.at(-1)).playing, false);
  all.player.toggle();
  assert.deepEqual(/** @type {any} */ (first.steered.at(-1)).holds, false, "who stops it wants the moment itself");
});
