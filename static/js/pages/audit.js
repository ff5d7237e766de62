// The audit page: rows by filter, the state of their chain, and their export. Wiring only.
import { chainWords, merged, queryOf, rowsWords } from "../state/audit.js";
import { AuditTable } from "../elements/audit-table.js";
import { FormSheet } from "../elements/form-sheet.js";
import { make, setText } from "../elements/build.js";
import { api, asked, awaits, done, find, say } from "./office.js";

const EVERY_MS = 5000;
const TYPING_MS = 300;
const PAGE = 50;
const parts = {
  table: find("audit-table", AuditTable),
  form: find("form-sheet", FormSheet),
  filter: find("#filter", HTMLFormElement),
  chain: find("#chain", HTMLElement),
  check: find("#check", HTMLButtonElement),
  older: find("#older", HTMLButtonElement),
};
/** @type {readonly import("../state/audit.js").Row[]} */
let rows = [];
let round = 0; // an answer to an earlier filter is dropped
let typing = 0;
let total = 0;

function filter() {
  const given = new FormData(parts.filter);
  const field = /** @param {string} name */ (name) => String(given.get(name) ?? "");
  return { from: field("from"), to: field("to"), person: field("person"), what: field("what"), text: field("text") };
}

function draw() {
  awaits(parts.table, false);
  parts.table.show(rows, total ? "No row matches what is asked for." : "Nothing has been written yet.");
}

/** The newest ones; what was loaded before stays. */
async function load() {
  const mine = round;
  const answer = await asked(api.audit.rows(queryOf(filter(), { limit: PAGE })), () => about());
  if (!answer || mine !== round) return;
  const first = !rows.length;
  rows = merged(rows, answer.rows);
  total = Math.max(total, rows[0]?.seq ?? 0); // numbers have no holes
  if (first) parts.older.hidden = !answer.more;
  draw();
}

function about() {
  return total ? `${rowsWords(total)}: who did and saw what.` : "";
}

async function older() {
  if (!rows.length) return; // those that stand there are of another question
  const mine = round;
  const before = rows.at(-1)?.seq ?? 1;
  const answer = await done(api.audit.rows(queryOf(filter(), { limit: PAGE, before })), () => "");
  if (!answer || mine !== round) return;
  rows = merged(rows, answer.rows);
  parts.older.hidden = !answer.more;
  draw();
}

/** What is asked for is another: what comes for the one before is dropped from now on. */
function changed() {
  round += 1;
  rows = [];
  awaits(parts.table, true);
  clearTimeout(typing);
  typing = window.setTimeout(() => void load(), TYPING_MS);
}

/** Walks the chain to its end, some thousand rows a request. */
async function check() {
  if (parts.check.getAttribute("aria-disabled") === "true") return;
  parts.check.setAttribute("aria-disabled", "true");
  for (let after = 0, isDone = false; !isDone;) {
    const told = await done(api.audit.check(after), () => "");
    if (told) showChain(told);
    else setText(parts.chain, "The chain could not be checked.");
    isDone = told?.done ?? true;
    after = told?.checked ?? 0;
  }
  parts.check.removeAttribute("aria-disabled");
}

/** @param {import("../state/audit.js").Check} told */
function showChain(told) {
  total = told.rows;
  setText(parts.chain, chainWords(told));
  parts.chain.classList.toggle("broken", told.fault !== null);
}

function exported() {
  parts.form.open({
    title: "Export the audit",
    note: "The rows that the filter asks for, as JSON lines, oldest first. That you take them is a row itself.",
    submit: "Export",
    fields: [
      {
        name: "why",
        label: "Why",
        required: true,
        longest: 200,
        hint: "A request’s number, an inspection, a complaint …",
      },
    ],
    act: async ({ why = "" }) => {
      const query = queryOf(filter());
      const { seq } = await api.audit.exported(query, why);
      // the browser writes it to disk as it comes: years of rows are no page's memory
      make("a", { href: `/api/audit/export?${query}&row=${seq}`, download: "" }).click();
      say("The export comes to your downloads.");
    },
  });
}

parts.filter.addEventListener("submit", (event) => event.preventDefault());
parts.filter.addEventListener("input", changed);
parts.check.addEventListener("click", () => void check());
parts.older.addEventListener("click", () => void older());
find("#export", HTMLButtonElement).addEventListener("click", exported);
setInterval(() => {
  const { person, text } = filter(); // to look for words may mean to read all rows: once is enough
  if (document.visibilityState === "visible" && !person && !text) void load();
}, EVERY_MS);
void check().then(load);
void load();
