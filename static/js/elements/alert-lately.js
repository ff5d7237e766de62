// The place is kept for alerts: while none stands there, it tells what became of the last.
/** @import { Alert } from "../state/shapes" */
import { timeOfDay } from "../state/words.js";
import { icon, make, prioritySymbol } from "./build.js";

export class AlertLately {
  element = make("ol", {
    class: "lately",
    "aria-label": "Closed this hour, newest first",
    tabindex: "0",
    hidden: true,
  });
  #drawn = "";

  /** @param {Alert[]} closed the latest first @param {boolean} mayReplay each opens the replay of its incident, at its second */
  show(closed, mayReplay) {
    const drawn = [mayReplay, ...closed.map((alert) => `${alert.id} ${alert.seq}`)].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.element.hidden = closed.length === 0;
    this.element.replaceChildren(...closed.map((alert) => row(alert, mayReplay)));
  }
}

/** @param {Alert} alert @param {boolean} mayReplay */
function row(alert, mayReplay) {
  const { priority, title, call_sign, state, closed_at, closed_by } = alert;
  const when = make("time", { class: "mut small" }, timeOfDay(closed_at));
  return make(
    "li",
    {},
    prioritySymbol(priority, "z"),
    make("span", { class: "cut" }, make("b", { class: "cs" }, call_sign), ` ${title}`),
    make("span", { class: "mut small cut" }, [state, closed_by?.name].filter(Boolean).join(", ")),
    mayReplay ? replayOf(alert, when) : when,
  );
}

/** In a page of its own: the room is not left for it. @param {Alert} alert @param {Node} when */
function replayOf({ id, title, call_sign }, when) {
  const href = `/replay?alert=${encodeURIComponent(id)}&open=yes`;
  const words = make("span", { class: "sr" }, `Replay of ${title}, ${call_sign}, closed `);
  return make(
    "a",
    { href, target: "_blank", rel: "noopener", title: "Replay, from when it was raised" },
    icon("replay", "sm"),
    words,
    when,
  );
}

/**
 * What stands in the place of alerts while there is none; the same while nothing is known yet, so that nothing moves then.
 * @param {number} closed how many were within the hour
 */
export function calmWords(closed) {
  if (closed) return `${closed} closed this hour.`;
  return "Alerts stand here and nowhere else. A priority 1 fills this place and tile 1, and covers nothing.";
}
