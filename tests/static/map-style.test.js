import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
// @ts-expect-error its types are found by the package’s name only, which is not seen from here
import { validateStyleMin } from "../../static/node_modules/@maplibre/maplibre-gl-style-spec/dist/index.mjs";
import { townPaths } from "../../static/js/state/map-paths.js";
import { SPOTS, boxesOf, roomOf } from "../../static/js/state/map-lettering.js";
import { PALETTE_KEYS, homeOf, mapStyle } from "../../static/js/state/map-style.js";

/** @typedef {import("../../static/js/state/map-style.js").Palette} Palette */

const palette = /** @type {Palette} */ (
  Object.fromEntries(PALETTE_KEYS.map((key, index) => [key, `#0000${10 + index}`]))
);
const ORIGIN = "https://watchroom.example/live";
const town = { kind: /** @type {const} */ ("town"), url: "/static/town/estuary.geojson" };
const tiles = { kind: /** @type {const} */ ("pmtiles"), url: "/maps/force.pmtiles" };
const none = { kind: /** @type {const} */ ("none") };

for (const basemap of [town, tiles, none]) {
  test(`the style for ${basemap.kind} is valid`, () => {
    assert.deepEqual(validateStyleMin(mapStyle(palette, basemap, ORIGIN)), []);
  });
}

test("both base maps have the same layers; tiles take theirs by source layer", () => {
  const ids = (/** @type {typeof town | typeof tiles} */ basemap) =>
    mapStyle(palette, basemap, ORIGIN).layers.map(({ id }) => id);
  assert.deepEqual(ids(town), ids(tiles));
  const roads = mapStyle(palette, tiles, ORIGIN).layers.find(({ id }) => id === "street");
  assert.equal(/** @type {any} */ (roads)["source-layer"], "roads");
});

test("nothing is fetched from anywhere else: no glyphs, no sprite, addresses of this site", () => {
  const style = mapStyle(palette, tiles, ORIGIN);
  assert.equal(style.glyphs, undefined);
  assert.equal(style.sprite, undefined);
  assert.equal(
    /** @type {any} */ (style.sources["base"]).url,
    "pmtiles://https://watchroom.example/maps/force.pmtiles",
  );
});

test("without a base map there is ground to stand on and nothing to load", () => {
  const style = mapStyle(palette, none, ORIGIN);
  assert.deepEqual(style.sources, {});
  assert.equal(style.layers.length, 1);
});

test("the map's tokens exist in both themes", () => {
  const tokens = readFileSync(new URL("../../static/css/tokens.css", import.meta.url), "utf8");
  for (const key of PALETTE_KEYS) assert.equal(tokens.split(`--map-${key}:`).length, 3, `--map-${key}`);
});

test("the built-in town becomes paths for every kind of ground, and readable names", () => {
  const file = new URL("../../static/town/estuary.geojson", import.meta.url);
  const { features } = JSON.parse(readFileSync(file, "utf8"));
  const { shapes, lettering } = townPaths(features, { lon: 1.03, lat: 51.36 });
  const drawn = new Map(shapes.map(({ kind, d }) => [kind, d]));
  for (const kind of ["earth", "water", "urban", "building", "street", "street-case", "main", "trunk"]) {
    assert.match(drawn.get(kind) ?? "", /^M-?\d/, kind);
    assert.doesNotMatch(drawn.get(kind) ?? "", /NaN|undefined/, kind);
  }
  assert.ok(lettering.some(({ text }) => text === "Harbour Street"));
  for (const { turn } of lettering) assert.ok(Math.abs(turn) <= 90, "never upside down");
});

test("the map opens where the settings say, in the town when it is the town, else nowhere in particular", () => {
  assert.deepEqual(homeOf({ ...tiles, center: [-1.9, 52.5], zoom: 12 }), {
    lon: -1.9,
    lat: 52.5,
    zoom: 12,
    placed: true,
  });
  assert.deepEqual(homeOf({ ...town, center: null }), { lon: 1.03, lat: 51.36, zoom: 15, placed: true });
  assert.equal(homeOf({ ...tiles, center: null }).placed, false);
});

test("a name's room grows with its letters, and a long one is broken into lines", () => {
  const [short, long] = [roomOf("OLD TOWN"), roomOf("THE HARBOUR OF MERROWMOUTH")];
  assert.ok(short.width > 70 && short.width < 90 && short.height < 20, JSON.stringify(short));
  assert.ok(long.width <= 135 && long.height > 2 * short.height - 1, JSON.stringify(long));
  const [box] = boxesOf([{ lon: 1, lat: 2, ...short }], (lon, lat) => ({ x: 100 * lon, y: 100 * lat }));
  assert.deepEqual([box?.left, box?.bottom], [100 - short.width / 2, 200 + short.height / 2]);
  const layers = mapStyle(palette, town, ORIGIN).layers.map(({ id }) => id);
  assert.ok(SPOTS.every((id) => layers.includes(id)));
});
