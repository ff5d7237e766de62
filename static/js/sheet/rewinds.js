// The rewind pane in every state. Its clock is handed in, and goes as fast as the picture: how far it is behind stays.
import { RewindPane } from "../elements/rewind-pane.js";
import { JOIN_RATE } from "../state/rewind.js";
import { NOT_DECODED } from "../state/replay_words.js";
import { NOW } from "./facts.js";
import { specimen } from "./specimen.js";

/** @typedef {{ rate?: number, joins?: string, problem?: string, reach?: number | null, paused?: boolean }} State */

/** @type {Record<string, [string, State]>} */
const STATES = {
  Rewind: ["Beside the live picture, which goes on.", {}],
  "Rewind, before an alert": [
    "At 4× or a little more, and it closes by itself when it is live.",
    { rate: JOIN_RATE, joins: "sub" },
  ],
  "Rewind, paused": ["Live goes on without it.", { paused: true }],
  "Rewind, loading": ["The picture is on its way.", { reach: null }],
  "Rewind, not played": ["Why.", { problem: NOT_DECODED.words }],
};

export function rewinds() {
  return Object.entries(STATES).map(([name, [words, state]]) => {
    const pane = new RewindPane();
    pane.className = "panel";
    pane.hidden = true;
    queueMicrotask(() => open(pane, state));
    return specimen(name, words, pane);
  });
}

/** @param {RewindPane} pane @param {State} state */
function open(pane, { rate = 1, joins = "", problem = "", reach = NOW * 2, paused = false }) {
  const began = performance.now();
  const now = () => NOW + (paused ? 0 : (rate * (performance.now() - began)) / 1000);
  const none = () => undefined;
  const picture = {
    reach,
    problem,
    waiting: 0,
    nearest: (/** @type {number} */ at) => at,
    steer: none,
    load: none,
    end: none,
  };
  const pictureOf = () => /** @type {any} */ (picture);
  pane.open({ device: "et17-cam", call_sign: "ET17", seconds: 26, now, urlOf: () => "", joins, pictureOf });
  const button = paused && pane.querySelector('[aria-label="Pause"]');
  if (button instanceof HTMLElement) button.click();
}
