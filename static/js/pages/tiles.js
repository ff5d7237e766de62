// Wires tiles: what a person does with a tile, a unit or the menu of either.
/** @import { Api } from "../net/api.js" */
/** @import { Desk } from "./desk.js" */
import { cleared, pinToggled, sentToTile } from "../state/layout.js";
import { asks } from "./asking.js";

export class Tiles {
  /**
   * @param {Desk} desk
   * @param {Api} api
   * @param {{ wall: import("../elements/feed-wall.js").FeedWall, menu: import("../elements/unit-menu.js").UnitMenu, say: (words: string) => void, locate: (device: string) => void, rewind: (device: string) => void }} room
   */
  constructor(desk, api, room) {
    this.desk = desk;
    this.room = room;
    this.ask = asks(desk, api, room.say);
  }

  /** @param {number} tile @param {string} device */
  send(tile, device) {
    const held = tile === 1 ? this.desk.tileOne : undefined;
    if (held && held.device_id !== device)
      this.room.say(`Tile 1 is kept for ${held.call_sign}, ${held.title}. Another tile takes this unit.`);
    this.desk.look(sentToTile(this.desk.view, tile, device));
  }

  /** @param {number} tile */
  focusTile(tile) {
    const { desk } = this;
    if (tile <= desk.view.layout)
      desk.look({ ...desk.view, focus: tile, selected: this.#deviceOn(tile) ?? desk.view.selected });
  }

  /** @param {string} act @param {number} tile @param {DOMRect} [box] */
  act(act, tile, box) {
    const { desk } = this;
    const view = desk.view;
    const device = this.#deviceOn(tile);
    if (act === "enlarge") desk.look({ ...view, focus: tile, enlarged: view.enlarged === tile ? null : tile });
    if (act === "mute") desk.look({ ...view, audible: view.audible === tile ? null : tile });
    if (act === "pin") desk.look(pinToggled(view, tile));
    if (act === "clear") desk.look(cleared(view, tile));
    if (act === "select") this.focusTile(tile);
    if (act === "menu" && device && box) this.openMenu(device, tile, box.left, box.top);
    if (act === "rewind" && device) this.room.rewind(device);
    if ((act === "record" || act === "stream") && device) void this.ask(device, act);
  }

  /** @param {string} act @param {string} device @param {number} tile */
  fromMenu(act, device, tile) {
    if (act === "watch") this.send(1, device);
    else if (act === "send") this.send(tile, device);
    else if (act === "locate") this.room.locate(device);
    else if (act === "record") void this.ask(device, act);
    else this.act(act, tile);
  }

  /** @param {string} device @param {number | null} tile @param {number} x @param {number} y */
  openMenu(device, tile, x, y) {
    const unit = this.desk.room.units.get(device);
    if (unit)
      this.room.menu.open({ unit, view: this.desk.view, tile, mayAsk: this.desk.mayAct && this.desk.linked, x, y });
  }

  /** @param {number} tile */
  #deviceOn(tile) {
    return this.room.wall.tile(tile)?.dataset["device"] || null;
  }
}
