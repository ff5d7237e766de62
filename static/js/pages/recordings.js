// The page that finds a recording: by time, officer and kind of alert. The address keeps what is looked for. Wiring only.
import { KINDS, queryOf } from "../state/recordings.js";
import { make } from "../elements/build.js";
import { RecordingList } from "../elements/recording-list.js";
import { api, asked, find } from "./office.js";
import { beginPictures } from "./recording_pictures.js";

const PAUSE_MS = 250; // after the last letter
const list = find("recording-list", RecordingList);
const form = find("#filter", HTMLFormElement);
const query = new URLSearchParams(location.search);
/** @type {import("../state/recordings.js").Row[]} */
let rows = [];
/** @type {string | null} */
let next = null;
let round = 0;
let pause = 0;

const field = /** @param {string} name */ (name) =>
  /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
const NAMES = /** @type {const} */ (["from", "to", "officer", "alert"]);

function filter() {
  return /** @type {import("../state/recordings.js").Filter} */ (
    Object.fromEntries(NAMES.map((name) => [name, field(name).value]))
  );
}

/** @param {string | null} before */
async function load(before) {
  const mine = ++round;
  const words = /** @param {import("../state/recordings.js").Page} page */ (page) => {
    const count = (before ? rows.length : 0) + page.recordings.length;
    return `${count}${page.next ? " and more" : ""} ${count === 1 ? "recording" : "recordings"}`;
  };
  const page = await asked(api.recordings.find(queryOf(filter(), before)), words);
  if (!page || mine !== round) return;
  rows = before ? [...rows, ...page.recordings] : page.recordings;
  next = page.next;
  list.show(rows, next !== null);
}

function changed() {
  const wanted = new URLSearchParams(Object.entries(filter()).filter(([, text]) => text));
  history.replaceState(null, "", wanted.size ? `?${wanted}` : location.pathname);
  window.clearTimeout(pause);
  pause = window.setTimeout(() => void load(null), PAUSE_MS);
}

field("alert").append(...KINDS.map(([kind, words]) => make("option", { value: kind }, words)));
for (const name of NAMES) field(name).value = query.get(name) ?? "";
form.addEventListener("input", changed);
form.addEventListener("submit", (event) => event.preventDefault());
beginPictures(list);
document.addEventListener("more", () => void load(next));
void load(null);
