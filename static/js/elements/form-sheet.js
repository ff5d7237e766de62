// <form-sheet>: one form over the page. A refusal stands in it, in the server's words, and the field at fault is marked.
import { ApiError } from "../net/api.js";
import { icon, make } from "./build.js";

/**
 * @typedef {object} Field
 * @property {string} name as the API calls it
 * @property {string} label
 * @property {string} [type] of the input; "choice" is a list of `options`
 * @property {string} [value]
 * @property {string} [hint]
 * @property {boolean} [required]
 * @property {readonly (readonly [string, string])[]} [options] value and words
 * @property {string} [autocomplete]
 * @property {number} [longest]
 */
/**
 * @typedef {object} Form
 * @property {string} title
 * @property {string} [note]
 * @property {string} submit
 * @property {readonly Field[]} fields
 * @property {(values: Record<string, string>) => Promise<void>} act what it throws as ApiError is shown
 */

export class FormSheet extends HTMLElement {
  #dialog = make("dialog", { class: "sheet", "aria-labelledby": "form-title" });
  #busy = false;

  connectedCallback() {
    this.append(this.#dialog);
  }

  /** @param {Form} form */
  open(form) {
    const error = make("p", { class: "error", role: "alert" });
    const inputs = form.fields.map(inputOf);
    const close = { class: "btn line", type: "button", onclick: () => this.#dialog.close() };
    const sheet = make(
      "form",
      { novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.#send(event, form, inputs, error) },
      ...form.fields.map((field, index) => placed(field, /** @type {HTMLElement} */ (inputs[index]))),
      error,
      make(
        "div",
        { class: "ends" },
        make("button", close, "Cancel"),
        make("button", { class: "btn main", type: "submit" }, form.submit),
      ),
    );
    const cross = { class: "btn ic quiet", type: "button", "aria-label": "Close", onclick: () => this.#dialog.close() };
    const head = make(
      "div",
      { class: "dh" },
      make("h2", { id: "form-title" }, form.title),
      make("span", { class: "sp" }),
      make("button", cross, icon("close")),
    );
    this.#dialog.replaceChildren(head, form.note ? make("p", { class: "note" }, form.note) : "", sheet);
    this.#dialog.showModal();
    inputs[0]?.focus();
  }

  /** @param {Event} event @param {Form} form @param {(HTMLInputElement | HTMLSelectElement)[]} inputs @param {HTMLElement} error */
  async #send(event, form, inputs, error) {
    event.preventDefault();
    if (this.#busy) return;
    this.#busy = true;
    error.textContent = "";
    for (const input of inputs) input.removeAttribute("aria-invalid");
    try {
      await form.act(Object.fromEntries(inputs.map((input) => [input.name, input.value])));
      this.#dialog.close();
    } catch (refusal) {
      if (!(refusal instanceof ApiError)) throw refusal;
      error.textContent = `${refusal.message[0]?.toUpperCase()}${refusal.message.slice(1)}.`;
      const named = refusal.message.split(":", 1)[0]?.replaceAll(" ", "_");
      const fault = inputs.find(({ name }) => name === named);
      fault?.setAttribute("aria-invalid", "true");
      fault?.focus();
    } finally {
      this.#busy = false;
    }
  }
}

/** @param {Field} field @returns {HTMLInputElement | HTMLSelectElement} */
function inputOf({ name, type = "text", value = "", hint, required, options = [], autocomplete = "off", longest }) {
  const told = { class: "in", id: `field-${name}`, name, required, "aria-describedby": hint ? `hint-${name}` : null };
  if (type === "choice") {
    const chosen = options.map(([one, words]) => make("option", { value: one, selected: one === value }, words));
    return make("select", told, ...chosen);
  }
  return make("input", { ...told, type, value, autocomplete, maxlength: longest, spellcheck: "false" });
}

/** @param {Field} field @param {HTMLElement} input */
function placed({ name, label, hint }, input) {
  const words = hint ? make("span", { class: "hint", id: `hint-${name}` }, hint) : null;
  return make("div", { class: "field" }, make("label", { for: `field-${name}` }, label), input, words);
}

customElements.define("form-sheet", FormSheet);
