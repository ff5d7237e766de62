// Pictures in the list of recordings: footage of people, so that they come when somebody has said why: for this tab,
// and until they sign out.
/** @import { RecordingList } from "../elements/recording-list.js" */
import { NO_REASON, reasonKept, reasonOf, reasonQuestions, reasonToKeep } from "../state/replay_forms.js";
import { ApiError } from "../net/api.js";
import { stillOf } from "../net/stills.js";
import { FormSheet } from "../elements/form-sheet.js";
import { find, signIn } from "./office.js";

const KEY = "watchroom.pictures";

/** @param {RecordingList} list */
export function beginPictures(list) {
  const button = find("#pictures", HTMLButtonElement);
  const form = find("form-sheet", FormSheet);

  const given = () => reasonKept(sessionStorage.getItem(KEY), signIn);

  function show() {
    const why = given();
    button.setAttribute("aria-pressed", String(why !== null));
    list.stillOf = why === null ? null : (id) => stillOf(id, why);
  }

  function turn() {
    if (given() !== null) {
      sessionStorage.removeItem(KEY);
      return show();
    }
    return form.open({
      ...reasonQuestions("Show the pictures", " Each recording whose picture you see is one line of the log."),
      act: async (values) => {
        const why = reasonOf(values);
        if (why === null) throw new ApiError(400, NO_REASON);
        sessionStorage.setItem(KEY, reasonToKeep(why, signIn));
        show();
      },
    });
  }

  button.addEventListener("click", turn);
  show();
}
