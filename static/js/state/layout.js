// The wall: which unit stands on which tile, and how that is written in the address.
/** @import { Unit } from "./shapes" */

export const LAYOUTS = /** @type {const} */ ([4, 9, 16, 25]);
/** @typedef {4 | 9 | 16 | 25} Layout */
/** @typedef {{ device_id: string, pinned: boolean }} Place pinned: a person put it there */
/** @typedef {ReadonlyMap<string, boolean>} Freed device to whether it has recorded ever since */
/** @typedef {ReadonlyMap<number, Place>} Tiles number of the tile (2 and up) to what stands on it */

/**
 * @typedef {object} View
 * @property {Layout} layout
 * @property {Tiles} tiles tile 1 is not among them: it is the alert's, and otherwise follows the selection
 * @property {string | null} selected device
 * @property {number} focus the tile in focus, 1 and up
 * @property {number | null} enlarged
 * @property {number | null} audible the one tile with sound
 * @property {Freed} freed devices that a person took off the wall: they do not come back by themselves
 * @property {"dark" | "light"} theme
 */

/** @param {"dark" | "light"} [theme] @returns {View} */
export function emptyView(theme = "dark") {
  return {
    layout: 9,
    tiles: new Map(),
    selected: null,
    focus: 1,
    enlarged: null,
    audible: null,
    freed: new Map(),
    theme,
  };
}

/**
 * The view that an address stands for. What is not understood is left out.
 * @param {URLSearchParams} query
 * @param {"dark" | "light"} [theme] where the address names none
 * @returns {View}
 */
export function viewFromQuery(query, theme = "dark") {
  const layout = LAYOUTS.find((size) => String(size) === query.get("layout")) ?? 9;
  const named = query.get("theme");
  const focus = Number(query.get("focus"));
  return {
    ...emptyView(named === "light" || named === "dark" ? named : theme),
    layout,
    tiles: tilesFromText(query.get("tiles") ?? ""),
    selected: query.get("unit") || null,
    focus: Number.isInteger(focus) && focus >= 1 && focus <= 25 ? focus : 1,
  };
}

/**
 * The address of a view: `layout=9&tiles=2.et17-cam!~3.et09-cam&unit=et17-cam`. `!` marks a pinned tile.
 * @param {View} view
 * @returns {string} a query without `?`
 */
export function queryOfView(view) {
  const query = new URLSearchParams({ layout: String(view.layout) });
  const tiles = [...view.tiles].sort(([one], [other]) => one - other);
  if (tiles.length)
    query.set("tiles", tiles.map(([n, place]) => `${n}.${place.device_id}${place.pinned ? "!" : ""}`).join("~"));
  if (view.selected) query.set("unit", view.selected);
  if (view.focus !== 1) query.set("focus", String(view.focus));
  query.set("theme", view.theme);
  return query.toString();
}

/**
 * A person puts a unit on a tile. It leaves the tile it stood on; what stood there moves to the freed place, so that
 * nothing vanishes from the wall by a drag. Tile 1 takes the selection.
 * @param {View} view
 * @param {number} tile
 * @param {string} device
 * @returns {View}
 */
export function sentToTile(view, tile, device) {
  if (tile === 1) return { ...view, selected: device, focus: 1 };
  if (tile < 1 || tile > view.layout) return view;
  const tiles = new Map(view.tiles);
  const from = tileOf(view, device);
  const displaced = tiles.get(tile);
  if (from !== null && from !== tile) {
    if (displaced) tiles.set(from, displaced);
    else tiles.delete(from);
  }
  tiles.set(tile, { device_id: device, pinned: true });
  return { ...view, tiles, focus: tile, freed: without(view.freed, device) };
}

/** What stood there stays off the wall until somebody sends it again, or it begins another recording.
 * @param {View} view @param {number} tile @returns {View} */
export function cleared(view, tile) {
  const tiles = new Map(view.tiles);
  const device = tiles.get(tile)?.device_id;
  tiles.delete(tile);
  const freed = device ? new Map(view.freed).set(device, true) : view.freed;
  return { ...view, tiles, freed, enlarged: view.enlarged === tile ? null : view.enlarged };
}

/**
 * Pins or releases what stands on a tile.
 * @param {View} view
 * @param {number} tile
 * @returns {View}
 */
export function pinToggled(view, tile) {
  const place = view.tiles.get(tile);
  if (!place) return view;
  return { ...view, tiles: new Map(view.tiles).set(tile, { ...place, pinned: !place.pinned }) };
}

/**
 * A wall on which nobody has chosen yet shows the first living unit large, rather than a hole.
 * @param {View} view
 * @param {readonly Unit[]} units in order
 * @returns {View}
 */
export function withSelection(view, units) {
  if (view.selected && units.some((unit) => unit.device_id === view.selected)) return view;
  const first = units.find((unit) => unit.recording === "recording");
  return first ? { ...view, selected: first.device_id } : view;
}

/**
 * The tile on which a unit stands, tile 1 left aside.
 * @param {View} view
 * @param {string} device
 * @returns {number | null}
 */
export function tileOf(view, device) {
  for (const [n, place] of view.tiles) if (place.device_id === device && n <= view.layout) return n;
  return null;
}

/**
 * The device on every tile of the layout; tile 1 by alert, else by selection.
 * @param {View} view
 * @param {string | null} alertDevice
 * @returns {(string | null)[]} index 0 is tile 1
 */
export function devicesOnWall(view, alertDevice) {
  const rest = Array.from({ length: view.layout - 1 }, (_, index) => view.tiles.get(index + 2)?.device_id ?? null);
  return [alertDevice ?? view.selected, ...rest];
}

/** @param {Freed} freed @param {string} device @returns {Freed} */
function without(freed, device) {
  return freed.has(device) ? new Map([...freed].filter(([one]) => one !== device)) : freed;
}

/** @param {string} text @returns {Tiles} */
function tilesFromText(text) {
  const tiles = new Map();
  for (const part of text.split("~")) {
    const found = /^(\d{1,2})\.([a-z0-9-]{3,40})(!?)$/.exec(part);
    const tile = Number(found?.[1]);
    if (found && tile >= 2 && tile <= 25) tiles.set(tile, { device_id: found[2], pinned: found[3] === "!" });
  }
  return tiles;
}
