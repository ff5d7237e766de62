// Wires the keyboard: every action by its name.
import { CONSOLE, actionOf } from "../state/keymap.js";
import { chosenKeys } from "../elements/key-caps.js";

const WRITES = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";

/**
 * @param {Record<string, (value: number) => void>} actions
 * @param {() => boolean} enabled single keys act
 */
export function listenToKeys(actions, enabled) {
  // said by a class: as `body:has(… :focus)` every alert restyled the whole page (60 ms of each)
  const tell = () => document.body.classList.toggle("writing", isWritten(document.activeElement));
  for (const name of ["focusin", "focusout", "keydown"]) document.addEventListener(name, tell); // a box that is disabled tells nobody
  tell();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const writing = isWritten(event.target);
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

/** @param {EventTarget | null} target where a letter is a letter */
export function isWritten(target) {
  return target instanceof Element && target.matches(WRITES);
}
