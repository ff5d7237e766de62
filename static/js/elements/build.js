// Builds elements without markup strings: what comes from the field is only ever text.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * One element. `class`, `aria-*` and the like are attributes; `onclick` and its kind are listeners;
 * true is a bare attribute, false and null are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter(isShown).map(asNode));
  return element;
}

/**
 * An icon of the sprite, hidden from readers: the words beside it say what it means.
 * @param {string} name
 * @param {string} [size] "sm" for small print
 * @returns {SVGSVGElement}
 */
export function icon(name, size = "") {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", size ? `i ${size}` : "i");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/**
 * A key's cap.
 * @param {string} label
 */
export function keycap(label) {
  return make("kbd", { class: "key" }, label);
}

/**
 * The caps of a key of the table: a range has two.
 * @param {{ caps: readonly string[], range?: boolean }} key
 */
export function capsOf({ caps, range }) {
  const drawn = caps.map(keycap);
  const last = drawn.pop() ?? "";
  return range ? [...drawn, " – ", last] : [last];
}

/**
 * An SVG element with attributes and children.
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

// a priority is told by shape, then number, then colour: octagon, triangle, circle
const SHAPES = {
  1: "M8.6 2h8.8L24 8.6v8.8L17.4 24H8.6L2 17.4V8.6z",
  2: "M13 1.800L25 24H1z",
  3: "M13 2.500A10.500 10.500 0 1 1 13 23.500 10.500 10.500 0 1 1 13 2.500z",
};

/**
 * The symbol of a priority. `look` adds classes: "lg", "flash", "z" (none raised).
 * @param {1 | 2 | 3} priority
 * @param {string} [look]
 */
export function prioritySymbol(priority, look = "") {
  const drawing = svg(
    "svg",
    { viewBox: "0 0 26 26", "aria-hidden": "true" },
    svg("path", { class: "s", d: SHAPES[priority] }),
  );
  const number = make("span", { "aria-hidden": "true" }, priority);
  const words = make("span", { class: "sr" }, `Priority ${priority}`);
  return make("span", { class: `pri p${priority} ${look}`.trim() }, drawing, number, words);
}

/**
 * What stands in a list's place until its first answer: a list that is still awaited is not an empty one.
 * @template {"li" | "p"} T
 * @param {T} tag
 */
export function awaited(tag) {
  return make(tag, { class: "none sec awaited" }, "Loading …");
}

/**
 * Sets text only where it changed: a hundred tiles tick four times a second.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets it only where it changed: set where the keyboard is, the browser lays the whole page out at once.
 * @param {HTMLElement} element
 * @param {0 | -1} index
 */
export function setTabIndex(element, index) {
  if (element.getAttribute("tabindex") !== String(index)) element.tabIndex = index;
}

/** @param {Child} child @returns {child is Node | string | number} */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/** @param {Node | string | number} child */
function asNode(child) {
  return typeof child === "number" ? String(child) : child;
}
