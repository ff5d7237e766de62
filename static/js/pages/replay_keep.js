// How long what is shown is kept, and the decision to keep it: category, tag, note, each with its reason in the audit.
/** @import { Replay } from "../state/replay.js" */
import { keepQuestions } from "../state/replay_forms.js";
import { keptWords } from "../state/retention_words.js";
import { make, setText } from "../elements/build.js";
import { say } from "./office.js";

/**
 * @param {HTMLElement} place `data-manage` where the category may be changed
 * @param {{ api: import("../net/api.js").Api, form: import("../elements/form-sheet.js").FormSheet, replay: () => Replay }} parts
 */
export function beginKeep(place, { api, form, replay }) {
  const mayManage = place.dataset["manage"] !== undefined;
  const words = make("span", {}, "Kept");
  const button = make("button", { class: "btn line", type: "button", onclick: () => void ask() }, words);
  place.replaceChildren(button);
  void look();

  async function look() {
    const all = await Promise.all(replay().view.recordings.map((one) => api.retention.of(one))).catch(() => []);
    setText(words, keptWords(all));
    const tags = [...new Set(all.flatMap((one) => one.tags))];
    button.title = tags.length ? `Tags: ${tags.join(", ")}` : "No tag";
    return all;
  }

  async function ask() {
    const [all, { categories }] = await Promise.all([look(), api.retention.table()]);
    const present = all[0]?.category ?? "untagged";
    form.open({
      ...keepQuestions({ count: all.length, present, categories, mayManage }),
      act: async (values) => {
        for (const one of replay().view.recordings) await keep(one, values, present);
        await look();
        say("It is kept so.");
      },
    });
  }

  /** @param {string} one @param {Record<string, string>} values @param {string} present category */
  async function keep(one, { category = "", tag = "", text = "", why = "" }, present) {
    if (mayManage && category && category !== present) await api.retention.categorise(one, { category, why });
    if (tag.trim()) await api.retention.tag(one, { tag: tag.trim(), why });
    if (text.trim()) await api.retention.note(one, { text: text.trim() });
  }
}
