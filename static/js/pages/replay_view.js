// Opens a view of recordings: uses this tab's own while it lasts, else asks for the reason, which is logged.
/** @import { ReplayAddress } from "../state/replay_address.js" */
/** @import { Told } from "../state/replay.js" */
import { NO_REASON, reasonOf, reasonQuestions } from "../state/replay_forms.js";
import { ApiError } from "../net/api.js";

/**
 * @param {ReplayAddress} address
 * @param {{ api: import("../net/api.js").Api, form: import("../elements/form-sheet.js").FormSheet }} parts
 * @returns {Promise<Told>}
 */
export async function openView(address, { api, form }) {
  const key = `watchroom.view.${address.recordings.join(",")}.${address.from ?? ""}.${address.to ?? ""}`;
  const known = sessionStorage.getItem(key);
  if (known) {
    try {
      return await api.recordings.timeline(known);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error; // it has ended: asked for anew
    }
  }
  return new Promise((resolve) => {
    form.open({
      ...reasonQuestions("Open the replay"),
      act: async (values) => {
        const why = reasonOf(values);
        if (why === null) throw new ApiError(400, NO_REASON);
        const { recordings, from, to } = address;
        const times = { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
        const view = await api.recordings.open({ recordings, ...times, why });
        const timeline = await api.recordings.timeline(view.id);
        sessionStorage.setItem(key, view.id);
        resolve(timeline);
      },
    });
    // who does not say why goes back to where they came from
    form
      .querySelector("dialog")
      ?.addEventListener("close", () => setTimeout(() => sessionStorage.getItem(key) || location.assign("/replay")), {
        once: true,
      });
  });
}
