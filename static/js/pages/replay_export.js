// Takes what is shown (or what lies between in and out) out of the building, as a bundle that proves itself.
/** @import { ReplayAddress } from "../state/replay_address.js" */
/** @import { Replay } from "../state/replay.js" */
/** @import { Export } from "../net/api.js" */
import { ApiError } from "../net/api.js";
import { exportQuestions } from "../state/replay_forms.js";
import { say } from "./office.js";

const LOOK_MS = 1000;

/**
 * @param {import("../elements/replay-export.js").ReplayExport} place
 * @param {{ api: import("../net/api.js").Api, form: import("../elements/form-sheet.js").FormSheet,
 *           address: ReplayAddress, replay: () => Replay }} parts
 */
export function beginExport(place, { api, form, address, replay }) {
  place.addEventListener("export-ask", ask);

  function ask() {
    const { view, from, to } = replay();
    const start = address.markIn ?? from;
    const end = address.markOut ?? to;
    const isPart = address.markIn !== null || address.markOut !== null;
    form.open({
      ...exportQuestions(isPart, end - start),
      act: async ({ why = "" }) => {
        const part = isPart
          ? await api.recordings.open({ recordings: view.recordings, from: start, to: end, why })
          : view;
        void follow(await api.recordings.exported({ view: part.id, why }));
      },
    });
  }

  /** @param {string} device */
  const nameOf = (device) => replay().cameras.find((one) => one.device_id === device)?.call_sign ?? device;

  /** @param {Export} begun */
  async function follow(begun) {
    let now = begun;
    while (now.state === "waiting" || now.state === "writing") {
      place.showShare(now.share);
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS);
      });
      try {
        now = await api.recordings.exportState(now.id);
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) now = { ...now, state: "failed", problem: error.message };
      }
    }
    const { url = "", bytes = 0, sha256 = "", damaged = 0, unplayable = 0, name } = now;
    const films = (now.films ?? []).map((film) => ({ ...film, call_sign: nameOf(film.device_id) }));
    place.showBundle(now.state === "ready" ? { url, bytes, sha256, name, films, damaged, unplayable } : null);
    if (now.state === "ready") say("The bundle is ready. Whoever gets it can check it with the verifier inside.");
    else say(`The export failed: ${now.problem}.`);
  }
}
