// What stands round the wall: units, advice, activity, tape, header, foot, banner, an empty room.
import { ActivityList } from "../elements/activity-list.js";
import { AdviceComposer } from "../elements/advice-composer.js";
import { AlarmMeter } from "../elements/alarm-meter.js";
import { ConsoleFoot } from "../elements/console-foot.js";
import { FirstSteps } from "../elements/first-steps.js";
import { LinkBanner } from "../elements/link-banner.js";
import { ReadyList } from "../elements/ready-list.js";
import { RoomClock } from "../elements/room-clock.js";
import { RoomNotice } from "../elements/room-notice.js";
import { RoomTape } from "../elements/room-tape.js";
import { SoundSwitch } from "../elements/sound-switch.js";
import { UnitList } from "../elements/unit-list.js";
import { VerdictLine } from "../elements/verdict-line.js";
import { WallHead } from "../elements/wall-head.js";
import { make } from "../elements/build.js";
import { emptyView } from "../state/layout.js";
import { readiness } from "../state/readiness.js";
import { SPAN_S } from "../state/tape.js";
import { FLOOD, NOW, alarms, named, room } from "./facts.js";
import { chapter, shown, specimen } from "./specimen.js";

const SAID_AGAIN_MS = 5000;
const ET17 = named("ET17").device_id;
const NONE = room([], { units: new Map(), fixes: new Map(), activity: [] });

export function lists() {
  /** @param {string} typed */
  const typing = (typed) => Object.assign(new UnitList(), { typed });
  return chapter(
    "Units and activity",
    "middle",
    specimen(
      "Units",
      "Alarms first; the chosen one in blue; old positions dim.",
      panel(shown(typing(""), (list) => list.show(FLOOD, alarms, named("ET22").device_id, NOW))),
    ),
    specimen("No unit", "The first start.", panel(shown(typing(""), (list) => list.show(NONE, new Map(), null, NOW)))),
    specimen(
      "No match",
      "Nothing fits what was typed.",
      panel(shown(typing("zzz"), (list) => list.show(FLOOD, alarms, null, NOW))),
    ),
    specimen(
      "Activity",
      "For information.",
      panel(shown(new ActivityList(), (list) => list.show(room().activity, true))),
    ),
    specimen("No activity", "Nothing yet.", panel(shown(new ActivityList(), (list) => list.show([], true)))),
  );
}

export function advice() {
  const unsent = { client_id: "1", device_id: ET17, text: "Come to the north door.", at: NOW - 8, refused: null };
  const refused = { ...unsent, client_id: "2", refused: "the camera was revoked" };
  const offline = named("ET31").device_id;
  /** @param {string} name @param {string} words @param {string | null} selected @param {import("../state/advice.js").Outgoing[]} outgoing @param {boolean} mayAct */
  const state = (name, words, selected, outgoing = [], mayAct = true) =>
    specimen(
      name,
      words,
      panel(shown(new AdviceComposer(), (one) => one.show(room(), selected, outgoing, mayAct, NOW))),
    );
  return chapter(
    "Advice and receipts",
    "middle",
    state("Receipts", "Solid is proven, dotted is waited for, amber has waited too long.", ET17),
    state("Not sent", "The link is lost, or the server refused.", offline, [
      { ...unsent, device_id: offline },
      { ...refused, device_id: offline },
    ]),
    state("No unit chosen", "Nobody to write to.", null),
    state("View only", "May read.", ET17, [], false),
  );
}

export function edges() {
  const wall = new WallHead(() => undefined);
  wall.show(emptyView(), room());
  const verdict = { level: /** @type {const} */ (2), words: "Disk nearly full" };
  return chapter(
    "Header, foot and banner",
    "wide",
    specimen(
      "Header",
      "The meter at 0, 4 and 10; the clock of the server.",
      bar(
        "health",
        meter(0),
        meter(4),
        meter(10),
        shown(new RoomClock(), (one) => one.show(NOW)),
      ),
    ),
    specimen(
      "SOUND OFF",
      "Until a person has clicked and heard the test tone.",
      bar("health", Object.assign(new SoundSwitch(), { audio: asleep })),
    ),
    specimen("EXERCISE", "What is not real says so.", bar("who", make("span", { class: "exercise" }, "EXERCISE"))),
    specimen(
      "LINK LOST",
      "Over the whole console.",
      make(
        "div",
        { class: "banner-place" },
        shown(new LinkBanner(), (one) => one.show(false, 14)),
      ),
    ),
    specimen("Wall", "How many tiles, which one has the main stream.", wall.element),
    specimen(
      "Verdict",
      "The engineers’ line: well.",
      bar(
        "",
        shown(new VerdictLine(), (one) => one.show([], "", "6 cameras.")),
      ),
    ),
    specimen(
      "Verdict, wrong",
      "The worst that is wrong.",
      bar(
        "",
        shown(new VerdictLine(), (one) => one.show([verdict], "", "")),
      ),
    ),
    specimen("Foot", "Keys at hand; the link is proven.", foot(true)),
    specimen("Foot, link lost", "Nothing is claimed.", foot(false)),
    specimen(
      "Notice",
      "What you just did; it goes by itself.",
      make("div", { class: "banner-place" }, shown(new RoomNotice(), say)),
    ),
    specimen(
      "Tape",
      "Alerts by shape, cameras recording, a dot a minute; the link was lost twice.",
      panel(shown(new RoomTape(), (one) => tape(one))),
    ),
    specimen("First start", "How the first camera comes in.", new FirstSteps()),
    specimen("Ready for duty", "What a new room has, each with its proof.", panel(ready())),
  );
}

/** As a browser holds it until somebody has clicked. */
function asleep() {
  const audio = new AudioContext();
  audio.suspend();
  return audio;
}

/** Again and again, since it goes by itself. @param {RoomNotice} notice */
function say(notice) {
  notice.say("Tile 1 is kept for ET17, TASER armed. Another tile takes this unit.");
  setTimeout(say, SAID_AGAIN_MS, notice);
}

/** @param {RoomTape} element */
function tape(element) {
  const samples = Array.from({ length: SPAN_S / 10 }, (_, index) => ({
    at: NOW - SPAN_S + index * 10,
    recording: index < 60 ? 2 : index < 140 ? 5 : 6,
    linked: index !== 50 && index !== 99,
  }));
  element.show(samples, FLOOD.alerts, NOW);
}

const ready = () =>
  shown(new ReadyList(), (list) =>
    list.show(readiness({ linked: true, latency: 0.012, offset: 0.003, heard: true, drawn: true, basemap: "town" })),
  );

/** @param {number} alarmCount */
const meter = (alarmCount) => shown(new AlarmMeter(), (one) => one.show(alarmCount));

/** @param {boolean} linked */
const foot = (linked) => {
  const hint = {
    words: "TASER armed, ET17, now on tile 1. Acknowledge it: the room sees who has it.",
    key: "acknowledge",
  };
  return bar(
    "foot",
    shown(new ConsoleFoot(), (one) =>
      one.show({ linked, isLost: !linked, silent: 14, latency: 0.012, keysOn: true, hint }),
    ),
  );
};

/** @param {string} look @param {...Node} parts */
const bar = (look, ...parts) => make("div", { class: `bar-place ${look}` }, ...parts);

/** @param {HTMLElement} element */
function panel(element) {
  element.className = "panel";
  return element;
}
