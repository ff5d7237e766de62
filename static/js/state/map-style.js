/** The base map's style, from the page's colour tokens. Layers are named as Protomaps names them, so that
 * one style serves a PMTiles file and the built-in town (GeoJSON whose features carry `layer`). Pure. */

import { ground, roads } from "./map-ground.js";
import { lettering } from "./map-lettering.js";
import { RIM, RIM_LAYER } from "./map-rim.js";

/** @typedef {import("maplibre-gl").StyleSpecification} Style */
/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("maplibre-gl").ExpressionSpecification} Expression */
/**
 * @typedef {{kind: "town" | "pmtiles" | "none", url?: string | null, center?: [number, number] | null,
 *   zoom?: number}} Basemap
 * @typedef {Record<"sea" | "land" | "urban" | "bld" | "park" | "wood" | "beach" | "s" | "b" | "a" | "case" | "rail" |
 *   "text" | "halo" | "water-text" | "park-text" | "coast", string>} Palette
 * @typedef {(name: string, test?: Expression) => {source: string, "source-layer"?: string, filter?: Expression}} From
 */

export const PALETTE_KEYS = /** @type {(keyof Palette)[]} */ (
  "sea land urban bld park wood beach s b a case rail text halo water-text park-text coast".split(" ")
);

// Merrowmouth's market place: the built-in town lies nowhere else.
const TOWN_HOME = { lon: 1.03, lat: 51.36 };

/**
 * Where the map opens while no unit's position is known. `placed` is false when nobody has said where.
 * @param {Basemap} basemap
 * @returns {{lon: number, lat: number, zoom: number, placed: boolean}}
 */
export function homeOf({ kind, center, zoom = 15 }) {
  if (center) return { lon: center[0], lat: center[1], zoom, placed: true };
  if (kind === "town") return { ...TOWN_HOME, zoom, placed: true };
  return { lon: 0, lat: 30, zoom: 3, placed: false };
}

/**
 * @param {Palette} palette @param {Basemap} basemap @param {string} origin of the page, for a PMTiles address
 * @returns {Style}
 */
export function mapStyle(palette, basemap, origin) {
  const background = /** @type {Layer} */ ({
    id: "background",
    type: "background",
    paint: { "background-color": palette.land },
  });
  if (basemap.kind === "none" || !basemap.url) return { version: 8, sources: {}, layers: [background] };
  const tiled = basemap.kind === "pmtiles";
  const url = new URL(basemap.url, origin).href;
  /** @type {From} */
  const from = (name, test) => {
    const named = /** @type {Expression} */ (["==", ["get", "layer"], name]);
    if (tiled)
      return test ? { source: "base", "source-layer": name, filter: test } : { source: "base", "source-layer": name };
    return { source: "base", filter: test ? ["all", named, test] : named };
  };
  return {
    version: 8,
    sources: {
      base: tiled
        ? { type: "vector", url: `pmtiles://${url}` }
        : { type: "geojson", data: url, tolerance: 0.2, maxzoom: 17 },
      [RIM]: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    },
    layers: [background, ...ground(palette, from), ...roads(palette, from), ...lettering(palette, from), RIM_LAYER],
  };
}
