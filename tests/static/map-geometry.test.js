import assert from "node:assert/strict";
import { test } from "node:test";
import { beside, group, groupAtMost, urgency } from "../../static/js/state/map-clusters.js";
import {
  clearOfControls,
  fittedInSight,
  isCovered,
  isInside,
  rimPoint,
  scaleBehind,
  scaleCorner,
} from "../../static/js/state/map-edges.js";
import { neighbour } from "../../static/js/state/map-focus.js";
import { labelBox, placeLabels } from "../../static/js/state/map-labels.js";
import { MapOpening } from "../../static/js/state/map-opening.js";
import {
  GivingWay,
  LONGEST_MS,
  LOOKS,
  REST_MS,
  SELDOM_MS,
  haveMoved,
  markSpots,
  rimSpots,
} from "../../static/js/state/map-rim.js";
import * as projection from "../../static/js/state/map-projection.js";
import { lengthened, pathData, thinned } from "../../static/js/state/map-trails.js";

const VIEW = { lon: 1.03, lat: 51.36, zoom: 15, width: 800, height: 600 };

/** @param {number} a @param {number} b @param {number} [within] */
const near = (a, b, within = 1e-6) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

/** @param {string} id @param {number} x @param {number} y @param {Record<string, unknown>} [more] */
function placed(id, x, y, more = {}) {
  const marker = /** @type {import("../../static/js/state/map-markers.js").Marker} */ (
    /** @type {unknown} */ ({
      device_id: id,
      call_sign: id,
      recording: "recording",
      priority: 0,
      selected: false,
      stale: false,
      ...more,
    })
  );
  return { marker, x, y };
}

test("the centre of the view is projected to its middle, and back", () => {
  const { x, y } = projection.projector(VIEW)(1.03, 51.36);
  near(x, 400);
  near(y, 300);
  for (const point of [
    { x: 0, y: 0 },
    { x: 799, y: 20 },
    { x: 123.4, y: 567.8 },
  ]) {
    const place = projection.unproject(VIEW, point);
    const again = projection.projector(VIEW)(place.lon, place.lat);
    near(again.x, point.x, 1e-4);
    near(again.y, point.y, 1e-4);
  }
});

test("a circle true to scale: metres per pixel agree with the distance on the ground", () => {
  const mpp = projection.metresPerPixel(VIEW.lat, VIEW.zoom);
  const left = projection.unproject(VIEW, { x: 300, y: 300 });
  const right = projection.unproject(VIEW, { x: 500, y: 300 });
  near(projection.distance(left, right) / 200 / mpp, 1, 0.005);
});

test("zooming keeps the place under the pointer, and stays within its limits", () => {
  const anchor = { x: 200, y: 450 };
  const before = projection.unproject(VIEW, anchor);
  const after = projection.unproject(projection.zoomed(VIEW, 1.7, anchor, [3, 20]), anchor);
  near(before.lon, after.lon, 1e-9);
  near(before.lat, after.lat, 1e-9);
  assert.equal(projection.zoomed(VIEW, 99, anchor, [3, 20]).zoom, 20);
});

test("view all shows every unit with room to spare", () => {
  const places = [
    { lon: 1.0, lat: 51.34 },
    { lon: 1.05, lat: 51.37 },
    { lon: 1.02, lat: 51.35 },
  ];
  const bounds = projection.boundsOf(places);
  assert.ok(bounds);
  const project = projection.projector(projection.fitted(VIEW, bounds, 64, 18));
  for (const { lon, lat } of places) {
    const { x, y } = project(lon, lat);
    assert.ok(x >= 63.9 && x <= 736.1 && y >= 63.9 && y <= 536.1, `${x} ${y}`);
  }
  assert.equal(projection.boundsOf([]), null);
  const single = projection.fitted(VIEW, { west: 1, east: 1, south: 51, north: 51 }, 64, 16.5);
  assert.equal(single.zoom, 16.5);
});

test("the scale is a round length", () => {
  assert.equal(projection.scaleBar(1.5, 110).text, "100 m");
  assert.equal(projection.scaleBar(2, 110).text, "200 m");
  assert.equal(projection.scaleBar(30, 110).text, "2 km");
  near(projection.scaleBar(1.5, 110).px, 66.67, 0.01);
});

