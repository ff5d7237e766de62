// Small pictures: each asked for once, the newest wish first, and none kept for ever.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Stills } from "../../static/js/net/stills.js";

/** A server whose answers wait until they are let go. */
function server() {
  /** @type {{ address: string, answer: (status?: number) => Promise<void> }[]} */
  const asked = [];
  const send = /** @type {typeof fetch} */ (
    (address) =>
      new Promise((resolve, reject) => {
        const answer = async (status = 200) => {
          if (status === 0) reject(new TypeError("no network"));
          else resolve(new Response(status === 200 ? "jpeg" : "", { status, headers: { "Still-At": "41.5" } }));
          await new Promise((done) => {
            setTimeout(done, 0);
          });
        };
        asked.push({ address: String(address), answer });
      })
  );
  let now = 0;
  const stills = new Stills((device, at) => `${device}/${at}`, { fetch: send, now: () => now });
  return { asked, stills, pass: /** @param {number} ms */ (ms) => (now += ms) };
}

test("a picture is asked for once, and comes with its own time", async () => {
  const { asked, stills } = server();
  let told = 0;
  stills.addEventListener("still", () => (told += 1));
  assert.equal(stills.of("et17", 42), undefined);
  assert.equal(stills.of("et17", 42), undefined);
  assert.deepEqual(
    asked.map(({ address }) => address),
    ["et17/42"],
  );
  await asked[0]?.answer();
  assert.equal(told, 1);
  assert.equal(stills.of("et17", 42)?.at, 41.5);
  assert.match(stills.of("et17", 42)?.url ?? "", /^blob:/);
  assert.equal(asked.length, 1);
});

test("few are asked for at a time, and the newest wish comes first", async () => {
  const { asked, stills } = server();
  for (let at = 0; at < 200; at += 1) stills.of("et17", at);
  assert.equal(asked.length, 3);
  await asked[0]?.answer();
  assert.equal(asked.at(-1)?.address, "et17/199");
  for (let turn = 1; turn < asked.length; turn += 1) await asked[turn]?.answer();
  assert.ok(asked.length <= 3 + 80, "wishes that are long past are nobody's");
});

test("where there was none, and without an answer, it is asked again later", async () => {
  const { asked, stills, pass } = server();
  stills.of("et17", 1);
  await asked[0]?.answer(404);
  assert.equal(stills.of("et17", 1), null);
  assert.equal(asked.length, 1);
  pass(5000);
  assert.equal(stills.of("et17", 1), undefined);
  await asked[1]?.answer(0);
  assert.equal(stills.of("et17", 1), undefined);
  assert.equal(asked.length, 2);
  pass(5000);
  stills.of("et17", 1);
  assert.equal(asked.length, 3);
});

test("a server in trouble is not asked again by whoever draws at each answer", async () => {
  for (const status of [0, 401, 503]) {
    const { asked, stills, pass } = server();
    const draw = () => [1, 2, 3, 4, 5].forEach((at) => stills.of("et17", at));
    stills.addEventListener("still", draw);
    for (let round = 1; round <= 2; round += 1) {
      draw();
      for (let turn = 0; turn < asked.length; turn += 1) await asked[turn]?.answer(status);
      draw();
      assert.equal(asked.length, 5 * round, `status ${status}`);
      pass(5000);
    }
  }
});
