// What the replay's band and foot say: which cameras, when, whether signed, why it is looked at.
/** @import { Replay } from "../state/replay.js" */
import { aheadWords, lengthWords } from "../state/replay_words.js";
import { dayOf, timeOfDay } from "../state/words.js";
import { setText } from "../elements/build.js";
import { find } from "./office.js";

/** @param {Replay} replay */
export function describe({ view, cameras, from, to }) {
  const names = cameras.map(({ call_sign }) => call_sign).join(", ");
  const when = `${dayOf(from)}, ${timeOfDay(from)} to ${timeOfDay(to)} (${lengthWords(to - from)})`;
  setText(find("#what", HTMLElement), `${names} · ${when} · not live`);
  const recordings = cameras.flatMap((camera) => camera.recordings);
  const signed = recordings.filter((one) => one.signed).length;
  const open = recordings.filter((one) => one.open).length;
  const all = `${recordings.length} ${recordings.length === 1 ? "recording" : "recordings"}`;
  const unstamped = recordings.filter((one) => one.stamped === false).length;
  const waiting = unstamped ? `, ${unstamped} not yet timestamped` : "";
  show("#sealed", `${signed} of ${all} signed${waiting}${open ? `, ${open} still open` : ""}`);
  show("#why", `Reason: ${view.why}`);
  return `This viewing is logged: ${view.by}, ${dayOf(view.opened_at)} ${timeOfDay(view.opened_at)}`;
}

/** Clocks of cameras that are visibly wrong. @param {Replay} replay */
export function clockNote({ cameras }) {
  const wrong = cameras.filter(({ ahead_s }) => ahead_s !== null && Math.abs(ahead_s) >= 0.2);
  const words = wrong.map(({ call_sign, ahead_s }) => `${call_sign}’s clock ${aheadWords(ahead_s ?? 0)}`);
  return words.length ? `${words.join(", ")}, shown not corrected` : "";
}

/** @param {string} selector @param {string} words */
function show(selector, words) {
  const place = find(selector, HTMLElement);
  place.hidden = false;
  place.title = words;
  place.lastElementChild?.replaceChildren(words);
}
