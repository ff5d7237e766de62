// <help-dialog>: every key there is, and the switches that turn single keys and the newcomers' hints off.
import { KEYS } from "../state/keymap.js";
import { icon, make } from "./build.js";
import { capsFor } from "./key-caps.js";

/** Events: `keys-switch` { on }, `hints-switch` { on }. */
export class HelpDialog extends HTMLElement {
  #dialog = make("dialog", { "aria-labelledby": "help-title" });
  #keys = make("input", { type: "checkbox", id: "keys-on" });
  #hints = make("input", { type: "checkbox", id: "hints-on" });

  connectedCallback() {
    const rows = KEYS.map((key) => make("tr", {}, make("td", {}, ...capsFor(key)), make("td", {}, key.words)));
    for (const [box, name] of /** @type {const} */ ([
      [this.#keys, "keys-switch"],
      [this.#hints, "hints-switch"],
    ]))
      box.addEventListener("change", () =>
        this.dispatchEvent(new CustomEvent(name, { detail: { on: box.checked }, bubbles: true })),
      );
    const close = make(
      "button",
      { class: "btn ic quiet", type: "button", "aria-label": "Close", onclick: () => this.#dialog.close() },
      icon("close"),
    );
    this.#dialog.append(
      make("div", { class: "dh" }, make("h2", { id: "help-title" }, "Keys"), make("span", { class: "sp" }), close),
      make("table", {}, make("caption", { class: "sr" }, "Keys of the console"), make("tbody", {}, ...rows)),
      make(
        "p",
        { class: "sec" },
        "A tile is filled by dragging a unit or its marker onto it, by a digit from the list of units, or from the menu under a tile’s number.",
      ),
      make("p", { class: "sec" }, make("a", { href: "/settings#of-keys" }, "Change a key"), " on your settings page."),
      make("label", { class: "switch", for: "keys-on" }, this.#keys, "Single keys act (Esc and ? always do)"),
      make("label", { class: "switch", for: "hints-on" }, this.#hints, "Hints for newcomers under the console"),
    );
    this.append(this.#dialog);
  }

  /** @param {{ keysOn: boolean, hintsOn: boolean }} switches */
  open({ keysOn, hintsOn }) {
    this.#keys.checked = keysOn;
    this.#hints.checked = hintsOn;
    this.#dialog.showModal();
  }

  get isOpen() {
    return this.#dialog.open;
  }
}

customElements.define("help-dialog", HelpDialog);
