// <replay-export>: takes what is shown out of the building: the button, how far the bundle has come, and the way to it.
import { make, setText } from "./build.js";
import { illWords, size } from "./export-list.js";

/** Event: `export-ask`. */
export class ReplayExport extends HTMLElement {
  #progress = make("span", { class: "row nw", role: "status" });
  #button = make("button", { class: "btn line", type: "button", onclick: () => this.ask() }, "Export");

  connectedCallback() {
    if (!this.childElementCount) this.append(this.#progress, this.#button);
  }

  /** As if the button was pressed; not while a bundle is being made. */
  ask() {
    if (!this.#button.hidden) this.dispatchEvent(new CustomEvent("export-ask", { bubbles: true }));
  }

  /** @param {number} share of the bundle that is written */
  showShare(share) {
    this.#button.hidden = true;
    setText(this.#progress, `Exporting ${Math.round(share * 100)} %`);
  }

  /**
   * @param {{ url: string, bytes: number, sha256: string, name: string,
   *   films: { url: string, bytes: number, call_sign: string }[], damaged: number, unplayable: number } | null} bundle null: there is none
   */
  showBundle(bundle) {
    this.#button.hidden = false;
    this.#progress.replaceChildren();
    if (!bundle) return;
    const { url, bytes, sha256, name, films, damaged, unplayable } = bundle;
    const way = make("a", { class: "btn", href: url, download: name }, `Save bundle, ${size(bytes)}`);
    const only = films.map((film) =>
      make("a", { href: film.url, download: "" }, `Only the film of ${film.call_sign}, ${size(film.bytes)}`),
    );
    const mark = make("p", {}, "SHA-256 of the bundle ", make("code", {}, sha256));
    const words = [damaged ? damagedWords(damaged) : "", unplayable ? unplayableWords(unplayable) : ""].filter(Boolean);
    const sheet = make("div", {}, ...words.map((one) => make("p", {}, one)), ...only, mark);
    // nobody takes it away without having been told
    const head = make("summary", { class: "btn line" }, illWords(bundle) || "More");
    this.#progress.append(way, make("details", {}, head, sheet));
  }
}

/** @param {number} files */
function damagedWords(files) {
  const what = files === 1 ? "1 file of it is damaged" : `${files} files of it are damaged`;
  return `${what}: the verifier inside names them, and no film shows them.`;
}

/** @param {number} count files of recordings, and films that cannot be made of them */
function unplayableWords(count) {
  const what = count === 1 ? "1 file or film" : `${count} files or films`;
  return `${what} cannot be played, though what was recorded is whole: the page inside says which.`;
}

customElements.define("replay-export", ReplayExport);
