/** Streets and places that can be looked for by name, out of what a base map has. Pure. */

import { plain } from "./typed.js";

/** @typedef {import("./map-projection.js").Bounds} Bounds */
/**
 * A named feature of a base map, in degrees: `layer` and `kind` as Protomaps names them.
 * @typedef {{layer: string, name: string, kind: string, geometry: {type: string, coordinates?: any}}} NamedFeature
 * @typedef {{features: NamedFeature[], isWhole: boolean}} Names `isWhole`: all that the base map has
 * @typedef {[number, number][]} Line
 * @typedef {{name: string, what: string, bounds: Bounds, lines: Line[]}} Place
 *   `what` it is, in a word; `lines` what of it is drawn: a street's pieces, nothing for what is a spot or an area
 */

/** The layers that hold names, from the most telling: of two things near to each other with one name the first is meant. */
export const NAMED_LAYERS = ["places", "pois", "roads", "landuse", "water"];
export const MOST_FOUND = 6;

const [SPOTS, ROADS] = [NAMED_LAYERS.indexOf("pois"), NAMED_LAYERS.indexOf("roads")];

const NEAR = { lon: 0.006, lat: 0.004 }; // some 400 m: pieces of one street; farther apart it is another of that name
const SETTLEMENTS = ["city", "town", "village", "hamlet"];
/** @type {Record<string, string>} */
const WHAT = {
  rail: "railway",
  place_of_worship: "church",
  townhall: "town hall",
  harbourmaster: "harbour office",
  marketplace: "market",
  lifeboat: "lifeboat station",
};

/**
 * Every place once, its pieces put together: a road comes in as many as there are tiles and crossings. Streets of one name
 * in two towns stay two.
 * @param {Iterable<NamedFeature>} features
 * @returns {Place[]} in order of their names
 */
export function placesOf(features) {
  /** @type {Map<string, Place[][]>} by name, then by rank */
  const found = new Map();
  for (const { layer, name, kind, geometry } of features) {
    // a park's paths have the park's name
    const rank = kind === "path" ? NAMED_LAYERS.length : NAMED_LAYERS.indexOf(layer);
    const points = pointsOf(geometry.coordinates ?? []);
    if (!name || rank < 0 || !points.length) continue;
    const ranks = found.get(plain(name)) ?? [];
    found.set(plain(name), ranks);
    const piece = {
      name,
      what: wordFor(layer, kind),
      bounds: around(points),
      lines: layer === "roads" ? linesOf(geometry) : [],
    };
    ranks[rank] = joined(ranks[rank] ?? [], piece);
  }
  const all = [...found.values()].flatMap(meant);
  return all.sort((one, other) => one.name.localeCompare(other.name, "en-GB"));
}

/**
 * Of what has one name: the most telling of all that is near to it. A bus stop does not stand for the street that it is in.
 * @param {Place[][]} ranks
 */
function meant(ranks) {
  /** @type {{ rank: number, place: Place }[]} */
  const kept = [];
  ranks.forEach((places, rank) => {
    const telling = kept.filter((one) => one.rank !== SPOTS || rank !== ROADS);
    const isMeant = (/** @type {Place} */ { bounds }) => !telling.some(({ place }) => areNear(place.bounds, bounds));
    kept.push(...places.filter(isMeant).map((place) => ({ rank, place })));
  });
  return kept.map(({ place }) => place);
}

/** A piece with all that it is near to. @param {Place[]} places @param {Place} piece @returns {Place[]} */
function joined(places, piece) {
  const near = places.filter(({ bounds }) => areNear(bounds, piece.bounds));
  const whole = near.reduce(
    (one, other) => ({
      ...other,
      bounds: union(one.bounds, other.bounds),
      lines: [...other.lines, ...one.lines],
    }),
    piece,
  );
  return [...places.filter((place) => !near.includes(place)), whole];
}

/** @param {Bounds} a @param {Bounds} b */
function areNear(a, b) {
  const apart = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ near) => from - to > near;
  return !(
    apart(a.west, b.east, NEAR.lon) ||
    apart(b.west, a.east, NEAR.lon) ||
    apart(a.south, b.north, NEAR.lat) ||
    apart(b.south, a.north, NEAR.lat)
  );
}

/**
 * What was typed may be the beginning of any word of a name; names that begin with it come first.
 * @param {readonly Place[]} places @param {string} typed @param {number} [most]
 * @returns {Place[]}
 */
export function placesMatching(places, typed, most = MOST_FOUND) {
  if (!isEnough(typed)) return [];
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const fits = places.filter(({ name }) => {
    const parts = plain(name).split(/[\s-]+/);
    return words.every((word) => parts.some((part) => part.startsWith(word)));
  });
  const isFirst = (/** @type {Place} */ { name }) => plain(name).startsWith(words.join(" "));
  return [...fits.filter(isFirst), ...fits.filter((place) => !isFirst(place))].slice(0, most);
}

/** Whether it is looked for: one letter begins too many names. @param {string} typed */
export function isEnough(typed) {
  return plain(typed).trim().length >= 2;
}

/** What is told where no name fits. @param {boolean} isWhole the whole map was searched */
export function nowhereWords(isWhole) {
  if (isWhole) return "No street or place of that name";
  return "No such name in the part of the map that is loaded: zoom out, or move the map";
}

/** @param {string} layer @param {string} kind */
function wordFor(layer, kind) {
  if (layer === "roads" && kind !== "path" && kind !== "rail") return "street";
  if (layer === "places") return SETTLEMENTS.includes(kind) ? (WHAT[kind] ?? kind) : "quarter";
  return WHAT[kind] ?? (kind || layer).replaceAll("_", " ");
}

/** @param {any} coordinates of any geometry @returns {[number, number][]} */
function pointsOf(coordinates) {
  if (typeof coordinates[0] === "number") return [/** @type {[number, number]} */ (coordinates)];
  return coordinates.flatMap(pointsOf);
}

/** @param {NamedFeature["geometry"]} geometry @returns {Line[]} what of it is a line */
export function linesOf({ type, coordinates }) {
  if (type === "LineString") return [coordinates];
  return type === "MultiLineString" ? coordinates : [];
}

/** @param {[number, number][]} points @returns {Bounds} */
function around(points) {
  return points
    .map(([lon, lat]) => ({ west: lon, east: lon, south: lat, north: lat }))
    .reduce((one, other) => union(one, other));
}

/** @param {Bounds} a @param {Bounds} b @returns {Bounds} */
function union(a, b) {
  return {
    west: Math.min(a.west, b.west),
    east: Math.max(a.east, b.east),
    south: Math.min(a.south, b.south),
    north: Math.max(a.north, b.north),
  };
}
