// Bundles that still stand, for who may take recordings out: fetched again for a reason, which is logged.
import { againQuestions } from "../state/replay_forms.js";
import { ExportList } from "../elements/export-list.js";
import { FormSheet } from "../elements/form-sheet.js";
import { api, done, find } from "./office.js";

const LOOK_MS = 30_000;

/** Nothing where the page has no such list: the role does not include it. */
export function beginStanding() {
  if (!document.querySelector("#standing")) return;
  const panel = find("#standing", HTMLElement);
  const list = find("export-list", ExportList);
  const form = find("form-sheet", FormSheet);

  async function look() {
    const told = await done(api.recordings.exports(), () => "");
    panel.hidden = !told?.exports.length;
    list.show(told?.exports ?? []);
  }

  list.addEventListener("fetch-again", (event) => {
    const { standing } = /** @type {CustomEvent} */ (event).detail;
    form.open({
      ...againQuestions(standing.name),
      act: async ({ why = "" }) => {
        const { url } = await api.recordings.exportAgain(standing.id, why);
        location.assign(url); // an attachment: the page stays
      },
    });
  });
  void look();
  setInterval(() => void look(), LOOK_MS);
}
