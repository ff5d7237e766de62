// The page that finds a recording: by time, place, officer, alert and what was said of it. The address keeps it. Wiring only.
import { ALL_WORDS, KINDS, NEAR_WORDS, ONE_ALERT, isKind, lastDay, queryOf, replayOf } from "../state/recordings.js";
import { areaFrom, textOf } from "../state/area.js";
import { make } from "../elements/build.js";
import { RecordingList } from "../elements/recording-list.js";
import { api, asked, awaits, done, find } from "./office.js";
import { beginPictures } from "./recording_pictures.js";
import { beginStanding } from "./standing_exports.js";

const PAUSE_MS = 250; // after the last letter
const AGAIN_MS = 500; // until a fresh alert's first segment is on the disk: 2 s, and what writes it
const list = find("recording-list", RecordingList);
const form = find("#filter", HTMLFormElement);
const place = find("#place", HTMLElement);
const query = new URLSearchParams(location.search);
/** @type {import("../state/recordings.js").Row[]} */
let rows = [];
/** @type {string | null} */
let next = null;
let round = 0;
/** the last request; one at a time, since a search for a place may take its time @type {Promise<unknown>} */
let running = Promise.resolve();
let pause = 0;
let isWhole = query.get("cameras") === "all"; // of an alert's time
let tries = query.has("open") ? 10 : 0; // a link of the console: to the incident itself
let area = areaFrom(query.get("area"));

const NAMES = /** @type {const} */ (["from", "to", "officer", "alert", "tag", "category", "text"]);
const field = /** @param {string} name */ (name) =>
  /** @type {HTMLInputElement | HTMLSelectElement | null} */ (form.elements.namedItem(name));

function filter() {
  const given = Object.fromEntries(NAMES.map((name) => [name, field(name)?.value ?? ""]));
  return /** @type {import("../state/recordings.js").Filter} */ ({ ...given, area: textOf(area) });
}

/** @param {string | null} before */
async function load(before) {
  const mine = ++round;
  await running;
  if (mine !== round) return;
  const words = /** @param {import("../state/recordings.js").Page} page */ (page) => {
    const count = (before ? rows.length : 0) + page.recordings.length;
    return `${count}${page.next ? " and more" : ""} ${count === 1 ? "recording" : "recordings"}`;
  };
  const answer = asked(api.recordings.find(queryOf(filter(), before, isWhole)), words);
  running = answer.catch(() => null);
  const page = await answer;
  if (!page || mine !== round) return;
  rows = before ? [...rows, ...page.recordings] : page.recordings;
  next = page.next;
  list.show(rows, next !== null);
  awaits(list, false);
  if (tries) goOn();
}

/** To the replay, as soon as there is one; once: whoever comes back wants the list. */
function goOn() {
  const replay = replayOf(rows, filter().alert);
  tries = replay ? 0 : tries - 1;
  if (replay) location.replace(replay);
  else if (tries) pause = window.setTimeout(() => void load(null), AGAIN_MS);
}

/** Which cameras stand in the list of an alert, and the way to the others. */
function tellRule() {
  const { alert } = filter();
  const isOne = Boolean(alert) && !isKind(alert);
  const turn = () => ((isWhole = !isWhole), changed());
  const words = isWhole ? "Only those that belong to it" : "Every camera of that time";
  const button = make("button", { class: "btn sm line", type: "button", onclick: turn }, words);
  find("#rule", HTMLElement).replaceChildren(...(isOne ? [isWhole ? ALL_WORDS : NEAR_WORDS, " ", button] : []));
}

function changed() {
  const wanted = new URLSearchParams(Object.entries(filter()).filter(([, text]) => text));
  if (isWhole && filter().alert && !isKind(filter().alert)) wanted.set("cameras", "all");
  tellRule();
  history.replaceState(null, "", wanted.size ? `?${wanted}` : location.pathname);
  round += 1; // what comes for the question before is dropped from now on
  tries = 0;
  awaits(list, true);
  window.clearTimeout(pause);
  pause = window.setTimeout(() => void load(null), PAUSE_MS);
}

/** The map is loaded when somebody asks for it. */
async function openPlace() {
  place.hidden = !place.hidden;
  find("#by-place", HTMLButtonElement).ariaExpanded = String(!place.hidden);
  if (place.hidden || place.childElementCount) return;
  const { AreaMap } = await import("../elements/area-map.js");
  const settings = await done(api.recordings.settings(), () => "");
  if (!settings || place.childElementCount) return;
  const map = new AreaMap();
  place.append(map);
  map.area = area;
  await map.begin(settings);
}

/** @param {Event} event */
function drawn(event) {
  area = /** @type {CustomEvent<{ area: import("../state/area.js").Area | null }>} */ (event).detail.area;
  for (const [name, at] of Object.entries(lastDay(new Date()))) {
    const input = field(name);
    if (area && input && !input.value) input.value = at;
  }
  changed();
}

field("alert")?.append(...KINDS.map(([kind, words]) => make("option", { value: kind }, words)));
const one = query.get("alert");
if (one && !isKind(one)) {
  field("alert")?.append(make("option", { value: one }, ONE_ALERT)); // a link to what was found by its number
}
const category = field("category");
if (category) {
  const table = await done(api.retention.table(), () => "");
  category.append(...(table?.categories ?? []).map(({ name, title }) => make("option", { value: name }, title)));
}
for (const name of NAMES) {
  const input = field(name);
  if (input) input.value = query.get(name) ?? "";
}
form.addEventListener("input", changed);
form.addEventListener("submit", (event) => event.preventDefault());
beginPictures(list);
beginStanding();
document.addEventListener("more", () => list.ariaBusy !== "true" && void load(next));
document.addEventListener("area", drawn);
find("#by-place", HTMLButtonElement).addEventListener("click", () => void openPlace());
if (area) void openPlace();
tellRule();
void load(null);
