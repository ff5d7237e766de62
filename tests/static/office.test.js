import assert from "node:assert/strict";
import { test } from "node:test";
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
