// The feed tile in every state. Its clock is handed in: a picture that came is then as old as the state needs.
/** @import { TileFacts } from "../elements/feed-tile.js" */
/** @import { Trouble } from "./drawn_viewing.js" */
import { FeedTile } from "../elements/feed-tile.js";
import { make } from "../elements/build.js";
import { LOOKS_AWAY_S } from "../state/attention.js";
import { ACKNOWLEDGED, CLEARED, FIXES, LONG, LONG_WORDS, NOW, alert, named, unit } from "./facts.js";
import { DrawnViewing } from "./drawn_viewing.js";
import { chapter, specimen } from "./specimen.js";

/** @typedef {{ ages: number[], facts: Partial<TileFacts>, trouble?: Trouble, away?: boolean }} State ages: of the picture, one after the other */

const ET17 = named("ET17");
const OFFLINE = unit("ET31", "PC Doyle", { online: false, streaming: false, last_picture_at: NOW - 240 });
const NOT_STREAMING = unit("ET22", "PC Lindqvist", { streaming: false });
const UNKEPT = unit("ET14", "PC Iqbal", { keeping: "failing" });
const FAILED = { problem: "unreachable", retryIn: 8 };
const LONG_ALERT = alert("watch.request", LONG, LONG_WORDS);

/** @type {Record<string, [string, State]>} */
export const STATES = {
  Live: ["Age from decoded frames, 0 to 2 s. Age rule neutral.", { ages: [0.35], facts: { unit: ET17 } }],
  Late: ["2 to 5 s without a frame. Amber frame, word and rule.", { ages: [2.65], facts: { unit: ET17 } }],
  Frozen: ["5 to 30 s. Grey, hatched, plate with the last time.", { ages: [2.65, 12], facts: { unit: ET17 } }],
  Offline: [
    "Past 30 s. Last picture and position; retries for ever.",
    { ages: [12, 240], facts: { unit: OFFLINE, fix: FIXES[5] }, trouble: FAILED },
  ],
  "Not recording": ["No live view in law; one button asks.", { ages: [], facts: { unit: named("ET28") } }],
  "Has no camera": [
    "It says so before anybody asks.",
    {
      ages: [],
      facts: { unit: unit("ET28", "PC Chen", { recording: "off", streaming: false, lacks: ["picture", "position"] }) },
    },
  ],
  Asked: ["Asked to record, and it does not yet.", { ages: [], facts: { unit: named("ET28"), askedAt: NOW - 6 } }],
  "Not streaming": [
    "It records and sends no picture.",
    { ages: [12, 40], facts: { unit: NOT_STREAMING }, trouble: { problem: "not-streaming" } },
  ],
  Elsewhere: [
    "Its camera is linked to another server.",
    { ages: [12, 40], facts: { unit: ET17 }, trouble: { problem: "elsewhere" } },
  ],
  "No reason": [
    "The force wants one; an alert brings its own.",
    { ages: [], facts: { unit: ET17 }, trouble: { problem: "reason-needed" } },
  ],
  Connecting: ["Asked for a picture; none has come.", { ages: [], facts: { unit: ET17 }, trouble: { silent: true } }],
  Paused: ["Nobody could see it: it was not sent.", { ages: [0.35, 9], facts: { unit: ET17 }, away: true }],
  "No link": ["The console’s own link is lost.", { ages: [1.25], facts: { unit: ET17, linked: false } }],
  Reduced: [
    "The reason stands in the caption.",
    { ages: [0.45], facts: { unit: ET17 }, trouble: { reduced: "camera" } },
  ],
  "Not kept": ["It records, and the server's disk does not take it.", { ages: [0.45], facts: { unit: UNKEPT } }],
  "Not kept, late": ["Both stand, however narrow it is.", { ages: [2.65], facts: { unit: UNKEPT } }],
  "Not kept, large": ["The same where there is room.", { ages: [0.45], facts: { unit: UNKEPT, large: true } }],
  "Priority 2": [
    "Amber caption, never over the picture.",
    { ages: [0.45], facts: { unit: named("ET14"), alert: alert("watch.request", named("ET14")) } },
  ],
  "Priority 1": [
    "Red caption and frame; the place is reserved.",
    { ages: [0.25], facts: { unit: ET17, alert: alert("taser.armed", ET17) } },
  ],
  "Priority 1, cleared": [
    "Until a person closes it.",
    {
      ages: [0.25],
      facts: {
        unit: ET17,
        alert: alert("taser.armed", ET17, { ...ACKNOWLEDGED, cleared_at: CLEARED.cleared_at ?? null }),
      },
    },
  ],
  "Priority 1, frozen": [
    "The last picture of an alarm.",
    { ages: [2.65, 12], facts: { unit: ET17, alert: alert("taser.armed", ET17) } },
  ],
  Selected: [
    "The blue frame is yours: the unit that you selected.",
    { ages: [0.35], facts: { unit: ET17, selected: true, also: 1 } },
  ],
  "Under the keys": [
    "Its number is framed: M, R and X act here.",
    { ages: [0.35], facts: { unit: ET17, keyed: true } },
  ],
  "Pinned, with sound": [
    "A person put it there; the one tile that is heard.",
    { ages: [0.35], facts: { unit: ET17, pinned: true, audible: true } },
  ],
  "Long names": [
    "The name gives way first, the age never.",
    { ages: [0.45], facts: { unit: LONG, alert: LONG_ALERT } },
  ],
  Free: ["Takes a unit.", { ages: [], facts: { unit: null } }],
  "Tile 1": [
    "Kept for alerts, else for what is selected; twice as large, main stream.",
    { ages: [0.35], facts: { unit: ET17, large: true, also: 4 } },
  ],
  "Tile 1, connecting": [
    "Whose picture is awaited; the tools keep their places.",
    { ages: [], facts: { unit: ET17, large: true }, trouble: { silent: true } },
  ],
  "Tile 1, not recording": [
    "The button asks; the call sign is never cut.",
    { ages: [], facts: { unit: named("ET28"), large: true, pinned: true } },
  ],
  "Tile 1, frozen": ["Its last picture.", { ages: [2.65, 12], facts: { unit: ET17, large: true, pinned: true } }],
  "Tile 1, reduced": [
    "The reason gives way to the tools beside it.",
    {
      ages: [0.35],
      facts: { unit: LONG, large: true, selected: true, alert: LONG_ALERT },
      trouble: { reduced: "camera" },
    },
  ],
  "Tile 1, priority 1": [
    "What, where, how long.",
    { ages: [0.25], facts: { unit: LONG, large: true, also: 4, alert: alert("taser.armed", LONG, LONG_WORDS) } },
  ],
};

