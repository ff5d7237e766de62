// What may be done with what is shown: keep it, take it out. Each only for whom the page has a place for it.
import { beginExport } from "./replay_export.js";
import { beginKeep } from "./replay_keep.js";

/** @param {Parameters<typeof beginExport>[1]} parts */
export function beginTaking(parts) {
  const keep = document.querySelector("#keep");
  if (keep instanceof HTMLElement) beginKeep(keep, parts);
  const out = document.querySelector("#export");
  if (out instanceof HTMLElement) beginExport(out, parts);
}
