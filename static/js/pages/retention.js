// What is deleted next: seen a week before, held or kept from here, each with its reason in the audit. Wiring only.
/** @import { Going, Upcoming } from "../state/upcoming.js" */
import { groupsOf, sizeWords, spanOf } from "../state/upcoming.js";
import { setText } from "../elements/build.js";
import { FormSheet } from "../elements/form-sheet.js";
import { UpcomingList } from "../elements/upcoming-list.js";
import { api, asked, done, find, say } from "./office.js";

const sheet = find("form-sheet", FormSheet);
const going = find("#going", UpcomingList);
const reviews = find("#reviews", UpcomingList);
const days = find("#span [name=days]", HTMLSelectElement);
const HOLD = /** @type {const} */ (["hold", "Hold"]);
const KEEP = /** @type {const} */ (["keep", "Keep"]);
const WHY = {
  name: "why",
  label: "Why",
  required: true,
  longest: 200,
  hint: "The case, or the rule. It stays in the audit.",
};
/** @type {readonly (readonly [string, string])[]} name and title */
let categories = [];

async function load() {
  const words = /** @param {Upcoming} answer */ ({ counts }) =>
    `${counts.deletions} ${counts.deletions === 1 ? "recording goes" : "recordings go"}, ${sizeWords(counts.bytes)}`;
  const answer = await asked(api.retention.upcoming(Number(days.value)), words);
  if (!answer) return;
  const titles = new Map(categories);
  setText(find("#held", HTMLElement), answer.held_back ? `Nothing is deleted: ${answer.held_back}.` : "");
  going.show(groupsOf(answer.deletions, answer.rules, titles), answer.at, "Nothing goes in this time.", [HOLD, KEEP]);
  reviews.show(groupsOf(answer.reviews, [], titles), answer.at, "Nothing is to be reviewed in this time.", [
    ["decide", "Decide"],
  ]);
}

/** @param {Going} row */
const hold = (row) => ({
  title: "Hold",
  submit: "Hold it",
  fields: [WHY],
  act: /** @param {Record<string, string>} values */ ({ why = "" }) => api.retention.hold(row.id, { why }),
});

/** @param {Going} row */
const keep = (row) => ({
  title: "Keep",
  submit: "Keep it so",
  fields: [{ name: "category", label: "Category", type: "choice", value: row.rule, options: categories }, WHY],
  act: /** @param {Record<string, string>} values */ ({ category = "", why = "" }) =>
    api.retention.categorise(row.id, { category, why }),
});

/** @param {Going} row */
const decide = (row) => ({
  title: "Decide",
  submit: "Decide so",
  fields: [
    {
      name: "decision",
      label: "Decision",
      type: "choice",
      value: "retain",
      options: /** @type {[string, string][]} */ ([
        ["retain", "Retain, and review it in a year"],
        ["dispose", "Dispose of it, in a week at the earliest"],
      ]),
    },
    WHY,
  ],
  act: /** @param {Record<string, string>} values */ ({ decision = "", why = "" }) =>
    api.retention.decide(row.id, { decision, why }),
});

/** @param {Event} event */
function about(event) {
  const { row, act } = /** @type {CustomEvent<{ row: Going, act: "hold" | "keep" | "decide" }>} */ (event).detail;
  const form = { hold, keep, decide }[act](row);
  sheet.open({
    ...form,
    note: `${row.call_sign}, ${spanOf(row)}.`,
    act: async (values) => {
      await form.act(values);
      await load();
      say("It is noted.");
    },
  });
}

document.addEventListener("about", about);
days.addEventListener("change", () => {
  history.replaceState(null, "", `?days=${days.value}`);
  void load();
});
const wanted = new URLSearchParams(location.search).get("days");
if (wanted && [...days.options].some(({ value }) => value === wanted)) days.value = wanted;
const table = await done(api.retention.table(), () => "");
categories = (table?.categories ?? []).map(({ name, title }) => /** @type {const} */ ([name, title]));
void load();
