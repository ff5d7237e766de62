// Logs of TASERs: brought in, listed, and their clocks set by a person with a reason. Wiring only.
/** @import { TaserLog } from "../state/taser_logs.js" */
import { lastDay } from "../state/recordings.js";
import { aboutLog } from "../state/taser_logs.js";
import { ApiError } from "../net/api.js";
import { make, setText } from "../elements/build.js";
import { FormSheet } from "../elements/form-sheet.js";
import { TaserList } from "../elements/taser-list.js";
import { api, asked, done, find, say } from "./office.js";

const list = find("taser-list", TaserList);
const sheet = find("form-sheet", FormSheet);
const form = document.querySelector("#bring");

async function load() {
  const words = /** @param {{ logs: TaserLog[] }} answer */ ({ logs }) =>
    `${logs.length} ${logs.length === 1 ? "log" : "logs"}`;
  const answer = await asked(api.taserLogs.all(), words);
  if (answer) list.show(answer.logs);
}

/** @param {TaserLog} log */
function setClock({ id, name, offset }) {
  sheet.open({
    title: "The weapon's clock",
    note: `${name}: ${offset.words}. Nothing in the file is changed; who set it and why stands on the timeline and in the audit.`,
    submit: "Set it",
    fields: [
      {
        name: "offset_s",
        label: "Seconds ahead of the server's",
        value: offset.how === "unmatched" ? "" : String(offset.seconds),
        hint: "Negative where it is behind. Empty: as it is matched with the camera's signals.",
      },
      { name: "why", label: "Why", required: true, longest: 200, hint: "What it was compared with." },
    ],
    act: async ({ offset_s = "", why = "" }) => {
      await api.taserLogs.setOffset(id, { offset_s: offset_s.trim() ? Number(offset_s) : null, why });
      await load();
      say("The clock is set.");
    },
  });
}

/** @param {HTMLFormElement} within */
async function offer(within) {
  const error = find("#bring .error", HTMLElement);
  const { file, why, ...values } = Object.fromEntries(new FormData(within));
  setText(error, "");
  if (!(file instanceof File) || !file.size) return setText(error, "Choose the file.");
  try {
    const { offset } = await api.taserLogs.bringIn(
      file,
      aboutLog(/** @type {Record<string, string>} */ (values), file.name),
      String(why ?? ""),
    );
    say(`It is kept: ${offset.words}.`);
    within.reset();
    fill(within);
    await load();
  } catch (refusal) {
    if (!(refusal instanceof ApiError)) throw refusal;
    setText(error, `Not kept. ${refusal.message[0]?.toUpperCase()}${refusal.message.slice(1)}.`);
  }
}

/** The last day. @param {HTMLFormElement} within */
function fill(within) {
  for (const [name, at] of Object.entries(lastDay(new Date()))) {
    const input = within.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = at;
  }
}

if (form instanceof HTMLFormElement) {
  fill(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void offer(form);
  });
  const answer = await done(api.taserLogs.cameras(), () => "");
  const options = (answer?.cameras ?? []).map(({ device_id, call_sign, wearer }) =>
    make("option", { value: device_id }, `${call_sign}${wearer ? `, ${wearer}` : ""}`),
  );
  find("#bring [name=device_id]", HTMLSelectElement).append(...options);
}
document.addEventListener("clock", (event) =>
  setClock(/** @type {CustomEvent<{ log: TaserLog }>} */ (event).detail.log),
);
void load();
