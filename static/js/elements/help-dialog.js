// <help-dialog>: every key there is, and the switch that turns single keys off.
import { KEYS } from "../state/keymap.js";
import { capsOf, icon, make } from "./build.js";

/** Event: `keys-switch` { on }. */
export class HelpDialog extends HTMLElement {
  #dialog = make("dialog", { "aria-labelledby": "help-title" });
  #keys = make("input", { type: "checkbox", id: "keys-on" });

  connectedCallback() {
    const rows = KEYS.map((key) => make("tr", {}, make("td", {}, ...capsOf(key)), make("td", {}, key.words)));
    this.#keys.addEventListener("change", () =>
      this.dispatchEvent(new CustomEvent("keys-switch", { detail: { on: this.#keys.checked }, bubbles: true })),
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
      make("label", { class: "switch", for: "keys-on" }, this.#keys, "Single keys act (Esc and ? always do)"),
    );
    this.append(this.#dialog);
  }

  /** @param {boolean} keysOn */
  open(keysOn) {
    this.#keys.checked = keysOn;
    this.#dialog.showModal();
  }

  get isOpen() {
    return this.#dialog.open;
  }
}

customElements.define("help-dialog", HelpDialog);
