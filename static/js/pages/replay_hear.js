// Wires what is pressed on a replay: its elements' events, and the keyboard.
import { REPLAY, replayActionOf } from "../state/replay_keys.js";
import { chosenKeys } from "../elements/key-caps.js";

/**
 * @param {{ seek: (at: number, settled: boolean) => void, acts: Record<string, (value: number) => void>,
 *           toggleSound: (device: string) => void, follow: (device: string) => void }} page
 */
export function hear({ seek, acts, toggleSound, follow }) {
  /** @param {string} name @param {(detail: any) => void} act */
  const on = (name, act) => document.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));
  on("replay-seek", ({ at, settled }) => seek(at, settled));
  on("replay-act", ({ act, value }) => acts[act]?.(value));
  on("replay-sound", ({ device_id }) => toggleSound(device_id));
  on("unit-select", ({ device_id }) => follow(device_id));
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    const writing = target.matches("input, textarea, select") || document.querySelector("dialog[open]") !== null;
    const onButton = target.matches("button, a[href]");
    const enabled = localStorage.getItem("watchroom.keys") !== "off";
    const action = event.defaultPrevented
      ? null
      : replayActionOf(event, { writing, onButton, enabled, chosen: chosenKeys(REPLAY) });
    if (!action) return;
    event.preventDefault();
    acts[action.action]?.(action.value);
  });
}
