// <upcoming-list>: recordings that go, or are reviewed, soon: by category, each with what may be done about it.
/** @import { Going, Group } from "../state/upcoming.js" */
import { spanOf, whenWords } from "../state/upcoming.js";
import { wearerName } from "../state/units.js";
import { awaited, make } from "./build.js";

/** Event: `about` { row, act }: somebody wants to "hold", "keep" or "decide". */
export class UpcomingList extends HTMLElement {
  connectedCallback() {
    if (!this.childElementCount) this.append(awaited("p"));
  }

  /**
   * @param {readonly Group[]} groups @param {number} now @param {string} none
   * @param {readonly (readonly [act: string, words: string])[]} acts
   */
  show(groups, now, none, acts) {
    const sections = groups.map(({ title, words, rows }) =>
      make(
        "section",
        {},
        make("h3", {}, title, make("small", {}, words)),
        make("ul", { class: "register recordings" }, ...rows.map((row) => this.#row(row, now, acts))),
      ),
    );
    this.replaceChildren(...(sections.length ? sections : [make("p", { class: "none" }, none)]));
  }

  /** @param {Going} row @param {number} now @param {readonly (readonly [string, string])[]} acts */
  #row(row, now, acts) {
    const who = `${row.call_sign}, ${spanOf(row)}`;
    const buttons = acts.map(([act, words]) => {
      const tell = () => this.dispatchEvent(new CustomEvent("about", { bubbles: true, detail: { row, act } }));
      return make(
        "button",
        { class: "btn line", type: "button", onclick: tell, "aria-label": `${words}: ${who}` },
        words,
      );
    });
    const open = make("a", { class: "btn line", href: `/replay/${row.id}`, "aria-label": `Open: ${who}` }, "Open");
    return make(
      "li",
      {},
      make(
        "span",
        { class: "is" },
        make("span", { class: "cs" }, row.call_sign),
        make("small", {}, wearerName(row.wearer)),
      ),
      make("span", { class: "is" }, spanOf(row)),
      make("span", { class: "is" }, whenWords(row, now)),
      make("span", { class: "acts" }, ...buttons, open),
    );
  }
}

customElements.define("upcoming-list", UpcomingList);
