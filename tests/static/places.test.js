import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nowhereWords, placesMatching, placesOf } from "../../static/js/state/places.js";

/** @typedef {import("../../static/js/state/places.js").NamedFeature} NamedFeature */

const street = (/** @type {string} */ name, /** @type {[number, number][]} */ ...coordinates) =>
  /** @type {NamedFeature} */ ({
    layer: "roads",
    name,
    kind: "minor_road",
    geometry: { type: "LineString", coordinates },
  });
const spot = (/** @type {string} */ layer, /** @type {string} */ name, /** @type {string} */ kind) =>
  /** @type {NamedFeature} */ ({ layer, name, kind, geometry: { type: "Point", coordinates: [1, 51] } });
const town = JSON.parse(readFileSync(new URL("../../static/town/estuary.geojson", import.meta.url), "utf8"));
const townPlaces = placesOf(
  town.features.map((/** @type {any} */ { properties, geometry }) => ({ ...properties, geometry })),
);
const names = (/** @type {string} */ typed) => placesMatching(townPlaces, typed).map(({ name }) => name);

test("a street's pieces are one place, with bounds that hold them all, and all of it is drawn", () => {
  const [one, ...more] = placesOf([
    street("High Street", [1, 51], [1.001, 51]),
    street("High Street", [1.004, 51.002], [1.005, 51.002]),
    street("High Street", [1.001, 51], [1.004, 51.002]),
  ]);
  assert.deepEqual(more, []);
  assert.deepEqual(one?.bounds, { west: 1, east: 1.005, south: 51, north: 51.002 });
  assert.equal(one?.lines.length, 3);
});

test("two streets of one name in two towns stay two, whatever the order of their pieces", () => {
  const pieces = [
    street("High Street", [1, 51], [1.001, 51]),
    street("High Street", [1.2, 51], [1.201, 51]),
    street("High Street", [1.001, 51], [1.002, 51]),
  ];
  for (const given of [pieces, pieces.toReversed()]) assert.equal(placesOf(given).length, 2);
});

test("of a quarter, a park and a path with one name the quarter is meant", () => {
  const found = placesOf([
    spot("landuse", "Castle Mead", "park"),
    spot("places", "Castle Mead", "neighbourhood"),
    street("Castle Mead", [1, 51], [1.001, 51]),
  ]);
  assert.deepEqual(
    found.map(({ what }) => what),
    ["quarter"],
  );
});

test("a bus stop hides no street of its name, neither one far away nor the one that it stands in", () => {
  const stop = (/** @type {[number, number]} */ ...at) =>
    /** @type {NamedFeature} */ ({
      layer: "pois",
      name: "Church Street",
      kind: "bus_stop",
      geometry: { type: "Point", coordinates: at },
    });
  const features = [
    stop(1.3, 51),
    street("Church Street", [1, 51], [1.004, 51]),
    street("Church Street", [1.1, 51], [1.104, 51]),
    stop(1.102, 51),
  ];
  for (const given of [features, features.toReversed()]) {
    const found = placesOf(given).map(({ what, bounds }) => `${what} ${bounds.west}`);
    assert.deepEqual(found.toSorted(), ["bus stop 1.102", "bus stop 1.3", "street 1", "street 1.1"]);
  }
});

test("a quarter hides the street of its name beside it, and no other", () => {
  const found = placesOf([
    street("Castle Mead", [1.2, 51], [1.201, 51]),
    street("Castle Mead", [1, 51], [1.001, 51]),
    spot("places", "Castle Mead", "neighbourhood"),
  ]);
  assert.deepEqual(found.map(({ what, bounds }) => `${what} ${bounds.west}`).toSorted(), ["quarter 1", "street 1.2"]);
});

test("accents need not be typed, and may be", () => {
  const places = placesOf([street("Café Row", [1, 51], [1.001, 51]), street("Crepe Lane", [1, 51], [1.001, 51])]);
  const found = (/** @type {string} */ typed) => placesMatching(places, typed).map(({ name }) => name);
  assert.deepEqual(found("cafe"), ["Café Row"]);
  assert.deepEqual(found("Cafe\u0301 r"), ["Café Row"]);
  assert.deepEqual(found("crêpe"), ["Crepe Lane"]);
});

test("what is nowhere is said with what was searched: the whole map, or what of it is loaded", () => {
  assert.equal(nowhereWords(true), "No street or place of that name");
  assert.match(nowhereWords(false), /in the part of the map that is loaded: zoom out, or move the map/);
});

test("what was typed begins any word; names that begin with it come first", () => {
  assert.deepEqual(names("harbour"), ["Harbour Office", "Harbour Street", "The Harbour"]);
  assert.deepEqual(names("har str"), ["Harbour Street"]);
  assert.deepEqual(names("botolphs"), ["St Botolph's Church"]);
  assert.deepEqual(names("anchor"), ["Anchor Street", "Crown and Anchor"]);
  assert.deepEqual(names("ET17"), []);
  assert.deepEqual(names(" h "), []);
  assert.equal(names("st").length, 6);
});

test("each has a word for what it is", () => {
  const what = Object.fromEntries(townPlaces.map((place) => [place.name, place.what]));
  assert.equal(what["Harbour Street"], "street");
  assert.equal(what["Old Town"], "quarter");
  assert.equal(what["Merrowmouth"], "town");
  assert.equal(what["St Botolph's Church"], "church");
  assert.equal(what["The Lammas"], "park");
});
