import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, createApi } from "../../static/js/net/api.js";

/** @param {() => Response} answer */
function begin(answer) {
  /** @type {any[]} */ const asked = [];
  const fetcher = /** @param {any} path @param {any} request */ async (path, request) => (
    asked.push({ path, ...request }),
    answer()
  );
  return { api: createApi({ csrf: "tok", fetch: /** @type {any} */ (fetcher) }), asked };
}

test("every request carries the page's token", async () => {
  const { api, asked } = begin(() => Response.json({ id: "v1" }, { status: 201 }));
  await api.advise({ device_id: "et17-cam", text: "Hold", client_id: "u1" });
  assert.equal(asked[0].method, "POST");
  assert.equal(asked[0].headers["X-CSRF-Token"], "tok");
  assert.equal(asked[0].body, '{"device_id":"et17-cam","text":"Hold","client_id":"u1"}');
});

test("a problem document becomes an error that knows its kind and its members", async () => {
  const document = { type: "/problems/already-acknowledged", detail: "Okafor was quicker", alert: { id: "a1" } };
  const { api } = begin(
    () =>
      new Response(JSON.stringify(document), { status: 409, headers: { "Content-Type": "application/problem+json" } }),
  );
  const error = await api.acknowledge("a1").catch((reason) => reason);
  assert.ok(error instanceof ApiError);
  assert.deepEqual(
    [error.status, error.kind, error.message, error.isPassing],
    [409, "already-acknowledged", "Okafor was quicker", false],
  );
  assert.deepEqual(error.problem["alert"], { id: "a1" });
});

test("no answer and a failing server may pass; a refusal does not", async () => {
  const failing = begin(() => new Response("", { status: 503 }));
  const passing = await failing.api.resolve("a1").catch((reason) => reason);
  assert.ok(passing.isPassing);
  assert.equal(passing.message, "the server answered 503");
  const dead = createApi({ csrf: "t", fetch: () => Promise.reject(new TypeError("down")) });
  const none = await dead.markFalse("a/1").catch((reason) => reason);
  assert.deepEqual([none.status, none.isPassing], [0, true]);
});

test("an id cannot leave its place in the path", async () => {
  const { api, asked } = begin(() => Response.json({}));
  await api.ask("../../x", "record");
  assert.equal(asked[0].path, "/api/units/..%2F..%2Fx/request");
});

test("a file has more time to go up than anything else has to be answered", async () => {
  const slow = /** @param {any} _path @param {any} request */ (_path, { signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      setTimeout(resolve, 200, Response.json({ id: "l1" }));
    });
  const api = createApi({ csrf: "t", fetch: /** @type {any} */ (slow), timeoutMs: 1 });
  const late = await api.resolve("a1").catch((reason) => reason);
  assert.equal(late.status, 0);
  assert.deepEqual(await api.taserLogs.bringIn(new File(["x"], "x2.csv"), new URLSearchParams(), "debrief"), {
    id: "l1",
  });
});
