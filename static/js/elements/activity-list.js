// <activity-list>: what happened that needs nobody. For information, no sound.
/** @import { Activity } from "../state/shapes" */
import { gathered } from "../state/activity.js";
import { timeOfDay } from "../state/words.js";
import { make } from "./build.js";

const SHOWN = 60;

export class ActivityList extends HTMLElement {
  /** @type {readonly Activity[] | null} */ #shown = null;
  #known = false;
  #rows = make("ol", { class: "acts-list" });
  #latest = make("p", { class: "panel latest" });

  connectedCallback() {
    this.append(
      make(
        "div",
        { class: "ph" },
        make("h2", { class: "t" }, "Activity"),
        make("span", { class: "mut small" }, "for information, no sound"),
      ),
      this.#rows,
    );
    this.after(this.#latest); // where alerts have the list's place, this line stands for it
    this.#rows.tabIndex = 0;
    this.#rows.setAttribute("aria-label", "Activity, newest first");
  }

  /** @param {readonly Activity[]} activity newest first @param {boolean} known the server has told of it */
  show(activity, known) {
    if (activity === this.#shown && known === this.#known) return;
    this.#shown = activity;
    this.#known = known;
    const none = known ? "Nothing has happened yet." : "Not known yet.";
    const lines = gathered(activity.slice(0, 2 * SHOWN)).slice(0, SHOWN);
    const rows = lines.map((line) => make("li", { class: "act" }, ...words(line)));
    this.#latest.replaceChildren(...(lines[0] ? words(lines[0]) : [none]));
    this.#rows.replaceChildren(...(rows.length ? rows : [make("li", { class: "none mut" }, none)]));
  }
}

/** @param {Activity} line */
function words({ at, call_sign, text }) {
  return [
    make("time", {}, timeOfDay(at)),
    make("span", { class: "cs" }, call_sign ?? "All"),
    make("span", { class: "sec" }, text),
  ];
}

customElements.define("activity-list", ActivityList);
