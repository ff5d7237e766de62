// <activity-list>: what happened that needs nobody. For information, no sound.
/** @import { Activity } from "../state/shapes" */
import { gathered } from "../state/activity.js";
import { timeOfDay } from "../state/words.js";
import { make } from "./build.js";

const SHOWN = 60;

export class ActivityList extends HTMLElement {
  /** @type {readonly Activity[] | null} */ #shown = null;
  #rows = make("ol", { class: "acts-list" });

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
    this.#rows.tabIndex = 0;
    this.#rows.setAttribute("aria-label", "Activity, newest first");
  }

  /** @param {readonly Activity[]} activity newest first */
  show(activity) {
    if (activity === this.#shown) return;
    this.#shown = activity;
    const rows = gathered(activity.slice(0, 2 * SHOWN))
      .slice(0, SHOWN)
      .map((line) =>
        make(
          "li",
          { class: "act" },
          make("time", {}, timeOfDay(line.at)),
          make("span", { class: "cs" }, line.call_sign ?? "All"),
          make("span", { class: "sec" }, line.text),
        ),
      );
    this.#rows.replaceChildren(
      ...(rows.length ? rows : [make("li", { class: "none mut" }, "Nothing has happened yet.")]),
    );
  }
}

customElements.define("activity-list", ActivityList);
