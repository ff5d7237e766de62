// <audit-table>: rows of the audit, the newest first. A row opens to show all that it has; on a narrow screen it is a card.
import { actorWords, detailLines, subjectWords, whatWords } from "../state/audit.js";
import { dayOf, timeOfDay } from "../state/words.js";
import { awaited, icon, make } from "./build.js";

/** @typedef {import("../state/audit.js").Row} Row */

const COLUMNS = ["When", "Who", "What", "Of", "Why", "From", "More"];

export class AuditTable extends HTMLElement {
  #body = make("tbody", { role: "rowgroup" });
  #none = awaited("p");
  /** @type {Map<number, HTMLElement[]>} */ #rows = new Map();

  connectedCallback() {
    // the roles stay when a narrow screen draws rows as cards
    const heads = COLUMNS.map((name) => make("th", { scope: "col", role: "columnheader" }, headOf(name)));
    const head = make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads));
    this.append(make("table", { role: "table", "aria-label": "Audit" }, head, this.#body), this.#none);
  }

  /** @param {readonly Row[]} rows @param {string} none what to say where there are none */
  show(rows, none) {
    this.#none.textContent = rows.length ? "" : none;
    const wanted = rows.flatMap((row) => this.#drawn(row));
    // moving a row would take the focus out of it
    if (wanted.length !== this.#body.childElementCount || wanted.some((row, at) => this.#body.children[at] !== row))
      this.#arrange(wanted);
    const kept = new Set(rows.map(({ seq }) => seq));
    for (const seq of this.#rows.keys()) if (!kept.has(seq)) this.#rows.delete(seq);
  }

  /** @param {readonly HTMLElement[]} wanted */
  #arrange(wanted) {
    const stays = new Set(wanted);
    for (const child of [...this.#body.children]) if (!stays.has(/** @type {HTMLElement} */ (child))) child.remove();
    wanted.forEach((row, at) => {
      const there = this.#body.children[at] ?? null;
      if (there !== row) this.#body.insertBefore(row, there);
    });
  }

  /** A row never changes: it is drawn once. @param {Row} row */
  #drawn(row) {
    const known = this.#rows.get(row.seq) ?? made(row);
    this.#rows.set(row.seq, known);
    return known;
  }
}

/** @param {string} name */
function headOf(name) {
  return name === "More" ? make("span", { class: "sr" }, name) : name;
}

/** @param {Row} row */
function made(row) {
  const id = `audit-${row.seq}`;
  const whole = make("tr", { class: "whole", id, role: "row", hidden: true }, wholeCell(row));
  const button = make(
    "button",
    {
      class: "btn ic quiet",
      type: "button",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-label": `All of row ${row.seq}`,
      onclick: () => {
        whole.hidden = !whole.hidden;
        button.setAttribute("aria-expanded", String(!whole.hidden));
      },
    },
    icon("down"),
  );
  const cells = [
    [timeOfDay(row.at), dayOf(row.at)],
    [actorWords(row), row.actor.role],
    [whatWords(row), ""],
    [subjectWords(row), ""],
    [row.why, ""],
    [row.address, ""],
  ].map(([words = "", small = ""], at) => cell(String(COLUMNS[at]), words, small));
  const last = make("td", { class: "c-more", role: "cell" }, button);
  return [make("tr", { role: "row" }, ...cells, last), whole];
}

/** @param {string} column @param {string} words @param {string} small */
function cell(column, words, small) {
  const name = make("span", { class: "col", "aria-hidden": "true" }, column);
  const strong = make("span", { class: column === "Who" || column === "Of" ? "cs" : "" }, words);
  const told = make("span", { class: "is" }, strong, small ? make("small", {}, small) : null);
  const look = `c-${column.toLowerCase()}${words ? "" : " empty"}`;
  return make("td", { class: look, role: "cell" }, name, told);
}

/** @param {Row} row */
function wholeCell(row) {
  const lines = detailLines(row).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  return make("td", { colspan: COLUMNS.length, role: "cell" }, make("dl", {}, ...lines));
}

customElements.define("audit-table", AuditTable);
