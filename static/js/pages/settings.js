// The settings page: looks, sound and keys of this browser, kept where the console keeps them; one's own API tokens.
import { DENSITY } from "../state/looks.js";
import { DAYS } from "../state/tokens.js";
import { FormSheet } from "../elements/form-sheet.js";
import { SecretSheet } from "../elements/secret-sheet.js";
import { SoundSwitch } from "../elements/sound-switch.js";
import { TokenList } from "../elements/token-list.js";
import { setText } from "../elements/build.js";
import { timeOfDay } from "../state/words.js";
import { wish } from "./looks.js";
import { api, asked, chooseDensity, chooseTheme, done, find, now, say } from "./office.js";
import { beginKeys } from "./settings_keys.js";

const parts = {
  themes: find("#themes", HTMLElement),
  densities: find("#densities", HTMLElement),
  speaker: find("sound-switch", SoundSwitch),
  heard: find("#heard", HTMLElement),
  tokens: find("token-list", TokenList),
  form: find("form-sheet", FormSheet),
  secret: find("secret-sheet", SecretSheet),
  duty: find("#duty", HTMLInputElement),
  password: find("#password-said", HTMLElement),
};

/** @param {HTMLElement} group @param {string} value */
function press(group, value) {
  for (const button of group.querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset["value"] === value));
}

function showLooks() {
  press(parts.themes, wish());
  press(parts.densities, localStorage.getItem(DENSITY) ?? "");
}

parts.themes.addEventListener("click", ({ target }) => {
  const value = target instanceof HTMLButtonElement ? target.dataset["value"] : undefined;
  if (value === "dark" || value === "light" || value === "system") chooseTheme(value);
});
parts.densities.addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) chooseDensity(target.dataset["value"] === "large" ? "large" : "");
});
document.addEventListener("looks", showLooks);

for (const button of document.querySelectorAll("[data-sound]"))
  button.addEventListener("click", async () => {
    await parts.speaker.unlock();
    const signal = button.getAttribute("data-sound") === "p1" ? "p1" : "p2";
    const words = parts.speaker.play(signal)
      ? `${button.textContent} played at ${timeOfDay(now())}. Heard nothing? Look at the speakers.`
      : "This browser does not let sound out: look at its settings for this site.";
    setText(parts.heard, words);
  });

beginKeys();

find("#duty-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void done(api.setDuty(parts.duty.value.trim()), ({ duty }) =>
    duty ? `Pictures get the reason “${duty}” now.` : "Pictures that no alert asks for get no reason now.",
  );
});

const passwordForm = find("#password-form", HTMLFormElement);
passwordForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(passwordForm);
  const [current, password, again] = ["current", "password", "again"].map((name) => String(fields.get(name) ?? ""));
  if (password !== again) return setText(parts.password, "The two new passwords differ. Nothing is changed.");
  setText(parts.password, "Being changed …");
  const answer = await done(api.setPassword(current ?? "", password ?? ""), () => "Your password is changed.");
  if (answer) passwordForm.reset();
  setText(
    parts.password,
    answer ? changedWords(answer.ended) : "Not changed: see why below. Your password is the old one.",
  );
});

/** @param {number} ended */
function changedWords(ended) {
  const elsewhere =
    ended === 1 ? "One other sign-in of yours has ended." : `${ended} other sign-ins of yours have ended.`;
  return `Changed at ${timeOfDay(now())}. ${ended ? elsewhere : "You were signed in nowhere else."}`;
}

async function load() {
  const answer = await asked(api.tokens.all(), () => "");
  if (!answer) return;
  parts.tokens.show(answer.tokens, now());
}

find("#add-token", HTMLButtonElement).addEventListener("click", () =>
  parts.form.open({
    title: "Make an API token",
    submit: "Make",
    fields: [
      { name: "purpose", label: "What it is for", required: true, longest: 120, hint: "Wall display, duty report …" },
      { name: "days", label: "It is good for", type: "choice", options: DAYS, value: "90" },
    ],
    act: async ({ purpose = "", days = "" }) => {
      const made = await api.tokens.add({ purpose, days: Number(days) });
      await load();
      parts.secret.open({
        title: `Token for ${made.purpose}`,
        note: "It is shown only now. Whoever has it may do what you may: keep it like your password.",
        lines: [["Token", made.token]],
      });
    },
  }),
);
document.addEventListener("token-revoke", async (event) => {
  const { id, purpose } = /** @type {CustomEvent} */ (event).detail;
  await done(api.tokens.revoke(id), () => `The token for ${purpose} is revoked.`);
  await load();
});
document.addEventListener("hold-hint", (event) => say(/** @type {CustomEvent} */ (event).detail.words));
showLooks();
void load();
