// The commander's view: what a screen tells with a decision, and what a replay says of it again.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commandView,
  decisionAt,
  leftOutWords,
  missingWords,
  pageWords,
  pictureAt,
  tileWords,
} from "../../static/js/state/command_view.js";
import { createApi } from "../../static/js/net/api.js";
import { Advising } from "../../static/js/pages/advising.js";
import { anAlert } from "./fakes_console.js";

/** @typedef {import("../../static/js/state/command_view.js").TileSeen} TileSeen */
/** @typedef {import("../../static/js/state/command_view.js").TileThen} TileThen */

/** @param {Partial<TileSeen>} [change] @returns {TileSeen} */
const tile = (change = {}) => ({
  tile: 1,
  device_id: "et17-cam",
  layer: "main",
  state: "live",
  age_s: 0.3,
  ...change,
});
/** @param {Partial<TileThen>} [change] @returns {TileThen} */
const then = (change = {}) => ({ ...tile(), call_sign: "ET17", recorded: "here", ...change });

test("what stands on the screen is told: tiles to the millisecond, open alerts, the most urgent first", () => {
  const alerts = new Map([
    ["a3", anAlert({ id: "a3", priority: 3, needs_since: 990 })],
    ["a1", anAlert()],
    ["over", anAlert({ id: "over", state: "resolved" })],
  ]);
  const seen = [tile({ age_s: 0.30049 }), tile({ tile: 2, state: "notrec", layer: null, age_s: null })];
  assert.deepEqual(commandView({ page: "console", at: 1009.12345, tiles: seen, alerts }), {
    at: 1009.123,
    page: "console",
    tiles: [tile(), tile({ tile: 2, state: "notrec", layer: null, age_s: null })],
    alerts: [
      { id: "a1", priority: 1, since: 1000 },
      { id: "a3", priority: 3, since: 990 },
    ],
  });
});

test("it is never more than the server takes, and what is left out is the least urgent", () => {
  const many = Array.from({ length: 300 }, (_, n) =>
    anAlert({ id: `a${n}`, priority: n === 299 ? 1 : 3, raised_at: 1000 + n, state: "acknowledged" }),
  );
  const view = commandView({
    page: "phone",
    at: 1,
    tiles: Array.from({ length: 40 }, () => tile({ age_s: 1e9 })),
    alerts: new Map(many.map((alert) => [alert.id, alert])),
  });
  assert.deepEqual([view.tiles.length, view.alerts.length, view.alerts[0]?.id], [25, 100, "a299"]);
  assert.equal(view.tiles[0]?.age_s, 1e6);
});

test("a tile says again what it said, and why it cannot show its picture", () => {
  assert.equal(tileWords(then()), "LIVE 0.3 s");
  assert.equal(tileWords(then({ state: "frozen", age_s: 12.4 })), "FROZEN 12 s");
  assert.equal(tileWords(then({ state: "late", age_s: 2.6 })), "LATE 2.6 s");
  assert.equal(tileWords(then({ state: "offline", age_s: 44 })), "OFFLINE");
  assert.equal(tileWords(then({ state: "rewind", age_s: 31 })), "REWIND 31 s");
  assert.deepEqual(
    [then(), then({ recorded: "not" }), then({ recorded: "elsewhere" }), then({ age_s: null })].map(missingWords),
    ["", "NO RECORDING", "NOT OPENED HERE", "NO PICTURE THEN"],
  );
  const view = { at: 1000, page: /** @type {const} */ ("phone"), tiles: [], alerts: [] };
  assert.equal(pictureAt({ ...view, left_out: { tiles: 0, alerts: 0 } }, then({ age_s: 12 })), 988);
  assert.equal(pictureAt({ ...view, left_out: { tiles: 0, alerts: 0 } }, then({ age_s: null })), null);
  assert.equal(pageWords("phone"), "on a phone");
  assert.equal(leftOutWords({ ...view, left_out: { tiles: 0, alerts: 0 } }), "");
  assert.equal(
    leftOutWords({ ...view, left_out: { tiles: 1, alerts: 2 } }),
    "1 picture and 2 alerts of other cameras stood there too.",
  );
});

test("a moment's decision is the last one by then", () => {
  const made = [10, 20].map((at) => ({
    id: String(at),
    at,
    decided_at: at,
    text: "",
    device_id: null,
    by: null,
    view: null,
  }));
  assert.deepEqual(
    [9, 10, 19.9, 20, 99].map((at) => decisionAt(made, at)?.id),
    [undefined, "10", "10", "20", "20"],
  );
});

/** @param {(body: any) => Response} answer */
function server(answer) {
  /** @type {any[]} */ const bodies = [];
  const fetcher = async (/** @type {any} */ _path, /** @type {any} */ request) => {
    bodies.push(JSON.parse(request.body));
    return answer(bodies.at(-1));
  };
  return { api: createApi({ csrf: "t", fetch: /** @type {any} */ (fetcher) }), bodies };
}

const BAD = JSON.stringify({ type: "/problems/bad-view", detail: "view.tiles: expected a list of at most 25" });
const VIEW = commandView({ page: "console", at: 1, tiles: [tile()], alerts: new Map() });

test("a decision goes with its view; one that is refused for the view alone is made without", async () => {
  const { api, bodies } = server((body) =>
    body.view
      ? new Response(BAD, { status: 400, headers: { "Content-Type": "application/problem+json" } })
      : Response.json({ id: "a1", state: "acknowledged" }),
  );
  const alert = await api.acknowledge("a1", VIEW);
  assert.equal(alert.state, "acknowledged");
  assert.deepEqual(bodies, [{ view: VIEW }, {}]);
});

test("what else refuses it is not asked twice", async () => {
  const { api, bodies } = server(
    () => new Response("{}", { status: 409, headers: { "Content-Type": "application/problem+json" } }),
  );
  await assert.rejects(api.resolve("a1", VIEW), /the server answered 409/);
  assert.equal(bodies.length, 1);
});

test("words that wait for the link keep the view of when they were written", async () => {
  let isAway = true;
  const { api, bodies } = server(() =>
    isAway ? new Response("", { status: 503 }) : Response.json({ id: "v1", seq: 1, sent_at: 2 }, { status: 201 }),
  );
  const kept = new Map();
  const storage = { getItem: (/** @type {string} */ key) => kept.get(key) ?? null, setItem: kept.set.bind(kept) };
  let at = 100;
  const desk = {
    now: () => at,
    changed: () => undefined,
    room: { advice: new Map() },
    get commandView() {
      return { ...VIEW, at };
    },
  };
  const advising = new Advising(/** @type {any} */ (desk), api, /** @type {any} */ (storage), "p1");
  advising.send("et17-cam", "Hold");
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  at = 160;
  isAway = false;
  const again = new Advising(/** @type {any} */ (desk), api, /** @type {any} */ (storage), "p1"); // the page was loaded anew
  await again.flush();
  assert.deepEqual(
    bodies.map((body) => body.view.at),
    [100, 100],
  );
  assert.equal(again.outgoing.length, 0);
});
