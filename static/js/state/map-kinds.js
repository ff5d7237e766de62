/** Kinds and road classes that the map tells apart. Pure. */

/** @typedef {import("maplibre-gl").ExpressionSpecification} Expression */

export const PARKS = [
  "park",
  "grass",
  "recreation_ground",
  "pitch",
  "playground",
  "golf_course",
  "garden",
  "cemetery",
  "nature_reserve",
  "village_green",
  "allotments",
];
export const WOODS = ["wood", "forest", "scrub"];
export const URBAN = [
  "urban",
  "residential",
  "commercial",
  "industrial",
  "retail",
  "hospital",
  "school",
  "university",
  "college",
  "railway",
];

export const KIND = /** @type {Expression} */ (["get", "kind"]);

/** Of a place: Protomaps' version 4 calls cities, towns and villages a locality, and says which beside it. @type {Expression} */
const PLACE_KIND = ["case", ["==", KIND, "locality"], ["coalesce", ["get", "kind_detail"], KIND], KIND];

/** @param {string[]} kinds @returns {Expression} */
export const isPlace = (kinds) => ["in", PLACE_KIND, ["literal", kinds]];

/** How soon a place's name stands: of two that lie on one another the lower number. @type {Expression} */
export const PLACE_RANK = ["match", PLACE_KIND, ["city", "town"], 0, ["village"], 1, 2];

/** @param {string[]} kinds @returns {Expression} */
export const isOne = (kinds) => ["in", KIND, ["literal", kinds]];

/** What weight a road has on the map: "a" trunk and main, "b" lesser main, "s" street. @type {Expression} */
const ROAD_CLASS = [
  "case",
  ["==", KIND, "highway"],
  "a",
  ["==", KIND, "major_road"],
  ["case", ["in", ["coalesce", ["get", "kind_detail"], ""], ["literal", ["secondary", "tertiary"]]], "b", "a"],
  // The town says how wide a street is: from 6.5 m on it carries through traffic.
  [">=", ["to-number", ["get", "width"], 0], 6.5],
  "b",
  "s",
];

/** @param {"a" | "b" | "s"} rank @returns {Expression} */
export const isRoad = (rank) => ["all", isOne(["highway", "major_road", "minor_road"]), ["==", ROAD_CLASS, rank]];
