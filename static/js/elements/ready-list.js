// <ready-list>: in a room without a camera, what is ready for duty and what is next. It has activity's place.
/** @import { Step } from "../state/readiness.js" */
import { icon, make, setText } from "./build.js";

export class ReadyList extends HTMLElement {
  #count = make("span", { class: "mut small" });
  #rows = make("ol");
  #drawn = "";

  connectedCallback() {
    if (this.childElementCount) return;
    const title = make("h2", { class: "t" }, "Ready for duty");
    this.append(make("div", { class: "ph" }, title, make("span", { class: "sp" }), this.#count), this.#rows);
  }

  /** @param {readonly Step[]} steps */
  show(steps) {
    const drawn = JSON.stringify(steps);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    setText(this.#count, `${steps.filter(({ done }) => done).length} of ${steps.length}`);
    this.#rows.replaceChildren(
      ...steps.map(({ words, proof, done }) =>
        make(
          "li",
          { class: done ? "done" : "" },
          done ? icon("tick") : make("i", { class: "open" }),
          make("span", { class: "what" }, words, make("span", { class: "sr" }, done ? ", ready" : ", still to do")),
          make("span", { class: "proof cut" }, proof),
        ),
      ),
    );
  }
}

customElements.define("ready-list", ReadyList);
