// <secret-sheet>: what is shown once and never again: a link, a token, a key. It is gone from the page when it closes.
import { icon, make } from "./build.js";

/**
 * @typedef {object} Secret
 * @property {string} title
 * @property {string} note
 * @property {readonly (readonly [string, string])[]} lines label and text
 * @property {{ picture: string, words: string }} [qr]
 * @property {{ name: string, text: string, words: string }} [file]
 */

export class SecretSheet extends HTMLElement {
  #dialog = make("dialog", { class: "sheet", "aria-labelledby": "secret-title" });

  connectedCallback() {
    this.#dialog.addEventListener("close", () => this.#dialog.replaceChildren());
    this.append(this.#dialog);
  }

  /** @param {Secret} secret */
  open({ title, note, lines, qr, file }) {
    const end = make(
      "button",
      { class: "btn main", type: "button", onclick: () => this.#dialog.close() },
      "I have it: close",
    );
    this.#dialog.replaceChildren(
      make("div", { class: "dh" }, make("h2", { id: "secret-title" }, title)),
      make("p", { class: "note" }, note),
      ...lines.map(([label, text], index) => lineOf(label, text, index)),
      qr ? make("img", { class: "qr", src: qr.picture, alt: qr.words }) : "",
      make("div", { class: "ends" }, file ? fileOf(file) : null, end),
    );
    this.#dialog.showModal();
    this.#dialog.querySelector("button")?.focus();
  }
}

/** @param {string} label @param {string} text @param {number} index */
function lineOf(label, text, index) {
  const id = `secret-${index}`;
  const shown = make("input", { class: "in", id, readonly: true, value: text });
  shown.addEventListener("focus", () => shown.select());
  const words = make("span", { role: "status" }, "Copy");
  const copy = async () => {
    shown.select();
    // over plain HTTP a browser has no clipboard to give: then the marked text is copied by its user
    const isCopied = await (navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    ) ?? false);
    words.textContent = isCopied ? "Copied" : "Press Ctrl C";
  };
  const button = make(
    "button",
    { class: "btn line", type: "button", "aria-label": `Copy: ${label}`, onclick: copy },
    words,
  );
  return make("div", { class: "secret" }, make("label", { for: id }, label), shown, button);
}

/** @param {{ name: string, text: string, words: string }} file */
function fileOf({ name, text, words }) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return make("button", { class: "btn line", type: "button", onclick: save }, icon("export"), words);
}

customElements.define("secret-sheet", SecretSheet);
