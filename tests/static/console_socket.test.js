import assert from "node:assert/strict";
import { test } from "node:test";
// @ts-expect-error the package tells its types by its name alone, which does not resolve from here
import { decode, encode } from "../../static/node_modules/@msgpack/msgpack/dist.esm/index.mjs";
import { waitBefore } from "../../static/js/net/backoff.js";
import { ConsoleSocket } from "../../static/js/net/console_socket.js";
import { HandClock, aSnapshot, settle } from "./fakes_console.js";

/** A WebSocket that says what it is told to. */
class FakeSocket {
  readyState = 0;
  binaryType = "";
  /** @type {any[]} */ sent = [];
  closed = false;
  /** @type {(event: { data: ArrayBuffer }) => void} */ onmessage = () => {};
  /** @type {(event: { code: number }) => void} */ onclose = () => {};

  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }
  /** @param {object} body */
  say(body) {
    this.readyState = 1;
    const raw = encode(body);
    this.onmessage({ data: raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) });
  }
  /** @param {Uint8Array} raw */
  send(raw) {
    this.sent.push(decode(raw));
  }
  close() {
    this.closed = true;
    this.readyState = 3;
  }
}

/** @param {Partial<import("../../static/js/net/console_socket.js").Surroundings>} [more] */
function begin(more = {}) {
  const clock = new HandClock();
  /** @type {FakeSocket[]} */
  const sockets = [];
  const open = /** @param {string} url */ (url) => {
    const socket = new FakeSocket(url);
    sockets.push(socket);
    return /** @type {any} */ (socket);
  };
  const channel = new ConsoleSocket("ws://x/api/console", {
    ...clock,
    after: clock.after,
    cancel: clock.cancel,
    monotonic: clock.monotonic,
    wall: clock.wall,
    open,
    chance: () => 1,
    isOver: async () => false,
    ...more,
  });
  /** @type {any[]} */
  const messages = [];
  channel.addEventListener("message", (event) => messages.push(/** @type {CustomEvent} */ (event).detail));
  channel.connect();
  const last = () => /** @type {FakeSocket} */ (sockets.at(-1));
  return { clock, sockets, channel, messages, last };
}

test("resumes from the last journal number, not from the snapshot's", async () => {
  const { clock, channel, messages, last, sockets } = begin();
  assert.equal(last().url, "ws://x/api/console");
  last().say(aSnapshot());
  last().say({ t: "entry", seq: 12, at: 1, kind: "unit", body: { device_id: "x" } });
  last().say({ t: "beat", server_time: 1, seq: 14 });
  last().onclose({ code: 1006 });
  await clock.pass(1);
  assert.equal(sockets.length, 2);
  assert.equal(last().url, "ws://x/api/console?after=12");
  assert.deepEqual(
    messages.map((message) => message.t),
    ["snapshot", "entry", "beat"],
  );
  channel.close();
});

test("a socket that says nothing for 2.5 s is dead, whatever the browser thinks", async () => {
  const { clock, last, sockets } = begin();
  last().say(aSnapshot());
  await clock.pass(2.4);
  assert.ok(!last().closed);
  await clock.pass(0.7);
  assert.ok(sockets[0]?.closed);
  assert.equal(sockets.length, 2);
});

test("comes back for ever, with a wait that is capped at 8 s", async () => {
  const { clock, last, sockets } = begin();
  for (let time = 0; time < 12; time += 1) {
    last().onclose({ code: 1006 });
    await clock.pass(8);
  }
  assert.ok(sockets.length >= 13);
});

test("a late message of an old socket is not heard", async () => {
  const { clock, messages, last, sockets } = begin();
  last().onclose({ code: 1006 });
  await clock.pass(1);
  sockets[0]?.say(aSnapshot());
  assert.equal(messages.length, 0);
});

test("the session's end is final", async () => {
  const { clock, channel, last, sockets } = begin();
  let ended = 0;
  channel.addEventListener("ended", () => (ended += 1));
  last().onclose({ code: 4001 });
  await clock.pass(60);
  assert.equal(ended, 1);
  assert.equal(sockets.length, 1);
  channel.hurry();
  assert.equal(sockets.length, 1);
});

test("says what it has seen only over an open line, and asks for the time", () => {
  const { channel, last } = begin();
  assert.equal(channel.seen("a1"), false);
  last().say(aSnapshot());
  assert.equal(channel.seen("a1"), true);
  assert.deepEqual(
    last().sent.map((body) => body.t),
    ["ping", "seen"],
  );
  channel.close();
});

test("full jitter: between the floor and the ceiling", () => {
  assert.equal(
    waitBefore(0, () => 1),
    0.5,
  );
  assert.equal(
    waitBefore(3, () => 1),
    4,
  );
  assert.equal(
    waitBefore(40, () => 1),
    8,
  );
  assert.equal(
    waitBefore(40, () => 0),
    0.1,
  );
});

test("a session that ended while the server was away is found out by a request", async () => {
  let over = false;
  const { channel, sockets, clock } = begin({ isOver: async () => over });
  let ended = 0;
  channel.addEventListener("ended", () => (ended += 1));
  for (let round = 0; round < 3; round += 1) {
    sockets.at(-1)?.onclose({ code: 1006 });
    await clock.pass(10);
  }
  assert.equal(ended, 0, "a server that does not answer ends nothing");
  over = true;
  await clock.pass(60);
  await settle();
  assert.equal(ended, 1);
  assert.equal(clock.waiting, 0);
});
