import assert from "node:assert/strict";
import { mock, test } from "node:test";
// @ts-expect-error its types are found by the package’s name only, which is not seen from here
import { decode, encode } from "../../static/node_modules/@msgpack/msgpack/dist.esm/index.mjs";
import { forgetfulStore } from "../../static/js/net/outbox_store.js";
import { Uplink } from "../../static/js/net/uplink.js";

/** A server's end that can stay silent, refuse and vanish. */
class FakeSocket {
  readyState = 1;
  binaryType = "";
  /** @type {any[]} */ sent = [];
  /** @type {((event: { data: Uint8Array }) => void) | null} */ onmessage = null;
  /** @type {(() => void) | null} */ onclose = null;

  /** @param {Uint8Array} data */
  send(data) {
    this.sent.push(decode(data));
  }
  close() {
    this.readyState = 3;
  }
  /** @param {object} message */
  hear(message) {
    this.onmessage?.({ data: encode(message) });
  }
  vanish() {
    this.readyState = 3;
    this.onclose?.();
  }
  join() {
    this.hear({ t: "challenge", nonce: new Uint8Array(32) });
    this.hear({
      t: "welcome",
      server_time: 5,
      call_sign: "ET17",
      whip_path: "/whip/a",
      whip_token: "t",
      ice_servers: [],
    });
  }
  get numbers() {
    return this.sent.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq);
  }
}

function rig() {
  /** @type {FakeSocket[]} */
  const sockets = [];
  /** @type {string[]} */
  const states = [];
  /** @type {any[]} */
  const heard = [];
  /** @type {string[]} */
  const problems = [];
  /** @type {any[]} */
  const kept = [];
  /** @type {number[]} */
  const removed = [];
  const waiting = { all: 0, urgent: 0 };
  const store = {
    ...forgetfulStore(() => "outbox-1"),
    put: async (/** @type {any} */ entry) => void kept.push(entry),
    remove: async (/** @type {number[]} */ seqs) => void removed.push(...seqs),
  };
  const uplink = new Uplink({
    url: "ws://x/uplink/a",
    store,
    software: "test",
    onMessage: (message) => heard.push(message),
    onState: (state) => states.push(state),
    onWaiting: (all, urgent) => Object.assign(waiting, { all, urgent }),
    onProblem: (problem) => problems.push(problem),
    now: () => 1000,
    chance: () => 0,
    dial: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return /** @type {WebSocket} */ (/** @type {unknown} */ (socket));
    },
  });
  const last = () => /** @type {FakeSocket} */ (sockets.at(-1));
  return { uplink, sockets, last, states, heard, problems, kept, removed, waiting };
}

test("it introduces itself by its outbox, without a signature, and is then up", async () => {
  const { uplink, last, states, heard } = rig();
  await uplink.start();
  assert.deepEqual(last().sent, []);
  last().join();
  const [hello] = last().sent;
  assert.deepEqual(
    { ...hello, signature: hello.signature.length },
    { t: "hello", outbox_id: "outbox-1", at: 1000, software: "test", signature: 0 },
  );
  assert.deepEqual(states, ["joining", "up"]);
  assert.equal(heard[0].call_sign, "ET17");
  uplink.stop();
});

test("what is said without a line is kept on disk and sent on the first one, urgent first", async () => {
  const { uplink, last, kept, waiting } = rig();
  await uplink.start();
  await uplink.say({ t: "fix", lat: 1 });
  await uplink.say({ t: "signal", kind: "emergency.pressed" });
  assert.deepEqual(
    kept.map(({ seq }) => seq),
    [1, 2],
  );
  assert.deepEqual(waiting, { all: 2, urgent: 1 });
  last().join();
  assert.deepEqual(last().numbers, [2, 1]);
  uplink.stop();
});

test("only the server's confirmation takes a message off the disk", async () => {
  const { uplink, last, removed, waiting } = rig();
  await uplink.start();
  last().join();
  await uplink.say({ t: "signal", kind: "watch.requested" });
  assert.deepEqual(removed, []);
  last().hear({ t: "ack", seqs: [1] });
  assert.deepEqual(removed, [1]);
  assert.equal(waiting.all, 0);
  uplink.stop();
});

test("a confirmation that overtakes a slow disk leaves nothing behind", async () => {
  const { uplink, last, removed } = rig();
  await uplink.start();
  last().join();
  const said = uplink.say({ t: "signal", kind: "watch.requested" });
  last().hear({ t: "ack", seqs: [1] });
  await said;
  assert.deepEqual(removed, [1, 1]);
  uplink.stop();
});

test("a broken line is dialled again, and what was under way is sent again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, sockets, last, states } = rig();
  await uplink.start();
  last().join();
  uplink.say({ t: "signal", kind: "emergency.pressed" });
  uplink.tell({ recording: "off" });
  last().vanish();
  assert.equal(states.at(-1), "down");
  mock.timers.tick(100);
  assert.equal(sockets.length, 2);
  last().join();
  assert.deepEqual(last().numbers, [1]);
  assert.equal(last().sent.at(-1).t, "status", "the latest condition is told anew");
  uplink.stop();
  mock.timers.reset();
});

