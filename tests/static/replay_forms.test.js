// What a replay asks for: reasons that the server takes, and that are nobody else's.
import { test } from "node:test";
import assert from "node:assert/strict";
import { reasonKept, reasonOf, reasonQuestions, reasonToKeep } from "../../static/js/state/replay_forms.js";

test("the longest reason that the form lets one give is one that the server takes", () => {
  const [reason, why] = reasonQuestions("Open").fields;
  const remark = "x".repeat(why?.longest ?? Infinity);
  const lengths = (reason?.options ?? []).map(([choice]) => reasonOf({ reason: choice, why: remark })?.length ?? 0);
  assert.equal(Math.max(...lengths), 200);
});

test("a reason that was given counts until its sign-in ends", () => {
  const kept = reasonToKeep("Debrief: case 4711", "one");
  assert.equal(reasonKept(kept, "one"), "Debrief: case 4711");
  assert.equal(reasonKept(kept, "two"), null, "who signs in next, in the same tab, is asked");
  assert.equal(reasonKept(null, "one"), null);
  assert.equal(reasonKept("Debrief", "one"), null, "as it was kept before");
});

test("no reason is chosen before somebody has chosen one", () => {
  const [reason] = reasonQuestions("Open").fields;
  assert.equal(reason?.options?.[0]?.[0], "");
  assert.equal(reason?.value, undefined);
  assert.equal(reasonOf({ reason: "", why: "case 4711" }), null);
  assert.equal(reasonOf({ reason: "Debrief", why: " " }), "Debrief");
});
