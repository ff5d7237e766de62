// The wall's head: how many tiles, which one has the main stream, how many feeds have eyes on them.
/** @import { View } from "../state/layout.js" */
/** @import { Room } from "../state/room.js" */
import { LAYOUTS } from "../state/layout.js";
import { icon, make, setText } from "./build.js";

const NUMBER_WORDS = { 4: "four", 9: "nine", 16: "sixteen", 25: "twenty-five" };

export class WallHead {
  #line = make("span");
  #watched = make("span");

  /** @param {(name: string, detail: object) => void} say `layout-pick` { layout }, `fullscreen` */
  constructor(say) {
    this.sizes = LAYOUTS.map((layout) => {
      const pick = () => say("layout-pick", { layout });
      return make(
        "button",
        { class: "btn", type: "button", "data-layout": layout, "aria-label": `${layout} tiles`, onclick: pick },
        layout,
      );
    });
    const full = {
      class: "btn ic quiet",
      type: "button",
      "aria-label": "Full screen (F)",
      onclick: () => say("fullscreen", {}),
    };
    this.element = make(
      "div",
      { class: "wh" },
      make("h2", {}, "Wall"),
      this.#line,
      make("span", { class: "sp" }),
      make("span", { class: "row" }, icon("eye"), this.#watched),
      make("div", { class: "seg", role: "group", "aria-label": "Layout" }, ...this.sizes),
      make("button", full, icon("expand")),
    );
  }

  /** @param {View} view @param {Room} room */
  show(view, { units, known }) {
    for (const button of this.sizes)
      button.setAttribute("aria-pressed", String(button.dataset["layout"] === String(view.layout)));
    setText(this.#line, `${NUMBER_WORDS[view.layout]} tiles, main stream on ${view.enlarged ?? 1}`);
    const recording = [...units.values()].filter((unit) => unit.recording === "recording");
    const watched = recording.filter((unit) => unit.watchers.length > 0).length;
    setText(this.#watched, known ? `Watched ${watched} of ${recording.length}` : "Watched – of –");
  }
}
