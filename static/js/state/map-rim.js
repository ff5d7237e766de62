/** Where no name may stand on the base map: on its rim, which would cut it, under its buttons, and under units and their labels.
 * MapLibre gives way to symbols that nobody sees, and takes the street's next place or none. Pure. */

import { controlsBox } from "./map-edges.js";

/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("./map-labels.js").Box} Box */
/** @typedef {{x: number, y: number, look: keyof typeof LOOKS}} Spot the middle, in px of the view */

export const RIM = "rim";
/** Width and height in px: of a piece of an upright and of a level edge, of half the buttons' place, of a piece of a mark. */
export const LOOKS = { upright: [8, 64], level: [64, 8], block: [50, 63], mark: [22, 22] };
const STEP_PX = 12; // about a letter: as far a mark may walk into a name
export const SELDOM_MS = 4000; // between two times
export const REST_MS = 1500; // an alert's first picture comes within a second: before the map
export const LONGEST_MS = 10_000;
const SHARE = 0.01; // of the page's time may go into drawing the map anew …
const PATIENCE_MS = 60_000; // … but so long nobody drives over a name

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

/** What stands on the map and is read, in pieces that cover it together. @param {readonly Box[]} boxes @returns {Spot[]} */
export function markSpots(boxes) {
  const [wide = 0, high = 0] = LOOKS.mark;
  return boxes.flatMap(({ left, top, right, bottom }) =>
    spread(top, bottom, high).flatMap((y) =>
      spread(left, right, wide).map((x) => /** @type {Spot} */ ({ x, y, look: "mark" })),
    ),
  );
}

/** The middles of as few pieces as cover the way. @param {number} from @param {number} to @param {number} piece @returns {number[]} */
function spread(from, to, piece) {
  const count = Math.max(1, Math.ceil((to - from) / piece));
  if (count === 1) return [(from + to) / 2];
  const step = (to - from - piece) / (count - 1);
  return Array.from({ length: count }, (_, at) => from + piece / 2 + at * step);
}

/** Whether names must give way anew. @param {readonly Box[]} before @param {readonly Box[]} now in one order */
export function haveMoved(before, now) {
  return (
    before.length !== now.length ||
    now.some(({ left, top, right }, at) => {
      const was = before[at];
      const far = was && Math.max(Math.abs(left - was.left), Math.abs(top - was.top), Math.abs(right - was.right));
      return far === undefined || far > STEP_PX;
    })
  );
}

/** When names give way to what has moved. Each time, the map is drawn anew: without a graphics card that holds up the page
 * for 0.3 s, and an alert, which moves its unit's label, with it. So: once all has rested, or has moved for long. */
export class GivingWay {
  /** @type {readonly Box[]} */ #told = [];
  /** @type {readonly Box[]} as they stood at their last move */ #last = [];
  #movedAt = 0;
  #toldAt = -Infinity;
  #costs = 0; // ms
  /** @type {number | null} when they first moved since */ #since = null;

  /** @param {readonly Box[]} boxes what stands now, in one order @param {number} now ms @returns {number | null} ms until it is to be told; null: as told */
  wait(boxes, now) {
    if (haveMoved(this.#last, boxes)) {
      this.#last = boxes;
      this.#movedAt = now;
    }
    if (!haveMoved(this.#told, boxes)) {
      this.#since = null;
      return null;
    }
    this.#since ??= now;
    const earned = Math.min(this.#costs / SHARE, PATIENCE_MS);
    const due = Math.min(this.#movedAt + REST_MS, this.#since + Math.max(LONGEST_MS, earned));
    return Math.max(0, due - now, this.#toldAt + Math.max(SELDOM_MS, earned) - now);
  }

  /** The map was drawn, and the page stood still for so long: the first time is seldom the usual. @param {number} ms */
  cost(ms) {
    this.#costs = Math.max(ms, this.#costs * 0.7);
  }

  /** @param {readonly Box[]} boxes @param {number} now ms */
  tell(boxes, now) {
    this.#told = boxes;
    this.#toldAt = now;
    this.#since = null;
  }
}
