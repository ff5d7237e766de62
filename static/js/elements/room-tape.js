// <room-tape>: the last thirty minutes on one line each: alerts by shape, cameras recording, proof of the link.
/** @import { Sample } from "../state/tape.js" */
/** @import { Alert } from "../state/shapes" */
import { isOpen } from "../state/alerts.js";
import { SPAN_S, linkProof, onTape, recordingSteps, spread } from "../state/tape.js";
import { timeOfDay } from "../state/words.js";
import { svg } from "./build.js";

const [LEFT, RIGHT, HEIGHT, EVERY_S] = [78, 16, 70, 300];
const SLIM = 26; // on a low screen: the row of alerts alone
const WORDS_PX = 260;
const MARK_PX = 18;

export class RoomTape extends HTMLElement {
  #drawing = svg("svg", { role: "img", "aria-label": "The last thirty minutes" });
  #key = "";
  #size = { width: 0, height: 0, scale: 1 }; // px; read at each alert, it would lay the page out before the alert is seen
  /** @type {Parameters<RoomTape["show"]> | null} */ #shown = null;

  connectedCallback() {
    this.append(this.#drawing);
    new ResizeObserver(() => this.#measure()).observe(this);
  }

  #measure() {
    const scale = parseFloat(getComputedStyle(this).fontSize) / 14.5; // the drawing grows with the type
    this.#size = { width: this.clientWidth / scale, height: this.clientHeight, scale };
    this.#key = "";
    if (this.#shown) this.show(...this.#shown);
  }

  /** @param {readonly Sample[]} samples @param {ReadonlyMap<string, Alert>} alerts @param {number} now */
  show(samples, alerts, now) {
    const key = `${samples.length} ${samples.at(-1)?.at} ${[...alerts.values()].map((alert) => alert.seq).join()} ${Math.floor(now / 5)}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#shown = [samples, alerts, now];
    const { width, height: room, scale } = this.#size;
    if (!width) return; // a small screen leaves the tape out
    const isSlim = room < (HEIGHT * scale) / 2;
    const height = isSlim ? SLIM : HEIGHT;
    const x = /** @param {number} at */ (at) => LEFT + ((width - LEFT - RIGHT) * (at - (now - SPAN_S))) / SPAN_S;
    this.#drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const rows = [
      ...axis(x, now),
      ...names(),
      ...unwatched(samples, x, now),
      ...recording(samples, x, now),
      ...proof(samples, x, now),
    ];
    this.#drawing.replaceChildren(
      ...(isSlim ? ticks(x, now, 4, height - 4) : rows),
      ...(isSlim ? [svg("text", { x: 12, y: 17 }, "30 min")] : []),
      ...marks(onTape(alerts.values(), now), x, x(now) - 3, isSlim ? height / 2 : 27),
      svg("line", { class: "now", x1: x(now), x2: x(now), y1: isSlim ? 3 : 15, y2: height - (isSlim ? 3 : 5) }),
    );
  }
}

/** @typedef {(at: number) => number} Scale */

/** Every five minutes. @param {number} now @returns {number[]} */
function times(now) {
  const first = Math.ceil((now - SPAN_S) / EVERY_S) * EVERY_S;
  return Array.from({ length: Math.floor((now - first) / EVERY_S) + 1 }, (_, index) => first + index * EVERY_S);
}

/** @param {Scale} x @param {number} now @param {number} y1 @param {number} y2 */
function ticks(x, now, y1, y2) {
  return times(now).map((at) => svg("line", { class: "ax", x1: x(at), x2: x(at), y1, y2 }));
}

/** @param {Scale} x @param {number} now */
function axis(x, now) {
  const words = times(now)
    .filter((at) => x(now) - x(at) > 56)
    .map((at) => svg("text", { x: x(at), y: 12, "text-anchor": "middle" }, timeOfDay(at).slice(0, 5)));
  return [...ticks(x, now, 17, HEIGHT - 5), ...words, svg("text", { x: x(now), y: 12, "text-anchor": "end" }, "now")];
}

function names() {
  return ["Alerts", "Recording", "Link"].map((name, index) => svg("text", { x: 12, y: 30 + index * 17 }, name));
}

/** Before this console was opened it saw nothing: said, and not left to look like a quiet room.
 * @param {readonly Sample[]} samples @param {Scale} x @param {number} now */
function unwatched(samples, x, now) {
  const opened = samples[0]?.at ?? now;
  const until = x(opened);
  if (until <= LEFT) return [];
  const words = `this console was opened at ${timeOfDay(opened)}`;
  const fits = until - LEFT > WORDS_PX;
  return [
    ...[52, 60].map((y) => svg("line", { class: "blank", x1: LEFT, x2: until, y1: y, y2: y })),
    ...(fits ? [svg("text", { x: (LEFT + until) / 2, y: 45, "text-anchor": "middle" }, words)] : []),
  ];
}

/** @param {readonly Sample[]} samples @param {Scale} x @param {number} now */
function recording(samples, x, now) {
  const steps = recordingSteps(samples);
  const first = steps[0];
  const last = steps.at(-1);
  if (!first || !last) return [];
  const most = Math.max(4, ...steps.map((step) => step.recording));
  const y = /** @param {number} count */ (count) => 52 - (12 * count) / most;
  const line =
    steps
      .map(
        (step, index) =>
          `${index ? `H${x(step.at).toFixed(1)}V` : `M${x(step.at).toFixed(1)} `}${y(step.recording).toFixed(1)}`,
      )
      .join("") + `H${x(now).toFixed(1)}`;
  return [
    svg("path", { class: "area", d: `${line}V52H${x(first.at).toFixed(1)}Z` }),
    svg("path", { class: "step", d: line }),
    svg("text", { class: "strong", x: x(now) - 6, y: 50, "text-anchor": "end" }, String(last.recording)),
  ];
}

/** @param {readonly Sample[]} samples @param {Scale} x @param {number} now */
function proof(samples, x, now) {
  return linkProof(samples)
    .filter(({ at }) => x(at + 30) > LEFT)
    .map(({ at, linked }) =>
      svg("circle", { class: linked ? "ok" : "gap", cx: Math.min(x(at + 30), x(now)), cy: 60, r: linked ? 2.4 : 3.6 }),
    );
}

/** Open alerts stand in colour, the rest in outline. @param {Alert[]} alerts @param {Scale} x @param {number} end @param {number} y */
function marks(alerts, x, end, y) {
  const shapes = {
    1: "M-3.500 -9h7L9 -3.500v7L3.500 9h-7L-9 3.500v-7z",
    2: "M0 -9L10 8H-10z",
    3: "M0-8.500A8.500 8.500 0 1 1 0 8.500 8.500 8.500 0 1 1 0-8.500z",
  };
  const places = spread(
    alerts.map((alert) => x(alert.raised_at)),
    MARK_PX,
    2 * MARK_PX,
    end,
  );
  return alerts.map((alert, index) =>
    svg(
      "g",
      {
        class: `mark p${alert.priority} ${isOpen(alert) ? "open" : ""}`,
        transform: `translate(${places[index]?.toFixed(1)} ${y}) scale(.86)`,
      },
      svg("path", { d: shapes[alert.priority] }),
      svg("text", { y: alert.priority === 2 ? 6 : 4, "text-anchor": "middle" }, String(alert.priority)),
    ),
  );
}

customElements.define("room-tape", RoomTape);
