// Replay and rewind in every state: tiles, the timeline with its transport, events, what lies under the pointer, the forms.
import { FormSheet } from "../elements/form-sheet.js";
import { ReplayExport } from "../elements/replay-export.js";
import { ReplayEvents } from "../elements/replay-events.js";
import { ReplayGlance } from "../elements/replay-glance.js";
import { ReplayTimeline } from "../elements/replay-timeline.js";
import { ReplayTransport } from "../elements/replay-transport.js";
import { make } from "../elements/build.js";
import { rateWords } from "../state/playback_clock.js";
import { bookmarkQuestions, exportQuestions, keepQuestions, reasonQuestions } from "../state/replay_forms.js";
import { NOW } from "./facts.js";
import { REPLAY } from "./replay_facts.js";
import { rewinds } from "./rewinds.js";
import { replayTiles } from "./replay_tiles.js";
import { chapter, shown, specimen } from "./specimen.js";
import { streetPicture } from "./drawn_viewing.js";

/** @param {HTMLElement} place where what opens stands, for its theme */
export function replay(place) {
  return [
    chapter("Replay tile", "tiles-sheet", ...replayTiles()),
    chapter("Replay timeline", "full", ...timelines()),
    chapter("Replay events and pictures", "middle", ...lists(), ...glances()),
    chapter("Rewind", "middle", ...rewinds()),
    chapter("Replay forms", "middle", ...forms(place)),
    chapter("Replay export", "wide", ...exports()), // its band has one line
  ];
}

function timelines() {
  const still = { url: streetPicture(), at: NOW };
  /** @param {string} name @param {string} words @param {{ playing: boolean, rate: number, markIn: number | null, markOut: number | null, note: string }} how */
  const state = (name, words, how) => {
    const transport = shown(new ReplayTransport(), (one) => one.show({ at: NOW, ...how }));
    const timeline = shown(new ReplayTimeline(), (one) => {
      one.stillOf = () => still;
      one.replay = REPLAY;
      one.show(NOW, how.markIn, how.markOut);
    });
    return specimen(name, words, make("div", { class: "panel tl-place" }, transport, timeline));
  };
  const plain = { playing: false, rate: 1, markIn: null, markOut: null, note: "" };
  return [
    state("Standing", "Hollow: before it was ordered. Hatched: a gap. Dashed: it came later.", plain),
    state("Playing, in and out", "What is exported lies between the brackets.", {
      ...plain,
      playing: true,
      rate: 2,
      markIn: NOW - 20,
      markOut: NOW + 75,
    }),
    state("A camera's clock is wrong", "Shown, not corrected.", {
      ...plain,
      note: "ET17’s clock 0.4 s fast, shown not corrected",
    }),
    state("Pictures are skipped", "Faster than the browser plays.", { ...plain, rate: 20, note: rateWords(20, 0.2) }),
  ];
}

function lists() {
  /** @param {import("../state/replay.js").ReplayEvent[]} events */
  const list = (events) => {
    const element = shown(new ReplayEvents(), (one) => {
      one.events = events;
      one.show(NOW);
    });
    element.className = "panel";
    return make("div", { class: "events-place" }, element);
  };
  return [
    specimen("Events", "What has happened by now, and what is to come.", list(REPLAY.events)),
    specimen("No event", "Nothing was reported.", list([])),
  ];
}

function glances() {
  const still = { url: streetPicture(), at: NOW - 1 };
  /** @param {string} name @param {string} words @param {Partial<import("../elements/replay-glance.js").Glance>} how */
  const state = (name, words, how) => {
    const glance = shown(new ReplayGlance(), (one) => {
      const box = place.getBoundingClientRect();
      one.show({ x: 0, top: box.height, call_sign: "ET17", at: NOW, still, absence: "", ...how });
    });
    const place = make("div", { class: "glance-place" }, glance);
    return specimen(name, words, place);
  };
  return [
    state("Under the pointer", "The picture of that moment, with its own time.", {}),
    state("Under the pointer, gap", "Said, not left to be guessed.", { absence: "gap 48 s: camera away" }),
    state("Under the pointer, none", "It cannot be decoded.", { still: null }),
  ];
}

function exports() {
  /** @param {string} name @param {string} words @param {(element: ReplayExport) => void} show */
  const state = (name, words, show) => {
    const element = shown(new ReplayExport(), show);
    element.className = "row";
    return specimen(name, words, make("div", { class: "band" }, element));
  };
  const films = [{ url: "#", bytes: 5_200_000, call_sign: "ET17" }];
  const bundle = {
    url: "#",
    bytes: 12_300_000,
    sha256: "0123456789abcdef".repeat(4),
    name: "watchroom.zip",
    films,
    damaged: 0,
    unplayable: 0,
  };
  return [
    state("Export", "What lies between in and out, or all of it.", (one) => one.showBundle(null)),
    state("Export, on its way", "It goes on while the replay is watched.", (one) => one.showShare(0.41)),
    state("Export, ready", "It can be fetched for a day.", (one) => one.showBundle(bundle)),
    state(
      "Export, ready, not all of it whole",
      "Not what was recorded, and not playable though it is: told apart.",
      (one) => one.showBundle({ ...bundle, damaged: 1, unplayable: 2 }),
    ),
  ];
}

/** @param {HTMLElement} place */
function forms(place) {
  const categories = [
    { name: "untagged", title: "Not tagged" },
    { name: "evidential", title: "Evidential" },
  ];
  const all = /** @type {const} */ ([
    ["Ask why", "Before anything is shown.", reasonQuestions("Open the replay")],
    ["Set a bookmark", "A second, and words.", bookmarkQuestions("22:41:07")],
    ["Make an export", "From in to out.", exportQuestions(true, 95)],
    [
      "Keep it",
      "Who may decide how long.",
      keepQuestions({ count: 1, present: "untagged", categories, mayManage: true }),
    ],
    ["Tag it", "Who may tag only.", keepQuestions({ count: 4, present: "untagged", categories, mayManage: false })],
  ]);
  return all.map(([name, words, questions]) => {
    const open = () => {
      for (const old of document.querySelectorAll("form-sheet")) old.remove(); // one at a time: each carries ids
      const form = new FormSheet();
      place.append(form);
      form.open({ ...questions, act: async () => undefined });
    };
    const button = make(
      "button",
      { class: "btn line", type: "button", "aria-haspopup": "dialog", onclick: open },
      name,
    );
    return specimen(`Form: ${name}`, words, make("div", { class: "row" }, button));
  });
}
