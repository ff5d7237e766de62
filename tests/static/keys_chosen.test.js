// Keys that a person has changed: each act has one, no key has two acts, and what cannot be is refused in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE, KEYS, actionOf } from "../../static/js/state/keymap.js";
import { capFor, chosenIn, keysOf, whyNot, withKey } from "../../static/js/state/keys_chosen.js";
import { REPLAY, REPLAY_KEYS, actOfCap, replayActionOf } from "../../static/js/state/replay_keys.js";
import { press } from "./key_press.js";

const act = /** @param {string} id */ (id, keyboard = CONSOLE) => {
  const found = keyboard.acts.find((one) => one.id === id);
  assert.ok(found, id);
  return found;
};

test("a changed key acts, the old one does nothing any more, and its cap says so", () => {
  const chosen = withKey({}, act("acknowledge"), "p");
  const free = { writing: false, enabled: true, chosen };
  assert.deepEqual(actionOf(press("P"), free), { action: "acknowledge" });
  assert.equal(actionOf(press("a"), free), null);
  assert.equal(actionOf(press("d"), free)?.action, "resolve");
  assert.equal(capFor("acknowledge", CONSOLE.acts, chosen), "P");
  assert.equal(actionOf(press("p"), { ...free, writing: true }), null);
  assert.deepEqual(withKey(chosen, act("acknowledge"), "a"), {}, "the delivered key is no choice");
  assert.equal(actionOf(press("?", { shiftKey: true }), free)?.action, "help");
});

test("so in the replay, whose space, arrows and digits stay", () => {
  const chosen = withKey({}, act("event1", REPLAY), "n");
  const free = { writing: false, onButton: false, enabled: true, chosen };
  assert.deepEqual(replayActionOf(press("n"), free), { action: "event", value: 1 });
  assert.equal(replayActionOf(press("j"), free), null);
  assert.deepEqual(replayActionOf(press(" "), free), { action: "play", value: 0 });
  assert.deepEqual(replayActionOf(press("ArrowLeft"), free), { action: "skip", value: -5 });
  assert.deepEqual(replayActionOf(press("3"), free), { action: "sound", value: 3 });
  assert.deepEqual(replayActionOf(press("="), free), { action: "zoom", value: 1 }, "both delivered keys of one act");
  for (const { caps } of REPLAY_KEYS.filter(
    ({ keys }) => keys.length === 1 && keys[0]?.length === 1 && keys[0] !== " ",
  ))
    assert.ok(REPLAY.acts.some(({ id }) => id === actOfCap(caps[0] ?? "")));
  assert.equal(actOfCap("Space"), "");
});

test("what cannot be a key is refused in words", () => {
  const why = /** @param {ReturnType<typeof press>} one */ (one) => whyNot(one, "mute", CONSOLE, {});
  assert.equal(why(press("p")), "");
  assert.equal(why(press("m")), "", "its own");
  assert.match(why(press("A")), /^A is taken: acknowledge the most urgent alert\. Give that another key first\.$/);
  assert.match(why(press("7", { code: "Digit7" })), /^Digits stay/);
  assert.match(why(press('"', { code: "Digit2", shiftKey: true })), /^Digits stay/);
  assert.match(why(press("?")), /always/);
  for (const key of [" ", "Enter", "F5", "ArrowUp", "Dead", "Tab", "Backspace"])
    assert.match(why(press(key)), /^A letter/);
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    assert.match(why(press("p", { [modifier]: true })), /^A key alone/);
  assert.match(whyNot(press("p"), "fit", CONSOLE, { mute: "p" }), /^P is taken: sound/);
  assert.equal(whyNot(press("m"), "fit", CONSOLE, { mute: "p" }), "", "what was given up is free");
});

test("whatever was kept, each act has a key and no key two acts", () => {
  const ids = [...CONSOLE.acts.map(({ id }) => id), "gone", "tile"];
  const keys = ["a", "d", "p", "q", "é", "ß", "A", "7", "?", " ", "Enter", "", 7, null];
  let state = 20261129;
  const chance = /** @param {number} below */ (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 2000; round += 1) {
    const kept = Object.fromEntries(
      Array.from({ length: chance(8) }, () => [ids[chance(ids.length)], keys[chance(keys.length)]]),
    );
    const chosen = chosenIn(JSON.stringify(kept), CONSOLE);
    const all = CONSOLE.acts.flatMap((one) => keysOf(one, chosen));
    assert.equal(new Set(all).size, all.length, JSON.stringify(kept));
    assert.ok(
      all.every((key) => [...key].length === 1 && key === key.toLowerCase()),
      JSON.stringify(kept),
    );
    assert.deepEqual(chosenIn(JSON.stringify(chosen), CONSOLE), chosen);
  }
  for (const kept of [null, "", "null", "[]", "{", '"a"', "{}"]) assert.deepEqual(chosenIn(kept, CONSOLE), {});
  assert.deepEqual(
    chosenIn('{"acknowledge":"d","resolve":"a"}', CONSOLE),
    { acknowledge: "d", resolve: "a" },
    "swapped",
  );
});

test("all but digits, Esc and ? can be changed", () => {
  const fixed = KEYS.filter(({ action }) => !CONSOLE.acts.some(({ id }) => id === action)).map(({ action }) => action);
  assert.deepEqual(fixed, ["help", "tile", "layout", "back"]);
});
