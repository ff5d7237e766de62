// What a replay gives the browser's player of a recording piece by piece, and when it gives up on one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Given, runTo } from "../../static/js/state/piece_run.js";
import { pieceFragments } from "../../static/js/state/playlist_times.js";

/** Of two seconds each; `k` begins on a key frame. @param {string} keys */
const pieces = (keys) =>
  [...keys].map((key, n) => ({ start: 2 * n, duration: 2, programDateTime: n, url: `${n}`, isKeyed: key === "k" }));

/** @param {string} keys @param {number} index @param {number[]} out which are left out */
function run(keys, index, out = []) {
  const all = pieces(keys);
  const one = all[index];
  assert.ok(one);
  const found = runTo(all, one, ({ url }) => !out.includes(Number(url)));
  return [found.pieces.map(({ url }) => Number(url)), found.isKeyed];
}

test("a piece is given with those from its key frame on", () => {
  assert.deepEqual(run("k--k-", 2), [[0, 1, 2], true]);
  assert.deepEqual(run("k--k-", 3), [[3], true]);
  assert.deepEqual(run("k--k-", 4), [[3, 4], true]);
  assert.deepEqual(run("k-----", 5), [[1, 2, 3, 4, 5], false], "not of a minute");
});

test("what is left out is not given again with those behind it", () => {
  assert.deepEqual(run("k---", 3, [1]), [[2, 3], false]);
  assert.deepEqual(run("k---", 2, [1]), [[2], false]);
  assert.deepEqual(run("k--k-", 4, [2]), [[3, 4], true], "and is nothing to those that need it not");
});

test("a view that begins between key frames is told as such, not as what this browser cannot decode", () => {
  assert.deepEqual(run("--k", 0), [[0], false]);
  assert.deepEqual(run("--k", 1), [[0, 1], false]);
});

test("the playlist says which begin between key frames", () => {
  const text = ["#EXTINF:2.000000,0.000000 to 2.000000", "../../files/r/main/000001.m4s"];
  const lines = [...text, "#EXTINF:2.000000,2.000000 to 4.000000 between key frames", "../../files/r/main/000002.m4s"];
  const found = pieceFragments(lines.join("\n"), "https://room/api/replays/v/cameras/c/main.m3u8");
  assert.deepEqual(
    found.map(({ duration, isKeyed }) => [duration, isKeyed]),
    [
      [2, true],
      [2, false],
    ],
  );
});

/** @param {string} keys @param {number} index */
function given(keys, index) {
  const all = pieces(keys);
  const one = all[index];
  assert.ok(one);
  return { one, run: runTo(all, one, () => true), kept: new Given() };
}

test("a piece into which the one before it reaches is given all the same, and asked for once", () => {
  const { one, run: way, kept } = given("kk", 1);
  for (const reach of [2.1, 2.5, 3, 3.7]) assert.equal(kept.isHeld(one, [[0, reach]], false), false, `${reach}`);
  assert.equal(kept.isHeld(one, [[0, 3.8]], false), true, "what is placed a little beside it covers it");
  assert.equal(kept.came(one, way, 0.5, [[0, 3]]), true); // its sound ends there
  assert.equal(kept.isHeld(one, [[0, 3]], false), true);
  assert.equal(kept.isHeld(one, [[0, 2.5]], false), false, "the browser has let go of it");
});

test("what its neighbours hold of it is not what it has come to", () => {
  const { one, run: way, kept } = given("kk", 1);
  assert.equal(kept.came(one, way, 0.5, [[0, 2.5]]), false);
});

test("a piece that came to its end alone is given once more behind those that it needs", () => {
  const { one, run: way, kept } = given("k-", 1);
  assert.deepEqual(kept.next(one, way), [one]);
  assert.equal(kept.came(one, way, 0, [[0, 2], [3.4, 4]]), true); // prettier-ignore
  assert.equal(kept.isHeld(one, [[0, 2], [3.4, 4]], false), false); // prettier-ignore
  assert.deepEqual(kept.next(one, way), way.pieces);
  assert.equal(kept.came(one, way, 0.6, [[0, 2], [3.4, 4]]), true); // prettier-ignore
  assert.equal(kept.isHeld(one, [[0, 2], [3.4, 4]], false), true, "no more of it is to be had"); // prettier-ignore
});

test("what comes to nothing behind those that it needs either is left out", () => {
  const { one, run: way, kept } = given("k-", 1);
  assert.equal(kept.came(one, way, 0, [[0, 2]]), true);
  assert.equal(kept.came(one, way, 0, [[0, 2]]), false);
});

test("what has other tracks and lies beside what is played does not replace it", () => {
  const { one, kept } = given("kk", 1);
  assert.equal(kept.isHeld(one, [[0, 2.5]], true), false);
  assert.equal(kept.isHeld(one, [[0, 2.6]], true), true);
});