test("markers that lie on each other become one count that shows the highest state", () => {
  const { single, clusters } = group(
    [placed("a", 0, 0, { recording: "off" }), placed("b", 10, 0), placed("c", 100, 0)],
    22,
  );
  assert.deepEqual(
    single.map(({ marker }) => marker.device_id),
    ["c"],
  );
  assert.equal(clusters.length, 1);
  assert.deepEqual(
    clusters[0]?.markers.map(({ device_id }) => device_id),
    ["a", "b"],
  );
  assert.equal(clusters[0]?.highest.device_id, "b");
  assert.equal(clusters[0]?.x, 5);
});

test("no alert of priority 1 or 2 and no selected unit ever disappears in a count", () => {
  const crowd = Array.from({ length: 50 }, (_, index) => placed(`m${index}`, index % 3, 0));
  const pressing = [
    placed("p1", 0, 0, { priority: 1 }),
    placed("p2", 0, 0, { priority: 2 }),
    placed("s", 0, 0, { selected: true }),
  ];
  const { single } = groupAtMost([...crowd, ...pressing], 22, 2, () => true);
  assert.deepEqual(single.map(({ marker }) => marker.device_id).sort(), ["p1", "p2", "s"]);
});

test("grouping is the same for any order of the units", () => {
  const crowd = Array.from({ length: 40 }, (_, index) => placed(`m${index}`, (index * 37) % 200, (index * 53) % 200));
  const names = (/** @type {ReturnType<typeof group>} */ grouped) =>
    grouped.clusters.map(({ key, markers }) => `${key}:${markers.map(({ device_id }) => device_id).sort()}`).sort();
  assert.deepEqual(names(group(crowd, 30)), names(group([...crowd].reverse(), 30)));
});

test("however many units there are, only so many marks are drawn, and none is left out of the counts", () => {
  const crowd = Array.from({ length: 2000 }, (_, index) =>
    placed(`m${index}`, (index * 7919) % 1900, (index * 104_729) % 1000),
  );
  const { single, clusters } = groupAtMost(crowd, 22, 60, () => true);
  assert.ok(single.length + clusters.length <= 60, `${single.length + clusters.length} marks`);
  assert.equal(single.length + clusters.reduce((sum, { markers }) => sum + markers.length, 0), 2000);
});

test("a count does not lie under a unit that stands alone: it stands beside it", () => {
  const alone = [{ x: 100, y: 100 }];
  assert.deepEqual(beside({ x: 300, y: 100 }, alone, 34), { x: 300, y: 100 });
  assert.deepEqual(beside({ x: 110, y: 100 }, alone, 34), { x: 134, y: 100 });
  assert.deepEqual(beside({ x: 100, y: 100 }, alone, 34), { x: 100, y: 134 });
});

test("urgency: priority 1, 2, the selected unit, then the rest", () => {
  const order = [
    { priority: 1 },
    { priority: 2 },
    { selected: true },
    { priority: 3 },
    {},
    { recording: "off" },
    { stale: true },
  ];
  const ranks = order.map((more) => urgency(placed("x", 0, 0, more).marker));
  assert.deepEqual(
    ranks,
    [...ranks].sort((a, b) => a - b),
  );
});

test("a label gives way to a disc, to the rim, and to a more urgent label", () => {
  const base = { radius: 11, width: 60, height: 22, rank: 4 };
  assert.deepEqual(placeLabels([{ ...base, x: 100, y: 100 }], VIEW), ["right"]);
  assert.deepEqual(placeLabels([{ ...base, x: 790, y: 100 }], VIEW), ["left"]);
  assert.deepEqual(
    placeLabels(
      [
        { ...base, x: 100, y: 100 },
        { ...base, x: 140, y: 100 },
      ],
      VIEW,
    ),
    ["left", "right"],
  );
  const [urgent] = placeLabels(
    [
      { ...base, x: 100, y: 100, rank: 0 },
      { ...base, x: 140, y: 160, rank: 9 },
    ],
    VIEW,
  );
  assert.equal(urgent, "right");
});

