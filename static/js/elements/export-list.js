// <export-list>: bundles that still stand on the server's disk: who took out what, and the way to take one again.
import { dayOf, timeOfDay } from "../state/words.js";
import { make } from "./build.js";

/**
 * @typedef {{ id: string, by: string, name: string, made_at: number, why: string, bytes: number, sha256: string,
 *   damaged: number, unplayable: number, call_signs: string[], from: number, to: number, until: number }} Standing times are Unix seconds
 */

/** Event: `fetch-again` { standing }. */
export class ExportList extends HTMLElement {
  #list = make("ul", { class: "register exports" });

  connectedCallback() {
    if (!this.childElementCount) this.append(this.#list);
  }

  /** @param {readonly Standing[]} standing newest first */
  show(standing) {
    this.#list.replaceChildren(...standing.map((one) => this.#row(one)));
  }

  /** @param {Standing} one */
  #row(one) {
    const ask = () => this.dispatchEvent(new CustomEvent("fetch-again", { bubbles: true, detail: { standing: one } }));
    const when = `${dayOf(one.from)}, ${timeOfDay(one.from)} to ${timeOfDay(one.to)}`;
    const taken = [illWords(one), size(one.bytes), `until ${dayOf(one.until)} ${timeOfDay(one.until)}`].filter(Boolean);
    const button = make(
      "button",
      { class: "btn sm line", type: "button", onclick: ask, "aria-label": `Save again: ${one.name}, ${one.by}` },
      "Save again",
    );
    return make(
      "li",
      {},
      lines(one.by, `${dayOf(one.made_at)} ${timeOfDay(one.made_at)}`, one.why),
      lines(one.call_signs.join(", "), when),
      lines(taken.join(", "), `SHA-256 ${one.sha256}`),
      make("span", { class: "acts" }, button),
    );
  }
}

/** @param {string} first @param {...string} more */
function lines(first, ...more) {
  return make("span", { class: "is" }, make("span", {}, first), ...more.map((words) => make("small", {}, words)));
}

/** "1 damaged, 2 not playable"; "" where all is whole. @param {{ damaged: number, unplayable: number }} of files */
export function illWords({ damaged, unplayable }) {
  const ill = [damaged ? `${damaged} damaged` : "", unplayable ? `${unplayable} not playable` : ""];
  return ill.filter(Boolean).join(", ");
}

/** @param {number} bytes */
export function size(bytes) {
  return `${Math.max(0.1, bytes / 1e6).toFixed(1)} MB`;
}

customElements.define("export-list", ExportList);
