// <key-list>: the keys of a page, each with a button that gives it another one. Esc leaves the key as it is.
/** @import { Act, Keyboard } from "../state/keys_chosen.js" */
import { keyFor } from "./key-caps.js";
import { make, setText } from "./build.js";

/** Events, bubbling: `key-wish` { keyboard, act, press: KeyboardEvent }, `key-reset` { keyboard }. */
export class KeyList extends HTMLElement {
  #said = make("p", { class: "set sec", role: "status" });
  /** @type {{ end: () => void } | null} */ #asking = null;

  /** @param {Keyboard} keyboard @param {readonly Node[]} fixed rows of what cannot be changed */
  begin(keyboard, fixed) {
    const reset = () => this.dispatchEvent(new CustomEvent("key-reset", { detail: { keyboard }, bubbles: true }));
    const button = make("button", { class: "btn line", type: "button", onclick: reset }, "As delivered");
    button.setAttribute("aria-label", `${keyboard.name}: keys as delivered`);
    this.append(
      make("div", { class: "set" }, make("h3", {}, keyboard.name), button),
      this.#said,
      make("ul", {}, ...keyboard.acts.map((act) => this.#row(keyboard, act)), ...fixed),
    );
    this.say("");
  }

  /** What came of it. @param {string} words */
  say(words) {
    setText(this.#said, words || "Change, then the key. Digits, Esc, ? and keys with Ctrl or Alt stay what they are.");
  }

  /** @param {Keyboard} keyboard @param {Act} act */
  #row(keyboard, act) {
    const label = `Change the key for: ${act.words}`;
    const button = make("button", { class: "btn line sm", type: "button", "aria-label": label }, "Change");
    button.addEventListener("click", () => this.#ask(keyboard, act, button));
    return make(
      "li",
      {},
      make("span", {}, keyFor(act.id, keyboard)),
      make("span", {}, act.words),
      make("span", {}, button),
    );
  }

  /** Waits for one key; whoever goes elsewhere has changed nothing. @param {Keyboard} keyboard @param {Act} act @param {HTMLButtonElement} button */
  #ask(keyboard, act, button) {
    this.#asking?.end();
    const listening = new AbortController();
    const end = () => {
      listening.abort();
      setText(button, "Change");
      this.#asking = null;
    };
    this.#asking = { end };
    setText(button, "Press a key");
    this.say(`Press the key for: ${act.words}. Esc leaves it as it is.`);
    const heard = /** @param {KeyboardEvent} press */ (press) => {
      if (/^(Shift|Control|Alt|AltGraph|Meta|CapsLock)$/.test(press.key)) return; // on the way to a sign
      if (press.key !== "Tab") press.preventDefault();
      end();
      if (press.key === "Escape" || press.key === "Tab") return this.say("Nothing is changed.");
      this.dispatchEvent(new CustomEvent("key-wish", { detail: { keyboard, act, press }, bubbles: true }));
    };
    button.addEventListener("keydown", heard, { signal: listening.signal });
    button.addEventListener("blur", end, { signal: listening.signal });
  }
}

customElements.define("key-list", KeyList);
