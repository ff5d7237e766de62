// The parts of the pocket's page, each found once, with its type.
/** @import { Alert } from "../state/shapes" */
/** @import { Face } from "../state/pocket.js" */
import { needsAcknowledging, occasion } from "../state/alerts.js";
import { setText } from "../elements/build.js";
import { AdviceComposer } from "../elements/advice-composer.js";
import { AlertCard } from "../elements/alert-card.js";
import { FeedTile } from "../elements/feed-tile.js";
import { LinkBanner } from "../elements/link-banner.js";
import { RoomNotice } from "../elements/room-notice.js";
import { SoundSwitch } from "../elements/sound-switch.js";
import { StatusLine } from "../elements/status-line.js";
import { UnitList } from "../elements/unit-list.js";
import { placeMapIn } from "./map_place.js";

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new (...made: any[]) => T} type
 * @returns {T}
 */
function find(selector, type) {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

/** @param {string} name @param {object} detail */
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const { body } = document;
const title = document.title;
const urgent = find("#urgent", HTMLElement);
const next = find("#next", HTMLButtonElement);
const badge = find("#waiting", HTMLElement);
const faces = [...document.querySelectorAll("button[data-face]")].filter((one) => one instanceof HTMLButtonElement);
/** @type {Set<string>} occasions that this screen has told of */ const told = new Set();
let after = "";

for (const button of faces) button.addEventListener("click", () => tell("face-turn", { face: button.dataset["face"] }));
next.addEventListener("click", () => tell("alert-next", { id: after }));

export const parts = {
  csrf: document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "",
  person: body.dataset["person"] ?? "",
  tile: find("feed-tile", FeedTile),
  card: find("alert-card", AlertCard),
  status: find("status-line", StatusLine),
  units: find("unit-list", UnitList),
  composer: find("advice-composer", AdviceComposer),
  speaker: find("sound-switch", SoundSwitch),
  banner: find("link-banner", LinkBanner),
  notice: find("room-notice", RoomNotice),
  where: find("#where", HTMLElement),
  fix: find("#fix", HTMLElement),
  near: find("#near", HTMLElement),

  /** @param {Face} face @param {Alert[]} waiting */
  showFace(face, waiting) {
    const shown = face === "alert" && parts.card.hidden ? "units" : face;
    body.dataset["face"] = shown;
    for (const button of faces) button.setAttribute("aria-pressed", String(button.dataset["face"] === shown));
    badge.hidden = waiting.length === 0;
    badge.classList.toggle("a1", waiting[0]?.priority === 1);
    setText(badge, String(waiting.length));
    document.title = waiting.length ? `(${waiting.length}) ${title}` : title;
  },

  /** @param {{ count: number, next: Alert | undefined }} others @param {Face} face */
  showNext({ count, next: one }, face) {
    next.hidden = !one || face !== "alert" || parts.card.hidden;
    if (!one) return;
    after = one.id;
    setText(next, `${count} more: ${one.call_sign}, ${one.title}`);
  },

  /** Once for each occasion: to a reader's ear, and to the server that it stood on this screen. @param {Alert} alert @param {() => void} shown */
  announce(alert, shown) {
    const key = occasion(alert);
    if (told.has(key)) return;
    told.add(key);
    shown();
    if (needsAcknowledging(alert))
      setText(
        urgent,
        `Priority ${alert.priority}. ${alert.title}, ${alert.call_sign}${alert.place ? `, ${alert.place}` : ""}.`,
      );
  },
};

/** @param {() => number} now the server's time */
export const placeMap = (now) => placeMapIn(find("#map", HTMLElement), now);
