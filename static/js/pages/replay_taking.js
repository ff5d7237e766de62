// What may be done with what is shown: keep it, take it out. Each only for whom the page has a place for it.
import { ReplayExport } from "../elements/replay-export.js";
import { beginExport } from "./replay_export.js";
import { beginKeep } from "./replay_keep.js";
import { say } from "./office.js";

/** @param {Parameters<typeof beginExport>[1]} parts @returns {() => void} asks what is to be exported, and why */
export function beginTaking(parts) {
  const keep = document.querySelector("#keep");
  if (keep instanceof HTMLElement) beginKeep(keep, parts);
  const out = document.querySelector("replay-export");
  if (!(out instanceof ReplayExport)) return () => say("Your role does not include taking recordings out.");
  beginExport(out, parts);
  return () => out.ask();
}
