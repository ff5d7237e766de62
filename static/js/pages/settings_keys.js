// Wires the keys of the settings page: which act has which key on this browser.
/** @import { Act, Keyboard } from "../state/keys_chosen.js" */
import { CONSOLE, KEYS as TABLE } from "../state/keymap.js";
import { AS_DELIVERED, capOf, whyNot, withKey } from "../state/keys_chosen.js";
import { KEYS } from "../state/looks.js";
import { REPLAY } from "../state/replay_keys.js";
import { capsOf, make } from "../elements/build.js";
import { chosenKeys, keepKeys } from "../elements/key-caps.js";
import { KeyList } from "../elements/key-list.js";
import { find } from "./office.js";

/** The switch of single keys, and the lists under it. */
export function beginKeys() {
  const on = find("#keys-on", HTMLInputElement);
  on.checked = localStorage.getItem(KEYS) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEYS, on.checked ? "on" : "off"));
  for (const keyboard of [CONSOLE, REPLAY]) {
    const list = new KeyList();
    const fixed =
      keyboard === CONSOLE ? TABLE.filter(({ action }) => !keyboard.acts.some(({ id }) => id === action)) : [];
    list.begin(keyboard, fixed.map(fixedRow));
    find("#keys", HTMLElement).append(list);
    list.addEventListener("key-wish", (event) => wished(list, /** @type {CustomEvent} */ (event).detail));
    list.addEventListener("key-reset", () => {
      keepKeys(keyboard, AS_DELIVERED);
      list.say(`${keyboard.name}: all keys are as delivered.`);
    });
  }
}

/** @param {(typeof TABLE)[number]} key */
function fixedRow(key) {
  return make(
    "li",
    {},
    make("span", {}, ...capsOf(key)),
    make("span", {}, key.words),
    make("span", { class: "mut small" }, "stays"),
  );
}

/** @param {KeyList} list @param {{ keyboard: Keyboard, act: Act, press: KeyboardEvent }} wish */
function wished(list, { keyboard, act, press }) {
  const chosen = chosenKeys(keyboard);
  const refusal = whyNot(press, act.id, keyboard, chosen);
  if (refusal) return list.say(`Not changed. ${refusal}`);
  keepKeys(keyboard, withKey(chosen, act, press.key.toLowerCase()));
  list.say(`${capOf(press.key.toLowerCase())} is the key now for: ${act.words}.`);
}
