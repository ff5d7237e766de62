// Sets a bookmark at the second that is shown, with a few words; it stands among the events of everybody who sees this.
/** @import { Replay } from "../state/replay.js" */
import { bookmarkQuestions } from "../state/replay_forms.js";
import { timeOfDay } from "../state/words.js";
import { say } from "./office.js";

/**
 * @param {{ api: import("../net/api.js").Api, form: import("../elements/form-sheet.js").FormSheet, replay: () => Replay, again: () => Promise<void> }} parts
 * `again` asks for the timeline anew
 * @returns {(at: number) => void}
 */
export function bookmarking({ api, form, replay, again }) {
  return (at) => {
    if (document.body.dataset["mayBookmark"] === undefined)
      return say("Bookmarks are set by who may see every recording.");
    const second = timeOfDay(at);
    return form.open({
      ...bookmarkQuestions(second),
      act: async ({ note = "" }) => {
        await api.recordings.bookmark(replay().view.id, { at, note });
        await again();
        say(`Bookmark set at ${second}.`);
      },
    });
  };
}
