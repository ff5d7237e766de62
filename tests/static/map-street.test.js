import assert from "node:assert/strict";
import { test } from "node:test";
import { overlapOf } from "../../static/js/state/map-labels.js";
import { boxesOfKept, chained, keptName } from "../../static/js/state/map-street.js";

const VIEW = { width: 500, height: 480 };
const NEAR = 30;
/** @param {number[][]} points */
const line = (points) => points.map(([x = 0, y = 0]) => ({ x, y }));
const HARBOUR = { name: "Harbour Street", lines: [line([[0, 200], [500, 240]])] }; // prettier-ignore
const LANE = { name: "Mill Lane", lines: [line([[250, 0], [250, 480]])] }; // prettier-ignore
const MARK = { x: 180, y: 216 };

/** Whether more than a hair of it is covered. @param {import("../../static/js/state/map-street.js").Kept | null} kept @param {import("../../static/js/state/map-labels.js").Box[]} boxes */
const covered = (kept, boxes) =>
  kept && boxesOfKept(kept).some((piece) => boxes.some((box) => overlapOf(piece, box) > 25));

test("the street of a mark keeps its name beside the mark and its label", () => {
  const boxes = [
    { left: 160, top: 196, right: 200, bottom: 236 },
    { left: 205, top: 205, right: 300, bottom: 227 },
  ];
  const kept = keptName(MARK, [LANE, HARBOUR], NEAR, boxes, VIEW);
  assert.equal(kept?.name, "Harbour Street");
  assert.ok(!covered(kept, boxes));
  assert.ok(kept && Math.abs(kept.turn - (Math.atan2(40, 500) * 180) / Math.PI) < 0.1, "along the street");
  assert.ok(Math.hypot(kept.x - MARK.x, kept.y - MARK.y) <= 180, "near enough to speak of it");
});

test("a name is never upside down, whichever way its street was drawn", () => {
  for (const points of [
    [
      [0, 200],
      [500, 240],
    ],
    [
      [500, 240],
      [0, 200],
    ],
    [
      [180, 480],
      [180, 0],
    ],
  ]) {
    // prettier-ignore
    const kept = keptName(MARK, [{ name: "Quay", lines: [line(points)] }], NEAR, [], VIEW);
    assert.ok(kept && Math.abs(kept.turn) <= 90, JSON.stringify(kept));
  }
});

test("it stays where it stood while that is free, and goes on when something stands there", () => {
  const first = keptName(MARK, [HARBOUR], NEAR, [], VIEW);
  const walked = { x: MARK.x + 25, y: MARK.y + 2 };
  const second = keptName(walked, [HARBOUR], NEAR, [], VIEW, first);
  assert.deepEqual(second, first);
  const box = { left: 100, top: 180, right: 260, bottom: 260 };
  const third = keptName(walked, [HARBOUR], NEAR, [box], VIEW, second);
  assert.ok(third && !covered(third, [box]));
});

test("a quarter's name gives way, and is spared where the street has as good a place", () => {
  const everywhere = [{ left: 0, top: 0, right: 500, bottom: 480 }];
  const first = keptName(MARK, [HARBOUR], NEAR, [], VIEW);
  assert.deepEqual(keptName(MARK, [HARBOUR], NEAR, [], VIEW, null, everywhere), first);
  const spared = [{ left: 130, top: 190, right: 230, bottom: 240 }];
  const aside = keptName(MARK, [HARBOUR], NEAR, [], VIEW, null, spared);
  assert.ok(aside && !covered(aside, spared));
});

test("no street is near, or nothing of it is free or in sight: no name is made up", () => {
  assert.equal(keptName({ x: 180, y: 330 }, [HARBOUR], NEAR, [], VIEW), null);
  assert.equal(keptName(MARK, [], NEAR, [], VIEW), null);
  assert.equal(keptName(MARK, [HARBOUR], NEAR, [{ left: 0, top: 0, right: 500, bottom: 480 }], VIEW), null);
  const gone = { name: "Pier", lines: [line([[180, 216], [182, 216]]), line([[180, 216], [180, 216]])] }; // prettier-ignore
  const short = keptName(MARK, [gone], NEAR, [], VIEW);
  assert.ok(
    short && [short.x, short.y, short.turn].every(Number.isFinite),
    "a street of two pixels, and a piece of none",
  );
});

test("wherever marks stand, a kept name is in sight and readable", () => {
  let [seed, told] = [1, 0];
  const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 300; round += 1) {
    const boxes = Array.from({ length: 12 }, () => {
      const [left, top] = [next() * 480, next() * 460];
      return { left, top, right: left + 20 + next() * 80, bottom: top + 22 };
    });
    const mark = { x: next() * 500, y: 200 + next() * 40 };
    const kept = keptName(mark, [HARBOUR], NEAR, boxes, VIEW);
    if (!kept) continue;
    told += 1;
    const pieces = boxesOfKept(kept);
    const area = pieces.length * 15 * 15;
    const over = pieces.reduce((sum, piece) => sum + boxes.reduce((all, box) => all + overlapOf(piece, box), 0), 0);
    const seen = pieces.reduce((sum, piece) => sum + overlapOf(piece, { left: 0, top: 0, right: 500, bottom: 480 }), 0);
    assert.ok(over / area <= 0.13 && seen / area >= 0.87, `${over / area} covered, ${seen / area} seen`);
  }
  assert.ok(told > 200, `${told} of 300 had room`);
});

test("a street that comes in pieces is one, whichever way each was drawn, and does not turn back into a side street", () => {
  const pieces = [[[100, 0], [50, 0]], [[0, 0], [50, 0]], [[100, 0], [150, 10]], [[0, 0], [50, 0]], [[50, 0], [50, 90]]].map(line); // prettier-ignore
  const found = chained(pieces).map((one) => one.map(({ x, y }) => [x, y]));
  assert.equal(found.length, 2);
  const whole = found.find((one) => one.length === 4)?.toSorted(([a = 0], [b = 0]) => a - b);
  assert.deepEqual(whole, [[0, 0], [50, 0], [100, 0], [150, 10]]); // prettier-ignore
  assert.deepEqual(chained([]), []);
});
