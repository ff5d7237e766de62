// How wide a tile may be, so that the whole wall fits: pictures 16:9 and uncropped.
/** @import { Layout } from "./layout.js" */

const RATIO = 9 / 16;

/** Columns and rows of small tiles. Tile 1 takes two by two of them; in the layout of four it has a row of its own. */
export const GRIDS = /** @type {const} */ ({ 4: [3, 1], 9: [3, 4], 16: [4, 5], 25: [5, 6] });

/**
 * The width of a small tile in CSS pixels.
 * @param {Layout} layout
 * @param {object} room
 * @param {number} room.width of the wall
 * @param {number | null} room.height null: the wall may be as high as it likes (the page scrolls)
 * @param {number} room.gap
 * @param {number} room.bar what stands under a small picture: age rule and caption
 * @param {number} room.bigBar the same of the layout of four's first tile
 */
export function tileWidth(layout, { width, height, gap, bar, bigBar }) {
  const [columns, rows] = GRIDS[layout];
  const byWidth = (width - (columns - 1) * gap) / columns;
  if (height === null) return byWidth;
  const byHeight =
    layout === 4
      ? (height - bigBar - bar - gap - (columns - 1) * gap * RATIO) / ((columns + 1) * RATIO)
      : (height - rows * bar - (rows - 1) * gap) / (rows * RATIO);
  return Math.max(0, Math.min(byWidth, byHeight));
}
