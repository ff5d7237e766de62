// One state of one component with its name under it, in the theme of its section.
import { make } from "../elements/build.js";

/**
 * @param {string} name what the tests find it by, too
 * @param {string} words
 * @param {...Node} inside
 */
export function specimen(name, words, ...inside) {
  return make(
    "figure",
    { class: "specimen", "data-state": name },
    make("div", { class: "shown" }, ...inside),
    make("figcaption", {}, make("b", {}, `${name}.`), ` ${words}`),
  );
}

/** @param {string} title @param {string} look columns, as in design.css @param {...Node} specimens */
export function chapter(title, look, ...specimens) {
  return make("section", { class: "chapter" }, make("h3", {}, title), make("div", { class: look }, ...specimens));
}

/**
 * An element that tells what it shows only once it stands in the page.
 * @template {HTMLElement} E
 * @param {E} element @param {(element: E) => void} show
 * @returns {E}
 */
export function shown(element, show) {
  // runs when the whole sheet is attached
  queueMicrotask(() => show(element));
  return element;
}
