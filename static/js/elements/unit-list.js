// <unit-list>: the units on duty. Arrows move, Enter selects, a digit sends to that tile, rows can be dragged.
/** @import { Room } from "../state/room.js" */
/** @import { Alert, Unit } from "../state/shapes" */
import { fixAge, isStale } from "../state/positions.js";
import { dutyLine, matching, ordered, statusWords, unitSign, wearerName } from "../state/units.js";
import { NOT_KNOWN, age } from "../state/words.js";
import { alertIcon, alertTitle } from "./alert-words.js";
import { icon, make, setTabIndex, setText } from "./build.js";
import { UNIT_DRAG } from "./wall-drop.js";

/** @typedef {{ row: HTMLElement, at: number, set: (unit: Unit, alert: Alert | undefined, fix: import("../state/shapes").Fix | undefined, now: number, stale: number) => void }} Row */

/** Events: `unit-pick` { device_id }, `unit-send` { device_id, tile }, `unit-menu` { device_id, at }. */
export class UnitList extends HTMLElement {
  /** @type {Map<string, Row>} */ #rows = new Map();
  #line = make("span", { class: "mut small" });
  #body = make("div", { class: "rows", role: "listbox", "aria-label": "Units on duty" });
  #none = make("p", { class: "none sec" });
  typed = "";

