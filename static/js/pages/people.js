// The people page: lists everybody, and does what an admin may do about them. Wiring only.
import { ROLES, listed, summary } from "../state/people.js";
import { timeOfDay } from "../state/words.js";
import { FormSheet } from "../elements/form-sheet.js";
import { PeopleList } from "../elements/people-list.js";
import { SecretSheet } from "../elements/secret-sheet.js";
import { api, asked, done, find, now, person, say } from "./office.js";

const EVERY_MS = 5000;
const parts = {
  list: find("people-list", PeopleList),
  form: find("form-sheet", FormSheet),
  secret: find("secret-sheet", SecretSheet),
  search: find("#search", HTMLInputElement),
};
/** @type {import("../state/people.js").Entry[] | null} */
let people = null;

const PASSWORD = {
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "new-password",
  hint: "8 characters or more; a few words are good.",
};

function draw() {
  if (!people) return;
  parts.list.show(listed(people, parts.search.value), person, now());
}

async function load() {
  const answer = await asked(api.people.all(), (told) => summary(told.people));
  if (!answer) return;
  people = answer.people;
  draw();
}

/** @param {Partial<import("../state/people.js").Entry>} entry */
function fieldsOf({ display_name, role, call_sign }) {
  return [
    { name: "display_name", label: "Name that others see", value: display_name ?? "", longest: 120 },
    { name: "role", label: "Role", type: "choice", options: ROLES, value: role ?? "control" },
    {
      name: "call_sign",
      label: "Call sign",
      value: call_sign ?? "",
      longest: 20,
      hint: "Of an officer, whose phone is a camera. May stay empty.",
    },
  ];
}

function add() {
  const name = { name: "name", label: "Name to sign in with", required: true, longest: 64 };
  const password = { ...PASSWORD, hint: `${PASSWORD.hint} Without one, a sign-in link lets them in.` };
  parts.form.open({
    title: "Add a person",
    submit: "Add",
    fields: [name, ...fieldsOf({}), password],
    act: async (values) => {
      const made = await api.people.add(values);
      await load();
      say(`${made.display_name} may sign in as ${made.role}.`);
    },
  });
}

/** What an admin does about one person. @type {Record<string, (entry: import("../state/people.js").Entry) => unknown>} */
const acts = {
  change: (entry) =>
    parts.form.open({
      title: `Change ${entry.display_name}`,
      note: "Another role ends their sign-ins and API tokens: what the old role opened must not outlive it.",
      submit: "Change",
      fields: fieldsOf(entry),
      act: async (values) => {
        const changed = await api.people.change(entry.id, values);
        await load();
        say(`${changed.display_name} is changed.`);
      },
    }),
  password: (entry) =>
    parts.form.open({
      title: `A password for ${entry.display_name}`,
      note: "Their sign-ins end. Tell it to them yourself: it is shown nowhere.",
      submit: "Set password",
      fields: [{ ...PASSWORD, required: true }],
      act: async ({ password = "" }) => {
        await api.people.setPassword(entry.id, password);
        await load();
        say(`${entry.display_name} has a new password.`);
      },
    }),
  link: async (entry) => {
    const made = await done(api.people.link(entry.id), () => "");
    if (!made) return;
    parts.secret.open({
      title: `Sign-in link for ${entry.display_name}`,
      note: `It signs them in once, until ${timeOfDay(made.expires_at)}. Whoever has it is them: send it to nobody else.`,
      lines: [["Link", made.url]],
    });
  },
  end: async (entry) => {
    const words = /** @param {number} ended */ (ended) => (ended === 1 ? "1 sign-in" : `${ended} sign-ins`);
    await done(api.people.endSessions(entry.id), ({ ended }) => `${entry.display_name}: ${words(ended)} ended.`);
    await load();
  },
  off: async (entry) => {
    await done(
      api.people.switchOff(entry.id),
      () => `${entry.display_name} is switched off: nothing lets them in now.`,
    );
    await load();
  },
};

document.addEventListener("person-act", (event) => {
  const { act, id } = /** @type {CustomEvent} */ (event).detail;
  const entry = people?.find((one) => one.id === id);
  if (entry) void acts[act]?.(entry);
});
document.addEventListener("hold-hint", (event) => say(/** @type {CustomEvent} */ (event).detail.words));
find("#add-person", HTMLButtonElement).addEventListener("click", add);
parts.search.addEventListener("input", draw);
setInterval(() => document.visibilityState === "visible" && void load(), EVERY_MS);
void load();
