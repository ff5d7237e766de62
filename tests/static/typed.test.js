import assert from "node:assert/strict";
import { test } from "node:test";
import { listed as devices } from "../../static/js/state/devices.js";
import { listed as people } from "../../static/js/state/people.js";
import { fits, plain } from "../../static/js/state/typed.js";
import { matching } from "../../static/js/state/units.js";
import { aUnit, chanceFrom } from "./fakes_console.js";

test("neither accents nor apostrophes need be typed, and both may be", () => {
  for (const typed of ["rené", "Rene", "RENE\u0301", "o'brien", "obrien", "O’Brien"])
    assert.ok(fits(typed, "PC René O’Brien"), typed);
  assert.ok(fits("crêpe", "Crepe Lane"));
});

test("a call sign is found with or without its hyphen or its space, however it is written", () => {
  for (const written of ["ET17", "ET-17", "ET 17", "et–17"])
    for (const typed of ["et17", "ET-17", "et 17", "17", "t1"]) assert.ok(fits(typed, written), `${typed}: ${written}`);
  assert.ok(!fits("et18", "ET-17"));
});

test("names keep their spaces: two letters at the seam of two words find nobody", () => {
  assert.ok(!fits("ca", "PC Ann Marsh"));
  assert.ok(fits("featherstonehaugh wolsten", "PC Featherstonehaugh-Wolstenholme"));
  assert.ok(fits("featherstonehaughw", "PC Featherstonehaugh-Wolstenholme"));
});

test("every word must stand somewhere, in whichever text; nothing typed fits all", () => {
  assert.ok(fits(" marsh 04 ", "ET17", "PC Marsh", "0417"));
  assert.ok(!fits("marsh 0688", "ET17", "PC Marsh", "0417"));
  for (const nothing of ["", "  ", "-", "’"]) assert.ok(fits(nothing, null, undefined));
});

test("units, cameras and people are all found so", () => {
  const wearer = { name: "PC Zoë Café-Brown", collar_number: "0417" };
  const unit = aUnit({ call_sign: "ET-17", wearer });
  const device = /** @type {any} */ ({ ...unit, record_mode: "always", is_phone: false, revoked_at: null });
  const person = /** @type {any} */ ({
    id: "p",
    name: "zoe",
    display_name: wearer.name,
    role: "officer",
    call_sign: "ET-17",
  });
  for (const typed of ["cafe", "zoe et17", "café brown"]) {
    assert.equal(matching([unit], typed).length, 1, typed);
    assert.equal(devices([device], typed).length, 1, typed);
    assert.equal(people([person], typed).length, 1, typed);
  }
});

test("any piece of a text finds it, typed plain or as it is written", () => {
  const chance = chanceFrom(7);
  const letters = "aéßİŁ’-– 17xœﬁ";
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from(
      { length: 1 + Math.floor(chance() * 9) },
      () => [...letters][Math.floor(chance() * [...letters].length)],
    ).join("");
    const from = Math.floor(chance() * text.length);
    const piece = text.slice(from, from + 1 + Math.floor(chance() * 4));
    assert.ok(fits(piece, text), JSON.stringify([piece, text]));
    assert.ok(fits(plain(piece), text), JSON.stringify([piece, text]));
  }
});
