// What stands on the timeline: axis, one lane of coverage for each camera, alerts with their length, words and other marks.
/** @import { Replay, ReplayCamera, ReplayEvent } from "../state/replay.js" */
/** @import { Scale } from "../state/replay_scale.js" */
/** @import { Alert } from "../state/shapes" */
import { lengthWords } from "../state/replay_words.js";
import { marksOf } from "../state/replay_scale.js";
import { timeOfDay } from "../state/words.js";
import { svg } from "./build.js";

export const TOP_PX = 20;
const LANE_PX = 18;
const BELOW_PX = 100; // alerts, decisions, advice, other events
const SHAPES = {
  1: "M-3.700 -9h7.400L9 -3.700v7.400L3.700 9h-7.400L-9 3.700v-7.400z",
  2: "M0 -9L10 8H-10z",
  3: "M0-8.500A8.500 8.500 0 1 1 0 8.500 8.500 8.500 0 1 1 0-8.500z",
};
const BOOKMARK = "M-4.500 -8h9v16L0 3.500l-4.500 4.500z";
const DIAMOND = "M0 -7L7 0 0 7-7 0z";
const COMMANDS = /** @type {Record<string, string>} */ ({
  tick: "M-5 0.5l3.5 4 6.5-8.500", // dealt with an alert
  eye: "M-5 0a5 5 0 1 1 10 0 5 5 0 1 1-10 0z", // watches
  log: "M-4.500 -5h9v10h-9z", // wrote something of a recording
});

/** Pixels, at the usual size of type; timeline.css has the same sum. @param {number} cameras how many @param {number} top where the lanes begin */
export function heightOf(cameras, top) {
  return top + 6 + cameras * LANE_PX + BELOW_PX;
}

/** The drawing grows with the type: its units are the page's pixels over this. */
export function magnification() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

/** Whose lane it is; -1 above and below them. @param {number} y @param {number} top @param {number} cameras */
export function laneAt(y, top, cameras) {
  const index = Math.floor((y - top - 6) / LANE_PX);
  return index < cameras ? Math.max(-1, index) : -1;
}

/** @param {Replay} replay @param {Scale} scale @param {number} height @param {number} top where the lanes begin */
export function lanesOf(replay, scale, height, top) {
  const below = top + 6 + replay.cameras.length * LANE_PX;
  return [
    hatch(),
    ...axis(scale, height),
    ...replay.cameras.flatMap((camera, index) => lane(camera, scale, top + 8 + index * LANE_PX)),
    ...alerts(replay.alerts, replay.events, scale, below + 18),
    ...row("Decisions", replay.events, ["command"], scale, below + 42),
    ...row("Advice", replay.events, ["advice"], scale, below + 64),
    ...row("Log", replay.events, ["recording", "gap", "taser", "activity", "bookmark"], scale, below + 86),
  ];
}

