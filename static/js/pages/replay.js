// The replay: brings view, player and elements together. Wiring only.
import { alarmsByDevice } from "../state/alerts.js";
import { nextRate, rateWords } from "../state/playback_clock.js";
import { addressFrom, marked, pathOf } from "../state/replay_address.js";
import { eventFrom, knownAt, replayOf } from "../state/replay.js";
import { cutWords } from "../state/replay_words.js";
import { timeOfDay } from "../state/words.js";
import { make, setText } from "../elements/build.js";
import { FormSheet } from "../elements/form-sheet.js";
import { ReplayEvents } from "../elements/replay-events.js";
import { ReplayFoot } from "../elements/replay-foot.js";
import { ReplayTile } from "../elements/replay-tile.js";
import { ReplayTimeline } from "../elements/replay-timeline.js";
import { ReplayTransport } from "../elements/replay-transport.js";
import { api, find, say } from "./office.js";
import { Player, STEER_S } from "./player.js";
import { bookmarking } from "./replay_bookmark.js";
import { commanding } from "./replay_command.js";
import { beginGlance } from "./replay_glance.js";
import { clockNote, describe } from "./replay_head.js";
import { hear } from "./replay_hear.js";
import { beginLive } from "./replay_live.js";
import { beginTaking } from "./replay_taking.js";
import { openView } from "./replay_view.js";

const DRAW_MS = 50;
const MAP_MS = 250;
const GROW_MS = 5000;
const KEEP_MS = 1000; // the address follows the clock this often; browsers refuse more than 100 changes in 30 s

const parts = {
  cams: find("#cams", HTMLElement),
  map: find("#map", HTMLElement),
  mapTime: find("#map-time", HTMLElement),
  follow: find("#follow", HTMLSelectElement),
  events: find("replay-events", ReplayEvents),
  transport: find("replay-transport", ReplayTransport),
  timeline: find("replay-timeline", ReplayTimeline),
  foot: find("replay-foot", ReplayFoot),
  form: find("form-sheet", FormSheet),
};
const address = addressFrom(location.pathname, new URLSearchParams(location.search));
beginLive(); // the room goes on while somebody says why they look back
const told = await openView(address, { api, form: parts.form });
let replay = replayOf(told);
const tiles = replay.cameras.slice(0, 9).map((camera, index) => {
  const tile = new ReplayTile();
  const urlOf = /** @param {string} layer */ (layer) =>
    `/api/replays/${replay.view.id}/cameras/${camera.device_id}/${layer}.m3u8?parts=${(tile.camera ?? camera).parts}`;
  return tile.begin(index + 1, camera, urlOf);
});
const player = new Player(tiles, { ...replay, at: address.at ?? replay.from, rate: address.rate });
/** @type {import("../elements/replay-map.js").ReplayMap | null} */
let map = null;

function lay() {
  parts.cams.append(...tiles);
  const options = replay.units.map((unit) => make("option", { value: unit.device_id }, unit.call_sign));
  parts.follow.append(...options);
  parts.follow.value = address.follow ?? "";
  parts.foot.show(describe(replay));
  parts.timeline.replay = replay;
  document.body.dataset["count"] = String(tiles.length); // fewer where a camera has several recordings
  parts.events.events = replay.events;
  parts.events.lacking = cutWords(replay.cuts);
  listen(address.sound);
}

function draw() {
  const at = player.at;
  const { rate, isPlaying: playing } = player;
  const { markIn, markOut } = address;
  const note = rateWords(rate, STEER_S) || clockNote(replay);
  parts.transport.show({ at, rate, playing, note, markIn, markOut });
  parts.timeline.show(at, markIn, markOut);
  parts.events.show(at);
  command.follow(at);
  parts.cams.dataset["spread"] = player.spread === null ? "" : (player.spread * 1000).toFixed(0);
}

function drawKnown() {
  const at = player.at;
  const then = knownAt(replay, at);
  const alarms = alarmsByDevice(then.alerts);
  for (const tile of tiles) tile.show(at, alarms.get(tile.camera?.device_id ?? ""));
  map?.show(then, at, address.follow);
  setText(parts.mapTime, timeOfDay(at));
}

