// A place that is searched: in the address, as a drag draws it, on the map.
import assert from "node:assert/strict";
import { test } from "node:test";

import { areaFrom, areaWords, boundsOfArea, boxIn, drawn, textOf } from "../../static/js/state/area.js";
import { distance, unproject } from "../../static/js/state/map-projection.js";

const VIEW = { lon: 1.03, lat: 51.36, zoom: 15, width: 800, height: 400 };

test("an address holds an area and gives it back", () => {
  for (const text of ["rect:1.01,51.35,1.05,51.37", "circle:1.03,51.36,250"])
    assert.equal(textOf(areaFrom(text)), text);
  assert.equal(textOf(null), "");
  for (const wrong of [
    "",
    null,
    "rect:1,2,3",
    "rect:2,51,1,52",
    "rect:1,52,2,51",
    "circle:1,51,-5",
    "circle:a,b,c",
    "hexagon:1",
  ])
    assert.equal(areaFrom(wrong), null);
});

test("a drag draws a rectangle from corner to corner, whichever is first", () => {
  const [a, b] = [unproject(VIEW, { x: 300, y: 300 }), unproject(VIEW, { x: 500, y: 100 })];
  const area = drawn("rect", a, b);
  assert.deepEqual(area, drawn("rect", b, a));
  assert.ok(area?.kind === "rect" && area.west < area.east && area.south < area.north);
  const box = boxIn(area, VIEW);
  for (const [name, expected] of /** @type {const} */ ([
    ["x", 300],
    ["y", 100],
    ["width", 200],
    ["height", 200],
  ]))
    assert.ok(Math.abs(box[name] - expected) < 0.5, name);
});

test("a drag draws a circle from its centre to its edge", () => {
  const [a, b] = [unproject(VIEW, { x: 400, y: 200 }), unproject(VIEW, { x: 500, y: 200 })];
  const area = drawn("circle", a, b);
  assert.ok(area?.kind === "circle" && Math.abs(area.radius - distance(a, b)) < 1e-6);
  const box = boxIn(area, VIEW);
  assert.ok(Math.abs(box.x - 300) < 0.5 && Math.abs(box.width - 200) < 1 && Math.abs(box.height - 200) < 1);
  const { west, east } = boundsOfArea(area);
  assert.ok(west < 1.03 && east > 1.03);
});

test("a slip of the hand draws nothing", () => {
  const a = unproject(VIEW, { x: 400, y: 200 });
  assert.equal(drawn("circle", a, unproject(VIEW, { x: 401, y: 200 })), null);
  assert.equal(drawn("rect", a, a), null);
  assert.equal(drawn("rect", a, { lon: a.lon, lat: a.lat + 0.01 }), null);
});

test("an area is told in metres", () => {
  assert.equal(areaWords({ kind: "circle", lon: 1, lat: 51, radius: 250.4 }), "within 250 m of a place");
  assert.equal(areaWords({ kind: "circle", lon: 1, lat: 51, radius: 1250 }), "within 1.3 km of a place");
  assert.match(areaWords({ kind: "rect", west: 1, south: 51, east: 1.01, north: 51.02 }), /^700 m by 2\.2 km$/);
});