  connectedCallback() {
    this.append(
      make("div", { class: "ph" }, make("h2", { class: "t" }, "Units on duty"), this.#line),
      this.#head(),
      this.#body,
      this.#none,
    );
    this.#body.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {Room} room @param {ReadonlyMap<string, Alert>} alarms @param {string | null} selected @param {number} now */
  show(room, alarms, selected, now) {
    const units = matching(ordered(room.units, alarms), this.typed);
    const some = this.typed ? `${units.length} of ${room.units.size} fit “${this.typed}”` : dutyLine(room.units);
    setText(this.#line, room.known ? some : NOT_KNOWN);
    this.#arrange(units);
    for (const unit of units) {
      const device = unit.device_id;
      this.#rows.get(device)?.set(unit, alarms.get(device), room.fixes.get(device), now, room.settings.fix_stale_s);
    }
    const focusable = units.some((unit) => unit.device_id === selected) ? selected : units[0]?.device_id;
    for (const [device, { row }] of this.#rows) {
      row.setAttribute("aria-selected", String(device === selected));
      setTabIndex(row, device === focusable ? 0 : -1);
    }
    this.classList.toggle("is-new", room.known && room.units.size === 0);
    this.classList.toggle("is-empty", units.length === 0);
    setText(this.#none, noneWords(room));
  }

  /** The device of the row that has the keyboard. @returns {string | null} */
  get focused() {
    const row = document.activeElement?.closest?.("unit-list .u");
    return row instanceof HTMLElement ? (row.dataset["device"] ?? null) : null;
  }

  /** @returns {string | null} the first of what was searched */
  get first() {
    const row = this.#body.firstElementChild;
    return row instanceof HTMLElement ? (row.dataset["device"] ?? null) : null;
  }

  #head() {
    const words = ["", "Unit", "Wearer", "Status", "Watching", "Fix age"];
    return make("div", { class: "u h", "aria-hidden": "true" }, ...words.map((word) => make("span", {}, word)));
  }

  /**
   * Rows in order, moving only those that are out of place: the focus stays. An alarm's row comes first by its
   * translation, so that the page is not laid out anew.
   * @param {Unit[]} units
   */
  #arrange(units) {
    const wanted = new Set(units.map((unit) => unit.device_id));
    for (const [device, { row }] of this.#rows) if (!wanted.has(device)) this.#drop(device, row);
    units.forEach((unit, index) => {
      const row = this.#rows.get(unit.device_id) ?? this.#create(unit.device_id);
      if (this.#body.children[index] !== row.row) this.#body.insertBefore(row.row, this.#body.children[index] ?? null);
      if (row.at === index) return;
      row.at = index;
      row.row.style.setProperty("--at", String(index));
    });
    this.#body.style.setProperty("--count", String(units.length));
  }

  /** @param {string} device @param {HTMLElement} row */
  #drop(device, row) {
    row.remove();
    this.#rows.delete(device);
  }

  /** @param {string} device @returns {Row} */
  #create(device) {
    const status = make("span", { class: "st" });
    const callSign = make("span", { class: "cs" });
    const [wearer, words, watching, fixWords] = [
      make("span", { class: "cut" }),
      make("span", { class: "sec cut" }),
      make("span"),
      make("span"),
    ];
    const old = icon("clock", "sm");
    const sign = make("span", { class: "sign" }); // where there is no room for the words
    const row = make(
      "div",
      {
        class: "u",
        role: "option",
        draggable: "true",
        "data-device": device,
        onclick: () => this.#say("unit-pick", { device_id: device }),
        oncontextmenu: (event) => this.#menu(event, device),
        ondragstart: (event) => event.dataTransfer?.setData(UNIT_DRAG, device),
      },
      status,
      callSign,
      make("span", { class: "sec who" }, wearer, sign),
      words,
      make("span", { class: "fx sec" }, icon("eye", "sm"), watching),
      make("span", { class: "fx" }, old, fixWords),
    );
    /** @type {Row["set"]} */
    const set = (unit, alert, fix, now, staleAfter) => {
      const isOld = isStale(fix, now, staleAfter);
      row.className = `u${alert && alert.priority < 3 ? ` a${alert.priority}` : ""}${isOld || !unit.online ? " old" : ""}`;
      setText(status, String(unit.status_code));
      setText(callSign, unit.call_sign);
      setText(wearer, wearerName(unit.wearer));
      setText(words, alert && alert.priority < 3 ? shortly(alert) : statusWords(unit));
      showSign(sign, unit, alert);
      words.title = alert ? alertTitle(alert) : "";
      setText(watching, String(unit.watchers.length));
      setText(fixWords, age(fixAge(fix, now)));
      old.classList.toggle("off", !isOld);
    };
    const entry = { row, at: -1, set };
    this.#rows.set(device, entry);
    return entry;
  }

  /** @param {MouseEvent} event @param {string} device */
  #menu(event, device) {
    event.preventDefault();
    this.#say("unit-menu", { device_id: device, x: event.clientX, y: event.clientY });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = event.target instanceof HTMLElement ? event.target.closest(".u") : null;
    const device = row instanceof HTMLElement ? row.dataset["device"] : null;
    if (!row || !device || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = {
      ArrowDown: row.nextElementSibling,
      ArrowUp: row.previousElementSibling,
      Home: this.#body.firstElementChild,
      End: this.#body.lastElementChild,
    };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (to instanceof HTMLElement) to.focus();
    else if (event.key === "Enter" || event.key === " ") this.#say("unit-pick", { device_id: device });
    else if (event.key === "ContextMenu") this.#say("unit-menu", { device_id: device, ...below(row) });
    else if (!(event.key in steps)) return;
    event.preventDefault();
  }

  /** @param {string} name @param {object} detail */
  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

/** @param {Room} room */
function noneWords({ known, units }) {
  if (!known) return "Units come with the server’s first answer.";
  if (units.size) return "No unit fits what you typed.";
  return "A unit stands here as soon as its camera signs on, with its status and the age of its position.";
}

/** @param {Element} element */
function below(element) {
  const box = element.getBoundingClientRect();
  return { x: box.left + 24, y: box.bottom };
}

/** @param {HTMLElement} sign @param {Unit} unit @param {Alert | undefined} alert */
function showSign(sign, unit, alert) {
  const isAlarm = alert !== undefined && alert.priority < 3;
  const { name, words } = isAlarm ? { name: alertIcon(alert), words: alertTitle(alert) } : unitSign(unit);
  if (sign.title === words) return;
  sign.title = words;
  sign.replaceChildren(...(name ? [icon(name, "sm"), make("span", { class: "sr" }, words)] : []));
}

/** A cleared alert's whole title would be cut in here; it stands on the card, and under the pointer. @param {Alert} alert */
function shortly({ title, cleared_at }) {
  return cleared_at === null ? title : "cleared";
}

customElements.define("unit-list", UnitList);