/** Lines at 45 degrees: what is missing is told by its pattern, not by its colour. */
function hatch() {
  const size = { width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  return svg("defs", {}, svg("pattern", { id: "gap-hatch", ...size }, svg("line", { x1: 1, x2: 1, y1: 0, y2: 6 })));
}

/** @param {Scale} scale @param {number} height */
function axis(scale, height) {
  const { times, step } = marksOf(scale, 76);
  return times.flatMap((at) => [
    svg("line", { class: "ax", x1: scale.x(at), x2: scale.x(at), y1: TOP_PX, y2: height - 4 }),
    svg(
      "text",
      { class: "m", x: scale.x(at), y: 14, "text-anchor": "middle" },
      timeOfDay(at).slice(0, step < 60 ? 8 : 5),
    ),
  ]);
}

/** @param {ReplayCamera} camera @param {Scale} scale @param {number} y */
function lane(camera, scale, y) {
  const { left, right, x, window } = scale;
  const name = svg("text", { class: "cs", x: 10, y: y + 10 }, camera.call_sign);
  const ground = svg("rect", { class: "ground", x: left, y: y + 4, width: right - left, height: 3 });
  const seen = (/** @type {{ from: number, to: number }} */ one) => one.to > window.from && one.from < window.to;
  const drawn = (/** @type {import("../state/replay.js").Span} */ span) =>
    svg(
      "rect",
      {
        class: `span${span.before ? " before" : ""}${span.filled ? " filled" : ""}`,
        x: x(span.from),
        y,
        width: Math.max(1.5, x(span.to) - x(span.from)),
        height: 11,
      },
      ...(span.filled ? [svg("title", {}, backFilledWords(span))] : []),
    );
  const shown = camera.spans.filter(seen);
  const gaps = camera.gaps.filter(seen).flatMap((gap) => {
    const width = Math.max(2, x(gap.to) - x(gap.from));
    const hatched = svg("rect", { class: "gap", x: x(gap.from), y, width, height: 11 }, svg("title", {}, gap.words));
    const words = `gap ${lengthWords(gap.to - gap.from)}`;
    if (width < 80) return [hatched];
    const middle = (x(gap.from) + x(gap.to)) / 2;
    const plate = svg("rect", { class: "plate", x: middle - 34, y: y - 1, width: 68, height: 13 });
    return [hatched, plate, svg("text", { class: "m", x: middle, y: y + 10, "text-anchor": "middle" }, words)];
  });
  const wide = shown.filter((span) => x(span.to) - x(span.from) > (span.filled ? 100 : 70));
  const told = wide
    .filter((span) => span.before || span.filled)
    .map((span) => {
      const words = span.filled ? backFilledWords(span) : `${lengthWords(span.to - span.from)} before`;
      return svg("text", { class: span.filled ? "m on" : "m", x: x(span.from) + 6, y: y + 9.5 }, words);
    });
  const live = shown.filter((span) => !span.filled).map(drawn);
  // What was uploaded afterwards lies over the gap that it fills.
  return [name, ground, ...live, ...gaps, ...shown.filter((span) => span.filled).map(drawn), ...told];
}

/** @param {{ from: number, to: number }} span */
function backFilledWords(span) {
  return `${lengthWords(span.to - span.from)} back-filled`;
}

/** @param {readonly Alert[]} all @param {readonly ReplayEvent[]} events @param {Scale} scale @param {number} y */
function alerts(all, events, scale, y) {
  const { x, window } = scale;
  const bars = all
    .filter((alert) => alert.raised_at < window.to && (alert.cleared_at ?? alert.closed_at ?? window.to) > window.from)
    .map((alert) => {
      const over = alert.cleared_at ?? alert.closed_at ?? window.to;
      const width = Math.max(1, x(over) - x(alert.raised_at));
      return svg("rect", { class: `stood p${alert.priority}`, x: x(alert.raised_at), y: y - 3, width, height: 6 });
    });
  const raised = events.filter((event) => event.kind === "alert" && event.priority && inside(event, scale));
  const marks = raised.map((event) => {
    const priority = event.priority ?? 3;
    return svg(
      "g",
      { class: `mark p${priority}`, transform: `translate(${x(event.at).toFixed(1)} ${y})` },
      svg("title", {}, `${timeOfDay(event.at)} ${event.text}`),
      svg("path", { d: SHAPES[priority] }),
      svg("text", { y: priority === 2 ? 6 : 4.5, "text-anchor": "middle" }, String(priority)),
    );
  });
  return [svg("text", { x: 10, y: y + 4 }, "Alerts"), ...bars, ...marks];
}

/** Diamonds for words to an officer, a sign for each thing that the room did, ticks for the log. @param {string} name @param {readonly ReplayEvent[]} events @param {string[]} kinds @param {Scale} scale @param {number} y */
function row(name, events, kinds, scale, y) {
  const shown = events.filter((event) => kinds.includes(event.kind) && inside(event, scale));
  const marks = shown.map((event) => {
    const title = svg("title", {}, `${timeOfDay(event.at)} ${event.text}`);
    const place = { transform: `translate(${scale.x(event.at).toFixed(1)} ${y})` };
    if (event.kind === "advice") {
      const isWord = event.sign === "send";
      const drawn = svg("path", { d: isWord ? DIAMOND : "M0 -5V5" });
      return decides(svg("g", { class: isWord ? "word" : "receipt", ...place }, title, drawn), event);
    }
    const sign = event.kind === "command" ? COMMANDS[event.sign ?? ""] : undefined;
    const shape = event.kind === "bookmark" ? BOOKMARK : (sign ?? "M0 -7V7");
    return decides(svg("g", { class: `tick ${event.kind}`, ...place }, title, svg("path", { d: shape })), event);
  });
  return [svg("text", { x: 10, y: y + 4 }, name), ...marks];
}

/** Pressed, a decision shows what stood on the screen; the playhead does not go where the pointer is. @param {SVGElement} mark @param {ReplayEvent} event */
function decides(mark, { decision: id }) {
  if (!id) return mark;
  mark.classList.add("decides");
  mark.addEventListener("pointerdown", (pressed) => {
    pressed.stopPropagation();
    mark.dispatchEvent(new CustomEvent("replay-decision", { detail: { id }, bubbles: true }));
  });
  return mark;
}

/** @param {ReplayEvent} event @param {Scale} scale */
function inside({ at }, { window }) {
  return at >= window.from && at <= window.to;
}

/** What lies between in and out; a mark that is not set has no bracket. @param {number} left @param {number} right @param {number} bottom @param {{ from: boolean, to: boolean }} set */
export function bracketOf(left, right, bottom, set) {
  const ends = [
    set.from && `M${left + 7} ${TOP_PX}h-7V${bottom}h7`,
    set.to && `M${right - 7} ${TOP_PX}h7V${bottom}h-7`,
  ];
  return [
    svg("rect", { x: left, y: TOP_PX, width: Math.max(0, right - left), height: bottom - TOP_PX }),
    svg("path", { d: ends.filter(Boolean).join("") }),
  ];
}
