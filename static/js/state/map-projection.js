/** Web Mercator as MapLibre counts it: zoom 0 is one tile of 512 px; north is always up. Pure. */

const TILE_PX = 512;
const EQUATOR_M = 40_075_016.686;
const EARTH_RADIUS_M = 6_371_008.8;
const MAX_LAT = 85.0511287;

/**
 * What the map shows: the centre in degrees, the zoom, the size in CSS pixels.
 * @typedef {{lon: number, lat: number, zoom: number, width: number, height: number}} View
 * @typedef {{x: number, y: number}} Point
 * @typedef {{west: number, south: number, east: number, north: number}} Bounds
 */

/**
 * The whole world is the unit square; y grows southwards.
 * @param {number} lon @param {number} lat degrees
 * @returns {Point}
 */
export function toWorld(lon, lat) {
  const sine = Math.sin((Math.max(-MAX_LAT, Math.min(MAX_LAT, lat)) * Math.PI) / 180);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

/**
 * @param {Point} world
 * @returns {{lon: number, lat: number}}
 */
export function fromWorld({ x, y }) {
  return { lon: (x - 0.5) * 360, lat: (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI };
}

/** @param {number} zoom @returns {number} pixels across the whole world */
export function worldPixels(zoom) {
  return TILE_PX * 2 ** zoom;
}

/**
 * Where a place lies in the view, in CSS pixels from its top left corner.
 * @param {View} view
 * @returns {(lon: number, lat: number) => Point}
 */
export function projector(view) {
  const scale = worldPixels(view.zoom);
  const centre = toWorld(view.lon, view.lat);
  const left = centre.x * scale - view.width / 2;
  const top = centre.y * scale - view.height / 2;
  return (lon, lat) => {
    const world = toWorld(lon, lat);
    return { x: world.x * scale - left, y: world.y * scale - top };
  };
}

/**
 * The place under a point of the view.
 * @param {View} view @param {Point} point
 * @returns {{lon: number, lat: number}}
 */
export function unproject(view, point) {
  const scale = worldPixels(view.zoom);
  const centre = toWorld(view.lon, view.lat);
  return fromWorld({
    x: centre.x + (point.x - view.width / 2) / scale,
    y: centre.y + (point.y - view.height / 2) / scale,
  });
}

/** @param {number} lat @param {number} zoom @returns {number} metres on the ground per CSS pixel */
export function metresPerPixel(lat, zoom) {
  return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / worldPixels(zoom);
}

/**
 * Great-circle distance in metres.
 * @param {{lon: number, lat: number}} a @param {{lon: number, lat: number}} b
 */
export function distance(a, b) {
  const rad = Math.PI / 180;
  const half =
    Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 +
    Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/**
 * @param {Iterable<{lon: number, lat: number}>} places
 * @returns {Bounds | null} null when there is no place
 */
export function boundsOf(places) {
  /** @type {Bounds | null} */
  let bounds = null;
  for (const { lon, lat } of places) {
    bounds ??= { west: lon, east: lon, south: lat, north: lat };
    bounds.west = Math.min(bounds.west, lon);
    bounds.east = Math.max(bounds.east, lon);
    bounds.south = Math.min(bounds.south, lat);
    bounds.north = Math.max(bounds.north, lat);
  }
  return bounds;
}

/**
 * The view of the same size that shows all of `bounds`, with `padding` px free on each side.
 * @param {View} view @param {Bounds} bounds @param {number} padding @param {number} maxZoom
 * @returns {View}
 */
export function fitted(view, bounds, padding, maxZoom) {
  const northWest = toWorld(bounds.west, bounds.north);
  const southEast = toWorld(bounds.east, bounds.south);
  const room = (/** @type {number} */ size, /** @type {number} */ span) =>
    span > 0 ? Math.log2(Math.max(size - 2 * padding, 32) / (span * TILE_PX)) : maxZoom;
  const zoom = Math.min(
    maxZoom,
    room(view.width, southEast.x - northWest.x),
    room(view.height, southEast.y - northWest.y),
  );
  const centre = fromWorld({ x: (northWest.x + southEast.x) / 2, y: (northWest.y + southEast.y) / 2 });
  return { ...view, ...centre, zoom: Math.max(0, zoom) };
}

/**
 * The view zoomed by `delta` so that the place under `anchor` stays where it is.
 * @param {View} view @param {number} delta @param {Point} anchor @param {[number, number]} limits
 * @returns {View}
 */
export function zoomed(view, delta, anchor, [least, most]) {
  const zoom = Math.max(least, Math.min(most, view.zoom + delta));
  const held = unproject(view, anchor);
  const moved = projector({ ...view, zoom })(held.lon, held.lat);
  return panned({ ...view, zoom }, moved.x - anchor.x, moved.y - anchor.y);
}

/**
 * The view moved by so many pixels to the right and down.
 * @param {View} view @param {number} dx @param {number} dy
 * @returns {View}
 */
export function panned(view, dx, dy) {
  return { ...view, ...unproject(view, { x: view.width / 2 + dx, y: view.height / 2 + dy }) };
}

/**
 * A round length (1, 2 or 5 times a power of ten) that fits in `maxPx`.
 * @param {number} mpp metres per pixel @param {number} maxPx
 * @returns {{metres: number, px: number, text: string}}
 */
export function scaleBar(mpp, maxPx) {
  const most = mpp * maxPx;
  const ten = 10 ** Math.floor(Math.log10(most));
  const metres = ten * (most >= 5 * ten ? 5 : most >= 2 * ten ? 2 : 1);
  return { metres, px: metres / mpp, text: metres < 1000 ? `${metres} m` : `${metres / 1000} km` };
}
