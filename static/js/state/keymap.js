// Keys to actions. One table, so that the help dialog and the foot show what really happens.
import { AS_DELIVERED, actOf } from "./keys_chosen.js";

/** @typedef {{ action: string, value?: number }} KeyAction */
/** @typedef {{ key: string, code?: string, shiftKey: boolean, ctrlKey: boolean, altKey: boolean, metaKey: boolean }} KeyPress */

/** Shown in the help dialog, in this order; `foot` marks those shown under the console, `first` also beside a hint. */
export const KEYS = /** @type {const} */ ([
  { caps: ["A"], action: "acknowledge", words: "acknowledge the most urgent alert", foot: "acknowledge", first: true },
  { caps: ["T"], action: "advise", words: "write to the selected unit", foot: "advise", first: true },
  { caps: ["?"], action: "help", words: "all keys", foot: "all keys", first: true },
  {
    caps: ["D"],
    action: "resolve",
    words: "resolve: the alert that is dealt with, or the chosen one",
    foot: "resolve",
  },
  { caps: ["N"], action: "false", words: "mark that alert false; twice, like all that ends one still on", foot: "" },
  {
    caps: ["1", "9"],
    range: true,
    action: "tile",
    words: "select a tile; from a row of the list: send that unit to it",
    foot: "tile",
  },
  { caps: ["Shift", "1", "4"], range: true, action: "layout", words: "4, 9, 16 or 25 tiles", foot: "" },
  { caps: ["W"], action: "watch", words: "watch the selected unit, or the alert's, on tile 1", foot: "watch selected" },
  { caps: ["J"], action: "next-alert", words: "go to the next alert", foot: "next alert" },
  { caps: ["K"], action: "previous-alert", words: "go to the previous alert", foot: "" },
  { caps: ["S"], action: "silence", words: "silence the alarm sound for one minute", foot: "silence" },
  {
    caps: ["X"],
    action: "enlarge",
    words: "enlarge the selected tile, and back; the others stay where they are",
    foot: "enlarge",
  },
  {
    caps: ["R"],
    action: "rewind",
    words: "look back 30 s at the selected tile, beside its live picture",
    foot: "rewind",
  },
  {
    caps: ["G"],
    action: "before",
    words: "the 30 s before the alert of tile 1, four times as fast, then live",
    foot: "",
  },
  { caps: ["M"], action: "mute", words: "sound of the selected tile on or off", foot: "mute" },
  { caps: ["Z"], action: "fit", words: "show all units on the map", foot: "fit map" },
  { caps: ["F"], action: "fullscreen", words: "full screen", foot: "full screen" },
  { caps: ["/"], action: "search", words: "search a call sign, name, street or place", foot: "" },
  { caps: ["Esc"], action: "back", words: "leave what is open: enlarged tile, search, dialog", foot: "" },
]);

/** What a person may give another key: all but digits, Esc and ?. @type {import("./keys_chosen.js").Keyboard} */
export const CONSOLE = {
  name: "Console",
  store: "watchroom.keymap",
  digits: "they are for tiles, with Shift for layouts",
  acts: KEYS.filter(({ caps: [cap, ...more] }) => !more.length && cap !== "?" && cap !== "Esc").map(
    ({ caps: [cap], action, words }) => ({ id: action, keys: [cap.toLowerCase()], words }),
  ),
};
// keys that act although letters are switched off: they write nothing and are expected everywhere
const ALWAYS = new Set(["escape", "?"]);

/**
 * What a key means, or null. Single letters can be switched off (WCAG 2.1.4), and never act while a person writes.
 * @param {KeyPress} press
 * @param {{ writing: boolean, enabled: boolean, chosen?: import("./keys_chosen.js").Chosen }} where
 * @returns {KeyAction | null}
 */
export function actionOf(press, { writing, enabled, chosen = AS_DELIVERED }) {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const key = press.key.toLowerCase();
  if (key === "escape") return { action: "back" };
  if (writing || (!enabled && !ALWAYS.has(key))) return null;
  const digit = digitOf(press);
  if (digit !== null && press.shiftKey) return digit >= 1 && digit <= 4 ? { action: "layout", value: digit } : null;
  if (digit !== null) return digit >= 1 ? { action: "tile", value: digit } : null;
  if (key === "?") return { action: "help" };
  const act = actOf(key, CONSOLE.acts, chosen);
  return act ? { action: act.id } : null;
}

/** The digit that was pressed, whatever Shift makes of it on this keyboard. @param {KeyPress} press @returns {number | null} */
function digitOf(press) {
  const byPlace = /^(?:Digit|Numpad)(\d)$/.exec(press.code ?? "");
  if (byPlace) return Number(byPlace[1]);
  return /^\d$/.test(press.key) ? Number(press.key) : null;
}
