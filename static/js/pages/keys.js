// Wires the keyboard: every action by its name.
import { CONSOLE, actionOf } from "../state/keymap.js";
import { chosenKeys } from "../elements/key-caps.js";

const WRITES = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";

/**
 * @param {Record<string, (value: number) => void>} actions
 * @param {() => boolean} enabled single keys act
 */
export function listenToKeys(actions, enabled) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const writing = event.target instanceof Element && event.target.matches(WRITES);
    const inDialog = document.querySelector("dialog[open]") !== null;
    const action = actionOf(event, {
      writing: writing || inDialog,
      enabled: enabled(),
      chosen: chosenKeys(CONSOLE),
    });
    const act = action && actions[action.action];
    if (!act || event.repeat) return;
    if (action.action !== "back") event.preventDefault();
    act(action.value ?? 0);
  });
}