test("a label gives way to the map's scale and to a place's name", () => {
  const mark = { x: 60, y: 585, radius: 11, width: 60, height: 22, rank: 4 };
  assert.deepEqual(placeLabels([mark], VIEW), ["right"]);
  const scale = { left: 0, top: 566, right: 170, bottom: 600 };
  assert.deepEqual(placeLabels([mark], VIEW, [scale]), ["above"]);
  const name = { left: 20, top: 540, right: 110, bottom: 562 };
  assert.notDeepEqual(placeLabels([{ ...mark, y: 520 }], VIEW, [name]), ["below"]);
});

test("an alert's label stands over a street's name rather than over another officer", () => {
  const mark = { x: 400, y: 300, radius: 14, width: 90, height: 22, rank: 0 };
  const other = { ...mark, x: 440, radius: 9, width: 40, rank: 9 }; // to its right
  const names = [-1, 1].map((by) => ({ left: 340, right: 460, top: 290 + 26 * by, bottom: 310 + 26 * by }));
  const left = { left: 280, right: 380, top: 288, bottom: 312 };
  const [side] = placeLabels([mark, other], VIEW, [...names, left]);
  assert.ok(side && side !== "none" && side !== "right", `${side}`);
});

test("a label never stands under the map's buttons: there it would be as unread as outside the map", () => {
  const mark = { x: 730, y: 60, radius: 14, width: 90, height: 22, rank: 0 };
  const buttons = { left: 750, top: 0, right: 800, bottom: 126 };
  assert.deepEqual(placeLabels([mark], VIEW, [], [buttons]), ["left"]);
  // another mark's label stands to its left; half of this one would be covered above and below
  const other = { ...mark, x: 600, y: 72, width: 110, rank: -1 };
  const sides = placeLabels([other, mark], VIEW, [], [buttons]);
  const side = sides[1];
  assert.ok(side && side !== "none", "it is urgent");
  const box = labelBox(mark, side);
  assert.ok(box.right <= 750 || box.top >= 126, `${sides[1]}: ${JSON.stringify(box)}`);
});

test("a call sign that a graver label would cut on every side is left out, and comes back when there is room", () => {
  const mark = { x: 400, y: 300, radius: 11, width: 60, height: 22, rank: 4 };
  const graver = [-70, 0, 70].flatMap((x) =>
    [-24, 0, 24].map((y) => ({ ...mark, x: 370 + x, y: 300 + y, width: 90, rank: 0, radius: 2 })),
  );
  assert.equal(placeLabels([...graver, mark], VIEW).at(-1), "none");
  for (const rank of [0, 1, 2]) assert.notEqual(placeLabels([...graver, { ...mark, rank }], VIEW).at(-1), "none");
  const alone = placeLabels([{ ...mark, before: "none" }], VIEW);
  assert.deepEqual(alone, ["right"]);
  // an edge's touch hides nothing, and what is hidden does not flicker
  const touching = { ...mark, x: 352, y: 318, rank: 0, width: 40 };
  const sides = placeLabels([touching, mark], VIEW);
  assert.notEqual(sides[1], "none");
});

test("a call sign that others' discs or a count would cut is left out, however plain its alarm; an alert's never is", () => {
  const mark = { x: 400, y: 300, radius: 11, width: 52, height: 22, rank: 4 };
  const round = [-38, 38].map((x) => ({ ...mark, x: 400 + x, width: 0, before: /** @type {const} */ ("none") }));
  const [above, below] = [-26, 26].map((y) => ({ left: 382, right: 418, top: 282 + y, bottom: 318 + y, solid: true }));
  assert.ok(above && below);
  assert.equal(placeLabels([...round, mark], VIEW, [above, below]).at(-1), "none");
  assert.notEqual(placeLabels([...round, { ...mark, rank: 1 }], VIEW, [above, below]).at(-1), "none");
  // a graver mark's label lies over a plainer disc
  const plainer = round.map((one) => ({ ...one, rank: 9 }));
  assert.notEqual(placeLabels([...plainer, { ...mark, rank: 3 }], VIEW, [above, below]).at(-1), "none");
});

