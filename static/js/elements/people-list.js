// <people-list>: everybody who may sign in, then those who may no longer. A row is only redrawn when it changed.
import { signInWords } from "../state/people.js";
import { dayOf } from "../state/words.js";
import { awaited, make } from "./build.js";
import { wireHold } from "./hold.js";

const HOLD_MS = 1000;

/** @typedef {import("../state/people.js").Entry} Entry */

/** Events: `person-act` { act: "change" | "link" | "password" | "end" | "off", entry }, `hold-hint` { words }. */
export class PeopleList extends HTMLElement {
  #list = make("ul", { class: "register" });
  /** @type {Map<string, { drawn: string, row: HTMLElement }>} */ #rows = new Map();

  connectedCallback() {
    this.#list.append(awaited("li"));
    this.append(this.#list);
  }

  /** @param {readonly Entry[]} people @param {string} self @param {number} now */
  show(people, self, now) {
    const rows = people.map((entry) => this.#rowOf(entry, entry.id === self, now));
    const none = rows.length ? [] : [make("li", { class: "none" }, "Nobody here matches what is searched.")];
    const wanted = [...rows, ...none];
    // moving a row would take the focus out of it
    if (wanted.length !== this.#list.childElementCount || wanted.some((row, at) => this.#list.children[at] !== row))
      this.#list.replaceChildren(...wanted);
  }

  /** @param {Entry} entry @param {boolean} isSelf @param {number} now */
  #rowOf(entry, isSelf, now) {
    const words = signInWords(entry, now);
    const drawn = JSON.stringify([entry.display_name, entry.role, entry.call_sign, entry.revoked_at, isSelf]);
    const known = this.#rows.get(entry.id);
    const row = known?.drawn === drawn ? known.row : this.#made(entry, isSelf);
    const place = row.querySelector(".at");
    if (place && place.textContent !== words) place.textContent = words;
    this.#rows.set(entry.id, { drawn, row });
    return row;
  }

  /** @param {Entry} entry @param {boolean} isSelf */
  #made(entry, isSelf) {
    const { display_name, name, role, call_sign, revoked_at } = entry;
    const who = make("span", { class: "is" }, make("span", { class: "cs" }, display_name), make("small", {}, name));
    const what = make("span", { class: "is" }, make("span", {}, role), make("small", {}, call_sign ?? ""));
    if (revoked_at !== null)
      return make(
        "li",
        { class: "over" },
        who,
        what,
        make("span", { class: "mut" }, `switched off ${dayOf(revoked_at)}`),
      );
    const acts = make("span", { class: "acts" }, ...this.#acts(entry, isSelf));
    return make("li", {}, who, what, make("span", { class: "at sec" }), acts);
  }

  /** @param {Entry} entry @param {boolean} isSelf */
  #acts(entry, isSelf) {
    const button = /** @param {string} act @param {string} words */ (act, words) =>
      make(
        "button",
        {
          class: "btn sm line",
          type: "button",
          "aria-label": `${words}: ${entry.display_name}`,
          onclick: () => this.#tell(entry, act),
        },
        words,
      );
    const acts = [
      button("change", "Change"),
      button("link", "Sign-in link"),
      button("password", "Password"),
      button("end", "End sign-ins"),
    ];
    if (isSelf) return [...acts, make("span", { class: "mut small" }, "you")];
    const off = make(
      "button",
      { class: "btn sm line hold", type: "button", "aria-label": `Hold to switch off: ${entry.display_name}` },
      "Switch off",
    );
    wireHold(off, {
      ms: () => HOLD_MS,
      act: () => this.#tell(entry, "off"),
      hint: (words) => this.dispatchEvent(new CustomEvent("hold-hint", { detail: { words }, bubbles: true })),
    });
    return [...acts, off];
  }

  /** @param {Entry} entry @param {string} act */
  #tell(entry, act) {
    this.dispatchEvent(new CustomEvent("person-act", { detail: { act, id: entry.id }, bubbles: true }));
  }
}

customElements.define("people-list", PeopleList);
