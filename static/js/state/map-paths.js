/** The built-in town as SVG paths, for browsers that cannot draw the street map (no WebGL2). Pure. */

import { toWorld, worldPixels } from "./map-projection.js";
import { linesOf } from "./places.js";

/** @typedef {import("./map-projection.js").Point} Point */
/**
 * @typedef {{type: string, coordinates: any}} Geometry
 * @typedef {{properties: Record<string, any>, geometry: Geometry}} Feature
 * @typedef {{kind: string, d: string}} Shape `kind` names the CSS class m-…
 * @typedef {{kind: "place" | "street", text: string, x: number, y: number, turn: number}} Lettering `turn` in degrees
 */

/** Paths are in pixels of this zoom from the origin, so that their numbers stay short. */
export const DRAWN_ZOOM = 16;

const AREAS = ["earth", "urban", "beach", "park", "wood", "water", "building"];
const LINES = ["path", "rail", "street-case", "street", "main-case", "trunk-case", "main", "trunk"];

/**
 * @param {Feature[]} features named as Protomaps does, each with `layer` @param {{lon: number, lat: number}} origin
 * @returns {{shapes: Shape[], lettering: Lettering[], roads: {name: string, lines: [number, number][][]}[]}} shapes from below
 *   upwards; roads that have a name, in degrees
 */
export function townPaths(features, origin) {
  const place = placer(origin);
  /** @type {Map<string, string[]>} */
  const paths = new Map([...AREAS, ...LINES].map((kind) => [kind, []]));
  /** @type {Lettering[]} */
  const lettering = [];
  const roads = [];
  for (const { properties, geometry } of features) {
    for (const kind of shapeKinds(properties)) paths.get(kind)?.push(pathOf(geometry, place));
    if (properties.layer === "places" && properties.name && properties.kind !== "town")
      lettering.push({ kind: "place", text: properties.name, ...place(geometry.coordinates), turn: 0 });
    if (properties.layer === "roads" && properties.name && !["rail", "path"].includes(properties.kind))
      roads.push({ name: String(properties.name), lines: linesOf(geometry) });
    if (isNamedRoad(properties))
      lettering.push({ kind: "street", text: properties.name, ...alongside(geometry, place) });
  }
  return { shapes: [...paths].map(([kind, parts]) => ({ kind, d: parts.join("") })), lettering, roads };
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

/**
 * Half way along its longest line, and the line's slope there, turned so that words are never upside down.
 * @param {Geometry} geometry @param {(coordinates: [number, number]) => Point} place
 * @returns {Point & {turn: number}}
 */
function alongside({ type, coordinates }, place) {
  /** @type {[number, number][][]} */
  const lines = type === "MultiLineString" ? coordinates : [coordinates];
  const points = lines.map((line) => line.map(place));
  const span = (/** @type {Point[]} */ line) => distanceOf(line[0], line.at(-1));
  const longest = points.reduce((best, line) => (span(line) > span(best) ? line : best));
  const at = Math.max(1, Math.floor(longest.length / 2));
  const from = /** @type {Point} */ (longest[at - 1]);
  const to = /** @type {Point} */ (longest[at]);
  const turn = (Math.atan((to.y - from.y) / (to.x - from.x || 1e-9)) * 180) / Math.PI;
  return { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2, turn };
}

/** @param {Point | undefined} a @param {Point | undefined} b */
function distanceOf(a, b) {
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
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
