import assert from "node:assert/strict";
import { test } from "node:test";
import { KEYS, actionOf } from "../../static/js/state/keymap.js";
import { press } from "./key_press.js";

const free = { writing: false, enabled: true };

test("every key of the help dialog acts", () => {
  for (const { caps, action } of KEYS) {
    if (caps.length > 1) continue;
    const key = caps[0] === "Esc" ? "Escape" : caps[0].toLowerCase();
    assert.equal(actionOf(press(key, { shiftKey: key === "?" }), free)?.action, action);
  }
});

test("digits select tiles, with Shift layouts, whatever the keyboard makes of Shift", () => {
  assert.deepEqual(actionOf(press("7", { code: "Digit7" }), free), { action: "tile", value: 7 });
  assert.deepEqual(actionOf(press('"', { code: "Digit2", shiftKey: true }), free), { action: "layout", value: 2 });
  assert.deepEqual(actionOf(press("3", { code: "Numpad3" }), free), { action: "tile", value: 3 });
  assert.equal(actionOf(press("0", { code: "Digit0" }), free), null);
  assert.equal(actionOf(press("%", { code: "Digit5", shiftKey: true }), free), null);
});

test("while a person writes, only Escape acts", () => {
  assert.equal(actionOf(press("a"), { ...free, writing: true }), null);
  assert.deepEqual(actionOf(press("Escape"), { ...free, writing: true }), { action: "back" });
});

test("switched off, single keys are silent; help can still be asked for", () => {
  assert.equal(actionOf(press("a"), { ...free, enabled: false }), null);
  assert.equal(actionOf(press("4", { code: "Digit4" }), { ...free, enabled: false }), null);
  assert.equal(actionOf(press("?", { shiftKey: true }), { ...free, enabled: false })?.action, "help");
});

test("the browser's own shortcuts are left alone", () => {
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    assert.equal(actionOf(press("a", { [modifier]: true }), free), null);
});
