import assert from "node:assert/strict";
import { test } from "node:test";
import * as audit from "../../static/js/state/audit.js";
import { reasonToView } from "../../static/js/state/alerts.js";

/** @param {Partial<import("../../static/js/state/audit.js").Row>} more @returns {import("../../static/js/state/audit.js").Row} */
function row(more) {
  const actor = { kind: "person", id: "p1", name: "Insp. Hale", role: "inspector" };
  const subject = { kind: "device", id: "et17-3fa2c1", name: "ET17" };
  const plain = {
    seq: 7,
    at: 60,
    what: "view.live",
    actor,
    subject,
    why: "duty",
    address: "10.0.0.7",
    agent: "Firefox",
  };
  return { ...plain, detail: { layer: "main" }, previous: "00", chain: "ab", ...more };
}

/** @param {Partial<import("../../static/js/state/audit.js").Check>} more */
const check = (more) => ({ at: 0, rows: 12_345, checked: 12_345, done: true, fault: null, chain: "ab", ...more });

test("a row reads as a sentence: who, what, of whom", () => {
  assert.deepEqual(
    [audit.actorWords(row({})), audit.whatWords(row({})), audit.subjectWords(row({}))],
    ["Insp. Hale", "watched live", "ET17"],
  );
  const nobody = row({ what: "access.not-signed-in", actor: { kind: "nobody", id: "", name: "", role: "" } });
  assert.deepEqual([audit.actorWords(nobody), audit.whatWords(nobody)], ["somebody", "was not let in"]);
  assert.equal(audit.whatWords(row({ what: "view.of-tomorrow" })), "view.of-tomorrow");
});

test("who did something to themselves is not named twice, and what has no name shows its id", () => {
  const own = { kind: "person", id: "p1", name: "Insp. Hale" };
  assert.equal(audit.subjectWords(row({ what: "access.signed-in", subject: own })), "");
  assert.equal(audit.subjectWords(row({ subject: { kind: "token", id: "t9", name: "" } })), "t9");
});

test("an opened row shows all that it has, and no empty line", () => {
  const lines = Object.fromEntries(audit.detailLines(row({ detail: { times: 3, until: 3600, wearer: null } })));
  assert.deepEqual(Object.keys(lines), ["times", "until", "wearer", "by", "of", "with", "chain"]);
  assert.match(String(lines["until"]), /^\d\d:\d\d:\d\d$/);
  assert.deepEqual([lines["times"], lines["wearer"], lines["by"]], ["3", "none", "person · p1 · inspector"]);
  assert.ok(!Object.fromEntries(audit.detailLines(row({ agent: "" })))["with"]);
});

test("a filter asks for whole days where the reader sits, the last one too, and for nothing that is empty", () => {
  const none = { from: "", to: "", person: "", what: "", text: "" };
  assert.equal(audit.queryOf(none), "");
  assert.equal(
    audit.queryOf({ ...none, person: " hale ", what: "view" }, { limit: 50 }),
    "person=hale&what=view&limit=50",
  );
  const day = new URLSearchParams(audit.queryOf({ ...none, from: "2026-11-28", to: "2026-11-28" }));
  assert.equal(Number(day.get("to")) - Number(day.get("from")), 86_400);
  assert.equal(Number(day.get("from")), new Date(2026, 10, 28).getTime() / 1000);
});

test("the chain says that it holds, how far the check is, or which row does not hold", () => {
  assert.match(audit.chainWords(check({})), /^Chain intact: 12,345 rows, checked \d\d:\d\d:\d\d\.$/);
  assert.equal(audit.chainWords(check({ done: false, checked: 5000 })), "Checking the chain: 5,000 of 12,345 rows.");
  const broken = audit.chainWords(check({ fault: { seq: 4001, why: "the row is missing" } }));
  assert.match(broken, /^Row 4,001: the row is missing\. Found at /);
  assert.match(audit.chainWords(check({ rows: 1, checked: 1 })), /^Chain intact: 1 row, /);
});

test("rows that come twice stand once, the newest first", () => {
  const shown = audit.merged([row({ seq: 3 }), row({ seq: 2 })], [row({ seq: 4 }), row({ seq: 3 })]);
  assert.deepEqual(
    shown.map(({ seq }) => seq),
    [4, 3, 2],
  );
});

test("an alert of priority 1 or 2 is the reason of the picture that it asks for; anything less is none", () => {
  const alert = /** @type {any} */ ({ priority: 1, family: "taser", title: "TASER armed", call_sign: "ET17" });
  assert.equal(reasonToView(alert), "alert: TASER armed ET17");
  assert.equal(reasonToView({ ...alert, priority: 2, family: "watch" }), "watch request: ET17");
  assert.equal(reasonToView({ ...alert, priority: 3 }), "");
  assert.equal(reasonToView(undefined), "");
});
