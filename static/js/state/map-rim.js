/** Where no name may stand on the base map: on its rim, which would cut it, and under its buttons. MapLibre gives way to symbols
 * that nobody sees, and takes the street's next place or none. Pure. */

import { controlsBox } from "./map-edges.js";

/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {{x: number, y: number, look: keyof typeof LOOKS}} Spot the middle, in px of the view */

export const RIM = "rim";
/** Width and height in px: of a piece of an upright and of a level edge, of half the buttons' place. */
export const LOOKS = { upright: [8, 64], level: [64, 8], block: [50, 63] };

/** @type {Layer} the topmost: what is placed first is what the others give way to */
export const RIM_LAYER = {
  id: RIM,
  type: "symbol",
  source: RIM,
  layout: { "icon-image": ["concat", `${RIM}-`, ["get", "look"]], "icon-allow-overlap": true, "icon-padding": 0 },
};

/** @param {{width: number, height: number}} view @returns {Spot[]} */
export function rimSpots({ width, height }) {
  const { left, right, bottom } = controlsBox({ width });
  const [long = 0] = LOOKS.level;
  const along = (/** @type {number} */ size) =>
    Array.from({ length: Math.ceil(size / long) }, (_, at) =>
      Math.min((at + 0.5) * long, Math.max(size - long / 2, size / 2)),
    );
  const [across, down] = [along(width), along(height)];
  return [
    ...down.flatMap((y) => [0, width].map((x) => /** @type {Spot} */ ({ x, y, look: "upright" }))),
    ...across.flatMap((x) => [0, height].map((y) => /** @type {Spot} */ ({ x, y, look: "level" }))),
    ...[0.25, 0.75].map((share) => /** @type {Spot} */ ({ x: (left + right) / 2, y: bottom * share, look: "block" })),
  ];
}