test("names give way to the whole of what stands on the map, and anew once it has walked a letter's width", () => {
  const [wide = 0, high = 0] = LOOKS.mark;
  for (const box of [
    { left: 10, top: 20, right: 32, bottom: 42 },
    { left: 10.5, top: 20, right: 101, bottom: 42 },
    { left: 0, top: 0, right: 36, bottom: 36 },
  ]) {
    const pieces = markSpots([box]);
    for (let x = box.left; x <= box.right; x += 1)
      for (let y = box.top; y <= box.bottom; y += 1)
        assert.ok(
          pieces.some((one) => Math.abs(one.x - x) <= wide / 2 + 0.01 && Math.abs(one.y - y) <= high / 2 + 0.01),
          `${x}, ${y} of ${JSON.stringify(box)}`,
        );
  }
  const box = { left: 10, top: 20, right: 60, bottom: 42 };
  const aside = (/** @type {number} */ by) => ({ ...box, left: box.left + by, right: box.right + by });
  assert.equal(haveMoved([box], [aside(11)]), false);
  assert.equal(haveMoved([box], [aside(13)]), true);
  assert.equal(haveMoved([box], [{ ...box, right: 90 }]), true, "its label is longer now");
  assert.equal(haveMoved([box], []), true);
  assert.equal(haveMoved([], [box]), true);
});

test("names give way once what stands on them has rested, or has moved for long", () => {
  const at = (/** @type {number} */ left) => [{ left, top: 20, right: left + 50, bottom: 42 }];
  const giving = new GivingWay();
  assert.equal(giving.wait(at(0), 0), REST_MS, "it has come");
  assert.equal(giving.wait(at(5), 1000), REST_MS - 1000, "a step of less than a letter is rest");
  assert.equal(giving.wait(at(20), 1400), REST_MS, "it has moved on");
  assert.equal(giving.wait(at(20), 1400 + REST_MS), 0);
  giving.tell(at(20), 1400 + REST_MS);
  assert.equal(giving.wait(at(31), 5000), null, "names stand clear of it");

  assert.equal(giving.wait(at(40), 6000), REST_MS, "an alert's label comes");
  assert.equal(giving.wait(at(20), 6300), null, "and goes before any name has moved");
  for (let now = 7000; now < 7000 + LONGEST_MS; now += 500) {
    const wait = giving.wait(at(now), now);
    assert.equal(wait, Math.min(REST_MS, 7000 + LONGEST_MS - now), "who drives never rests");
  }
  assert.equal(giving.wait(at(0), 7000 + LONGEST_MS), 0);
});

test("names give way seldom to who drives slowly, too", () => {
  const giving = new GivingWay();
  /** @type {number[]} */ const told = [];
  for (let now = 0; now < 60_000; now += 100) {
    const left = 6 * Math.floor(now / 1000); // 6 px with each fix: a letter's width every third second
    if (giving.wait([{ left, top: 20, right: left + 50, bottom: 42 }], now) !== 0) continue;
    giving.tell([{ left, top: 20, right: left + 50, bottom: 42 }], now);
    told.push(now);
  }
  assert.ok(told.length > 5, "but they do");
  const gaps = told.slice(1).map((at, index) => at - (told[index] ?? 0));
  assert.ok(Math.min(...gaps) >= SELDOM_MS && Math.max(...gaps) <= LONGEST_MS, String(gaps));
});

test("where the map is dear to draw, names give way as seldom as that costs a hundredth of the time", () => {
  const at = (/** @type {number} */ left) => [{ left, top: 20, right: left + 50, bottom: 42 }];
  for (const [cost, apart] of /** @type {const} */ ([
    [10, SELDOM_MS],
    [300, 30_000],
    [5000, 60_000],
  ])) {
    const giving = new GivingWay();
    giving.cost(cost);
    assert.equal(giving.wait(at(0), 0), REST_MS, "the first time it waits for rest alone");
    giving.tell(at(0), REST_MS);
    giving.wait(at(20), 1600);
    assert.equal(giving.wait(at(20), 3200), REST_MS + apart - 3200, `${cost} ms`);
  }
  const giving = new GivingWay();
  [5000, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100].forEach((ms) => giving.cost(ms));
  giving.tell(at(0), 0);
  giving.wait(at(20), 100);
  assert.equal(giving.wait(at(20), 2000), 8000, "a first drawing that was slow is forgotten");
});

