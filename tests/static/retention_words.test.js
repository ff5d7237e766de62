// How long a recording is kept, in one line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keptWords } from "../../static/js/state/retention_words.js";

const DAY = 86_400;
const plain = { state: "closed", category: "untagged", tags: [], holds: [], kept_by: [], delete_at: 30 * DAY };

test("the one that goes first decides", () => {
  const later = { ...plain, delete_at: 60 * DAY };
  assert.equal(keptWords([later, plain]), "Kept until Sat 31 Jan 1970");
});

test("what is reviewed is not deleted before", () => {
  const reviewed = { ...plain, delete_at: null, review_at: 365 * DAY };
  assert.equal(keptWords([reviewed]), "Kept, review Fri 1 Jan 1971");
  assert.equal(keptWords([reviewed, plain]), "Kept until Sat 31 Jan 1970");
});

test("what is held, or still recorded, has no end", () => {
  assert.equal(keptWords([{ ...plain, holds: [{ kind: "case" }] }]), "Kept: held");
  assert.equal(keptWords([{ ...plain, kept_by: ["share"] }]), "Kept: held");
  assert.equal(keptWords([plain, { ...plain, state: "open" }]), "Kept: still recording");
  assert.equal(keptWords([]), "Kept");
});
