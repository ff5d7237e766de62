/** The built-in town as SVG paths, for browsers that cannot draw the street map (no WebGL2). Pure. */

import { toWorld, worldPixels } from "./map-projection.js";

/** @typedef {import("./map-projection.js").Point} Point */
/**
 * @typedef {{type: string, coordinates: any}} Geometry
 * @typedef {{properties: Record<string, any>, geometry: Geometry}} Feature
 * @typedef {{kind: string, d: string}} Shape `kind` names the CSS class m-…
 * @typedef {{kind: "place" | "street", text: string, x: number, y: number}} Lettering
 */

/** Paths are in pixels of this zoom from the origin, so that their numbers stay short. */
export const DRAWN_ZOOM = 16;

const AREAS = ["earth", "urban", "beach", "park", "wood", "water", "building"];
const LINES = ["path", "rail", "street-case", "street", "main-case", "trunk-case", "main", "trunk"];

/**
 * @param {Feature[]} features named as Protomaps does, each with `layer` @param {{lon: number, lat: number}} origin
 * @returns {{shapes: Shape[], lettering: Lettering[]}} shapes from below upwards
 */
export function townPaths(features, origin) {
  const place = placer(origin);
  /** @type {Map<string, string[]>} */
  const paths = new Map([...AREAS, ...LINES].map((kind) => [kind, []]));
  /** @type {Lettering[]} */
  const lettering = [];
  for (const { properties, geometry } of features) {
    for (const kind of shapeKinds(properties)) paths.get(kind)?.push(pathOf(geometry, place));
    if (properties.layer === "places" && properties.name && properties.kind !== "town")
      lettering.push({ kind: "place", text: properties.name, ...place(geometry.coordinates) });
    if (isNamedRoad(properties)) lettering.push({ kind: "street", text: properties.name, ...place(middle(geometry)) });
  }
  return { shapes: [...paths].map(([kind, parts]) => ({ kind, d: parts.join("") })), lettering };
}

/** @param {{lon: number, lat: number}} origin @returns {(coordinates: [number, number]) => Point} */
function placer(origin) {
  const scale = worldPixels(DRAWN_ZOOM);
  const from = toWorld(origin.lon, origin.lat);
  return ([lon, lat]) => {
    const { x, y } = toWorld(lon, lat);
    return { x: Math.round((x - from.x) * scale * 10) / 10, y: Math.round((y - from.y) * scale * 10) / 10 };
  };
}

/** @param {Record<string, any>} properties @returns {string[]} */
function shapeKinds({ layer, kind, width }) {
  if (layer === "earth" || layer === "water") return [layer];
  if (layer === "buildings") return ["building"];
  if (layer === "landuse") return [kind];
  if (layer !== "roads") return [];
  if (kind === "rail" || kind === "path") return [kind];
  const rank = kind === "major_road" || kind === "highway" ? "trunk" : Number(width) >= 6.5 ? "main" : "street";
  return [`${rank}-case`, rank];
}

/** @param {Record<string, any>} properties */
function isNamedRoad({ layer, kind, width, name }) {
  return layer === "roads" && Boolean(name) && kind !== "rail" && (kind === "major_road" || Number(width) >= 6.5);
}

/** @param {Geometry} geometry @returns {[number, number]} a point half way along its longest line */
function middle({ type, coordinates }) {
  /** @type {[number, number][][]} */
  const lines = type === "MultiLineString" ? coordinates : [coordinates];
  const longest = lines.reduce((best, line) => (line.length > best.length ? line : best));
  return /** @type {[number, number]} */ (longest[Math.floor(longest.length / 2)]);
}

/** @param {Geometry} geometry @param {(coordinates: [number, number]) => Point} place @returns {string} */
function pathOf({ type, coordinates }, place) {
  const line = (/** @type {[number, number][]} */ points) =>
    `M${points
      .map(place)
      .map(({ x, y }) => `${x} ${y}`)
      .join("L")}`;
  const rings = (/** @type {[number, number][][]} */ polygon) => polygon.map((ring) => `${line(ring)}Z`).join("");
  if (type === "LineString") return line(coordinates);
  if (type === "MultiLineString") return coordinates.map(line).join("");
  if (type === "Polygon") return rings(coordinates);
  return type === "MultiPolygon" ? coordinates.map(rings).join("") : "";
}
