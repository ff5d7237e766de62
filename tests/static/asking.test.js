// A camera that is off is asked to record and to send its picture; what it was asked for is said as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asks } from "../../static/js/pages/asking.js";
import { ApiError } from "../../static/js/net/api.js";
import { aUnit } from "./fakes_console.js";

/** @param {boolean} streaming @param {Record<string, Error>} [refusals] by what is asked */
function console_(streaming, refusals = {}) {
  const heard = { calls: /** @type {string[]} */ ([]), said: /** @type {string[]} */ ([]), drawn: 0 };
  const desk = {
    room: { units: new Map([["et17-cam", aUnit({ streaming })]]) },
    asked: /** @type {Map<string, number>} */ (new Map()),
    now: () => 1000,
    changed: () => (heard.drawn += 1),
  };
  const api = {
    ask: (/** @type {string} */ _device, /** @type {"record" | "stream"} */ what) => {
      heard.calls.push(what);
      return what in refusals ? Promise.reject(refusals[what]) : Promise.resolve();
    },
  };
  return { ask: asks(desk, api, (words) => heard.said.push(words)), desk, heard };
}

test("an off camera is asked for both; one that streams, and one that is asked to stream, for one", async () => {
  const { ask, desk, heard } = console_(false);
  await ask("et17-cam", "record");
  assert.deepEqual([heard.calls, heard.said, desk.asked.get("et17-cam")], [["record", "stream"], [], 1000]);
  assert.ok(heard.drawn);
  const streams = console_(true);
  await streams.ask("et17-cam", "record");
  assert.deepEqual(streams.heard.calls, ["record"]);
  const picture = console_(false);
  await picture.ask("et17-cam", "stream");
  assert.deepEqual(picture.heard.calls, ["stream"]);
});

test("where only the picture was refused, nobody reads that nothing was asked", async () => {
  const { ask, desk, heard } = console_(false, { stream: new ApiError(503, { detail: "the camera does not answer" }) });
  await ask("et17-cam", "record");
  assert.deepEqual(heard.said, ["Recording was asked for; the picture was not: the camera does not answer."]);
  assert.equal(desk.asked.get("et17-cam"), 1000);
});

test("a refusal is said, and nothing more is asked", async () => {
  const { ask, desk, heard } = console_(false, { record: new ApiError(409, { detail: "ET17 is offline" }) });
  await ask("et17-cam", "record");
  assert.deepEqual([heard.calls, heard.said], [["record"], ["Not asked: ET17 is offline."]]);
  assert.equal(desk.asked.size, 0);
});

test("a fault of ours is no refusal", async () => {
  const { ask } = console_(false, { record: new TypeError("undefined is not a function") });
  await assert.rejects(ask("et17-cam", "record"), TypeError);
});
