/** On which side of its mark each label stands, so that the urgent ones are always legible. Pure. */

/**
 * @typedef {"right" | "left" | "below" | "above"} Side
 * @typedef {Side | "none"} Placed none: a graver one stands there, and half a call sign could be taken for another
 * @typedef {{x: number, y: number, radius: number, width: number, height: number, rank: number, before?: Placed}} Labelled
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 * @typedef {Box & {solid?: boolean}} Other solid: it lies over a label, and is not read through it
 */

const GAP_PX = 5;
const ALWAYS = 2; // to this rank: alerts of priority 1 and 2, and what is selected
const SOLID = 6; // beside a name's box, which is larger, and gives way: under a label nobody sees that somebody stands there
const COVERED = { comes: 0.08, goes: 0.2 }; // of a label's area: apart, so that it does not come and go as its officer walks
/** @type {Side[]} */
const SIDES = ["right", "left", "below", "above"];

/**
 * The box of a label on one side of its mark.
 * @param {Labelled} mark @param {Side} side
 * @returns {Box}
 */
export function labelBox(mark, side) {
  const away = mark.radius + GAP_PX;
  const left =
    side === "right" ? mark.x + away : side === "left" ? mark.x - away - mark.width : mark.x - mark.width / 2;
  const top =
    side === "below"
      ? mark.y + away - 1
      : side === "above"
        ? mark.y - away - mark.height + 1
        : mark.y - mark.height / 2;
  return { left, top, right: left + mark.width, bottom: top + mark.height };
}

/**
 * Chooses a side for each label, most urgent first: the side with the least overlap; the one it had wins a tie. Where a graver
 * label or another's mark covers it on each side it is left out: list, marker and zoom still tell whose it is.
 * @param {Labelled[]} marks @param {{width: number, height: number}} view
 * @param {readonly Other[]} others what else stands on the map, without a label
 * @param {readonly Box[]} covers what lies over the labels: under it nothing is read, as outside the map
 * @returns {Placed[]} in the order of `marks`
 */
export function placeLabels(marks, view, others = [], covers = []) {
  /** @type {Placed[]} */
  const sides = new Array(marks.length).fill("right");
  const discs = [...marks.map((mark) => ({ ...square(mark, mark.radius + 2), solid: true })), ...others];
  /** @type {Box[]} */
  const taken = [];
  const order = marks.map((_, index) => index).sort((a, b) => rankAt(marks, a) - rankAt(marks, b) || a - b);
  for (const index of order) {
    const mark = /** @type {Labelled} */ (marks[index]);
    let least = Infinity;
    let best = SIDES[0] ?? "right";
    for (const side of SIDES) {
      const box = labelBox(mark, side);
      let cost = outside(box, view) * 4 + (side === mark.before ? -24 : 0) + SIDES.indexOf(side);
      for (const cover of covers) cost += overlapOf(box, cover) * 60; // of two labels that share a spot one is read, of one under a button none
      for (const other of taken) cost += overlapOf(box, other) * 2;
      discs.forEach((disc, at) => (cost += at === index ? 0 : overlapOf(box, disc) * (disc.solid ? SOLID : 1)));
      if (cost < least) {
        least = cost;
        best = side;
      }
    }
    const box = labelBox(mark, best);
    const over = [...taken, ...others.filter(({ solid }) => solid), ...graverDiscs(marks, index)];
    const isLeftOut =
      mark.rank > ALWAYS && shareCovered(box, over) > COVERED[mark.before === "none" ? "comes" : "goes"];
    sides[index] = isLeftOut ? "none" : best;
    if (!isLeftOut) taken.push(box);
  }
  return sides;
}

/** The discs of the others that lie over this one's label, or as well may. @param {Labelled[]} marks @param {number} index */
function graverDiscs(marks, index) {
  const rank = rankAt(marks, index);
  return marks.flatMap((one, at) => (at !== index && one.rank <= rank ? [square(one, one.radius)] : []));
}

/** @param {Box} box @param {readonly Box[]} others @returns {number} of its area, each counted by itself */
function shareCovered(box, others) {
  const area = (box.right - box.left) * (box.bottom - box.top);
  return others.reduce((sum, other) => sum + overlapOf(box, other), 0) / Math.max(area, 1);
}

/** @param {Labelled[]} marks @param {number} index */
function rankAt(marks, index) {
  return marks[index]?.rank ?? 0;
}

/** @param {import("./map-projection.js").Point} middle @param {number} half @returns {Box} */
export function square({ x, y }, half) {
  return { left: x - half, top: y - half, right: x + half, bottom: y + half };
}

/**
 * The squares that cover slanting words together.
 * @param {import("./map-projection.js").Point} middle @param {number} turn degrees clockwise @param {number} width @param {number} height
 * @returns {Box[]}
 */
export function labelPieces({ x, y }, turn, width, height) {
  const count = Math.max(1, Math.ceil(width / height));
  const [across, down] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  return Array.from({ length: count }, (_, at) => {
    const along = ((at + 0.5) / count - 0.5) * width;
    return square({ x: x + along * across, y: y + along * down }, height / 2);
  });
}

/** @param {Box} a @param {Box} b @returns {number} shared area in square pixels */
export function overlapOf(a, b) {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return across > 0 && down > 0 ? across * down : 0;
}

/** @param {Box} box @param {{width: number, height: number}} view @returns {number} area outside the view */
function outside(box, view) {
  const area = (box.right - box.left) * (box.bottom - box.top);
  return area - overlapOf(box, { left: 2, top: 2, right: view.width - 2, bottom: view.height - 2 });
}
