// The command view, which a replay shows of a decision: its tiles in every state that one can tell, and what it says without any.
/** @import { AlertThen, Decision, TileThen, ViewThen } from "../state/command_view.js" */
import { CommandView } from "../elements/command-view.js";
import { make } from "../elements/build.js";
import { LONG, NOW, named } from "./facts.js";
import { showDrawn } from "./drawn_viewing.js";
import { camera } from "./replay_facts.js";
import { chapter, shown, specimen } from "./specimen.js";

const ET17 = named("ET17");
const TOOK = 4; // seconds from the alert to the decision

/** @param {number} number @param {string} callSign @param {Partial<TileThen>} more @returns {TileThen} */
const tile = (number, callSign, more) => ({
  tile: number,
  device_id: named(callSign).device_id,
  call_sign: callSign,
  layer: number === 1 ? "main" : "sub",
  state: "live",
  age_s: 0.3,
  recorded: "here",
  ...more,
});

/** @type {TileThen[]} */
const EVERY_STATE = [
  tile(1, "ET17", {}),
  tile(2, "ET14", { state: "late", age_s: 2.6 }),
  tile(3, "ET22", { state: "frozen", age_s: 12 }),
  tile(4, "ET31", { state: "offline", age_s: 44 }),
  tile(5, "ET28", { state: "notrec", layer: null, age_s: null, recorded: "not" }),
  tile(6, "ET17", { state: "connecting", layer: null, age_s: null }),
  tile(7, "ET22", { recorded: "elsewhere" }),
  tile(8, LONG.call_sign, { device_id: LONG.device_id, state: "unlinked", age_s: 1.2 }),
  tile(9, "ET14", { state: "paused", age_s: 9 }),
  tile(0, "ET17", { state: "rewind", age_s: 31 }),
];

/** @type {AlertThen[]} */
const OUTSTANDING = [
  { id: "a1", priority: 1, since: NOW - TOOK, title: "TASER armed", call_sign: "ET17", device_id: ET17.device_id },
  { id: "a2", priority: 2, since: NOW - 61, title: "Watch me", call_sign: "ET14", device_id: "et14-cam" },
  { id: "a3", priority: 3, since: NOW - 600, title: "Battery 12 %", call_sign: "ET28", device_id: "et28-cam" },
];

/** @param {Partial<ViewThen> | null} view null: the screen told nothing @returns {Decision} */
const decision = (view) => ({
  id: "d",
  at: NOW,
  decided_at: NOW,
  text: "Acknowledged, D. Okafor: TASER armed",
  device_id: ET17.device_id,
  by: { id: "okafor", name: "D. Okafor" },
  view: view && { at: NOW, page: "console", tiles: [], alerts: [], left_out: { tiles: 0, alerts: 0 }, ...view },
});

export function command() {
  return chapter(
    "Command view",
    "full",
    specimen(
      "Command view",
      "Each tile as it stood: its picture, state and age; why there is no picture to show again.",
      place(decision({ tiles: EVERY_STATE, alerts: OUTSTANDING })),
    ),
    specimen(
      "Command view, of one",
      "Who may see few cameras is told how much is left out; on a phone, where the words waited for the link.",
      place(
        decision({ at: NOW - 6, page: "phone", tiles: EVERY_STATE.slice(0, 1), left_out: { tiles: 2, alerts: 1 } }),
      ),
    ),
    specimen("Command view, no picture", "Decided on a screen without one.", place(decision({ alerts: OUTSTANDING }))),
    specimen("Command view, not told", "From before screens told, or by the interface.", place(decision(null))),
  );
}

/** @param {Decision} of */
function place(of) {
  const view = shown(new CommandView(), (one) => {
    one.className = "panel";
    one.show(of, [gone()], () => "");
    for (const video of one.querySelectorAll("command-tile:not(.absent) video"))
      if (video instanceof HTMLVideoElement) showDrawn(video);
  });
  return make("div", { class: "command-place" }, view);
}

/** The long one's camera was away then: its tile says so. */
function gone() {
  const span = (/** @type {number} */ from, /** @type {number} */ to) => ({ from, to, before: false, filled: false });
  const gap = { from: NOW - 20, to: NOW + 8, why: "camera-away", words: "gap 28 s: camera away", packets: null };
  return camera(LONG, { spans: [span(NOW - 120, gap.from), span(gap.to, NOW + 180)], gaps: [gap] });
}