test("a label stays on its side while that is as good as any", () => {
  const mark = { x: 400, y: 300, radius: 11, width: 60, height: 22, rank: 4 };
  assert.deepEqual(placeLabels([{ ...mark, before: "left" }], VIEW), ["left"]);
  const box = labelBox(mark, "left");
  assert.equal(box.right, 400 - 16);
  assert.equal(box.bottom - box.top, 22);
});

test("an alert outside the view is pointed at from the rim", () => {
  assert.equal(isInside({ x: 10, y: 10 }, VIEW), true);
  assert.equal(isInside({ x: 801, y: 10 }, VIEW), false);
  const east = rimPoint({ x: 4000, y: 300 }, VIEW, 20);
  near(east.x, 780);
  near(east.y, 300);
  near(east.turn, 90);
  const north = rimPoint({ x: 400, y: -900 }, VIEW, 20);
  near(north.y, 20);
  near(north.turn, 0);
});

test("nothing that matters lies under the map's buttons", () => {
  assert.deepEqual(clearOfControls({ x: 774, y: 26 }, VIEW, 26), { x: 724, y: 26 });
  assert.deepEqual(clearOfControls({ x: 774, y: 120 }, VIEW, 26), { x: 774, y: 152 });
  assert.deepEqual(clearOfControls({ x: 774, y: 400 }, VIEW, 26), { x: 774, y: 400 });
  assert.equal(isCovered({ x: 760, y: 60 }, VIEW), true);
  assert.equal(isCovered({ x: 700, y: 60 }, VIEW), false);
  const bounds = { west: 1.01, east: 1.05, south: 51.35, north: 51.353 };
  const corners = [
    { lon: 1.01, lat: 51.35 },
    { lon: 1.05, lat: 51.353 },
  ];
  const low = { ...VIEW, height: 200 }; // the corner comes to stand beside the buttons
  const plain = projection.fitted(low, bounds, 26, 17);
  assert.deepEqual(fittedInSight(low, bounds, 26, 17, [{ lon: 1.01, lat: 51.35 }]), plain);
  const found = fittedInSight(low, bounds, 26, 17, corners);
  const project = projection.projector(found);
  for (const { lon, lat } of corners) {
    const point = project(lon, lat);
    assert.ok(isInside(point, low) && !isCovered(point, low), JSON.stringify(point));
  }
});

