// Caps of keys as this browser has them: who changes a key sees it on every cap at once, also on other pages.
/** @import { Chosen, Keyboard } from "../state/keys_chosen.js" */
import { capFor, chosenIn } from "../state/keys_chosen.js";
import { CONSOLE } from "../state/keymap.js";
import { REPLAY } from "../state/replay_keys.js";
import { capsOf, keycap, setText } from "./build.js";

const KEYBOARDS = [CONSOLE, REPLAY];
/** @type {Map<string, Chosen>} by the keyboard's store */
const read = new Map();

/** @param {Keyboard} keyboard @returns {Chosen} */
export function chosenKeys(keyboard) {
  const known = read.get(keyboard.store) ?? chosenIn(localStorage.getItem(keyboard.store), keyboard);
  read.set(keyboard.store, known);
  return known;
}

/** What is on the cap of an act. @param {string} id @param {Keyboard} [keyboard] */
export function capNow(id, keyboard = CONSOLE) {
  return capFor(id, keyboard.acts, chosenKeys(keyboard));
}

/** Its cap, which follows. @param {string} id @param {Keyboard} [keyboard] */
export function keyFor(id, keyboard = CONSOLE) {
  const cap = keycap(capNow(id, keyboard));
  cap.dataset["keyOf"] = id;
  cap.dataset["keyboard"] = keyboard.store;
  return cap;
}

/**
 * The caps of a row of the console's table; digits, Esc and ? stay what they are.
 * @param {(typeof import("../state/keymap.js").KEYS)[number]} key
 */
export function capsFor(key) {
  return capNow(key.action) ? [keyFor(key.action)] : capsOf(key);
}

/** The name of a button whose cap is the last of its words: a reader hears the key too. @param {string} word @param {string} id @param {Keyboard} [keyboard] */
export function namedWith(word, id, keyboard = CONSOLE) {
  return { "aria-label": `${word} ${capNow(id, keyboard)}`, "data-word": word };
}

/** Keeps what was chosen. @param {Keyboard} keyboard @param {Chosen} chosen */
export function keepKeys(keyboard, chosen) {
  if (Object.keys(chosen).length) localStorage.setItem(keyboard.store, JSON.stringify(chosen));
  else localStorage.removeItem(keyboard.store);
  redraw();
}

function redraw() {
  read.clear();
  for (const cap of document.querySelectorAll("kbd[data-key-of]")) {
    if (!(cap instanceof HTMLElement)) continue;
    const keyboard = KEYBOARDS.find(({ store }) => store === cap.dataset["keyboard"]) ?? CONSOLE;
    setText(cap, capNow(cap.dataset["keyOf"] ?? "", keyboard));
    const named = cap.closest("[data-word]");
    named?.setAttribute("aria-label", `${named.getAttribute("data-word")} ${cap.textContent}`);
  }
}

addEventListener("storage", ({ key }) => (key === null || KEYBOARDS.some(({ store }) => store === key)) && redraw());
redraw();
