// Buttons, fields, symbols, and what opens over the page.
import { HelpDialog } from "../elements/help-dialog.js";
import { PlaceList } from "../elements/place-list.js";
import { UnitMenu } from "../elements/unit-menu.js";
import { icon, keycap, make, prioritySymbol } from "../elements/build.js";
import { emptyView } from "../state/layout.js";
import { named } from "./facts.js";
import { chapter, specimen } from "./specimen.js";

/** @param {string} look @param {...(Node | string)} words */
const button = (look, ...words) => make("button", { class: `btn ${look}`, type: "button" }, ...words);

/** @param {HTMLElement} place where what opens stands, for its theme */
export function controls(place) {
  return chapter(
    "Buttons, fields, symbols, dialogs",
    "middle",
    specimen(
      "Main",
      "One in a card.",
      row(button("main lg", icon("tick"), "Acknowledge", keycap("A")), button("main", "Resolve")),
    ),
    specimen(
      "Ordinary",
      "Never red or amber.",
      row(button("", "Resolve"), button("line", "Outline"), button("quiet", "Quiet"), button("sm", "Small")),
    ),
    specimen("Off", "Switched off.", row(off("main lg"), off(""))),
    specimen(
      "Symbols alone",
      "With a name for who cannot see them.",
      row(iconButton("wall", "Show on tile 1"), iconButton("pin", "Show on the map")),
    ),
    specimen("One of a few", "Four, nine, sixteen.", sizes()),
    specimen("Field", "Its border is a graphic: 3 to 1.", field("text", "ET17"), field("password", "secret")),
    specimen("Search", "Streets and places under its box; where no unit fits, Enter takes the first.", search()),
    specimen(
      "Priorities",
      "Shape, number, colour; outline when none is raised.",
      row(...priorities("lg"), ...priorities(""), ...priorities("z")),
    ),
    specimen("Keys", "Every key there is.", row(opens("Keys", () => keys(place)))),
    specimen(
      "Unit menu",
      "All that can be done, for the keyboard.",
      row(opens("Unit menu", (event) => menu(place, event))),
    ),
  );
}

/** @param {...Node} parts */
const row = (...parts) => make("div", { class: "row wrap" }, ...parts);
/** @param {string} look */
const priorities = (look) => /** @type {const} */ ([1, 2, 3]).map((one) => prioritySymbol(one, look));
/** @param {string} symbol @param {string} words */
const iconButton = (symbol, words) =>
  make("button", { class: "btn ic", type: "button", "aria-label": words }, icon(symbol));
/** @param {string} look */
const off = (look) => make("button", { class: `btn ${look}`, type: "button", disabled: true }, "Send");
/** @param {string} words @param {(event: MouseEvent) => void} open */
const opens = (words, open) =>
  make("button", { class: "btn line", type: "button", "aria-haspopup": "dialog", onclick: open }, words);

function sizes() {
  const one = /** @param {number} size */ (size) =>
    make("button", { class: "btn", type: "button", "aria-pressed": String(size === 9) }, size);
  return make("div", { class: "seg", role: "group", "aria-label": "Layout" }, ...[4, 9, 16].map(one));
}

let fields = 0; // a label names its field by an id, and the sheet has each of them twice

/** @param {string} type @param {string} value */
function field(type, value) {
  fields += 1;
  const id = `field-${fields}`;
  const input = make("input", { class: "in", type, value, id, autocomplete: "off" });
  return make("div", { class: "field" }, make("label", { for: id }, type === "text" ? "Name" : "Password"), input);
}

/** @type {[string, string][]} */
const FOUND = [
  ["Harbour Office", "harbour office"],
  ["Harbour Street", "street"],
  ["The Harbour", "quarter"],
];
let searches = 0;

function search() {
  searches += 1;
  const box = make("input", { type: "search", value: "harbour", autocomplete: "off" });
  const list = new PlaceList();
  list.id = `places-${searches}`;
  list.begin(box);
  const bounds = { west: 0, east: 0, south: 0, north: 0 };
  list.show(
    FOUND.map(([name, what]) => ({ name, what, bounds, lines: [] })),
    true,
  );
  const words = make("span", { class: "sr" }, "Search a street");
  return make("div", { class: "search-place" }, make("label", { class: "search" }, icon("search"), words, box), list);
}

/** @param {HTMLElement} place */
function keys(place) {
  fresh(place, new HelpDialog()).open({ keysOn: true, hintsOn: true });
}

/** @param {HTMLElement} place @param {MouseEvent} event */
function menu(place, event) {
  const unit = named("ET28");
  const facts = { unit, view: emptyView(), tile: 2, mayAsk: true, x: event.clientX, y: event.clientY };
  fresh(place, new UnitMenu()).open(facts);
}

/** One at a time: both carry ids. @template {HTMLElement} E @param {HTMLElement} place @param {E} element @returns {E} */
function fresh(place, element) {
  for (const old of document.querySelectorAll("help-dialog, unit-menu")) old.remove();
  place.append(element);
  return element;
}