test("the rim is closed: no name can stand across it, nor under the buttons", () => {
  for (const view of [
    { width: 280, height: 214 },
    { width: 1001, height: 777 },
  ]) {
    const boxes = rimSpots(view).map(({ x, y, look }) => {
      const [wide = 0, high = 0] = LOOKS[look];
      return { left: x - wide / 2, right: x + wide / 2, top: y - high / 2, bottom: y + high / 2 };
    });
    const held = (/** @type {number} */ x, /** @type {number} */ y) =>
      boxes.some((box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
    for (let x = 0; x <= view.width; x += 1) assert.ok(held(x, 1) && held(x, view.height - 1), `${x} of ${view.width}`);
    for (let y = 0; y <= view.height; y += 1)
      assert.ok(held(1, y) && held(view.width - 1, y), `${y} of ${view.height}`);
    for (let x = view.width - 49; x < view.width; x += 1)
      for (let y = 0; y < 126; y += 1) assert.ok(held(x, y), `${x}, ${y} under the buttons`);
    assert.ok(!held(view.width / 2, view.height / 2));
  }
});

test("arrow keys walk to the nearest mark that way", () => {
  const places = new Map([
    ["here", { x: 0, y: 0 }],
    ["right", { x: 50, y: 5 }],
    ["far", { x: 30, y: 90 }],
    ["up", { x: -5, y: -40 }],
  ]);
  const from = { x: 0, y: 0 };
  assert.equal(neighbour(from, places, "ArrowRight"), "right");
  assert.equal(neighbour(from, places, "ArrowUp"), "up");
  assert.equal(neighbour(from, places, "ArrowDown"), "far");
  assert.equal(neighbour(from, new Map([["here", from]]), "ArrowLeft"), null);
  assert.equal(neighbour(from, places, "Escape"), null);
});

test("a trail is in the device's order, each moment once, and forgets what is old", () => {
  const at = (/** @type {number} */ time) => ({ at: time, lat: 51, lon: 1 });
  const trail = lengthened([at(1000), at(1010)], [at(1005), at(1010), at(100), at(2000)], 1020);
  assert.deepEqual(
    trail.map((fix) => fix.at),
    [1000, 1005, 1010],
  );
});

test("a path leaves out what cannot be seen and keeps its end", () => {
  const points = [0, 1, 2, 10, 11].map((x) => ({ x, y: 0 }));
  assert.deepEqual(
    thinned(points, 3).map(({ x }) => x),
    [0, 10, 11],
  );
  assert.equal(pathData([{ x: 0, y: 0 }]), "");
  assert.equal(
    pathData([
      { x: 0, y: 0 },
      { x: 1.26, y: 2 },
    ]),
    "M0.0 0.0L1.3 2.0",
  );
});

test("no mark lies on the scale: it keeps its corner until one comes, then takes the other, and goes where both are taken", () => {
  const corners = {
    left: { left: 0, top: 571, right: 140, bottom: 600 },
    right: { left: 660, top: 571, right: 800, bottom: 600 },
  };
  const [left, right, away] = [130, 670, 400].map((x) => ({ left: x - 14, top: 560, right: x + 14, bottom: 588 }));
  const at = /** @param {any[]} marks @param {"left" | "right" | "none"} before */ (marks, before) =>
    scaleCorner(marks, corners, before);
  assert.equal(at([], "left"), "left");
  assert.equal(at([away], "left"), "left");
  assert.equal(at([left, away], "left"), "right");
  assert.equal(at([away], "right"), "right"); // it does not come and go as an officer walks by
  assert.equal(at([right], "right"), "left");
  assert.equal(at([left, right], "right"), "none");
  assert.equal(at([right], "none"), "left");
});

test("beside the controls the scale stands behind the marks that lie in its corner, in the left half, or nowhere", () => {
  const corner = { left: 0, top: 571, right: 160, bottom: 600 };
  const mark = /** @param {number} x @param {number} y */ (x, y) => ({
    left: x - 18,
    top: y - 18,
    right: x + 18,
    bottom: y + 18,
  });
  assert.equal(scaleBehind([], corner, 800), 0);
  assert.equal(scaleBehind([mark(80, 500), mark(400, 580)], corner, 800), 0);
  assert.equal(scaleBehind([mark(30, 585)], corner, 800), 48);
  assert.equal(scaleBehind([mark(31, 585), mark(52, 590)], corner, 800), 72);
  assert.equal(scaleBehind([mark(30, 585), mark(200, 585)], corner, 800), 240);
  assert.equal(scaleBehind([mark(30, 585), mark(200, 585), mark(390, 585)], corner, 800), null);
  assert.equal(scaleBehind([mark(30, 585)], corner, 200), null);
});

test("the opening view is of all who are heard of in its first seconds, and ends where a hand has moved the map", () => {
  const opening = new MapOpening();
  const at = /** @param {[number, number][]} steps */ (steps) => steps.map(([known, now]) => opening.fits(known, now));
  const first = at([
    [0, 1000],
    [2, 2000],
    [2, 3000],
    [12, 4000],
    [11, 5000],
    [12, 6000],
    [13, 8000],
    [14, 8100],
    [15, 9000],
  ]);
  assert.deepEqual(first, [false, true, false, true, false, false, true, false, false]);
  opening.begin();
  assert.deepEqual(at([[2, 100_000]]), [true]);
  opening.end();
  assert.deepEqual(at([[12, 101_000]]), [false]);
});
