// What is deleted next, by category.
import assert from "node:assert/strict";
import { test } from "node:test";

import { groupsOf, sizeWords, spanOf, whenWords } from "../../static/js/state/upcoming.js";

const NOW = Date.parse("2026-11-28T12:00:00") / 1000;
const row = /** @param {string} rule @param {number} days */ (rule, days) =>
  /** @type {any} */ ({
    id: `${rule}${days}`,
    rule,
    from: NOW,
    to: NOW + 200,
    bytes: 3e6,
    delete_at: NOW + days * 86_400,
  });

test("recordings stand by category, counted by the server where not all are listed", () => {
  const rules = [{ rule: "untagged", deletions: 900, bytes: 4.2e9 }];
  const groups = groupsOf(
    [row("untagged", 1), row("disposed", 2), row("untagged", 3)],
    rules,
    new Map([["untagged", "Untagged"]]),
  );
  assert.deepEqual(
    groups.map(({ title, words, rows }) => [title, words, rows.length]),
    [
      ["Decided to be disposed of", "1, 3 MB", 1],
      ["Untagged", "900, 4.2 GB, the first 2 are shown", 2],
    ],
  );
});

test("a row says when it goes and how long that is", () => {
  assert.match(whenWords(row("untagged", 3.2), NOW), /, in 3 days$/);
  assert.match(whenWords(row("untagged", 1.2), NOW), /, in 1 day$/);
  assert.match(whenWords(row("untagged", 0.5), NOW), /, within a day$/);
  assert.match(whenWords(row("untagged", -1), NOW), /, due$/);
  assert.match(spanOf(row("untagged", 1)), /12:00:00, 3 min 20 s, 3 MB$/);
  assert.deepEqual([10, 2_500_000, 12e9].map(sizeWords), ["1 kB", "3 MB", "12.0 GB"]);
});
