import assert from "node:assert/strict";
import { test } from "node:test";
import { endWords } from "../../static/js/state/tokens.js";
import * as devices from "../../static/js/state/devices.js";
import { themeOf, wishedTheme } from "../../static/js/state/looks.js";
import { listed, signInWords, summary } from "../../static/js/state/people.js";

/** @param {Partial<import("../../static/js/state/people.js").Entry>} more */
function entry(more) {
  const plain = { id: "p", name: "hale", display_name: "Insp. Hale", role: "inspector", call_sign: null };
  return { ...plain, has_password: true, revoked_at: null, sessions: 0, last_used_at: null, tokens: 0, ...more };
}

/** @param {string | null} saved */
const store = (saved) => ({ getItem: () => saved, setItem: () => undefined });

test("a chosen theme wins over the configured one, and what nobody knows is dark", () => {
  assert.equal(wishedTheme(store(null), "light"), "light");
  assert.equal(wishedTheme(store("dark"), "light"), "dark");
  assert.equal(wishedTheme(store("system"), "dark"), "system");
  assert.equal(wishedTheme(store("sepia"), undefined), "dark");
});

test("system follows what the machine says", () => {
  assert.deepEqual([themeOf("system", true), themeOf("system", false)], ["light", "dark"]);
  assert.deepEqual([themeOf("dark", true), themeOf("light", false)], ["dark", "light"]);
});

test("who may sign in stands before who may no longer, each by the name that others see", () => {
  const people = [
    entry({ id: "1", display_name: "C", revoked_at: 5 }),
    entry({ id: "2", display_name: "Zed" }),
    entry({ id: "3", display_name: "Adeyemi" }),
  ];
  assert.deepEqual(
    listed(people, "").map(({ id }) => id),
    ["3", "2", "1"],
  );
  assert.equal(summary(people), "2 people, 0 signed in.");
});

test("every word that is searched must be found somewhere", () => {
  const people = [entry({ id: "1", call_sign: "ET52" }), entry({ id: "2", role: "officer" })];
  assert.deepEqual(
    listed(people, "hale et5").map(({ id }) => id),
    ["1"],
  );
  assert.deepEqual(listed(people, "hale nobody"), []);
});

test("a row says how somebody is signed in, and what lets them in", () => {
  assert.equal(signInWords(entry({}), 100), "not signed in");
  assert.equal(signInWords(entry({ sessions: 1, last_used_at: 96 }), 100), "signed in, used 4 s ago");
  const much = entry({ sessions: 3, last_used_at: 101, tokens: 2, has_password: false });
  assert.equal(signInWords(much, 100), "signed in 3 times, used 0 s ago · 2 API tokens · no password");
});

/** @param {Partial<import("../../static/js/state/devices.js").Device>} more */
function camera(more) {
  const plain = { device_id: "et17-1", call_sign: "ET17", wearer: null, is_phone: false, online: false };
  const rest = {
    streaming: false,
    recording: "off",
    battery_pct: null,
    last_seen_at: null,
    revoked_at: null,
    lacks: [],
  };
  return { ...plain, record_mode: /** @type {const} */ ("on-signal"), ...rest, ...more };
}

test("cameras stand by call sign as people count, and revoked ones last", () => {
  const all = [
    camera({ device_id: "c", call_sign: "ET17" }),
    camera({ device_id: "b", call_sign: "ET9" }),
    camera({ device_id: "a", call_sign: "ET1", revoked_at: 4 }),
  ];
  assert.deepEqual(
    devices.listed(all, "").map(({ device_id }) => device_id),
    ["b", "c", "a"],
  );
  const worn = camera({ wearer: { name: "PC Marsh", collar_number: "0417" } });
  assert.equal(devices.listed([worn, ...all], "marsh 04").length, 1);
  assert.equal(devices.summary(all), "2 cameras, 0 in touch.");
});

test("a camera's row says what it does and when it was heard, with units", () => {
  const busy = camera({ online: true, streaming: true, recording: "recording", battery_pct: 64, last_seen_at: 88 });
  assert.equal(devices.conditionWords(busy), "sends a picture · recording · battery 64 %");
  const mute = camera({ online: true, lacks: ["sound"], battery_pct: 64 });
  assert.equal(devices.conditionWords(mute), "in touch · no microphone · battery 64 %");
  assert.equal(devices.heardWords(busy, 100), "heard 12 s ago");
  assert.equal(devices.conditionWords(camera({})), "not in touch");
  assert.equal(devices.heardWords(camera({}), 100), "not heard since the server started");
});

test("a token's row says when it ends", () => {
  const token = { id: "t", purpose: "wall", added_at: 0, expires_at: 86_400 * 12.5 };
  assert.equal(endWords(token, 0), "ends Tue 13 Jan 1970, in 12 days");
  assert.equal(endWords(token, 86_400 * 11), "ends Tue 13 Jan 1970, in 1 day");
  assert.equal(endWords(token, 86_400 * 12), "ends Tue 13 Jan 1970, within a day");
  assert.equal(endWords(token, 86_400 * 13), "ended Tue 13 Jan 1970");
  assert.equal(endWords({ ...token, expires_at: null }, 0), "until it is revoked");
});
