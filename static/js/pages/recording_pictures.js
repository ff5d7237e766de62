// Pictures in the list of recordings: footage of people, so that they come when somebody has said why, and for this tab.
/** @import { RecordingList } from "../elements/recording-list.js" */
import { reasonOf, reasonQuestions } from "../state/replay_forms.js";
import { FormSheet } from "../elements/form-sheet.js";
import { find } from "./office.js";

const KEY = "watchroom.pictures";

/** @param {RecordingList} list */
export function beginPictures(list) {
  const button = find("#pictures", HTMLButtonElement);
  const form = find("form-sheet", FormSheet);

  function show() {
    const why = sessionStorage.getItem(KEY);
    button.setAttribute("aria-pressed", String(why !== null));
    list.stillOf = why === null ? null : (id) => `/api/recordings/${id}/still?why=${encodeURIComponent(why)}`;
  }

  function turn() {
    if (sessionStorage.getItem(KEY) !== null) {
      sessionStorage.removeItem(KEY);
      return show();
    }
    return form.open({
      ...reasonQuestions("Show the pictures", " Each recording whose picture you see is one line of the log."),
      act: async (values) => {
        sessionStorage.setItem(KEY, reasonOf(values));
        show();
      },
    });
  }

  button.addEventListener("click", turn);
  show();
}
