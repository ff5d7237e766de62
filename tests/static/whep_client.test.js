import assert from "node:assert/strict";
import { test } from "node:test";
import { WhepClient } from "../../static/js/net/whep_client.js";
import { HandClock, settle } from "./fakes_console.js";

class FakePeer {
  connectionState = "new";
  closed = false;
  /** @type {string[]} */ wanted = [];
  /** @type {any} */ localDescription = null;
  /** @type {any} */ remote = null;
  /** @type {any} */ onconnectionstatechange = null;
  /** @param {string} kind @param {{ direction: string }} way */
  addTransceiver(kind, { direction }) {
    this.wanted.push(`${kind} ${direction}`);
    return { receiver: { track: { kind } } };
  }
  async setLocalDescription() {
    await null;
    this.localDescription = { type: "offer", sdp: "offer" };
  }
  /** @param {object} description */
  async setRemoteDescription(description) {
    this.remote = description;
  }
  /** @param {string} state */
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  close() {
    this.closed = true;
  }
}

/** @param {(method: string, path: string) => Response | null} answer */
function begin(answer) {
  const clock = new HandClock();
  /** @type {FakePeer[]} */ const peers = [];
  /** @type {{ line: string, keepalive: boolean }[]} */ const asked = [];
  /** @type {unknown[]} */ const bodies = [];
  /** @type {Record<string, string>[]} */ const headers = [];
  const fetcher = /** @param {any} path @param {any} request */ async (
    path,
    { method, keepalive, body, headers: given },
  ) => {
    headers.push(given);
    asked.push({ line: `${method} ${path}`, keepalive });
    if (body) bodies.push(body);
    const answered = answer(method, path);
    if (!answered) throw new TypeError("no network");
    return answered;
  };
  const peer = () => {
    peers.push(new FakePeer());
    return /** @type {any} */ (peers.at(-1));
  };
  const viewing = new WhepClient(
    { device: "et17-cam", wish: { layer: "sub", sound: false, picture: true }, csrf: "t" },
    {
      peer,
      fetch: /** @type {any} */ (fetcher),
      chance: () => 1,
      monotonic: clock.monotonic,
      after: clock.after,
      cancel: clock.cancel,
    },
  );
  const lines = () => asked.map(({ line }) => line);
  return { clock, peers, asked, bodies, headers, lines, viewing };
}

const created = () => new Response("answer", { status: 201, headers: { Location: "/media/sessions/s1" } });
const clockOf = /** @param {number | null} captured_at */ (captured_at) =>
  Response.json({
    clock: { rtp_timestamp: 1, clock_rate: 90000, captured_at, received_at: 5 },
    layer: "sub",
    layers: ["main", "sub"],
    reduced: null,
  });
/** @param {number} status @param {string} type @param {Record<string, string>} [more] */
const problem = (status, type, more = {}) =>
  new Response(JSON.stringify({ type: `/problems/${type}` }), {
    status,
    headers: { "Content-Type": "application/problem+json", ...more },
  });

test("offers at once, both kinds receive-only, and takes the answer", async () => {
  const { viewing, peers, lines } = begin((method) => (method === "POST" ? created() : clockOf(4.9)));
  viewing.start();
  await settle();
  assert.deepEqual(peers[0]?.wanted, ["video recvonly", "audio recvonly"]);
  assert.deepEqual(peers[0]?.remote, { type: "answer", sdp: "answer" });
  assert.deepEqual(lines(), ["POST /whep/et17-cam?layer=sub&sound=off"]);
  peers[0]?.become("connected");
  await settle();
  assert.equal(viewing.standing.phase, "connected");
  assert.equal(viewing.session?.clock?.captured_at, 4.9);
  viewing.stop();
});

