// The replay's tile in every state: a picture, an alert of then, a gap, what is not there, what cannot be played.
/** @import { Alert } from "../state/shapes" */
/** @import { ReplayCamera } from "../state/replay.js" */
import { ReplayTile } from "../elements/replay-tile.js";
import { make } from "../elements/build.js";
import { NOT_DECODED, UNDECODED, damaged, unplayable } from "../state/replay_words.js";
import { ACKNOWLEDGED, LONG, LONG_WORDS, NOW, alert, named } from "./facts.js";
import { showDrawn } from "./drawn_viewing.js";
import { CAMERAS, camera } from "./replay_facts.js";
import { specimen } from "./specimen.js";

/** @typedef {{ camera: ReplayCamera, at?: number, alert?: Alert, heard?: boolean, problem?: string, waiting?: number,
 *              out?: import("../state/playlist_times.js").Telling }} State */

const ET17 = camera(named("ET17"));
const BROKEN = /** @type {ReplayCamera} */ (CAMERAS[1]);
const OPEN = camera(named("ET22"), {
  recordings: [
    { id: "r", why: "officer", asked_at: NOW, from: NOW - 60, to: NOW + 60, open: true, signed: false, stamped: null },
  ],
});

const DAMAGE = damaged("main/000004.m4s is not what was recorded: its SHA-256 is another");
const UNREAD = unplayable("main/000004.m4s is what was recorded, but it cannot be read");

/** @type {Record<string, [string, State]>} */
const STATES = {
  Replay: ["Violet: not now. The moment stands in the caption.", { camera: ET17 }],
  "Replay, heard": ["The one camera whose sound is on.", { camera: ET17, heard: true }],
  "Replay, growing": ["It is still being recorded.", { camera: OPEN }],
  "Replay, priority 1": ["As consoles showed it then.", { camera: ET17, alert: alert("taser.armed", named("ET17")) }],
  "Replay, priority 2": [
    "Long names give way, the moment never.",
    { camera: camera(LONG), alert: alert("watch.request", LONG, { ...LONG_WORDS, ...ACKNOWLEDGED }) },
  ],
  "Replay, gap": ["A gap is shown as a gap, with its reason.", { camera: BROKEN, at: NOW + 40 }],
  "Replay, not yet": ["Before its first picture.", { camera: BROKEN, at: NOW - 119 }],
  "Replay, ended": ["After its last.", { camera: BROKEN, at: NOW + 999 }],
  "Replay, damaged": ["Left out, with the reason; what follows plays.", { camera: ET17, out: DAMAGE }],
  "Replay, left out": ["Whole, and not to be read: another word.", { camera: ET17, out: UNREAD }],
  "Replay, not decoded": ["Whole, as the server knows; not for this browser.", { camera: ET17, out: UNDECODED }],
  "Replay, loading": ["Longer than a moment.", { camera: ET17, waiting: 2 }],
  "Replay, not played": ["Why, and what to do.", { camera: ET17, problem: NOT_DECODED.words }],
};

export function replayTiles() {
  return Object.entries(STATES).map(([name, [words, state]], index) => specimen(name, words, slot(index + 1, state)));
}

/** @param {number} number @param {State} state */
function slot(number, { camera: of, at = NOW, alert: then, heard = false, problem = "", waiting = 0, out }) {
  const tile = new ReplayTile().begin(number, of, () => "");
  tile.heard = heard;
  if (tile.picture) {
    tile.picture.problem = problem;
    Object.defineProperty(tile.picture, "waiting", { value: waiting });
    if (out) tile.picture.leftOutAt = () => out;
  }
  const video = tile.querySelector("video");
  if (video && !problem) showDrawn(video);
  tile.show(at, then);
  return make("div", { class: "slot" }, tile);
}
