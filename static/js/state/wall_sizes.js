// How large a wall's writing must be to be read from where people sit, and what then fits on the screen.

const INCH_MM = 25.4;
const ARC = 0.0064; // 22 arc-minutes: cap height for each unit of distance
const CAP_HEIGHT = 0.668; // of Atkinson Hyperlegible Next, for each unit of font size
const CAPTION = 10.5; // em: ET17 and FROZEN 12 s side by side
const TILE_ROWS = 4.6; // em: a caption of 1.15 must leave three quarters to the picture
const RAIL = 10.07; // em: 564 px at 56 px
const RAIL_SHARE = 0.27; // of the screen, at most
const RAIL_ROOT = 14.1; // root em: TASER armed in letters of 1.8 of them
const ROOT = 5 / 7; // of the call sign's size: the rail's small print, 0.9 root em, reads at two thirds of the distance
const LEAST_PX = 12; // nothing is smaller, whatever the distance

/** @typedef {{ width: number, height: number }} Box CSS pixels */
/** @typedef {{ columns: number, rows: number, first: number }} Grid `first`: so many columns and rows for tile 1 */

/** @type {Readonly<Record<string, Grid>>} */
export const GRIDS = {
  1: { columns: 1, rows: 1, first: 1 },
  4: { columns: 2, rows: 2, first: 1 },
  9: { columns: 3, rows: 3, first: 1 },
  16: { columns: 4, rows: 4, first: 1 },
  25: { columns: 5, rows: 5, first: 1 },
  "1+5": { columns: 3, rows: 3, first: 2 },
  "1+16": { columns: 5, rows: 5, first: 3 },
};

/**
 * On an upright screen as many tiles in fewer columns: captions need width, and there is height. Tile 1 takes what is over.
 * @type {Readonly<Record<string, Grid>>}
 */
const UPRIGHT = {
  9: { columns: 2, rows: 6, first: 2 },
  16: { columns: 3, rows: 8, first: 3 },
  25: { columns: 4, rows: 7, first: 2 },
  "1+16": { columns: 4, rows: 5, first: 2 },
};

/** The rail stands beside the tiles, or below them. @param {Box} window */
export function isBeside({ width, height }) {
  return width >= height;
}

/** @param {string} layout @param {Box} window @returns {Grid} */
export function gridOf(layout, window) {
  const lying = GRIDS[layout] ?? { columns: 3, rows: 3, first: 1 };
  return isBeside(window) ? lying : (UPRIGHT[layout] ?? lying);
}

/** @param {Grid} grid */
export function tileCount({ columns, rows, first }) {
  return columns * rows - first * first + 1;
}

/** Of one or of four, all are large: with the main stream, and captions of two lines. @param {Grid} grid @param {number} index */
export function isLarge(grid, index) {
  return tileCount(grid) <= 4 || (grid.first > 1 && index === 0);
}

/** Tile 1 is the alert's where it stands out, or stands alone. @param {Grid} grid */
export function isFirstKept({ columns, first }) {
  return first > 1 || columns === 1;
}

/** Millimetres for each pixel. @param {number} diag inches @param {Box} screen */
export function pixelPitch(diag, { width, height }) {
  return (diag * INCH_MM) / Math.hypot(width, height);
}

/** The font size that reads at a distance. @param {number} dist metres @param {number} pitch mm @returns {number} px */
export function legibleFont(dist, pitch) {
  return (dist * 1000 * ARC) / pitch / CAP_HEIGHT;
}

/**
 * The sizes of a wall: of call sign and age (`font`), of what the rail is written in (`root`), of the rail, and the
 * distance at which call signs can really be read, which is less where so many tiles leave no room.
 * @param {object} wall
 * @param {Grid} wall.grid
 * @param {number} wall.dist metres
 * @param {number} wall.diag inches, of the whole screen
 * @param {Box} wall.screen
 * @param {Box} wall.window what the wall has of it
 */
export function wallSizes({ grid, dist, diag, screen, window }) {
  const wanted = legibleFont(dist, pixelPitch(diag, screen));
  const beside = isBeside(window);
  const along = beside ? window.width : window.height;
  const most = along * RAIL_SHARE;
  const free = along - Math.min(most, wanted * RAIL);
  const width = (beside ? free : window.width) / grid.columns;
  const height = (beside ? window.height : free) / grid.rows;
  const font = Math.max(LEAST_PX, Math.min(wanted, width / CAPTION, height / TILE_ROWS));
  const rail = Math.min(most, font * RAIL);
  const root = Math.max(LEAST_PX, Math.min(font * ROOT, (beside ? rail : window.width / 3) / RAIL_ROOT));
  return { font, root, rail, isBeside: beside, readsAt: (dist * font) / wanted };
}
