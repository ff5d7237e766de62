// The parts of the console's page, each found once, with its type.
import { ActivityList } from "../elements/activity-list.js";
import { AdviceComposer } from "../elements/advice-composer.js";
import { AlarmMeter } from "../elements/alarm-meter.js";
import { AlertTray } from "../elements/alert-tray.js";
import { ConsoleFoot } from "../elements/console-foot.js";
import { FeedWall } from "../elements/feed-wall.js";
import { HelpDialog } from "../elements/help-dialog.js";
import { PlaceList } from "../elements/place-list.js";
import { ReadyList } from "../elements/ready-list.js";
import { LinkBanner } from "../elements/link-banner.js";
import { RoomClock } from "../elements/room-clock.js";
import { RoomNotice } from "../elements/room-notice.js";
import { RoomTape } from "../elements/room-tape.js";
import { SoundSwitch } from "../elements/sound-switch.js";
import { StatusLine } from "../elements/status-line.js";
import { UnitList } from "../elements/unit-list.js";
import { UnitMenu } from "../elements/unit-menu.js";
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

const badge = find("#waiting", HTMLElement);
const title = document.title;
const density = localStorage.getItem("watchroom.density") ?? "";
document.documentElement.dataset["density"] = density;

export const parts = {
  csrf: document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "",
  person: document.body.dataset["person"] ?? "",
  wall: find("feed-wall", FeedWall),
  units: find("unit-list", UnitList),
  tray: find("alert-tray", AlertTray),
  composer: find("advice-composer", AdviceComposer),
  activity: find("activity-list", ActivityList),
  ready: find("ready-list", ReadyList),
  status: find("status-line", StatusLine),
  meter: find("alarm-meter", AlarmMeter),
  speaker: find("sound-switch", SoundSwitch),
  clock: find("room-clock", RoomClock),
  foot: find("console-foot", ConsoleFoot),
  banner: find("link-banner", LinkBanner),
  tape: find("room-tape", RoomTape),
  menu: find("unit-menu", UnitMenu),
  help: find("help-dialog", HelpDialog),
  notice: find("room-notice", RoomNotice),
  search: find("#search", HTMLInputElement),
  places: find("place-list", PlaceList),
  nowhere: find("#nowhere", HTMLElement),
  mapLine: find("#map-line", HTMLElement),
  exercise: find("#exercise", HTMLElement),

  /** How many alerts wait, in the navigation and the tab's title. @param {number} waiting @param {boolean} urgent */
  showWaiting(waiting, urgent) {
    badge.hidden = waiting === 0;
    badge.classList.toggle("a1", urgent);
    const words = String(waiting);
    if (badge.firstChild?.textContent !== words) badge.firstChild?.replaceWith(words);
    document.title = waiting ? `(${waiting}) ${title}` : title;
  },

  /** @param {() => void} act */
  onTheme: (act) => find("#theme", HTMLButtonElement).addEventListener("click", act),
  /** @param {() => void} act */
  onHelp: (act) => find("#help", HTMLButtonElement).addEventListener("click", act),
  /** @param {() => void} act */
  onSignOut: (act) => find("#sign-out", HTMLButtonElement).addEventListener("click", act),
};

find("#density", HTMLButtonElement).addEventListener("click", () => {
  const next = document.documentElement.dataset["density"] === "large" ? "" : "large";
  document.documentElement.dataset["density"] = next;
  localStorage.setItem("watchroom.density", next);
});

/** @param {() => number} now the server's time */
export const placeMap = (now) => placeMapIn(find("#map", HTMLElement), now);