test("tracks are there to be shown before anything can come for them", () => {
  const { viewing, peers } = begin(() => null);
  /** @type {string[][]} */ const heard = [];
  viewing.addEventListener("track", () => heard.push(viewing.tracks.map(({ kind }) => kind)));
  viewing.start();
  assert.deepEqual(heard, [["video"], ["video", "audio"]]);
  assert.equal(peers[0]?.localDescription, null, "before the offer, even");
  viewing.start();
  assert.deepEqual(heard.slice(2), [["video"], ["video", "audio"]], "the next session has its own");
  viewing.stop();
});

test("the clock is read after connecting, soon again until the camera has reported, then every ten seconds", async () => {
  let reports = 0;
  const { viewing, peers, lines, clock } = begin((method) =>
    method === "POST" ? created() : clockOf((reports += 1) < 3 ? null : 4.9),
  );
  viewing.start();
  await settle();
  peers[0]?.become("connected");
  await settle();
  await clock.pass(2.5);
  assert.equal(lines().filter((line) => line.startsWith("GET")).length, 3);
  await clock.pass(20);
  assert.equal(lines().filter((line) => line.startsWith("GET")).length, 5);
  viewing.stop();
});

test("ends its session with a request that outlives the page", async () => {
  const { viewing, asked, peers } = begin((method) => (method === "POST" ? created() : clockOf(1)));
  viewing.start();
  await settle();
  viewing.stop();
  await settle();
  assert.deepEqual(asked.at(-1), { line: "DELETE /media/sessions/s1", keepalive: true });
  assert.ok(peers[0]?.closed);
  assert.equal(viewing.standing.phase, "idle");
});

test("an answer that comes after the end is ended too", async () => {
  const { viewing, lines } = begin((method) => (method === "POST" ? created() : clockOf(1)));
  viewing.start();
  viewing.stop();
  await settle();
  assert.deepEqual(lines(), ["POST /whep/et17-cam?layer=sub&sound=off", "DELETE /media/sessions/s1"]);
});

test("a picture that waits for a reason opens at once when an alert brings one", async () => {
  const { viewing, lines, headers } = begin((method) =>
    method !== "POST" || headers.at(-1)?.["Viewing-Reason"]
      ? created()
      : problem(403, "reason-needed", { "Retry-After": "60" }),
  );
  viewing.start();
  await settle();
  assert.equal(viewing.standing.problem, "reason-needed");
  await viewing.change({ layer: "main", sound: false, picture: true });
  await settle();
  assert.equal(lines().length, 1, "another size is no reason");
  await viewing.change({ layer: "main", sound: false, picture: true, why: "alert: TASER armed ET17" });
  await settle();
  assert.equal(lines()[1], "POST /whep/et17-cam?layer=main&sound=off");
  assert.equal(headers[1]?.["Viewing-Reason"], "alert%3A%20TASER%20armed%20ET17");
  assert.notEqual(viewing.standing.phase, "waiting");
  viewing.stop();
});

test("a refusal says why, and is tried again for ever, with Retry-After honoured", async () => {
  let tries = 0;
  const { viewing, clock } = begin(() => ((tries += 1), problem(409, "not-recording", { "Retry-After": "20" })));
  viewing.start();
  await settle();
  assert.deepEqual(
    { phase: viewing.standing.phase, problem: viewing.standing.problem, retryAt: viewing.standing.retryAt },
    { phase: "waiting", problem: "not-recording", retryAt: 20 },
  );
  await clock.pass(19);
  assert.equal(tries, 1);
  await clock.pass(100);
  assert.equal(tries, 6);
  viewing.stop();
  await settle();
  assert.equal(clock.waiting, 0);
});

test("no answer, and an answer that is no problem document", async () => {
  const silent = begin(() => null);
  silent.viewing.start();
  await settle();
  assert.equal(silent.viewing.standing.problem, "no-answer");
  silent.viewing.stop();
  const broken = begin(() => new Response("<html>", { status: 502 }));
  broken.viewing.start();
  await settle();
  assert.equal(broken.viewing.standing.problem, "http-502");
  broken.viewing.stop();
});

