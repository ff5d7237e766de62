/** The name of the street in which an alert stands: other names go, this one finds a place beside mark and trail. Pure. */

import { labelPieces, overlapOf } from "./map-labels.js";

/** @typedef {import("./map-projection.js").Point} Point */
/** @typedef {import("./map-labels.js").Box} Box */
/**
 * @typedef {{name: string, lines: Point[][]}} Road one named road near the mark, in px of the view; it may come in pieces
 * @typedef {Point & {name: string, turn: number}} Kept the name's middle, and degrees clockwise: never upside down
 */

export const REACH_PX = 180; // so far from the mark its street's name still speaks of it
const [LETTER_PX, HEIGHT_PX] = [7.4, 15]; // of 12.5 px semibold, with its spacing; with its halo
const STEP_PX = 8;
const SAME_PX = 6; // a name that stood there stays, until a place is better by so much
const ASIDE_PX = [0, -12, 12, -20, 20]; // where officers fill a street its name stands beside it, as near as on any map
const LEVEL_PX = 8; // and where that is full, too, level, its end at its street
const COSTS = { covered: 40, outside: 40, over: 3, short: 1.2, aside: 2, stays: -40 };
const CROSSING = 0.3; // of "near": 18 of 60 m, as the server's words for a corner
const MOST_COVERED = 0.12; // of its area: of what is left no name is read

/** @param {string} name */
const widthOf = (name) => name.length * LETTER_PX;

/**
 * The street nearest to a mark, and where its name stands: as near as it can with nothing over it.
 * @param {Point} mark @param {readonly Road[]} roads @param {number} near px: no street further than that is the mark's
 * @param {readonly Box[]} boxes what stands on the map: discs, labels, the scale, the buttons
 * @param {{width: number, height: number}} view @param {Kept | null} [before]
 * @param {readonly Box[]} [names] of quarters and parks: they give way, and yet had better stand, too
 * @returns {Kept | null} null: no street is near, or none of its length in sight is free
 */
export function keptName(mark, roads, near, boxes, view, before = null, names = []) {
  for (const name of nearestNames(mark, roads, near)) {
    const lines = chained(roads.filter((road) => road.name === name).flatMap((road) => road.lines));
    const kept = placed(name, lines, mark, boxes, view, before, names);
    if (kept) return kept;
  }
  return null;
}

/**
 * @param {string} name @param {readonly Point[][]} lines its street's @param {Point} mark @param {readonly Box[]} boxes
 * @param {{width: number, height: number}} view @param {Kept | null} before @param {readonly Box[]} names
 * @returns {Kept | null}
 */
function placed(name, lines, mark, boxes, view, before, names) {
  const width = widthOf(name);
  /** @type {Kept | null} */
  let best = null;
  let least = Infinity;
  for (const { short, aside, ...place } of lines.flatMap((line) => placesAlong(line, width))) {
    const far = Math.hypot(place.x - mark.x, place.y - mark.y);
    if (far > REACH_PX) continue;
    const [covered, outside] = sharesOf(place, width, boxes, view);
    const [over] = sharesOf(place, width, names, view);
    const stays = before?.name === name && Math.hypot(place.x - before.x, place.y - before.y) < SAME_PX;
    const cost =
      far +
      (covered * COSTS.covered + outside * COSTS.outside + over * COSTS.over) * width +
      short * COSTS.short +
      aside * COSTS.aside +
      (stays ? COSTS.stays : 0);
    if (cost < least && covered + outside <= MOST_COVERED) [best, least] = [{ ...place, name }, cost];
  }
  return best;
}

/** The boxes that cover a kept name together: what else is written gives way to them. @param {Kept} kept @returns {Box[]} */
export const boxesOfKept = (kept) => labelPieces(kept, kept.turn, widthOf(kept.name), HEIGHT_PX);

/**
 * The street that a mark stands in, and after it those of its crossing: where the one has no room, the other says as well where it is.
 * @param {Point} mark @param {readonly Road[]} roads @param {number} near
 */
function nearestNames(mark, roads, near) {
  /** @type {Map<string, number>} */
  const far = new Map();
  for (const { name, lines } of roads)
    far.set(name, Math.min(far.get(name) ?? Infinity, ...lines.map((line) => toLine(mark, line))));
  const least = Math.min(near, ...far.values());
  const found = [...far].filter(([, one]) => one <= near && one <= Math.max(least, near * CROSSING));
  return found.sort(([, one], [, other]) => one - other).map(([name]) => name);
}

/**
 * A street's pieces from crossing to crossing, put together where one goes on in the other's direction.
 * @param {readonly (readonly Point[])[]} pieces @returns {Point[][]}
 */
