// The status page: asks the server once a second and shows what goes on, and what went on. Wiring only.
import { OF_ALL, OF_CAMERA, TOTAL, cameraGroup } from "../state/graphs.js";
import {
  STALE_AFTER_S,
  ageOf,
  isStale,
  newFeed,
  question,
  received,
  serverTime,
  withCamera,
} from "../state/status_feed.js";
import { logged } from "../state/problem_log.js";
import { problemsOf, verdictOf } from "../state/verdict.js";
import { age } from "../state/words.js";
import { ApiError, createApi } from "../net/api.js";
import { setText } from "../elements/build.js";
import { CameraTable } from "../elements/camera-table.js";
import { GraphStrip } from "../elements/graph-strip.js";
import { LinkBanner } from "../elements/link-banner.js";
import { ProblemList } from "../elements/problem-list.js";
import { ProcessTable } from "../elements/process-table.js";
import { RoomClock } from "../elements/room-clock.js";
import { TimeSlider } from "../elements/time-slider.js";
import { VerdictLine } from "../elements/verdict-line.js";
import { keepLooks } from "./looks.js";

const EVERY_MS = 1000;
const DRAW_MS = 500;
const SPAN_S = 600;
const monotonic = () => performance.now() / 1000;

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new (...made: any[]) => T} type
 * @returns {T}
 */
function find(selector, type) {
  const place = document.querySelector(selector);
  if (!(place instanceof type)) throw new Error(`the page has no ${selector}`);
  return place;
}

const parts = {
  banner: find("link-banner", LinkBanner),
  line: find("verdict-line", VerdictLine),
  clock: find("room-clock", RoomClock),
  age: find("#age", HTMLElement),
  slider: find("time-slider", TimeSlider),
  totals: find("#totals", GraphStrip),
  problems: find("problem-list", ProblemList),
  cameras: find("camera-table", CameraTable),
  chosen: find("#chosen", HTMLElement),
  about: find("#about", HTMLElement),
  camera: find("#camera", GraphStrip),
  processes: find("process-table", ProcessTable),
};
const root = document.documentElement;
const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
const api = createApi({ csrf, timeoutMs: 5000 });
const started = monotonic();

let feed = newFeed(new URLSearchParams(location.search).get("camera"));
/** @type {import("../state/problem_log.js").Entry[]} */
let log = [];
/** @type {number | null} the moment that the pointer is at */
let pointed = null;

parts.totals.begin(OF_ALL);
parts.camera.begin(OF_CAMERA);

async function ask() {
  const { camera } = feed;
  try {
    const isFirst = feed.answer === null;
    feed = received(feed, await api.status(question(feed)), camera, monotonic());
    if (feed.answer) log = logged(log, problemsOf(feed.answer), feed.answer.at, isFirst);
    draw();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  }
}

async function keepAsking() {
  await ask();
  setTimeout(keepAsking, EVERY_MS);
}

function draw() {
  const now = monotonic();
  const stale = isStale(feed, now);
  const silence = ageOf(feed, now) ?? now - started;
  const isLost = stale && silence > STALE_AFTER_S;
  parts.banner.show(!isLost, silence);
  document.body.classList.toggle("link-lost", isLost);
  setText(parts.age, feed.answer ? `figures ${age(silence, true)} old` : "no figures yet");
  const { answer } = feed;
  const time = serverTime(feed, now);
  if (!answer || time === null) {
    if (isLost) parts.line.show([], "Nothing has come yet.", "");
    return;
  }
  parts.clock.show(time);
  const problems = problemsOf(answer);
  parts.line.show(problems, stale ? "What you see is the last that came." : "", calmWords(answer));
  parts.problems.show(log, answer.checks, time);
  parts.cameras.show(answer.cameras, feed.camera);
  if (feed.camera === null && parts.cameras.first) choose(parts.cameras.first, false);
  drawGraphs(answer, time, stale);
}

/** @param {import("../state/status_feed.js").Answer} answer @param {number} now @param {boolean} stale */
function drawGraphs(answer, now, stale) {
  const at = pointed ?? parts.slider.pinned;
  const shown = { times: feed.times, now, span: SPAN_S, stale, at };
  parts.slider.show(at, now);
  parts.totals.show({ ...shown, lines: feed.groups[TOTAL] ?? {} });
  parts.camera.show({ ...shown, lines: feed.groups[cameraGroup(feed.camera ?? "")] ?? {} });
  parts.processes.show(answer.processes, feed.groups, { ...shown, lines: {} });
  const camera = answer.cameras.find((one) => one.device_id === feed.camera);
  setText(parts.chosen, camera?.call_sign ?? feed.camera ?? "No camera");
  setText(parts.about, camera ? aboutCamera(camera) : feed.camera ? "not known now" : "");
}

/** @param {import("../state/status_feed.js").Camera} camera */
function aboutCamera(camera) {
  const told = [verdictOf(camera).words, camera.codec, camera.worker, camera.device_id];
  return told.filter(Boolean).join(" · ");
}

/** @param {import("../state/status_feed.js").Answer} answer */
function calmWords({ cameras, processes }) {
  const sending = cameras.filter(({ flowing }) => flowing.length).length;
  const watching = processes.reduce((sum, { viewers }) => sum + viewers, 0);
  const one = sending === 1 ? "camera sends" : "cameras send";
  return `${sending} ${one}, ${watching} ${watching === 1 ? "viewer" : "viewers"}.`;
}

/** @param {string} device @param {boolean} byHand */
function choose(device, byHand) {
  if (byHand) history.replaceState(null, "", `?camera=${encodeURIComponent(device)}`);
  if (device === feed.camera) return;
  feed = withCamera(feed, device);
  void ask();
}

document.addEventListener("camera-choose", (event) => {
  choose(/** @type {CustomEvent} */ (event).detail.device_id, true);
  draw();
});
document.addEventListener("graph-time", (event) => {
  pointed = event.target === parts.slider ? null : /** @type {CustomEvent} */ (event).detail.at;
  draw();
});

keepLooks();
find("#theme", HTMLButtonElement).addEventListener("click", () => {
  root.dataset["theme"] = root.dataset["theme"] === "light" ? "dark" : "light";
  localStorage.setItem("watchroom.theme", root.dataset["theme"]);
});
find("#density", HTMLButtonElement).addEventListener("click", () => {
  root.dataset["density"] = root.dataset["density"] === "large" ? "" : "large";
  localStorage.setItem("watchroom.density", root.dataset["density"]);
});
find("#sign-out", HTMLButtonElement).addEventListener("click", () =>
  api.signOut().finally(() => location.assign("/sign-in")),
);
setInterval(() => document.visibilityState === "visible" && draw(), DRAW_MS);
void keepAsking();
