import assert from "node:assert/strict";
import { test } from "node:test";
import { alarmsByDevice } from "../../static/js/state/alerts.js";
import { isAtRest, placed } from "../../static/js/state/wall_places.js";
import { reach, restOf } from "../../static/js/state/wall_rest.js";
import {
  GRIDS,
  gridOf,
  isFirstKept,
  isLarge,
  legibleFont,
  pixelPitch,
  tileCount,
  wallSizes,
} from "../../static/js/state/wall_sizes.js";
import { signInDisplay, sessionStands, tokenIn } from "../../static/js/net/display_session.js";
import { aUnit, anAlert, chanceFrom } from "./fakes_console.js";

const UHD = { width: 3840, height: 2160 };
const HD = { width: 1920, height: 1080 };
const grid = /** @param {string} layout */ (layout) =>
  /** @type {import("../../static/js/state/wall_sizes.js").Grid} */ (GRIDS[layout]);

/** @param {string} name @param {Partial<import("../../static/js/state/shapes").Unit>} [change] */
const unit = (name, change = {}) => aUnit({ device_id: `${name}-cam`, call_sign: name, ...change });

/** @param {string} name @param {1 | 2 | 3} priority @param {number} at */
const alert = (name, priority, at) =>
  anAlert({ id: `${name}${at}`, device_id: `${name}-cam`, call_sign: name, priority, raised_at: at });

/** @param {...import("../../static/js/state/shapes").Alert} alerts */
const alarms = (...alerts) => alarmsByDevice(alerts);

test("call signs on a 98 inch wall of 3840 pixels are 56 px high to be read from 3.3 metres", () => {
  const pitch = pixelPitch(98, UHD);
  assert.equal(pitch.toFixed(3), "0.565");
  assert.equal(legibleFont(3.3, pitch).toFixed(1), "56.0");
  // 22 arc-minutes of capital letter, whatever screen and distance
  for (const [dist, diag] of /** @type {[number, number][]} */ ([
    [0.7, 24],
    [3, 55],
    [8, 98],
    [30, 300],
  ])) {
    const mm = legibleFont(dist, pixelPitch(diag, HD)) * 0.668 * pixelPitch(diag, HD);
    const minutes = (Math.atan(mm / (dist * 1000)) * 180 * 60) / Math.PI;
    assert.ok(Math.abs(minutes - 22) < 0.1, `${minutes} at ${dist} m`);
  }
});

test("each layout has the tiles that its name says", () => {
  const counts = Object.fromEntries(Object.entries(GRIDS).map(([name, one]) => [name, tileCount(one)]));
  assert.deepEqual(counts, { 1: 1, 4: 4, 9: 9, 16: 16, 25: 25, "1+5": 6, "1+16": 17 });
  assert.deepEqual(
    Object.keys(GRIDS).filter((name) => isFirstKept(grid(name))),
    ["1", "1+5", "1+16"],
  );
  assert.deepEqual(
    [0, 1].map((index) => isLarge(grid("1+5"), index)),
    [true, false],
  );
  assert.ok(isLarge(grid("4"), 3) && !isLarge(grid("9"), 0));
});

test("an upright screen has as many tiles in fewer columns, and reads from further away", () => {
  const upright = { width: HD.height, height: HD.width };
  for (const [name, lying] of Object.entries(GRIDS)) {
    assert.deepEqual(gridOf(name, HD), lying);
    const turned = gridOf(name, upright);
    assert.equal(tileCount(turned), tileCount(lying), name);
    const wall = { dist: 3, diag: 55, screen: upright, window: upright };
    const before = wallSizes({ grid: lying, ...wall });
    const after = wallSizes({ grid: turned, ...wall });
    assert.ok(after.readsAt >= before.readsAt, name);
    if (turned !== lying) assert.ok(after.readsAt > before.readsAt * 1.2 && isFirstKept(turned), name);
  }
  assert.deepEqual(gridOf("9", upright), { columns: 2, rows: 6, first: 2 });
  assert.ok(!isLarge(gridOf("9", upright), 1));
  assert.equal(tileCount(gridOf("no such", upright)), 9);
});