function keep() {
  address.at = Math.round(player.at * 1000) / 1000;
  address.rate = player.rate;
  address.zoom = parts.timeline.zoomed;
  const path = pathOf(address);
  if (path !== location.pathname + location.search) history.replaceState(null, "", path);
}

/** The sound of one; the strip along the timeline is of the same, else of the first. @param {string | null} device */
function listen(device) {
  address.sound = device;
  for (const tile of tiles) tile.heard = tile.camera?.device_id === device;
  parts.timeline.stripCamera = replay.cameras.findIndex((camera) => camera.device_id === device);
}

/** @param {string | undefined} device */
function toggleSound(device) {
  if (device) listen(address.sound === device ? null : device);
  keep();
}

const askExport = beginTaking({ api, form: parts.form, address, replay: () => replay });
const setBookmark = bookmarking({ api, form: parts.form, replay: () => replay, again: ask });
const command = commanding({ replay: () => replay, player, address, keep });
/** @type {Record<string, (value: number) => void>} */
const acts = {
  play: () => player.toggle(),
  seek: (at) => player.seek(at),
  skip: (seconds) => player.seek(player.at + seconds),
  step: (by) => player.step(by > 0 ? 1 : -1),
  event: (by) => {
    const event = eventFrom(replay.events, player.at, by > 0 ? 1 : -1);
    if (event) player.seek(event.at);
    else say(by > 0 ? "No event after this." : "No event before this.");
  },
  rate: (rate) => player.setRate(rate),
  speed: (by) => player.setRate(nextRate(player.rate, by > 0 ? 1 : -1)),
  "mark-in": () => mark("markIn"),
  "mark-out": () => mark("markOut"),
  zoom: (by) => (parts.timeline.zoom(by > 0 ? 1 : -1), keep()),
  sound: (number) => toggleSound(tiles[number - 1]?.camera?.device_id),
  mute: () => listen(null),
  fit: () => map?.viewAll(),
  type: () => parts.transport.focusTime(),
  bookmark: () => setBookmark(player.at),
  command: () => command.toggle(),
  close: () => command.close(),
  export: () => askExport(),
};

/** @param {"markIn" | "markOut"} which */
function mark(which) {
  Object.assign(address, marked(address, which, player.at));
  keep();
}

/** A recording that is still open grows: its timeline is asked for again. */
async function grow() {
  if (replay.view.to === null) await ask();
}

async function ask() {
  try {
    replay = replayOf(await api.recordings.timeline(replay.view.id));
  } catch {
    return; // asked again in a moment; what stands here stays true
  }
  tiles.forEach((tile) => tile.grow(replay.cameras));
  player.load();
  player.to = replay.to;
  parts.timeline.replay = replay;
  parts.events.events = replay.events;
  parts.events.lacking = cutWords(replay.cuts);
  parts.foot.show(describe(replay));
}

/** @param {string | null} device */
function follow(device) {
  address.follow = device;
  parts.follow.value = device ?? "";
  drawKnown();
  keep();
}

lay();
hear({ seek: (at, settled) => player.seek(at, settled), acts, toggleSound, follow });
player.addEventListener("change", () => (draw(), drawKnown(), keep()));
parts.follow.addEventListener("change", () => follow(parts.follow.value || null));
beginGlance(parts.timeline, () => replay);
draw();
parts.timeline.zoomed = address.zoom; // about the playhead, which stands by now
drawKnown();
setInterval(draw, DRAW_MS);
setInterval(drawKnown, MAP_MS);
setInterval(keep, KEEP_MS);
setInterval(grow, GROW_MS);
addEventListener("pagehide", () => player.end());
import("../elements/replay-map.js").then(
  ({ ReplayMap }) => {
    map = new ReplayMap();
    parts.map.append(map);
    const places = [...replay.trails.values()].flatMap((trail) => trail.fixes);
    return map.begin(/** @type {any} */ (replay.settings), places).then(drawKnown);
  },
  () => parts.map.classList.add("no-map"),
);
