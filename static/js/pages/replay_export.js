// Takes what is shown (or what lies between in and out) out of the building, as a bundle that proves itself.
/** @import { ReplayAddress } from "../state/replay_address.js" */
/** @import { Replay } from "../state/replay.js" */
/** @import { Export } from "../net/api.js" */
import { ApiError } from "../net/api.js";
import { lengthWords } from "../state/replay_words.js";
import { make, setText } from "../elements/build.js";
import { say } from "./office.js";

const LOOK_MS = 1000;

/**
 * @param {HTMLElement} place where the button and the way to the bundle stand
 * @param {{ api: import("../net/api.js").Api, form: import("../elements/form-sheet.js").FormSheet,
 *           address: ReplayAddress, replay: () => Replay }} parts
 */
export function beginExport(place, { api, form, address, replay }) {
  const button = make("button", { class: "btn line", type: "button", onclick: ask }, "Export");
  const progress = make("span", { class: "nw", role: "status" });
  place.replaceChildren(progress, button);

  function ask() {
    const { view, from, to } = replay();
    const start = address.markIn ?? from;
    const end = address.markOut ?? to;
    const isPart = address.markIn !== null || address.markOut !== null;
    form.open({
      title: "Export",
      note: `${isPart ? "From in to out" : "All of it"}, ${lengthWords(end - start)}: recordings with their proof, copies that any player opens, positions, alerts and the log. It is logged who took it, and why.`,
      submit: "Make the bundle",
      fields: [
        { name: "why", label: "Why", required: true, longest: 200, hint: "For whom, and an incident or case number." },
      ],
      act: async ({ why = "" }) => {
        const part = isPart
          ? await api.recordings.open({ recordings: view.recordings, from: start, to: end, why })
          : view;
        void follow(await api.recordings.exported({ view: part.id, why }));
      },
    });
  }

  /** @param {Export} begun */
  async function follow(begun) {
    let now = begun;
    button.hidden = true;
    while (now.state === "waiting" || now.state === "writing") {
      setText(progress, `Exporting ${Math.round(now.share * 100)} %`);
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS);
      });
      try {
        now = await api.recordings.exportState(now.id);
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) now = { ...now, state: "failed", problem: error.message };
      }
    }
    setText(progress, "");
    button.hidden = false;
    if (now.state === "ready") offer(now);
    else say(`The export failed: ${now.problem}.`);
  }

  /** @param {Export} ready */
  function offer({ url = "", bytes = 0, name }) {
    const size = `${Math.max(0.1, bytes / 1e6).toFixed(1)} MB`;
    progress.replaceChildren(make("a", { class: "btn", href: url, download: name }, `Save bundle, ${size}`));
    say("The bundle is ready. Whoever gets it can check it with the verifier inside.");
  }
}
