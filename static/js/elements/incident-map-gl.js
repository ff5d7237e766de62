/** The street map under the markers, drawn by MapLibre GL JS. It repaints only when the view or the style changes. */

import { FAMILY, SPOTS, roomOf } from "../state/map-lettering.js";
import { PALETTE_KEYS, mapStyle } from "../state/map-style.js";
import { centreOf, creditOf, tilesOf } from "./incident-map-archive.js";
import { loadedNames, roadsAt, townNames } from "./incident-map-names.js";
import { rimOf } from "./incident-map-rim.js";

/** @typedef {import("../state/map-projection.js").View} View */
/** @typedef {import("../state/map-style.js").Palette} Palette */
/** @typedef {import("../state/map-style.js").Basemap} Basemap */
/** @typedef {import("../state/map-lettering.js").Spot} Spot */
/**
 * What draws the ground, whichever way: the marker layer lives in its `host`.
 * @typedef {object} Ground
 * @property {HTMLElement} host
 * @property {() => View} view
 * @property {(view: View, animate: boolean) => void} show
 * @property {(palette: Palette) => void} retheme
 * @property {string} credit whose map it is; "" for our own
 * @property {() => Spot[]} names that stand in sight
 * @property {(boxes: import("../state/map-labels.js").Box[]) => void} stand names give way to what stands there, px of the view
 * @property {(point: import("../state/map-projection.js").Point, reach: number) => import("./incident-map-street.js").NamedRoad[]} roadsNear
 *   named roads within so many px of a point of the view
 * @property {() => Promise<import("../state/places.js").Names>} named all that can be looked for by name
 * @property {() => void} remove
 *
 * @typedef {object} GroundOptions
 * @property {View} view
 * @property {boolean} [placed] false: nobody said where to open; a map file then says it
 * @property {Palette | null} palette null: whoever draws takes its colours from CSS
 * @property {Basemap} basemap
 * @property {(settled: boolean, byHand: boolean) => void} onMove
 * @property {(reason: string) => void} onProblem
 */

export const ZOOM_LIMITS = /** @type {[number, number]} */ ([3, 20]);
const EASE_MS = 240;

/** @returns {boolean} whether this browser can draw it at all */
export function hasWebGl2() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

/** @param {Element} element @returns {Palette} the page's map colours there, now */
export function paletteOf(element) {
  const style = getComputedStyle(element);
  const pairs = PALETTE_KEYS.map((key) => [key, style.getPropertyValue(`--map-${key}`).trim()]);
  return /** @type {Palette} */ (Object.fromEntries(pairs));
}

/**
 * @param {HTMLElement} container @param {GroundOptions} options
 * @returns {Promise<Ground>}
 */
export async function glGround(container, { view, placed, palette, basemap, onMove, onProblem }) {
  if (!palette) throw new Error("the street map needs its colours");
  const library = await import("maplibre-gl");
  const archive =
    basemap.kind === "pmtiles" ? await tilesOf(library, new URL(basemap.url ?? "", document.baseURI)) : null;
  const from = archive && !placed ? await centreOf(archive) : view;
  // Letters are drawn once and kept: not before their font is there.
  await Promise.allSettled([500, 600].map((weight) => document.fonts.load(`${weight} 48px "${FAMILY}"`)));
  const sharpness = () => devicePixelRatio * (container.getBoundingClientRect().width / container.offsetWidth || 1);
  const style = (/** @type {Palette} */ colours) => mapStyle(colours, basemap, document.baseURI);
  const map = new library.Map({
    container,
    style: style(palette),
    center: [from.lon, from.lat],
    zoom: from.zoom,
    minZoom: ZOOM_LIMITS[0],
    maxZoom: ZOOM_LIMITS[1],
    attributionControl: false,
    pixelRatio: sharpness(),
    // North stays up, so that a heading on the map is a heading in the street.
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    // A fade repaints for 300 ms after every move, and shows streets that are not there yet.
    fadeDuration: 0,
    locale: { "Map.Title": "Street map: arrow keys move it, plus and minus zoom" },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  let shown = palette;
  const paint = () => {
    map.setStyle(style(shown), { diff: true });
    begin();
  };
  const begin = () => {
    putShield(map, shown);
    rim.begin();
  };
  map.on("style.load", begin);
  map.on("move", (event) => onMove(false, Boolean(event.originalEvent)));
  /** @type {Spot[]} */
  let names = [];
  map.on("idle", () => {
    rim.hold();
    names = spotsOf(map);
    onMove(true, false);
  });
  map.on("moveend", (event) => {
    rim.hold(); // a map that follows somebody is seldom at rest
    onMove(true, Boolean(event.originalEvent));
  });
  // asked for, it would lay out the page in the midst of each drawing
  const measured = () => ({ width: container.clientWidth, height: container.clientHeight });
  let size = measured();
  const rim = rimOf(map, () => size);
  map.on("resize", () => {
    size = measured();
    if (map.getPixelRatio() !== sharpness()) map.setPixelRatio(sharpness());
    onMove(true, false);
  });
  map.on("error", ({ error }) => onProblem(error?.message || "the street map could not be drawn"));
  return {
    host: map.getCanvasContainer(),
    names: () => names,
    stand: rim.stand,
    roadsNear: (point, reach) => roadsAt(map, point, reach),
    named: async () => (archive ? loadedNames(map) : townNames(basemap)),
    credit: archive ? await creditOf(archive) : "",
    view() {
      const { lng, lat } = map.getCenter();
      return { lon: lng, lat, zoom: map.getZoom(), ...size };
    },
    show(next, animate) {
      const camera = { center: /** @type {[number, number]} */ ([next.lon, next.lat]), zoom: next.zoom };
      if (animate) map.easeTo({ ...camera, duration: EASE_MS });
      else map.jumpTo(camera);
    },
    retheme(colours) {
      if (JSON.stringify(colours) === JSON.stringify(shown)) return;
      shown = colours;
      // a style that still loads cannot be compared with another: it is told when it stands
      if (map.isStyleLoaded()) paint();
      else map.once("idle", paint);
    },
    remove() {
      rim.stop();
      map.remove();
    },
  };
}

/** The names that stand at one spot, as drawn. @param {import("maplibre-gl").Map} map @returns {Spot[]} */
function spotsOf(map) {
  const layers = SPOTS.filter((id) => map.getLayer(id));
  return map.queryRenderedFeatures({ layers }).flatMap(({ geometry, properties }) => {
    if (geometry.type !== "Point") return [];
    const [lon = 0, lat = 0] = geometry.coordinates;
    return [{ lon, lat, ...roomOf(String(properties["name"])) }];
  });
}

/**
 * The plate behind a road's number; it stretches to its text.
 * @param {import("maplibre-gl").Map} map @param {Palette} palette
 */
function putShield(map, palette) {
  const canvas = document.createElement("canvas");
  canvas.width = 40;
  canvas.height = 32;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return;
  pen.fillStyle = palette.case;
  pen.strokeStyle = palette.a;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.roundRect(1, 1, 38, 30, 6);
  pen.fill();
  pen.stroke();
  const image = pen.getImageData(0, 0, 40, 32);
  if (map.hasImage("shield")) map.updateImage("shield", image);
  else
    map.addImage("shield", image, {
      pixelRatio: 2,
      stretchX: [[10, 30]],
      stretchY: [[10, 22]],
      content: [4, 4, 36, 28],
    });
}
