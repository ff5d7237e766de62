// Alert cards, the tray and the status line in every state.
/** @import { Alert } from "../state/shapes" */
/** @import { CardFacts } from "../elements/alert-card.js" */
import { AlertCard } from "../elements/alert-card.js";
import { AlertTray } from "../elements/alert-tray.js";
import { StatusLine } from "../elements/status-line.js";
import { make } from "../elements/build.js";
import { emptyRoom } from "../state/room.js";
import { ACKNOWLEDGED, CLEARED, CLOSED, FLOOD, LONG, LONG_WORDS, ME, NOW, alert, named, room } from "./facts.js";
import { chapter, shown, specimen } from "./specimen.js";

const [ET17, ET14, ET28] = [named("ET17"), named("ET14"), named("ET28")];
const UNKEPT = { ...LONG, keeping: /** @type {const} */ ("failing") };
const ARMED = alert("taser.armed", ET17);
/** @type {Partial<Alert>} */
const OVER = { ...ACKNOWLEDGED, cleared_at: NOW - 12 };

/** @type {Record<string, [string, Alert, Partial<CardFacts>?]>} */
const CARDS = {
  "Priority 1": ["Its symbol flashes until somebody has it; the button comes first.", ARMED, { first: true }],
  "Priority 1, escalated": ["Nobody for two minutes.", alert("emergency", ET17, { raised_at: NOW - 125 })],
  "Priority 1, acknowledged": [
    "Full and steady, until resolved or false.",
    alert("taser.armed", ET17, ACKNOWLEDGED),
    { pictureAfter: 0.7, ends: true, replays: true },
  ],
  "Priority 1, cleared": ["Safe before anybody saw to it: it still waits.", alert("taser.armed", ET17, CLEARED)],
  "Priority 1, over": ["Acknowledged and cleared.", alert("taser.armed", ET17, OVER), { pictureAfter: -1 }],
  "Priority 2": ["Amber head.", alert("taser.drawn", ET14)],
  "Watch me": ["One press acknowledges and watches.", alert("watch.request", ET14), { first: true }],
  "Priority 2, acknowledged": ["The edge stays.", alert("watch.request", ET14, ACKNOWLEDGED)],
  "Priority 2, cleared": ["Cancelled before anybody saw to it.", alert("watch.request", ET14, CLEARED)],
  "Priority 3": ["No hue.", alert("battery.low", ET28)],
  "Priority 3, acknowledged": ["No hue, steady.", alert("battery.low", ET28, ACKNOWLEDGED)],
  "Many times": ["One row, ×17; long names.", alert("camera.lost", LONG, LONG_WORDS)],
  "Seconds before": [
    "While they can still be looked at beside the live picture.",
    alert("taser.armed", ET17, ACKNOWLEDGED),
    { before: true, replays: true },
  ],
  Chosen: ["By J and K.", alert("watch.request", ET14, ACKNOWLEDGED)],
  "On its way": ["The press was sent.", ARMED, { busy: true }],
  "View only": ["Who may not act sees no buttons.", ARMED, { mayAct: false }],
};

export function alertCards() {
  const cards = Object.entries(CARDS).map(([name, [words, one, facts]]) => {
    const card = new AlertCard();
    card.show(
      one,
      { me: ME.id, first: false, ends: false, mayAct: true, before: false, busy: false, pictureAfter: null, ...facts },
      NOW,
    );
    card.classList.toggle("chosen", name === "Chosen");
    return specimen(name, words, card);
  });
  return chapter("Alert card", "middle", ...cards);
}

export function alertTrays() {
  /** @type {[string, string, import("../state/room.js").Room][]} */
  const states = [
    ["Not known", "Before the server’s first answer.", emptyRoom()],
    ["Calm", "The reserved place, and nothing in it.", room()],
    ["Calm again", "One was closed.", room([alert("taser.armed", ET17, CLOSED)])],
    ["Alarm flood", "Ten in ten minutes: it says so and hides none.", FLOOD],
  ];
  const trays = states.map(([name, words, of]) => {
    const tray = shown(new AlertTray(), (one) =>
      one.show({
        room: of,
        me: ME.id,
        mayAct: true,
        mayLookBack: false,
        linked: true,
        busy: new Set(),
        sightings: new Map(),
        chosen: null,
        now: NOW,
      }),
    );
    tray.className = "panel";
    return specimen(name, words, make("div", { class: "tray-place" }, tray));
  });
  return chapter("Alert tray", "middle", ...trays);
}

export function statusLines() {
  /** @type {[string, string, import("../state/room.js").Room, boolean?][]} */
  const states = [
    ["Connecting", "Nothing is known yet: neither calm nor alarm.", emptyRoom()],
    ["Calm", "No alert in the last hour.", room()],
    ["Calm since", "The last alert, and who closed it.", room([alert("taser.armed", ET17, CLOSED)])],
    ["First start", "No camera yet.", { ...emptyRoom(), known: true }],
    ["Nothing urgent", "A priority 3 waits.", room([alert("battery.low", ET28)])],
    ["Nothing waits", "All open ones are acknowledged.", room([alert("watch.request", ET14, ACKNOWLEDGED)])],
    ["Waits", "A priority 2.", room([alert("taser.drawn", LONG, LONG_WORDS)])],
    ["Red", "A priority 1 that nobody has acknowledged.", room([ARMED, alert("emergency", LONG)])],
    ["Red, acknowledged", "Steady.", room([alert("taser.armed", ET17, ACKNOWLEDGED)])],
    [
      "Red, not recording",
      "A priority 1 does not hide it.",
      { ...room([alert("taser.armed", LONG, LONG_WORDS)]), units: new Map([[UNKEPT.device_id, UNKEPT]]) },
    ],
    ["Red, long", "What is cut is in the card.", room([alert("taser.armed", LONG, LONG_WORDS)])],
    [
      "Recording disk low",
      "Told to every console until there is room again.",
      room([], { warning: "less than 15% of the disk for recordings is free" }),
    ],
    ["Link lost", "Not an alarm of the field: not red.", room(), true],
    ["Link never came", "Nothing came before it.", emptyRoom(), true],
  ];
  const lines = states.map(([name, words, of, isLost = false]) => {
    const line = new StatusLine();
    line.show(of, isLost, true, NOW);
    return specimen(name, words, make("div", { class: "bar-place" }, line));
  });
  return chapter("Status line", "wide", ...lines);
}
