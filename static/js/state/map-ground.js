/** Land, water, buildings and roads of the base map, drawn from below upwards. Pure. */

import { PARKS, URBAN, WOODS, isOne, isRoad } from "./map-kinds.js";

/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("maplibre-gl").ExpressionSpecification} Expression */
/** @typedef {import("./map-style.js").Palette} Palette */
/** @typedef {import("./map-style.js").From} From */

// The carriageway of a side street in pixels; main roads are multiples of it (look/css/map.css: 1, 1.7, 2.3).
const STREET_PX = /** @type {const} */ ([12, 0.5, 13, 0.9, 14, 1.5, 15, 2.8, 16, 5, 17, 9, 18, 16, 20, 50]);
/**
 * @param {number} times @param {number} plus
 * @returns {Expression}
 */
function width(times, plus) {
  const stops = STREET_PX.map((value, index) => (index % 2 ? value * times + plus : value));
  return /** @type {Expression} */ (["interpolate", ["exponential", 1.6], ["zoom"], ...stops]);
}

/** @param {Palette} palette @param {From} from @returns {Layer[]} */
export function ground(palette, from) {
  const fill = (/** @type {string} */ id, /** @type {ReturnType<From>} */ what, /** @type {string} */ colour) =>
    /** @type {Layer} */ ({ id, type: "fill", ...what, paint: { "fill-color": colour } });
  const area = /** @type {Expression} */ (["==", ["geometry-type"], "Polygon"]);
  return [
    fill("earth", from("earth", area), palette.land),
    fill("urban", from("landuse", isOne(URBAN)), palette.urban),
    fill("wood", from("landuse", isOne(WOODS)), palette.wood),
    fill("park", from("landuse", isOne(PARKS)), palette.park),
    fill("beach", from("landuse", isOne(["beach", "sand"])), palette.beach),
    fill("square", from("landuse", isOne(["pedestrian", "square"])), palette.s),
    fill("water", from("water", area), palette.sea),
    {
      id: "coast",
      type: "line",
      ...from("water", area),
      paint: { "line-color": palette.coast, "line-width": 1.2 },
    },
    {
      id: "rivers",
      type: "line",
      ...from("water", ["==", ["geometry-type"], "LineString"]),
      paint: { "line-color": palette.sea, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1, 16, 6] },
    },
    {
      id: "piers",
      type: "fill",
      ...from("landuse", isOne(["pier"])),
      paint: { "fill-color": palette.land, "fill-outline-color": palette.coast },
    },
    { ...fill("buildings", from("buildings", area), palette.bld), minzoom: 13.5 },
  ];
}

/** @param {Palette} palette @param {From} from @returns {Layer[]} */
export function roads(palette, from) {
  const layout = /** @type {const} */ ({ "line-cap": "round", "line-join": "round" });
  const line = (
    /** @type {string} */ id,
    /** @type {Expression} */ test,
    /** @type {string} */ colour,
    /** @type {Expression} */ px,
  ) =>
    /** @type {Layer} */ ({
      id,
      type: "line",
      ...from("roads", test),
      layout,
      paint: { "line-color": colour, "line-width": px },
    });
  return [
    {
      id: "path",
      type: "line",
      minzoom: 14,
      ...from("roads", isOne(["path", "other"])),
      paint: { "line-color": palette.s, "line-width": 1, "line-dasharray": [3, 3] },
    },
    line("rail", isOne(["rail"]), palette.rail, width(0.25, 0.8)),
    {
      id: "sleepers",
      type: "line",
      minzoom: 14,
      ...from("roads", isOne(["rail"])),
      paint: { "line-color": palette.rail, "line-width": 4.5, "line-dasharray": [0.22, 2] },
    },
    line("street-case", isRoad("s"), palette.case, width(1, 1.6)),
    line("street", isRoad("s"), palette.s, width(1, 0)),
    line("main-case", isRoad("b"), palette.case, width(1.7, 2)),
    line("trunk-case", isRoad("a"), palette.case, width(2.3, 2)),
    line("main", isRoad("b"), palette.b, width(1.7, 0)),
    line("trunk", isRoad("a"), palette.a, width(2.3, 0)),
  ];
}
