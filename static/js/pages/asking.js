// Asks a camera for its recording and its picture, and says what came of it.
/** @import { Desk } from "./desk.js" */
/** @import { Room } from "../state/room.js" */
/** @import { Api } from "../net/api.js" */
import { ApiError } from "../net/api.js";

/**
 * @param {{ room: Pick<Room, "units"> } & Pick<Desk, "asked" | "now" | "changed">} desk
 * @param {Pick<Api, "ask">} api
 * @param {(words: string) => void} say
 */
export function asks(desk, api, say) {
  /** @param {string} device @param {"record" | "stream"} what */
  return async function ask(device, what) {
    const refusal = await refused(device, what);
    if (refusal) return say(`Not asked: ${refusal}.`);
    desk.asked.set(device, desk.now());
    desk.changed();
    // a live view needs both
    if (what !== "record" || desk.room.units.get(device)?.streaming) return;
    const without = await refused(device, "stream");
    if (without) say(`Recording was asked for; the picture was not: ${without}.`);
  };

  /** @param {string} device @param {"record" | "stream"} what @returns {Promise<string>} why; "" where it was asked */
  async function refused(device, what) {
    try {
      await api.ask(device, what);
      return "";
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error.message;
    }
  }
}