test("a lost connection: four seconds to heal, then a new session", async () => {
  const { viewing, peers, clock } = begin((method) => (method === "POST" ? created() : clockOf(1)));
  viewing.start();
  await settle();
  peers[0]?.become("connected");
  await settle();
  peers[0]?.become("disconnected");
  await clock.pass(3);
  peers[0]?.become("connected");
  await settle();
  await clock.pass(2);
  assert.equal(peers.length, 1);
  peers[0]?.become("disconnected");
  await clock.pass(5);
  assert.equal(peers.length, 2);
  assert.ok(peers[0]?.closed);
  viewing.stop();
});

test("a session that the server no longer knows is begun anew", async () => {
  const { viewing, peers, clock } = begin((method) => (method === "POST" ? created() : problem(404, "not-found")));
  viewing.start();
  await settle();
  peers[0]?.become("connected");
  await settle();
  assert.equal(viewing.standing.phase, "waiting");
  await clock.pass(0.6);
  assert.equal(peers.length, 2);
  viewing.stop();
});

test("a camera that sends again leaves a session that still stands alone", async () => {
  const { viewing, peers, lines } = begin((method) => (method === "POST" ? created() : clockOf(1)));
  viewing.start();
  await settle();
  peers[0]?.become("connected");
  await settle();
  await viewing.probe(true);
  assert.equal(peers.length, 1);
  assert.equal(viewing.standing.phase, "connected");
  assert.equal(lines().at(-1), "GET /media/sessions/s1");
  viewing.stop();
});

test("a camera that sends again by another worker has lost its sessions: the next begins at once", async () => {
  let known = true;
  const { viewing, peers } = begin((method) =>
    method === "POST" ? created() : known ? clockOf(1) : problem(404, "not-found"),
  );
  viewing.start();
  await settle();
  peers[0]?.become("connected");
  await settle();
  known = false;
  await viewing.probe(true);
  await settle();
  assert.equal(peers.length, 2, "without a wait");
  viewing.stop();
});

test("a viewing that waits for its turn begins when the camera sends again, or when the link is back", async () => {
  for (const atOnce of [true, false]) {
    let streams = false;
    const { viewing, peers } = begin(() => (streams ? created() : problem(409, "not-streaming")));
    viewing.start();
    await settle();
    assert.equal(viewing.standing.phase, "waiting");
    streams = true;
    await viewing.probe(atOnce);
    await settle();
    assert.equal(peers.length, 2);
    viewing.stop();
  }
});

test("another layer, or its sound, changes the running session; before there is one, the next offer asks for it", async () => {
  const { viewing, peers, lines } = begin((method, path) =>
    method === "POST" && path.startsWith("/whep") ? created() : clockOf(1),
  );
  await viewing.change({ layer: "main", sound: false, picture: true });
  viewing.start();
  await settle();
  assert.ok(lines().includes("POST /whep/et17-cam?layer=main&sound=off"));
  peers[0]?.become("connected");
  await settle();
  await viewing.change({ layer: "main", sound: true, picture: true });
  assert.ok(lines().includes("POST /media/sessions/s1/wish"));
  assert.equal(peers.length, 1);
  viewing.stop();
});

test("the reason goes with the offer, and not with a change of the wish", async () => {
  const { viewing, asked, bodies, headers } = begin((method) => (method === "POST" ? created() : clockOf(4.9)));
  viewing.wish = { layer: "sub", sound: false, picture: true, why: "alert: TASER armed ET17" };
  viewing.start();
  await settle();
  assert.equal(asked[0]?.line, "POST /whep/et17-cam?layer=sub&sound=off");
  assert.equal(
    headers[0]?.["Viewing-Reason"],
    "alert%3A%20TASER%20armed%20ET17",
    "not in the address, which proxies log",
  );
  await viewing.change({ layer: "main", sound: false, picture: true, why: "another" });
  assert.deepEqual(JSON.parse(String(bodies.at(-1))), { layer: "main", sound: false, picture: true });
  assert.equal(headers.at(-1)?.["Viewing-Reason"], undefined);
  viewing.stop();
});

