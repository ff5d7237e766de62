// Wires advice: a message is kept until the server has it, whatever becomes of the link or the page.
/** @import { Outgoing } from "../state/advice.js" */
/** @import { Api } from "../net/api.js" */
/** @import { Desk } from "./desk.js" */
import { queued, refused, settled, withAdvice } from "../state/advice.js";
import { ApiError } from "../net/api.js";

export class Advising {
  /** @type {readonly Outgoing[]} */ outgoing = [];
  #sending = false;

  /** @param {Desk} desk @param {Api} api @param {Storage} storage @param {string} person */
  constructor(desk, api, storage, person) {
    this.desk = desk;
    this.api = api;
    this.storage = storage;
    this.key = `watchroom.outgoing.${person}`;
    this.#keep(JSON.parse(storage.getItem(this.key) ?? "[]"));
  }

  /** @param {string} device @param {string} text */
  send(device, text) {
    const [at, view] = [this.desk.now(), this.desk.commandView]; // as it was when it was written, however long it waits
    this.#keep(queued(this.outgoing, { client_id: crypto.randomUUID(), device_id: device, text, at, view }));
    this.flush();
  }

  /** @param {string} clientId */
  again(clientId) {
    this.#keep(refused(this.outgoing, clientId, null));
    this.flush();
  }

  /** @param {string} clientId */
  drop(clientId) {
    this.#keep(settled(this.outgoing, clientId));
  }

  /** In the order in which they were written. */
  async flush() {
    if (this.#sending) return;
    this.#sending = true;
    for (const item of this.outgoing.filter((waiting) => !waiting.refused)) if (!(await this.#post(item))) break;
    this.#sending = false;
  }

  /** @param {Outgoing} item @returns {Promise<boolean>} whether to go on with the next */
  async #post({ client_id, device_id, text, view }) {
    try {
      const advice = await this.api.advise({ client_id, device_id, text, view });
      this.desk.room = { ...this.desk.room, advice: withAdvice(this.desk.room.advice, [advice]) };
      this.#keep(settled(this.outgoing, client_id));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.isPassing) return false;
      this.#keep(refused(this.outgoing, client_id, error.message));
      return true;
    }
  }

  /** @param {readonly Outgoing[]} outgoing */
  #keep(outgoing) {
    this.outgoing = outgoing;
    this.storage.setItem(this.key, JSON.stringify(outgoing));
    this.desk.changed();
  }
}
