// <wall-rest>: where the tiles would stand while there is nothing to show: why, since when, and which units there are.
/** @import { Rest } from "../state/wall_rest.js" */
/** @import { Alert, Unit } from "../state/shapes" */
import { familyName, ordered, statusWords } from "../state/units.js";
import { icon, make, setText } from "./build.js";

const ICONS = { starting: "link", "signed-out": "key", refused: "key", calm: "tick", empty: "camera" };
const MOST_UNITS = 24; // more cannot be read from where people sit; the line says how many there are

export class WallRest extends HTMLElement {
  #symbol = make("span", { class: "sym" });
  #title = make("h2");
  #line = make("p", { class: "sec" });
  #units = make("ul", { class: "duty" });
  #kind = "";
  #drawn = "";

  connectedCallback() {
    this.setAttribute("role", "status");
    this.prepend(make("div", { class: "say" }, this.#symbol, this.#title, this.#line));
    this.append(this.#units);
  }

  /** @param {Rest} rest @param {ReadonlyMap<string, Unit>} units @param {ReadonlyMap<string, Alert>} alarms */
  show(rest, units, alarms) {
    if (rest.kind !== this.#kind) this.#symbol.replaceChildren(icon(ICONS[rest.kind]));
    this.#kind = rest.kind;
    this.className = rest.kind;
    setText(this.#title, rest.title);
    setText(this.#line, rest.line);
    const listed = rest.kind === "calm" ? ordered(units, alarms).slice(0, MOST_UNITS) : [];
    const rows = listed.map((unit) => [unit.call_sign, familyName(unit.wearer), statusWords(unit), unit.online]);
    const drawn = JSON.stringify(rows);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#units.replaceChildren(...listed.map(row));
    const more = units.size - listed.length;
    if (listed.length && more > 0) this.#units.append(make("li", { class: "more" }, `and ${more} more`));
  }
}

/** @param {Unit} unit */
function row(unit) {
  const what = make("span", { class: "st2" }, statusWords(unit));
  return make(
    "li",
    { class: unit.online ? "" : "away" },
    make("span", { class: "cs" }, unit.call_sign),
    make("span", { class: "nm" }, familyName(unit.wearer)),
    what,
  );
}

customElements.define("wall-rest", WallRest);