test("a wish that changes while the offer is under way is told once the answer has come", async () => {
  const { viewing, lines } = begin((method, path) =>
    method === "POST" && path.startsWith("/whep") ? created() : clockOf(1),
  );
  viewing.start();
  while (!lines().length) await Promise.resolve();
  assert.deepEqual(lines(), ["POST /whep/et17-cam?layer=sub&sound=off"], "the offer is under way");
  for (let frame = 0; frame < 4; frame += 1) viewing.change({ layer: "main", sound: true, picture: true });
  await settle();
  viewing.change({ layer: "main", sound: true, picture: true });
  await settle();
  assert.deepEqual(
    lines().filter((line) => line.startsWith("POST")),
    ["POST /whep/et17-cam?layer=sub&sound=off", "POST /media/sessions/s1/wish"],
  );
  viewing.stop();
});

test("a picture that nobody can see is paused in its session; a session that is begun unseen asks for none", async () => {
  const { viewing, peers, lines } = begin((method, path) =>
    method === "POST" && path.startsWith("/whep") ? created() : clockOf(1),
  );
  viewing.start();
  await settle();
  peers[0]?.become("connected");
  await settle();
  await viewing.change({ layer: "sub", sound: false, picture: false });
  await viewing.change({ layer: "sub", sound: false, picture: false });
  await viewing.change({ layer: "sub", sound: false, picture: true });
  assert.equal(
    lines().filter((line) => line.endsWith("/wish")).length,
    2,
    "told once, and told when it is wanted again",
  );
  assert.equal(peers.length, 1);
  await viewing.change({ layer: "sub", sound: false, picture: false });
  viewing.retryNow();
  await settle();
  assert.equal(lines().at(-1), "POST /whep/et17-cam?layer=sub&sound=off&picture=off");
  viewing.stop();
});

test("a wish that no answer came to is told again, a second later; the last one counts", async () => {
  let away = true;
  const { viewing, clock, lines } = begin((method, path) => {
    if (method === "POST" && path.startsWith("/whep")) return created();
    return path.endsWith("/wish") && away ? null : clockOf(1);
  });
  const told = () => lines().filter((line) => line.endsWith("/wish")).length;
  viewing.start();
  await settle();
  for (let frame = 0; frame < 4; frame += 1) {
    viewing.change({ layer: "main", sound: false, picture: true });
    viewing.change({ layer: "main", sound: true, picture: true });
    await settle();
  }
  assert.equal(told(), 1, "one request at a time, and none while it is hopeless");
  away = false;
  await clock.pass(1);
  viewing.change({ layer: "main", sound: true, picture: true });
  await settle();
  viewing.change({ layer: "main", sound: true, picture: true });
  await settle();
  assert.equal(told(), 2);
  viewing.stop();
});

test("a connection that does not last does not end the back-off; one that lasts does", async () => {
  const { viewing, peers, clock } = begin((method) => (method === "POST" ? created() : clockOf(1)));
  viewing.start();
  /** @type {number[]} */
  const waits = [];
  for (let round = 0; round < 4; round += 1) {
    await settle();
    peers.at(-1)?.become("connected");
    await settle();
    peers.at(-1)?.become("failed");
    waits.push((viewing.standing.retryAt ?? 0) - clock.monotonic());
    await clock.pass(9);
  }
  assert.ok(
    waits.every((wait, round) => round === 0 || wait > (waits[round - 1] ?? 0)),
    String(waits),
  );
  await settle();
  peers.at(-1)?.become("connected");
  await clock.pass(11);
  peers.at(-1)?.become("failed");
  assert.ok((viewing.standing.retryAt ?? 0) - clock.monotonic() <= (waits[0] ?? 0));
  viewing.stop();
});