export function chained(pieces) {
  const nameOf = (/** @type {Point} */ { x, y }) => `${Math.round(x)} ${Math.round(y)}`;
  const told = new Map(pieces.map((piece) => [piece.map(nameOf).join(), piece]));
  const left = [...told.values()].filter((piece) => piece.length > 1).map((piece) => [...piece]);
  const found = [];
  for (let chain = left.shift(); chain; chain = left.shift()) {
    for (let turn = 0; turn < 2; turn += 1) {
      for (let next = takeNext(left, chain); next; next = takeNext(left, chain)) chain.push(...next.slice(1));
      chain.reverse(); // and on at its other end
    }
    found.push(chain);
  }
  return found;
}

/** The piece that goes on where the chain ends, its way, out of those that are left. @param {Point[][]} left @param {Point[]} chain */
function takeNext(left, chain) {
  const ways = left.flatMap((piece, at) => [piece, [...piece].reverse()].map((way) => ({ way, at })));
  const next = ways.find(({ way }) => goesOn(chain, way));
  if (next) left.splice(next.at, 1);
  return next?.way ?? null;
}

/** @param {Point[]} chain @param {Point[]} way */
function goesOn(chain, way) {
  const [before, end] = /** @type {[Point, Point]} */ (chain.slice(-2));
  const [begin, after] = /** @type {[Point, Point]} */ (way.slice(0, 2));
  if (Math.hypot(begin.x - end.x, begin.y - end.y) > 1) return false;
  return (end.x - before.x) * (after.x - begin.x) + (end.y - before.y) * (after.y - begin.y) > 0;
}

/** @param {Point} mark @param {readonly Point[]} line @returns {number} px */
function toLine(mark, line) {
  const far = line.slice(1).map((to, at) => toPiece(mark, /** @type {Point} */ (line[at]), to));
  return Math.min(Infinity, ...far);
}

/** @param {Point} point @param {Point} from @param {Point} to @returns {number} from the point to the piece of a line */
function toPiece({ x, y }, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const along = square ? Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / square)) : 0;
  return Math.hypot(from.x + along * dx - x, from.y + along * dy - y);
}

/**
 * Every place along a line where a name may have its middle.
 * @param {readonly Point[]} line @param {number} width px
 * @returns {(Point & {turn: number, short: number, aside: number})[]} `short`: by how much the street is shorter there than
 *   its name; `aside`: how far beside it; px
 */
function placesAlong(line, width) {
  const ends = [0];
  for (let at = 1; at < line.length; at += 1) {
    const [from, to] = [/** @type {Point} */ (line[at - 1]), /** @type {Point} */ (line[at])];
    ends.push(/** @type {number} */ (ends[at - 1]) + Math.hypot(to.x - from.x, to.y - from.y));
  }
  const whole = ends.at(-1) ?? 0;
  const found = [];
  for (let middle = Math.min(STEP_PX, whole / 2); middle < whole && middle > 0; middle += STEP_PX) {
    const from = pointAt(line, ends, Math.max(0, middle - width / 2));
    const to = pointAt(line, ends, Math.min(whole, middle + width / 2));
    const [dx, dy] = to.x < from.x ? [from.x - to.x, from.y - to.y] : [to.x - from.x, to.y - from.y];
    const turn = (Math.atan2(dy, dx) * 180) / Math.PI;
    const [at, long] = [pointAt(line, ends, middle), Math.hypot(dx, dy) || 1];
    const short = Math.max(0, width - long);
    for (const aside of ASIDE_PX)
      found.push({ x: at.x - (aside * dy) / long, y: at.y + (aside * dx) / long, turn, short, aside: Math.abs(aside) });
    for (const side of [-1, 1]) {
      const aside = width / 2 + LEVEL_PX;
      found.push({ x: at.x + side * aside, y: at.y, turn: 0, short: 0, aside });
    }
  }
  return found;
}

/** @param {readonly Point[]} line @param {readonly number[]} ends how long it is up to each point @param {number} along px @returns {Point} */
function pointAt(line, ends, along) {
  const next = Math.max(
    1,
    ends.findIndex((end) => end >= along),
  );
  const [from, to] = [/** @type {Point} */ (line[next - 1]), /** @type {Point} */ (line[next])];
  const [begins, over] = [ends[next - 1] ?? 0, ends[next] ?? 0];
  const share = over > begins ? (along - begins) / (over - begins) : 0;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/**
 * @param {Point & {turn: number}} place @param {number} width @param {readonly Box[]} boxes @param {{width: number, height: number}} view
 * @returns {[number, number]} of the name: what is covered, what lies outside the view; from 0 on
 */
function sharesOf(place, width, boxes, view) {
  const pieces = labelPieces(place, place.turn, width, HEIGHT_PX);
  const sight = { left: 2, top: 2, right: view.width - 2, bottom: view.height - 2 };
  let [area, over, seen] = [0, 0, 0];
  for (const piece of pieces) {
    area += (piece.right - piece.left) * (piece.bottom - piece.top);
    seen += overlapOf(piece, sight);
    for (const box of boxes) over += overlapOf(piece, box);
  }
  return [over / area, 1 - seen / area];
}
