// Opens a view of recordings: uses this tab's own while it lasts, else asks for the reason, which is logged.
/** @import { ReplayAddress } from "../state/replay_address.js" */
/** @import { Told } from "../state/replay.js" */
import { ApiError } from "../net/api.js";

const REASONS = [
  "Debrief",
  "Training",
  "Review of an alert",
  "Complaint or conduct",
  "Evidence for a case",
  "Check of the system",
];

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
      title: "Why do you open this?",
      note: "Every viewing is logged with its reason. The officers concerned and the auditors can read it.",
      submit: "Open the replay",
      fields: [
        {
          name: "reason",
          label: "Reason",
          type: "choice",
          options: REASONS.map((one) => /** @type {const} */ ([one, one])),
        },
        {
          name: "why",
          label: "Reference or remark",
          longest: 250,
          hint: "An incident or case number, say. May stay empty.",
        },
      ],
      act: async ({ reason = "", why = "" }) => {
        const { recordings, from, to } = address;
        const times = { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
        const told = why.trim() ? `${reason}: ${why.trim()}` : reason;
        const view = await api.recordings.open({ recordings, ...times, why: told });
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
