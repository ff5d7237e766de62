import assert from "node:assert/strict";
import { test } from "node:test";
import { filled } from "../../static/js/state/filling.js";
import {
  cleared,
  devicesOnWall,
  emptyView,
  pinToggled,
  queryOfView,
  sentToTile,
  tileOf,
  viewFromQuery,
  withSelection,
} from "../../static/js/state/layout.js";
import { aUnit, chanceFrom } from "./fakes_console.js";

const units = ["a", "b", "c"].map((name) => aUnit({ device_id: `${name}-cam`, call_sign: name }));

test("an address gives the same view again, for any view", () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const chance = chanceFrom(seed);
    let view = {
      ...emptyView("light"),
      layout: /** @type {4 | 9 | 16 | 25} */ ([4, 9, 16, 25][Math.floor(chance() * 4)]),
    };
    for (let move = 0; move < 12; move += 1)
      view = sentToTile(view, 1 + Math.floor(chance() * view.layout), `cam-${Math.floor(chance() * 20)}`);
    assert.deepEqual(viewFromQuery(new URLSearchParams(queryOfView(view))), view);
  }
});

test("an address that makes no sense gives the usual view", () => {
  const view = viewFromQuery(new URLSearchParams("layout=7&tiles=1.abc~99.abc~2.A B~x&focus=-3&theme=pink"));
  assert.deepEqual(view, emptyView());
});

test("free tiles fill in order; what stands, stands; a pinned tile is never displaced", () => {
  const pinned = sentToTile(emptyView(), 2, "x-cam");
  const view = filled(pinned, units);
  assert.deepEqual(devicesOnWall(view, null).slice(1, 5), ["x-cam", "a-cam", "b-cam", "c-cam"]);
  assert.equal(filled(view, units), view);
});

test("only an unpinned tile whose unit no longer records gives way", () => {
  const wall = { ...emptyView(), layout: /** @type {const} */ (4) };
  const full = filled(wall, units);
  const [a, b, c] = units;
  assert.ok(a && b && c);
  const next = [{ ...a, recording: /** @type {const} */ ("off") }, b, c, aUnit({ device_id: "d-cam" })];
  assert.deepEqual(devicesOnWall(filled(full, next), null).slice(1), ["d-cam", "b-cam", "c-cam"]);
  assert.equal(tileOf(filled(pinToggled(full, 2), next), "a-cam"), 2);
});

test("what nobody records has the tiles that are left, and gives way to what somebody does", () => {
  const [a, b, c] = units;
  assert.ok(a && b && c);
  const off = /** @type {const} */ ("off");
  const shift = [{ ...a, recording: off }, b, { ...c, recording: off, online: false }];
  const view = filled({ ...emptyView(), layout: /** @type {const} */ (4) }, shift);
  assert.deepEqual(devicesOnWall(view, null).slice(1), ["b-cam", "a-cam", null]);
  const more = [...shift, aUnit({ device_id: "d-cam" }), aUnit({ device_id: "e-cam" })];
  assert.deepEqual(devicesOnWall(filled(view, more), null).slice(1), ["b-cam", "e-cam", "d-cam"]);
});

test("what a person took off the wall comes back with its next recording, and not before", () => {
  const [a, ...others] = units;
  assert.ok(a);
  const off = { ...a, recording: /** @type {const} */ ("off") };
  const stands = (/** @type {import("../../static/js/state/layout.js").View} */ view) => tileOf(view, "a-cam") !== null;
  let view = cleared(filled(emptyView(), [a, ...others]), 2);
  for (const [now, expected] of /** @type {const} */ ([
    [a, false],
    [off, false],
    [off, false],
    [a, true],
  ])) {
    view = filled(view, [now, ...others]);
    assert.equal(stands(view), expected);
  }
  view = filled(cleared(filled(emptyView(), [off, ...others]), 4), [off, ...others]);
  assert.equal(stands(view), false);
  assert.equal(stands(filled(view, [a, ...others])), true);
});

test("sent to a tile, a unit changes places with what stood there; nothing vanishes", () => {
  const full = filled(emptyView(), units);
  const swapped = sentToTile(full, 2, "c-cam");
  assert.deepEqual(devicesOnWall(swapped, null).slice(1, 4), ["c-cam", "b-cam", "a-cam"]);
  assert.ok(swapped.tiles.get(2)?.pinned);
  assert.equal(sentToTile(full, 10, "a-cam"), full);
});

test("tile 1 takes the selection, and an alert's unit before it", () => {
  const view = sentToTile(emptyView(), 1, "b-cam");
  assert.equal(view.selected, "b-cam");
  assert.equal(view.tiles.size, 0);
  assert.equal(devicesOnWall(view, null)[0], "b-cam");
  assert.equal(devicesOnWall(view, "a-cam")[0], "a-cam");
});

test("freeing an enlarged tile puts the wall back", () => {
  const view = { ...filled(emptyView(), units), enlarged: 2 };
  assert.equal(cleared(view, 2).enlarged, null);
  assert.equal(cleared(view, 2).tiles.has(2), false);
});

test("nobody has chosen yet: the first living unit, and a choice is kept", () => {
  assert.equal(withSelection(emptyView(), units).selected, "a-cam");
  assert.equal(withSelection({ ...emptyView(), selected: "c-cam" }, units).selected, "c-cam");
  assert.equal(withSelection(emptyView(), []).selected, null);
});

test("a unit that a person took off the wall stays off, until it is sent again or records anew", () => {
  const off = filled(cleared(filled(emptyView(), units), 2), units);
  assert.equal(tileOf(off, "a-cam"), null);
  assert.equal(tileOf(filled(sentToTile(off, 5, "a-cam"), units), "a-cam"), 5);
  const paused = units.map((unit, index) =>
    index ? unit : { ...unit, recording: /** @type {const} */ ("buffering") },
  );
  assert.equal(tileOf(filled(filled(off, paused), units), "a-cam"), 2);
});