test("a wall that has the room is as large as the distance asks, and else says how far it reads", () => {
  const near = wallSizes({ grid: grid("1+16"), dist: 3.3, diag: 98, screen: UHD, window: UHD });
  assert.equal(near.font.toFixed(1), "56.0");
  assert.equal(near.root.toFixed(1), "40.0"); // the rail's small print is 0.9 of it: 36 px
  assert.equal(near.rail.toFixed(0), "564");
  assert.equal(near.readsAt.toFixed(2), "3.30");
  const far = wallSizes({ grid: grid("25"), dist: 12, diag: 55, screen: HD, window: HD });
  assert.ok(far.readsAt < 4, `${far.readsAt}`);
  assert.deepEqual(reach(far.readsAt, 12).isShort, true);
  assert.match(reach(far.readsAt, 12).words, /^\d\.?\d?\u00a0m, not\u00a012\u00a0m$/);
  assert.deepEqual(reach(3.3, 3.3), { isShort: false, words: "3.3\u00a0m" });
});

test("whatever the screen, a caption fits its tile and leaves three quarters to the picture", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const chance = chanceFrom(seed);
    const screen = { width: 600 + chance() * 7000, height: 400 + chance() * 4000 };
    const name = Object.keys(GRIDS)[Math.floor(chance() * 7)] ?? "9";
    const { columns, rows } = grid(name);
    const sizes = wallSizes({
      grid: grid(name),
      dist: 0.5 + chance() * 20,
      diag: 10 + chance() * 200,
      screen,
      window: screen,
    });
    const wall = sizes.isBeside
      ? { width: screen.width - sizes.rail, height: screen.height }
      : { width: screen.width, height: screen.height - sizes.rail };
    if (sizes.font <= 12) continue; // nothing is smaller than that, even where it does not fit
    assert.ok(sizes.font * 10.5 <= wall.width / columns + 0.01, `${name} ${JSON.stringify(screen)}`);
    assert.ok(sizes.font * 1.16 <= wall.height / rows / 3.9, `${name} ${JSON.stringify(screen)}`);
  }
});

test("recording units take the tiles in order of call sign; others do not", () => {
  const units = [unit("A"), unit("B", { recording: "buffering" }), unit("C")];
  assert.deepEqual(placed([], { count: 4, units, alarms: alarms(), first: null }), ["A-cam", "C-cam", null, null]);
});

test("what stands, stays: a newcomer takes a free tile, and one that stopped recording makes room", () => {
  const before = ["C-cam", "A-cam", null];
  const now = { count: 3, alarms: alarms(), first: null };
  assert.deepEqual(placed(before, { ...now, units: [unit("A"), unit("B"), unit("C")] }), ["C-cam", "A-cam", "B-cam"]);
  const stopped = unit("C", { recording: "off" });
  assert.deepEqual(placed(before, { ...now, units: [unit("A"), stopped] }), [null, "A-cam", null]);
  const lost = unit("C", { recording: "off", online: false });
  assert.deepEqual(placed(before, { ...now, units: [unit("A"), lost] }), ["C-cam", "A-cam", null]);
  assert.deepEqual(placed(["C-cam", "A-cam"], { ...now, count: 2, units: [unit("A"), unit("B"), lost] }), [
    "B-cam",
    "A-cam",
  ]);
});

test("a unit with an alert gets a tile on a full wall, from the one that matters least", () => {
  const units = ["A", "B", "C"].map((name) => unit(name));
  const full = placed([], { count: 2, units, alarms: alarms(), first: null });
  assert.deepEqual(full, ["A-cam", "B-cam"]);
  const watch = alarms(alert("C", 2, 10));
  assert.deepEqual(placed(full, { count: 2, units, alarms: watch, first: null }), ["A-cam", "C-cam"]);
  assert.deepEqual(placed(full, { count: 2, units, alarms: alarms(alert("C", 3, 10)), first: null }), full);
  const pressing = alarms(alert("A", 2, 1), alert("B", 2, 2), alert("C", 1, 3));
  assert.deepEqual(placed(full, { count: 2, units, alarms: pressing, first: null }), ["C-cam", "B-cam"]);
});

test("tile 1 of 1+5 is the alert's: what stood there takes the place that becomes free", () => {
  const units = ["A", "B", "C"].map((name) => unit(name));
  const calm = placed([], { count: 6, units, alarms: alarms(), first: null });
  const alarmed = placed(calm, { count: 6, units, alarms: alarms(alert("C", 1, 1)), first: "C-cam" });
  assert.deepEqual(alarmed.slice(0, 3), ["C-cam", "B-cam", "A-cam"]);
  assert.deepEqual(placed(alarmed, { count: 6, units, alarms: alarms(), first: null }), alarmed); // and stays
  assert.deepEqual(placed(calm, { count: 6, units, alarms: alarms(), first: "gone-cam" }), calm);
});

