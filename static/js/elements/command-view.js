// <command-view>: what stood on the screen on which somebody decided: its tiles, each at its moment, and the alerts outstanding then.
/** @import { AlertThen, Decision, ViewThen } from "../state/command_view.js" */
/** @import { ReplayCamera } from "../state/replay.js" */
import { leftOutWords, pageWords, pictureAt } from "../state/command_view.js";
import { timeOfDay } from "../state/words.js";
import { REPLAY } from "../state/replay_keys.js";
import { icon, make, prioritySymbol, setText } from "./build.js";
import { keyFor } from "./key-caps.js";
import { CommandTile } from "./command-tile.js";

const STEER_MS = 200;
const APART_S = 1; // a view that is older than its decision by more says so: the words waited for the link

/** Event: `replay-act` { act: "command" }: it is closed. */
export class CommandView extends HTMLElement {
  #what = make("span", { class: "what", role: "status" });
  #tiles = make("div", { class: "tiles", tabindex: 0, role: "group", "aria-label": "Tiles then" });
  #then = make("div", { class: "then" });
  /** @type {CommandTile[]} */ #shown = [];
  #timer = 0;

  connectedCallback() {
    if (this.childElementCount) return;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Command view");
    const close = { class: "btn sm", type: "button", onclick: () => this.#close() };
    this.append(
      make(
        "div",
        { class: "ph" },
        icon("wall"),
        make("h2", { class: "t nw" }, "Command view"),
        this.#what,
        make("span", { class: "sp" }),
        make("button", close, "Close ", keyFor("command", REPLAY)),
      ),
      make("div", { class: "body" }, this.#tiles, this.#then),
    );
  }

  /**
   * @param {Decision} decision @param {readonly ReplayCamera[]} cameras that the replay has
   * @param {(device: string, layer: string) => string} urlOf the address of a camera's playlist
   */
  show({ decided_at, text, view }, cameras, urlOf) {
    this.end();
    this.hidden = false;
    const where = view ? ` · ${pageWords(view.page)}` : "";
    const apart = view && Math.abs(decided_at - view.at) > APART_S ? `, as it stood at ${timeOfDay(view.at)}` : "";
    setText(this.#what, `${timeOfDay(decided_at)} · ${text}${where}${apart}`);
    this.#shown = view ? view.tiles.map((tile) => tileOf(tile, view, cameras, urlOf)) : [];
    const across = Math.max(1, Math.ceil(Math.sqrt(this.#shown.length)));
    this.#tiles.style.setProperty("--across", String(across));
    this.#tiles.style.setProperty("--down", String(Math.max(1, Math.ceil(this.#shown.length / across))));
    this.#tiles.replaceChildren(...(this.#shown.length ? this.#shown : [make("p", { class: "mut" }, noTiles(view))]));
    this.#then.replaceChildren(...(view ? outstanding(view) : []));
    this.#timer = window.setInterval(() => this.#shown.forEach((tile) => tile.tick()), STEER_MS);
  }

  /** Nothing is shown, and nothing is loaded any more. */
  end() {
    window.clearInterval(this.#timer);
    for (const tile of this.#shown) tile.end();
    this.#shown = [];
    this.#tiles.replaceChildren();
    this.hidden = true;
  }

  #close() {
    this.dispatchEvent(new CustomEvent("replay-act", { detail: { act: "command", value: 0 }, bubbles: true }));
  }
}

/** @param {ViewThen | null} view */
function noTiles(view) {
  return view ? "No picture stood on this screen." : "What stood on the screen was not told.";
}

/**
 * @param {import("../state/command_view.js").TileThen} tile @param {ViewThen} view
 * @param {readonly ReplayCamera[]} cameras @param {(device: string, layer: string) => string} urlOf
 */
function tileOf(tile, view, cameras, urlOf) {
  return new CommandTile().begin({
    tile,
    at: pictureAt(view, tile),
    camera: cameras.find(({ device_id }) => device_id === tile.device_id),
    urlOf: (layer) => urlOf(tile.device_id, layer),
  });
}

/** @param {ViewThen} view */
function outstanding(view) {
  const rows = view.alerts.map((alert) => alertRow(alert));
  const list = rows.length ? make("ol", {}, ...rows) : make("p", { class: "mut" }, "No alert was outstanding.");
  const left = leftOutWords(view);
  const heading = make("h3", {}, "Outstanding then");
  return left ? [heading, list, make("p", { class: "mut small" }, left)] : [heading, list];
}

/** @param {AlertThen} alert */
function alertRow({ id, priority, since, title, call_sign }) {
  const words = make("span", { class: "words" }, make("b", {}, call_sign ?? ""), ` ${title ?? `alert ${id}`}`);
  return make("li", {}, prioritySymbol(priority), words, make("time", {}, `since ${timeOfDay(since)}`));
}

customElements.define("command-view", CommandView);
