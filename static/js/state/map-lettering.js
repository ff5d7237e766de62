/** Names on the base map: streets, places, parks, water. Pure. */

import { PARKS, PLACE_RANK, isOne, isPlace, isRoad } from "./map-kinds.js";

/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("maplibre-gl").ExpressionSpecification} Expression */
/** @typedef {import("./map-style.js").Palette} Palette */
/** @typedef {import("./map-style.js").From} From */
/** @typedef {{lon: number, lat: number, width: number, height: number}} Spot a name's middle, and its room in px */

// No glyphs address is set, so MapLibre draws every letter from the page's own font. It reads the weight out of
// the first name of the stack; the second names the real family.
export const FAMILY = "Atkinson Hyperlegible Next";
const FONT = {
  plain: ["Watchroom Medium", FAMILY],
  strong: ["Watchroom Semibold", FAMILY],
  sea: ["Watchroom Medium Italic", FAMILY],
};

/** @param {Palette} palette @param {From} from @returns {Layer[]} */
export function lettering(palette, from) {
  const paint = (/** @type {string} */ colour, halo = palette.halo) => ({
    "text-color": colour,
    "text-halo-color": halo,
    "text-halo-width": 1.5,
  });
  const along = (
    /** @type {string} */ id,
    /** @type {Expression} */ test,
    /** @type {number} */ size,
    /** @type {string[]} */ font,
    /** @type {number} */ minzoom,
  ) =>
    /** @type {Layer} */ ({
      id,
      type: "symbol",
      minzoom,
      ...from("roads", test),
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 420,
        "text-field": ["get", "name"],
        "text-font": font,
        "text-size": size,
        "text-letter-spacing": 0.02,
        "text-max-angle": 28,
        "text-padding": 6,
      },
      paint: paint(palette.text),
    });
  const spot = (
    /** @type {string} */ id,
    /** @type {ReturnType<From>} */ what,
    /** @type {object} */ layout,
    /** @type {object} */ colours,
    minzoom = 0,
  ) =>
    /** @type {Layer} */ ({
      id,
      type: "symbol",
      minzoom,
      ...what,
      layout: { "text-field": ["get", "name"], ...layout },
      paint: colours,
    });
  return [
    along("street-name", isRoad("s"), 11.5, FONT.plain, 15.2),
    along("main-name", isRoad("b"), 12.5, FONT.strong, 13.5),
    along("trunk-name", isRoad("a"), 12.5, FONT.strong, 12),
    spot("shield", from("roads", ["all", ["has", "ref"], isRoad("a")]), SHIELD, paint(palette.text), 12),
    spot(
      "park-name",
      from("landuse", ["all", isOne(PARKS), ["has", "name"]]),
      { "text-font": FONT.plain, "text-size": 12 },
      paint(palette["park-text"], palette.park),
      13.5,
    ),
    spot(
      "water-name",
      from("water", ["has", "name"]),
      { "text-font": FONT.sea, "text-size": 14, "text-letter-spacing": 0.12 },
      paint(palette["water-text"], palette.sea),
    ),
    spot(
      "poi-name",
      from("pois", isOne(POIS)),
      { "text-font": FONT.plain, "text-size": 11.5, "text-max-width": 8 },
      paint(palette.text),
      16.2,
    ),
    // The town's own name would only stand in the way once its quarters are legible.
    { ...spot("town-name", from("places", isPlace(TOWNS)), PLACE, paint(palette.text)), maxzoom: 14 },
    spot("place-name", from("places", ["!", isPlace(TOWNS)]), PLACE, paint(palette.text), 12),
  ];
}

/** The layers whose names stand at one spot: markers' labels give way to them. */
export const SPOTS = ["town-name", "place-name", "park-name"];
const SPOT = { em: 13.5, letter: 0.72, widest: 10 }; // px; in ems: a capital with its spacing, and a line

/**
 * How much room a spot's name takes, in px: broken into lines where it is long.
 * @param {string} name
 */
export function roomOf(name) {
  const ems = name.length * SPOT.letter;
  const lines = Math.ceil(ems / SPOT.widest);
  return { width: Math.min(ems, SPOT.widest) * SPOT.em, height: lines * 1.2 * SPOT.em };
}

/**
 * Where names stand in the view.
 * @param {readonly Spot[]} spots @param {(lon: number, lat: number) => import("./map-projection.js").Point} project
 * @returns {import("./map-labels.js").Box[]}
 */
export function boxesOf(spots, project) {
  return spots.map(({ lon, lat, width, height }) => {
    const { x, y } = project(lon, lat);
    return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  });
}

const TOWNS = ["city", "town"];
const POIS = [
  "police",
  "station",
  "hospital",
  "townhall",
  "pub",
  "school",
  "marketplace",
  "place_of_worship",
  "harbourmaster",
  "lifeboat",
  "warehouse",
  "square",
];
const SHIELD = {
  "symbol-placement": "line",
  "symbol-spacing": 500,
  "text-field": ["get", "ref"],
  "text-font": FONT.strong,
  "text-size": 10.5,
  "text-rotation-alignment": "viewport",
  "icon-image": "shield",
  "icon-text-fit": "both",
  "icon-text-fit-padding": [2, 5, 2, 5],
  "icon-rotation-alignment": "viewport",
};
const PLACE = {
  "text-font": FONT.strong,
  "text-size": 13.5,
  "text-transform": "uppercase",
  "text-letter-spacing": 0.06,
  "symbol-sort-key": PLACE_RANK,
  // a quarter is no point: its name steps aside for a unit before it goes
  "text-variable-anchor-offset": [
    "center",
    [0, 0],
    "top",
    [0, 1],
    "bottom",
    [0, -1],
    "left",
    [1.5, 0],
    "right",
    [-1.5, 0],
  ],
};