export function tiles() {
  const shown = Object.entries(STATES).map(([name, [words, state]], index) =>
    specimen(name, words, slot(index + 1, state)),
  );
  return chapter("Feed tile", "tiles-sheet", ...shown);
}

/** @param {number} number @param {State} state */
export function slot(number, { ages, facts, trouble = {}, away = false }) {
  /** @type {DrawnViewing | undefined} */
  let drawn;
  const tile = new FeedTile().begin(number, {
    csrf: "",
    iceServers: [],
    serverNow: () => NOW,
    viewing: (wanted) => (drawn = new DrawnViewing(wanted, trouble)),
  });
  /** @type {TileFacts} */
  const all = {
    unit: null,
    alert: undefined,
    fix: undefined,
    unknown: false,
    hint: "free",
    askedAt: null,
    linked: true,
    ...NOTHING,
    ...facts,
  };
  tile.addEventListener("tile-picture", (event) => {
    event.stopPropagation();
    drawn?.rest();
    for (const age of ages) tile.tick(NOW + age);
    if (away) lookAway(tile, NOW + (ages.at(-1) ?? 0));
    else tile.dataset["ready"] = "";
  });
  queueMicrotask(() => tile.show(all, NOW));
  if (!ages.length) tile.dataset["ready"] = "";
  return make("div", { class: "slot" }, tile);
}

const NOTHING = {
  large: false,
  selected: false,
  keyed: false,
  pinned: false,
  also: null,
  audible: false,
  enlarged: false,
  covered: false,
};

/** Off the screen for longer than a glance. @param {FeedTile} tile @param {number} now */
function lookAway(tile, now) {
  tile.onScreen = false;
  setTimeout(
    () => {
      tile.look();
      tile.tick(now);
      tile.dataset["ready"] = "";
    },
    LOOKS_AWAY_S * 1000 + 100,
  );
}
