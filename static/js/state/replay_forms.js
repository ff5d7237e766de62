// What a replay asks for: why it is opened, a bookmark's words, what is exported, how long it is kept. Pure.
/** @import { Form } from "../elements/form-sheet.js" */
import { lengthWords } from "./replay_words.js";

/** @typedef {Omit<Form, "act">} Questions */

const REASONS = [
  "Debrief",
  "Training",
  "Review of an alert",
  "Complaint or conduct",
  "Evidence for a case",
  "Check of the system",
];

const WHY_LENGTH = 200; // as the server takes it: server/replay/view.py

/** Asked in the same words everywhere: the audit is read side by side. @param {string} submit @param {string} [more] @returns {Questions} */
export function reasonQuestions(submit, more = "") {
  return {
    title: "Why do you open this?",
    note: `Every viewing is logged with its reason. The officers concerned and the auditors can read it.${more}`,
    submit,
    fields: [
      {
        name: "reason",
        label: "Reason",
        type: "choice",
        // none is chosen before somebody has thought of it: else all that is logged is the first of the list
        options: [["", "Choose one"], ...REASONS.map((one) => /** @type {const} */ ([one, one]))],
        required: true,
      },
      {
        name: "why",
        label: "Reference or remark",
        longest: WHY_LENGTH - Math.max(...REASONS.map((one) => `${one}: `.length)),
        hint: "An incident or case number, say. May stay empty.",
      },
    ],
  };
}

/** Of those fields; null until a reason is chosen. @param {Record<string, string>} values */
export function reasonOf({ reason = "", why = "" }) {
  if (!reason) return null;
  return why.trim() ? `${reason}: ${why.trim()}` : reason;
}

export const NO_REASON = { detail: "reason: choose one, it is logged with what you see" };

/** Asked of whoever watches without a reason, at the first picture that needs one. @returns {Questions} */
export function dutyQuestions() {
  return {
    title: "Why do you watch?",
    note: "A picture opens for a reason: an alert’s, which is there by itself, or what you are on duty as. It counts until you sign out, is logged with each picture, and the officer can read it.",
    submit: "Keep it",
    fields: [
      {
        name: "duty",
        label: "On duty as",
        required: true,
        longest: 120,
        hint: "Duty inspector, say, or an operation.",
      },
    ],
  };
}

/** As it is kept in a tab. @param {string} why @param {string} signIn something that each sign-in has of its own */
export function reasonToKeep(why, signIn) {
  return JSON.stringify({ signIn, why });
}

/** The reason that was given since this sign-in; null: none was. @param {string | null} kept @param {string} signIn */
export function reasonKept(kept, signIn) {
  if (!kept?.startsWith("{")) return null;
  const { signIn: given, why } = JSON.parse(kept);
  return given === signIn ? String(why) : null;
}

/** @param {string} second "22:41:07" @returns {Questions} */
export function bookmarkQuestions(second) {
  return {
    title: `Bookmark ${second}`,
    note: "It stands among the events of everybody who opens this, and in its exports. Who set it, and when, is logged.",
    submit: "Set the bookmark",
    fields: [{ name: "note", label: "Words", longest: 200, hint: "What is to be found here. May stay empty." }],
  };
}

/** @param {boolean} isPart from in to out @param {number} seconds @returns {Questions} */
export function exportQuestions(isPart, seconds) {
  return {
    title: "Export",
    note: `${isPart ? "From in to out" : "All of it"}, ${lengthWords(seconds)}: recordings with their proof, copies that any player opens, positions, alerts and the log. It is logged who took it, and why.`,
    submit: "Make the bundle",
    fields: [
      { name: "why", label: "Why", required: true, longest: 200, hint: "For whom, and an incident or case number." },
    ],
  };
}

/** @param {string} name of the bundle @returns {Questions} */
export function againQuestions(name) {
  return {
    title: "Save it again",
    note: `${name}. It is logged who took it, and why.`,
    submit: "Save the bundle",
    fields: [
      { name: "why", label: "Why", required: true, longest: 200, hint: "For whom, and an incident or case number." },
    ],
  };
}

/**
 * @param {{ count: number, present: string, categories: readonly { name: string, title: string }[], mayManage: boolean }} facts
 * @returns {Questions}
 */
export function keepQuestions({ count, present, categories, mayManage }) {
  const options = categories.map(({ name, title }) => /** @type {const} */ ([name, title]));
  const category = { name: "category", label: "Category", type: "choice", value: present, options };
  return {
    title: "Keep",
    note: `${count === 1 ? "This recording" : `All ${count} recordings that are shown`}. Who decided, when and why is logged.`,
    submit: "Keep it so",
    fields: [
      ...(mayManage ? [category] : []),
      { name: "tag", label: "Tag", longest: 40, hint: "One word or two: arrest, use of force. May stay empty." },
      { name: "text", label: "Note", longest: 2000, hint: "May stay empty." },
      { name: "why", label: "Why", required: mayManage, longest: 200, hint: "The case, or the rule." },
    ],
  };
}
