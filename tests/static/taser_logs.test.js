// Logs of weapons: how a row reads, and what the form asks for.
import assert from "node:assert/strict";
import { test } from "node:test";

import { aboutLog, clockWords, spanWords } from "../../static/js/state/taser_logs.js";

const LOG = /** @type {any} */ ({
  within: 4,
  events: 5,
  from: Date.parse("2026-11-28T20:46:00") / 1000,
  to: Date.parse("2026-11-28T20:50:00") / 1000,
  offset: { words: "weapon's clock 12.0 s ahead, matched with 3 signals", how: "matched", why: "" },
});

test("a row says how much of the file lies in its time, and how its clock stands", () => {
  assert.match(spanWords(LOG), /^4 of 5 events, .*20:46:00 to 20:50:00$/);
  assert.equal(clockWords(LOG), "Weapon's clock 12.0 s ahead, matched with 3 signals");
  const set = { ...LOG, offset: { words: "weapon's clock 1.0 s behind, set by Webb", how: "set", why: "radio" } };
  assert.equal(clockWords(set), "Weapon's clock 1.0 s behind, set by Webb: radio");
});

test("the form's times are Unix seconds, and what is empty is left out", () => {
  const values = {
    device_id: "et17-cam",
    from: "2026-11-28T20:46",
    to: "",
    why: " debrief ",
    utc_offset: "",
    date_order: "dmy",
  };
  const about = aboutLog(values, "X2.csv");
  assert.deepEqual([...about.keys()], ["name", "device_id", "from", "why", "date_order"]);
  assert.equal(Number(about.get("from")), Date.parse("2026-11-28T20:46") / 1000);
  assert.equal(about.get("why"), "debrief");
});
