// What the pages about the installation share: looks, clock, sign-out, requests, and the sentence that answers an act.
import { DENSITY, THEME } from "../state/looks.js";
import { timeOfDay } from "../state/words.js";
import { ApiError, createApi } from "../net/api.js";
import { setText } from "../elements/build.js";
import { RoomClock } from "../elements/room-clock.js";
import { RoomNotice } from "../elements/room-notice.js";
import { applyLooks, keepLooks } from "./looks.js";

const TICK_MS = 500;

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new (...made: any[]) => T} type
 * @returns {T}
 */
export function find(selector, type) {
  const place = document.querySelector(selector);
  if (!(place instanceof type)) throw new Error(`the page has no ${selector}`);
  return place;
}

const root = document.documentElement;
const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
const notice = find("room-notice", RoomNotice);
const clock = find("room-clock", RoomClock);
const bar = find("#about", HTMLElement);
let ahead = 0;
/** @type {number | null} */
let silentSince = null;

export const api = createApi({ csrf });
/** Who is signed in. */
export const person = document.body.dataset["person"] ?? "";
/** Of this sign-in alone: who signs in next, in the same tab, has another. */
export const signIn = csrf;
export const say = /** @param {string} words */ (words) => notice.say(words);
/** The server's time, as far as an answer has told it. */
export const now = () => Date.now() / 1000 + ahead;

/** @param {import("../state/looks.js").Wish} wish */
export function chooseTheme(wish) {
  localStorage.setItem(THEME, wish);
  applyLooks();
  document.dispatchEvent(new CustomEvent("looks"));
}

/** @param {"" | "large"} density */
export function chooseDensity(density) {
  localStorage.setItem(DENSITY, density);
  applyLooks();
  document.dispatchEvent(new CustomEvent("looks"));
}

/**
 * Does something and says how it ended; a session that is over leads to the sign-in page.
 * @template T
 * @param {Promise<T>} request
 * @param {(answer: T) => string} words what to say when it is done; "" says nothing
 * @returns {Promise<T | null>} null where it was refused
 */
export async function done(request, words) {
  try {
    const answer = await request;
    const said = words(answer);
    if (said) say(said);
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    signInIfOver(error);
    say(`Not done: ${error.message}.`);
    return null;
  }
}

/**
 * What a list is drawn from. While nothing answers, the page says since when: what it shows is old.
 * @template T
 * @param {Promise<T & { at: number }>} request
 * @param {(answer: T) => string} about what to say of it in the bar
 * @returns {Promise<T | null>}
 */
export async function asked(request, about) {
  try {
    const answer = await request;
    ahead = answer.at - Date.now() / 1000;
    silentSince = null;
    setText(bar, about(answer));
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    signInIfOver(error);
    if (error.isPassing) silentSince ??= now();
    setText(bar, lackWords(error));
    return null;
  }
}

/**
 * What stands there answers the question before, until the answer to this one has come.
 * @param {HTMLElement} list @param {boolean} isAwaited
 */
export function awaits(list, isAwaited) {
  list.ariaBusy = String(isAwaited);
  if (isAwaited) setText(bar, "Looking …");
}

/** What is said of a list that could not be had, above it and, where nothing ever came, in its place. @param {ApiError} error */
function lackWords({ isPassing, message }) {
  const empty = document.querySelectorAll(".awaited");
  for (const place of empty) setText(place, isPassing ? "No answer yet." : "Not shown.");
  if (!isPassing) return `Not shown: ${message}.`;
  const shown = empty.length ? "nothing has come yet" : "what you see is the last that came";
  return `No answer since ${timeOfDay(silentSince)}: ${shown}.`;
}

/** @param {ApiError} error */
function signInIfOver(error) {
  if (error.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

find("#theme", HTMLButtonElement).addEventListener("click", () =>
  chooseTheme(root.dataset["theme"] === "light" ? "dark" : "light"),
);
find("#density", HTMLButtonElement).addEventListener("click", () =>
  chooseDensity(root.dataset["density"] === "large" ? "" : "large"),
);
find("#sign-out", HTMLButtonElement).addEventListener("click", () =>
  api.signOut().finally(() => location.assign("/sign-in")),
);
setInterval(() => clock.show(now()), TICK_MS);
clock.show(now());
keepLooks();