test("a line that confirms nothing for eight seconds is taken for dead", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, sockets, last } = rig();
  await uplink.start();
  last().join();
  uplink.say({ t: "signal", kind: "emergency.pressed" });
  const silent = last();
  mock.timers.tick(8000);
  assert.equal(silent.readyState, 3);
  mock.timers.tick(100);
  assert.equal(sockets.length, 2);
  uplink.stop();
  mock.timers.reset();
});

test("what is said after it does not put off the end of a dead line", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, sockets, last } = rig();
  await uplink.start();
  last().join();
  const silent = last();
  for (let second = 0; second < 8; second += 1) {
    uplink.say({ t: "fix", lat: second });
    mock.timers.tick(1000);
  }
  assert.equal(silent.readyState, 3);
  mock.timers.tick(100);
  assert.equal(sockets.length, 2);
  uplink.stop();
  mock.timers.reset();
});

test("a line that confirms late, but confirms, is kept", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, sockets, last } = rig();
  await uplink.start();
  last().join();
  for (let second = 0; second < 30; second += 1) {
    uplink.say({ t: "fix", lat: second });
    mock.timers.tick(1000);
    if (second >= 5) last().hear({ t: "ack", seqs: [second - 4] });
  }
  assert.equal(sockets.length, 1);
  uplink.stop();
  mock.timers.reset();
});

test("retryNow gives a line that owes a confirmation two seconds to prove that it lives", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, sockets, last } = rig();
  await uplink.start();
  last().join();
  uplink.say({ t: "signal", kind: "emergency.pressed" });
  uplink.retryNow();
  mock.timers.tick(1000);
  uplink.retryNow();
  mock.timers.tick(1000);
  assert.equal(last().readyState, 3);
  mock.timers.tick(100);
  last().join();
  assert.deepEqual(last().numbers, [1]);
  uplink.retryNow();
  last().hear({ t: "ack", seqs: [1] });
  mock.timers.tick(9000);
  assert.equal(sockets.length, 2);
  uplink.stop();
  mock.timers.reset();
});

test("retryNow waits for positions as long as the server gathers them", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, last } = rig();
  await uplink.start();
  last().join();
  uplink.say({ t: "fix", lat: 1 });
  uplink.retryNow();
  mock.timers.tick(5999);
  assert.equal(last().readyState, 1);
  mock.timers.tick(1);
  assert.equal(last().readyState, 3);
  uplink.stop();
  mock.timers.reset();
});

test("a line that never says welcome is dialled again; a late word on the old one changes nothing", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { uplink, sockets, last, heard } = rig();
  await uplink.start();
  const old = last();
  mock.timers.tick(8000);
  mock.timers.tick(100);
  assert.equal(sockets.length, 2);
  old.join();
  assert.deepEqual(heard, []);
  uplink.stop();
  mock.timers.reset();
});

test("a refused message is told and set aside, and the next goes on", async () => {
  const { uplink, last, problems, waiting } = rig();
  await uplink.start();
  last().join();
  await uplink.say({ t: "signal", kind: "nonsense" });
  await uplink.say({ t: "signal", kind: "watch.requested" });
  last().hear({ t: "refused", seq: 1, reason: "kind: unknown" });
  assert.match(problems[0] ?? "", /refused a signal: kind: unknown/);
  assert.equal(waiting.all, 1);
  last().hear({ t: "refused", seq: 0, reason: "not msgpack" });
  assert.equal(waiting.all, 1);
  uplink.stop();
});

test("retryNow does not wait out the pause, and leaves a living line alone", async () => {
  const { uplink, sockets, last } = rig();
  await uplink.start();
  last().vanish();
  uplink.retryNow();
  assert.equal(sockets.length, 2);
  last().join();
  uplink.retryNow();
  assert.equal(sockets.length, 2);
  uplink.stop();
});

test("a disk that fails is told and holds back nothing", async () => {
  const failing = { ...forgetfulStore(() => "outbox-1"), put: () => Promise.reject(new Error("quota")) };
  const socket = new FakeSocket();
  /** @type {string[]} */
  const told = [];
  const quiet = () => undefined;
  const uplink = new Uplink({
    url: "ws://x",
    store: failing,
    software: "test",
    onMessage: quiet,
    onState: quiet,
    onWaiting: quiet,
    onProblem: (problem) => told.push(problem),
    dial: () => /** @type {WebSocket} */ (/** @type {unknown} */ (socket)),
  });
  await uplink.start();
  socket.join();
  await uplink.say({ t: "signal", kind: "emergency.pressed" });
  assert.deepEqual(socket.numbers, [1]);
  assert.match(told[0] ?? "", /quota/);
  uplink.stop();
});
