/** What a base map has names for, so that it can be searched: the town's file whole, of a map file the tiles that are loaded. */

import { NAMED_LAYERS, linesOf } from "../state/places.js";

/** @typedef {import("../state/places.js").NamedFeature} NamedFeature */
/** @typedef {import("../state/places.js").Names} Names */
/** @typedef {import("../state/map-style.js").Basemap} Basemap */

const ROAD_LAYERS = ["street", "main", "trunk"];

/** @type {Map<string, Promise<Names>>} by address: read once, when somebody first searches */
const towns = new Map();

/** @param {Basemap} basemap @returns {Promise<Names>} of a town; of any other map none */
export function townNames({ kind, url }) {
  if (kind !== "town" || !url) return Promise.resolve({ features: [], isWhole: true });
  const known = towns.get(url) ?? read(url);
  towns.set(url, known);
  known.catch(() => towns.delete(url)); // the next search asks again
  return known;
}

/** @param {import("maplibre-gl").Map} map @returns {Names} of the tiles that are loaded */
export function loadedNames(map) {
  const features = NAMED_LAYERS.flatMap((layer) =>
    map
      .querySourceFeatures("base", { sourceLayer: layer, filter: ["has", "name"] })
      .map(({ geometry, properties }) => named(layer, properties, geometry)),
  );
  return { features, isWhole: false };
}

/**
 * Named roads within so many px of a point of the view, as they are drawn.
 * @param {import("maplibre-gl").Map} map @param {import("../state/map-projection.js").Point} point @param {number} reach px
 * @returns {import("./incident-map-street.js").NamedRoad[]}
 */
export function roadsAt(map, { x, y }, reach) {
  const layers = ROAD_LAYERS.filter((id) => map.getLayer(id));
  const box = /** @type {[[number, number], [number, number]]} */ ([
    [x - reach, y - reach],
    [x + reach, y + reach],
  ]);
  return map.queryRenderedFeatures(box, { layers }).flatMap(({ geometry, properties }) => {
    const lines = linesOf(/** @type {import("../state/places.js").NamedFeature["geometry"]} */ (geometry));
    return properties["name"] ? [{ name: String(properties["name"]), lines }] : [];
  });
}

/** @param {string} url @returns {Promise<Names>} */
async function read(url) {
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new Error(`the town's names could not be read (${response.status})`);
  const { features } = /** @type {{ features: any[] }} */ (await response.json());
  const withName = features
    .filter(({ properties }) => properties.name)
    .map(({ properties, geometry }) => named(properties.layer, properties, geometry));
  return { features: withName, isWhole: true };
}

/** @param {string} layer @param {Record<string, any>} properties @param {any} geometry @returns {NamedFeature} */
function named(layer, { name, kind, kind_detail: detail }, geometry) {
  return { layer, name: String(name), kind: String((kind === "locality" && detail) || kind || ""), geometry };
}