test("no unit ever stands twice, no alert of priority 1 is left out, and nothing moves without a reason", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const chance = chanceFrom(seed);
    /** @type {import("../../static/js/state/wall_places.js").Places} */
    let places = [];
    const count = 1 + Math.floor(chance() * 9);
    for (let step = 0; step < 20; step += 1) {
      const units = Array.from({ length: 12 }, (_, index) =>
        unit(`U${index}`, { recording: chance() < 0.6 ? "recording" : "off", online: chance() < 0.8 }),
      );
      const open = alarms(
        ...units.filter(() => chance() < 0.1).map((one, index) => alert(one.call_sign, index ? 2 : 1, step)),
      );
      const first = chance() < 0.5 ? ([...open.keys()][0] ?? null) : null;
      const facts = { count, units, alarms: open, first };
      places = placed(places, facts);
      const shown = places.filter((device) => device !== null);
      assert.equal(new Set(shown).size, shown.length);
      assert.equal(places.length, count);
      const most = [...open.keys()][0];
      if (most) assert.ok(shown.includes(most), `seed ${seed}`);
      assert.deepEqual(placed(places, facts), places, `seed ${seed}: nothing has happened, and something moved`);
    }
  }
});

test("a wall rests while nothing records and nothing presses, and says why it shows nothing", () => {
  const units = new Map([unit("A", { recording: "off" })].map((one) => [one.device_id, one]));
  assert.equal(isAtRest(["A-cam", null], units, alarms()), true);
  assert.equal(isAtRest(["A-cam", null], units, alarms(alert("A", 1, 1))), false);
  const facts = {
    trouble: /** @type {const} */ (""),
    hasToken: false,
    known: true,
    silent: 0,
    now: 1000,
    units: 1,
    isAtRest: true,
  };
  assert.equal(restOf(facts)?.kind, "calm");
  assert.equal(restOf({ ...facts, isAtRest: false }), null);
  assert.equal(restOf({ ...facts, units: 0 })?.kind, "empty");
  assert.equal(restOf({ ...facts, known: false })?.title, "Starting");
  assert.equal(restOf({ ...facts, silent: 5 })?.title, "Waiting for the server"); // that nothing records is not known
  assert.equal(restOf({ ...facts, silent: 5, isAtRest: false }), null); // the last pictures stay, with their ages
  const night = restOf({ ...facts, known: false, silent: 8 * 3600, now: 8 * 3600 });
  assert.equal(night?.title, "Waiting for the server");
  assert.match(night?.line ?? "", /8 h ago/);
  assert.match(restOf({ ...facts, trouble: "signed-out" })?.line ?? "", /Press Enter/);
  assert.match(restOf({ ...facts, trouble: "signed-out", hasToken: true })?.line ?? "", /by itself|again with/);
  assert.equal(restOf({ ...facts, trouble: "refused", isAtRest: false })?.kind, "refused");
});

test("a display's token stands behind the # and is changed for a session; trouble is told from a refusal", async () => {
  const token = `wr_api_${"a".repeat(43)}`;
  assert.equal(tokenIn(`#token=${token}`), token);
  assert.equal(tokenIn(`#x=1&token=${token}&y`), token);
  for (const hash of ["", "#", "#token=", "#token=wr_cam_aaaaaaaaaaaaaaaaaaaaaaaaaaa", `#mytoken=${token}`])
    assert.equal(tokenIn(hash), null, hash);
  /** @type {RequestInit[]} */ const sent = [];
  /** @param {number} status @returns {typeof fetch} */
  const answers = (status) => async (_, init) => {
    sent.push(init ?? {});
    if (!status) throw new TypeError("no network");
    return new Response("{}", { status });
  };
  const told = [200, 401, 403, 500, 503, 0].map((status) => signInDisplay(token, answers(status)));
  assert.deepEqual(await Promise.all(told), ["in", "refused", "refused", "silent", "silent", "silent"]);
  assert.equal(new Headers(sent[0]?.headers).get("Authorization"), `Bearer ${token}`);
  const stands = [200, 401, 502, 0].map((status) => sessionStands(answers(status)));
  assert.deepEqual(await Promise.all(stands), ["in", "refused", "silent", "silent"]);
});
