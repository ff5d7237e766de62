// An area on the map that is searched: as it stands in the address, as it is drawn, as it reads. Pure.
/** @import { Bounds, View } from "./map-projection.js" */
import { distance, projector } from "./map-projection.js";

/**
 * @typedef {{ lon: number, lat: number }} Place
 * @typedef {{ kind: "rect" } & Bounds} Rectangle
 * @typedef {{ kind: "circle", radius: number } & Place} Circle radius in metres
 * @typedef {Rectangle | Circle} Area
 */

export const LEAST_M = 5; // less across is a slip of the hand
export const RADIUS_M = /** @type {const} */ ([10, 20_000]);
const DEGREE_M = 111_195;

/** @param {string | null} text as the address and the API have it @returns {Area | null} */
export function areaFrom(text) {
  const [kind = "", rest = ""] = (text ?? "").split(":");
  const [a = NaN, b = NaN, c = NaN, d = NaN] = rest.split(",").map(Number);
  if (kind === "circle" && [a, b, c].every(Number.isFinite) && c > 0) return { kind, lon: a, lat: b, radius: c };
  if (kind !== "rect" || ![a, b, c, d].every(Number.isFinite) || a >= c || b >= d) return null;
  return { kind, west: a, south: b, east: c, north: d };
}

/** @param {Area | null} area @returns {string} "" for none */
export function textOf(area) {
  if (!area) return "";
  const numbers =
    area.kind === "circle"
      ? [degrees(area.lon), degrees(area.lat), Math.round(area.radius)]
      : [area.west, area.south, area.east, area.north].map(degrees);
  return `${area.kind}:${numbers.join(",")}`;
}

/**
 * What a drag from one place to another draws: corner to corner, or centre to edge.
 * @param {Area["kind"]} kind @param {Place} from @param {Place} to @returns {Area | null} null: too small to be meant
 */
export function drawn(kind, from, to) {
  const across = distance(from, to);
  if (across < LEAST_M) return null;
  if (kind === "circle") return { kind, ...from, radius: across };
  const [west, east] = [from.lon, to.lon].sort((a, b) => a - b);
  const [south, north] = [from.lat, to.lat].sort((a, b) => a - b);
  return areaFrom(textOf(/** @type {Rectangle} */ ({ kind, west, south, east, north })));
}

/** @param {Area} area @returns {Bounds} */
export function boundsOfArea(area) {
  if (area.kind === "rect") return area;
  const { lon, lat, radius } = area;
  const up = radius / DEGREE_M;
  const side = up / Math.cos((lat * Math.PI) / 180);
  return { west: lon - side, east: lon + side, south: lat - up, north: lat + up };
}

/** The box of an area in the view, in pixels. @param {Area} area @param {View} view */
export function boxIn(area, view) {
  const { west, south, east, north } = boundsOfArea(area);
  const project = projector(view);
  const [a, b] = [project(west, north), project(east, south)];
  return { x: a.x, y: a.y, width: b.x - a.x, height: b.y - a.y };
}

/** "within 250 m of a place", "1.2 km by 800 m" @param {Area} area */
export function areaWords(area) {
  if (area.kind === "circle") return `within ${metres(area.radius)} of a place`;
  const { west, south, east, north } = area;
  const middle = (south + north) / 2;
  const across = distance({ lon: west, lat: middle }, { lon: east, lat: middle });
  return `${metres(across)} by ${metres(distance({ lon: west, lat: south }, { lon: west, lat: north }))}`;
}

/** @param {number} length */
function metres(length) {
  return length < 950 ? `${Math.round(length)} m` : `${(length / 1000).toFixed(1)} km`;
}

/** To 0.1 m. @param {number} value */
function degrees(value) {
  return Math.round(value * 1e6) / 1e6;
}
