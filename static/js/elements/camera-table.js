// <camera-table>: all cameras, worst first or by any column. Arrows move, Enter chooses; the order is held meanwhile.
/** @import { Camera } from "../state/status_feed.js" */
import { COLUMNS, WORST_FIRST, found, held, ordered, sortedBy } from "../state/camera_order.js";
import { verdictOf } from "../state/verdict.js";
import { awaited, make, prioritySymbol, setTabIndex, setText } from "./build.js";

/** @typedef {{ row: HTMLTableRowElement, button: HTMLButtonElement, cells: HTMLElement[], symbol: HTMLElement, level: number }} Row */

/** Event: `camera-choose` { device_id }. */
export class CameraTable extends HTMLElement {
  /** @type {Map<string, Row>} */ #rows = new Map();
  /** @type {string[]} */ #order = [];
  #sorting = WORST_FIRST;
  #typed = "";
  #pointed = false;
  #body = make("tbody");
  #line = make("span", { class: "mut small cut" });
  #none = awaited("p");
  /** @type {Map<string, HTMLTableCellElement>} */ #heads = new Map();
  /** @type {{ cameras: readonly Camera[], chosen: string | null }} */ #shown = { cameras: [], chosen: null };

  connectedCallback() {
    if (this.#heads.size) return;
    const search = make("input", {
      class: "in",
      type: "search",
      placeholder: "Call sign, worker",
      "aria-label": "Find a camera by call sign, id or worker",
      oninput: () => ((this.#typed = search.value), this.#again()),
    });
    const heads = COLUMNS.map((column) => {
      const press = () => ((this.#sorting = sortedBy(this.#sorting, column.key)), (this.#order = []), this.#again());
      const button = make("button", { type: "button", title: column.title, onclick: press }, column.name);
      const head = make("th", { scope: "col", class: `c-${column.key}` }, button);
      this.#heads.set(column.key, head);
      return head;
    });
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), this.#body);
    const head = make("div", { class: "ph" }, make("h2", { class: "t" }, "Cameras"), this.#line);
    head.append(make("span", { class: "sp" }), search);
    const scroller = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Cameras" }, table);
    this.append(head, scroller, this.#none);
    this.#body.addEventListener("pointerenter", () => (this.#pointed = true));
    this.#body.addEventListener("pointerleave", () => (this.#pointed = false));
    this.#body.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {readonly Camera[]} cameras @param {string | null} chosen */
  show(cameras, chosen) {
    this.#shown = { cameras, chosen };
    const fitting = ordered(found(cameras, this.#typed), this.#sorting);
    const isHeld = this.#order.length > 0 && (this.#pointed || this.#body.contains(document.activeElement));
    const rows = isHeld ? held(fitting, this.#order) : fitting;
    this.#order = rows.map((camera) => camera.device_id);
    this.#tellOrder(isHeld);
    this.#arrange(rows, chosen);
    const some = this.#typed ? `${rows.length} of ${cameras.length}` : String(cameras.length);
    setText(this.#line, `${some} known${isHeld ? "; their order is held while you are on them" : ""}`);
    this.#none.hidden = rows.length > 0;
    setText(this.#none, cameras.length ? "No camera fits what you typed." : "No camera has sent a picture lately.");
  }

  /** The first in the order, for a page on which nothing was chosen. @returns {string | null} */
  get first() {
    return this.#order[0] ?? null;
  }

  #again() {
    this.show(this.#shown.cameras, this.#shown.chosen);
  }

  /** @param {boolean} isHeld */
  #tellOrder(isHeld) {
    this.classList.toggle("held", isHeld);
    const { key, reversed } = this.#sorting;
    for (const [name, head] of this.#heads) {
      const isText = COLUMNS.find((column) => column.key === name)?.isText ?? false;
      if (name === key) head.setAttribute("aria-sort", isText === reversed ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  /** Moves only what is out of place: the focus stays. @param {readonly Camera[]} cameras @param {string | null} chosen */
  #arrange(cameras, chosen) {
    const wanted = new Set(this.#order);
    for (const [device, { row }] of this.#rows) if (!wanted.has(device)) (row.remove(), this.#rows.delete(device));
    const focusable = wanted.has(chosen ?? "") ? chosen : this.#order[0];
    cameras.forEach((camera, index) => {
      const entry = this.#rows.get(camera.device_id) ?? this.#create(camera.device_id);
      const there = this.#body.children[index] ?? null;
      if (there !== entry.row) this.#body.insertBefore(entry.row, there);
      this.#fill(entry, camera, camera.device_id === chosen);
      setTabIndex(entry.button, camera.device_id === focusable ? 0 : -1);
    });
  }

  /** @param {string} device @returns {Row} */
  #create(device) {
    const choose = () =>
      this.dispatchEvent(new CustomEvent("camera-choose", { detail: { device_id: device }, bubbles: true }));
    const button = make("button", { type: "button", class: "cs" });
    const symbol = make("span", { class: "symbol" });
    const cells = COLUMNS.map(({ key }) => (key === "camera" ? button : make("span", { class: "cut" })));
    const row = make(
      "tr",
      { onclick: choose },
      ...COLUMNS.map(({ key }, index) => {
        const content = /** @type {Node} */ (cells[index]);
        if (key === "camera") return make("th", { scope: "row", class: "c-camera" }, content);
        return key === "state"
          ? make("td", { class: "c-state" }, symbol, content)
          : make("td", { class: `c-${key}` }, content);
      }),
    );
    const entry = { row, button, cells, symbol, level: 0 };
    this.#rows.set(device, entry);
    return entry;
  }

  /** @param {Row} entry @param {Camera} camera @param {boolean} isChosen */
  #fill(entry, camera, isChosen) {
    COLUMNS.forEach((column, index) => {
      const cell = /** @type {HTMLElement} */ (entry.cells[index]);
      const words = column.words(camera);
      if (cell.textContent === words) return;
      cell.textContent = words;
      cell.classList.toggle("nil", /^(0|–)/.test(words) && !/^0\./.test(words)); // what is not nought stands out
    });
    const { level, words } = verdictOf(camera);
    const state = entry.cells[1];
    if (state && state.title !== words) state.title = words;
    entry.button.setAttribute("aria-pressed", String(isChosen));
    entry.row.className = `l${level}${isChosen ? " chosen" : ""}`;
    if (entry.level === level) return;
    entry.level = level;
    entry.symbol.replaceChildren(...(level === 4 ? [] : [prioritySymbol(level)]));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = /** @type {Record<string, Element | null>} */ ({
      ArrowDown: row.nextElementSibling,
      ArrowUp: row.previousElementSibling,
      Home: this.#body.firstElementChild,
      End: this.#body.lastElementChild,
    });
    if (!(event.key in steps)) return;
    event.preventDefault();
    const button = steps[event.key]?.querySelector("button");
    button?.focus();
  }
}

customElements.define("camera-table", CameraTable);
