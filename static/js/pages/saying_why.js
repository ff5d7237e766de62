// Asks what somebody is on duty as, where a picture wants a reason and there is none; then those pictures open.
import { FeedTile } from "../elements/feed-tile.js";
import { FormSheet } from "../elements/form-sheet.js";
import { ApiError } from "../net/api.js";
import { dutyQuestions } from "../state/replay_forms.js";

/**
 * Hears `tile-act` "why": somebody pressed it on a tile that has no picture for want of a reason.
 * @param {Pick<import("../net/api.js").Api, "setDuty">} api
 */
export function sayingWhy(api) {
  const form = new FormSheet();
  document.body.append(form);
  document.addEventListener("tile-act", (event) => {
    if (/** @type {CustomEvent} */ (event).detail === "why") void ask();
  });
  return { ask };

  /** @returns {Promise<boolean>} whether there is a reason now */
  function ask() {
    return new Promise((resolve) => {
      form.open({
        ...dutyQuestions(),
        act: async ({ duty = "" }) => {
          if (!duty.trim()) throw new ApiError(400, { detail: "duty: say what you are on duty as" });
          await api.setDuty(duty.trim());
          for (const tile of document.querySelectorAll("feed-tile")) if (tile instanceof FeedTile) tile.probe();
          resolve(true);
        },
      });
      form.querySelector("dialog")?.addEventListener("close", () => resolve(false), { once: true });
    });
  }
}
