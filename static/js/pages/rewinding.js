// Wires the live rewind: a view of the growing recording, which is logged, and the pane beside the live tile.
import { ApiError } from "../net/api.js";
import { MOST_BACK_S } from "../state/rewind.js";

const SECONDS = 30;
const SPARE_S = 10; // so that two minutes back are still there when somebody drags to them at once

/**
 * @param {import("../net/api.js").Api} api
 * @param {import("./desk.js").Desk} desk
 * @param {(words: string) => void} say
 * @returns {(device: string) => Promise<void>}
 */
export function rewinding(api, desk, say) {
  const allowed = document.body.dataset["mayReplay"] === "yes";
  return async (device) => {
    if (!allowed) return say("Your role does not include looking at recordings.");
    const call_sign = desk.room.units.get(device)?.call_sign ?? "the camera";
    // hls.js and the pane come when they are first asked for: a console that never looks back does not load them
    const { RewindPane } = await import("../elements/rewind-pane.js");
    const pane = document.querySelector("rewind-pane");
    if (!(pane instanceof RewindPane)) return undefined;
    if (pane.device === device) return pane.back(SECONDS);
    const view = await open(device, call_sign);
    if (!view) return undefined;
    const urlOf = /** @param {string} layer */ (layer) => `/api/replays/${view.id}/cameras/${device}/${layer}.m3u8`;
    return pane.open({ device, call_sign, seconds: SECONDS, now: desk.now, urlOf });
  };

  /** @param {string} device @param {string} call_sign */
  async function open(device, call_sign) {
    try {
      return await api.recordings.rewind(device, desk.now() - MOST_BACK_S - SPARE_S);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      say(`${call_sign} cannot be looked back at: ${error.message}.`);
      return null;
    }
  }
}
