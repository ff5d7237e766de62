// <unit-menu>: everything that can be done with a unit or its tile, for the keyboard and for those who do not drag.
/** @import { View } from "../state/layout.js" */
/** @import { Unit } from "../state/shapes" */
import { tileOf } from "../state/layout.js";
import { wearerName } from "../state/units.js";
import { timeOfDay } from "../state/words.js";
import { icon, make } from "./build.js";

/** @typedef {{ unit: Unit, view: View, tile: number | null, mayAsk: boolean, x: number, y: number }} MenuFacts */

/** Event: `menu-act` { act, device_id, tile }. */
export class UnitMenu extends HTMLElement {
  /** @type {Element | null} */ #opener = null;

  connectedCallback() {
    this.setAttribute("popover", "auto");
    this.setAttribute("role", "menu");
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("toggle", (event) => {
      if (
        /** @type {ToggleEvent} */ (event).newState === "closed" &&
        this.#opener instanceof HTMLElement &&
        this.contains(document.activeElement)
      )
        this.#opener.focus();
    });
  }

  /** @param {MenuFacts} facts */
  open(facts) {
    const { unit, view, tile } = facts;
    this.#opener = document.activeElement;
    this.setAttribute("aria-label", `${unit.call_sign}, what to do`);
    const on = tileOf(view, unit.device_id);
    const watchers = unit.watchers.map((watcher) =>
      make(
        "div",
        {},
        `${watcher.name} `,
        make("span", { class: "mut" }, `${watcher.role}, since ${timeOfDay(watcher.since)}`),
      ),
    );
    this.replaceChildren(
      make(
        "div",
        { class: "mh" },
        make("span", { class: "cs" }, unit.call_sign),
        make("span", { class: "sec" }, wearerName(unit.wearer)),
      ),
      make(
        "div", // no list: a menu has none inside
        { class: "mw small" },
        ...(watchers.length ? watchers : [make("div", { class: "mut" }, "Nobody watches")]),
      ),
      ...this.#items(facts, on),
      make("div", { class: "ms small sec", id: "send-label" }, "Send to tile"),
      this.#numbers(facts, on ?? tile),
    );
    this.showPopover();
    const box = this.getBoundingClientRect();
    this.style.setProperty("--x", `${Math.max(8, Math.min(facts.x, innerWidth - box.width - 8))}px`);
    this.style.setProperty("--y", `${Math.max(8, Math.min(facts.y, innerHeight - box.height - 8))}px`);
    this.querySelector("button")?.focus();
  }

  /** @param {MenuFacts} facts @param {number | null} on */
  #items({ unit, view, tile, mayAsk }, on) {
    /** @param {string} act @param {string} symbol @param {string} words */
    const item = (act, symbol, words) =>
      this.#button({ act, device_id: unit.device_id, tile: tile ?? on }, icon(symbol), words);
    const pinned = tile !== null && view.tiles.get(tile)?.pinned;
    return [
      item("watch", "eye", "Watch on tile 1"),
      item("locate", "pin", "Show on the map"),
      tile !== null && item("enlarge", "expand", view.enlarged === tile ? "Back to its size" : "Enlarge"),
      tile !== null &&
        item("mute", view.audible === tile ? "soundoff" : "sound", view.audible === tile ? "Sound off" : "Sound on"),
      tile !== null && tile > 1 && item("pin", "tack", pinned ? "Release from its tile" : "Pin to its tile"),
      tile !== null && tile > 1 && item("clear", "close", "Free this tile"),
      mayAsk && unit.online && unit.recording !== "recording" && item("record", "camera", "Ask to record"),
    ].filter((entry) => entry !== false);
  }

  /** @param {MenuFacts} facts @param {number | null} current */
  #numbers({ unit, view }, current) {
    const numbers = Array.from({ length: view.layout - 1 }, (_, index) => index + 2);
    const buttons = numbers.map((tile) => {
      const button = this.#button({ act: "send", device_id: unit.device_id, tile }, tile);
      button.className = "btn sm";
      button.disabled = tile === current;
      return button;
    });
    return make("div", { class: "mn", role: "group", "aria-labelledby": "send-label" }, ...buttons);
  }

  /** @param {object} detail @param {...(Node | string | number)} words */
  #button(detail, ...words) {
    const act = () => {
      this.hidePopover();
      this.dispatchEvent(new CustomEvent("menu-act", { detail, bubbles: true }));
    };
    return make("button", { class: "mi", role: "menuitem", type: "button", onclick: act }, ...words);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = [...this.querySelectorAll("button:not(:disabled)")];
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (!step || !document.activeElement) return;
    event.preventDefault();
    const to = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
    if (to instanceof HTMLElement) to.focus();
  }
}

customElements.define("unit-menu", UnitMenu);
