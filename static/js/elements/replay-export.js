// <replay-export>: takes what is shown out of the building: the button, how far the bundle has come, and the way to it.
import { make, setText } from "./build.js";

/** Event: `export-ask`. */
export class ReplayExport extends HTMLElement {
  #progress = make("span", { class: "nw", role: "status" });
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

  /** @param {{ url: string, bytes: number, name: string } | null} bundle null: there is none */
  showBundle(bundle) {
    this.#button.hidden = false;
    this.#progress.replaceChildren();
    if (!bundle) return;
    const size = `${Math.max(0.1, bundle.bytes / 1e6).toFixed(1)} MB`;
    const way = make("a", { class: "btn", href: bundle.url, download: bundle.name }, `Save bundle, ${size}`);
    this.#progress.append(way);
  }
}

customElements.define("replay-export", ReplayExport);
