// An alert's life: raised, acknowledged, cleared, closed, each with its time.
/** @import { Alert } from "../state/shapes" */
import { isOpen } from "../state/alerts.js";
import { timeOfDay } from "../state/words.js";
import { make } from "./build.js";

/** In a page of its own: the room is not left for it. @param {Alert} alert */
function replayOf({ id, title, call_sign, raised_at }) {
  const href = `/replay?alert=${encodeURIComponent(id)}&open=yes`;
  const words = make("span", { class: "sr" }, `Replay of ${title}, ${call_sign}, from `);
  const about = { href, target: "_blank", rel: "noopener", title: "Replay, from when it was raised" };
  return make("a", { ...about, "data-act": "replay" }, words, timeOfDay(raised_at));
}

/** Four stops, always in this order. @param {Alert} alert @param {boolean} [replays] its raising leads to its replay */
export function life(alert, replays) {
  const by = alert.acknowledged_by?.name ?? "";
  const took =
    alert.acknowledged_at === null
      ? ""
      : `${Math.max(0, Math.round(alert.acknowledged_at - alert.needs_since))}\u00a0s`; // a figure and its unit in one line
  /** @type {[string, Node | string, boolean][]} */
  const stops = [
    ["Raised", replays ? replayOf(alert) : timeOfDay(alert.raised_at), true],
    [
      "Acknowledged",
      alert.acknowledged_at === null ? "nobody yet" : [by, took].filter(Boolean).join(", "),
      alert.acknowledged_at !== null,
    ],
    ["Cleared", alert.cleared_at === null ? "when safe" : timeOfDay(alert.cleared_at), alert.cleared_at !== null],
    ["Closed", isOpen(alert) ? "you decide" : timeOfDay(alert.closed_at), !isOpen(alert)],
  ];
  return make(
    "ol",
    { class: "life" },
    ...stops.map(([name, words, done]) => make("li", { class: done ? "on" : "" }, make("b", {}, name), words)),
  );
}
