// Keys that a person has changed: which they are, whether they may be, and what is said where they may not. Pure.

/** @typedef {{ id: string, keys: readonly string[], words: string }} Act `keys` as delivered, in lower case; the first is on the cap */
/** @typedef {Readonly<Record<string, string>>} Chosen by act: the key that it has instead */
/** @typedef {{ name: string, store: string, acts: readonly Act[], digits: string }} Keyboard of one page; `digits`: what they are for there */
/** @typedef {{ key: string, code?: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean }} Press */

/** @type {Chosen} */
export const AS_DELIVERED = Object.freeze({});

/** @param {Act} act @param {Chosen} chosen */
export function keysOf(act, chosen) {
  const own = chosen[act.id];
  return own === undefined ? act.keys : [own];
}

/** Which act a key is for; undefined: none. @param {string} key in lower case @param {readonly Act[]} acts @param {Chosen} chosen */
export function actOf(key, acts, chosen) {
  return acts.find((act) => keysOf(act, chosen).includes(key));
}

/** As it stands on a cap. @param {string | undefined} key */
export function capOf(key = "") {
  const large = key.toUpperCase();
  return large.length === key.length ? large : key; // ß has no capital of one letter
}

/** What is on the cap of an act. @param {string} id @param {readonly Act[]} acts @param {Chosen} chosen */
export function capFor(id, acts, chosen) {
  const act = acts.find((one) => one.id === id);
  return act ? capOf(keysOf(act, chosen)[0]) : "";
}

/**
 * Why an act cannot have a key, in a sentence; "" where it can.
 * @param {Press} press @param {string} id @param {Keyboard} keyboard @param {Chosen} chosen
 */
export function whyNot(press, id, { acts, digits }, chosen) {
  const key = press.key.toLowerCase();
  if (press.ctrlKey || press.altKey || press.metaKey)
    return "A key alone is needed: those with Ctrl, Alt or the system’s key belong to the browser.";
  if (/^(Digit|Numpad)\d$/.test(press.code ?? "") || /^\d$/.test(key)) return `Digits stay as they are: ${digits}.`;
  if (key === "?") return "? always shows all keys.";
  if ([...key].length !== 1 || !key.trim())
    return "A letter or a sign is needed: all other keys keep what they do everywhere.";
  const other = acts.find((act) => act.id !== id && keysOf(act, chosen).includes(key));
  return other ? `${capOf(key)} is taken: ${other.words}. Give that another key first.` : "";
}

/** @param {Chosen} chosen @param {Act} act @param {string} key in lower case @returns {Chosen} */
export function withKey(chosen, act, key) {
  const others = Object.fromEntries(Object.entries(chosen).filter(([id]) => id !== act.id));
  return key === act.keys[0] ? others : { ...others, [act.id]: key };
}

/**
 * What was kept, as far as it can still be: a later version may have given a chosen key to an act of its own, which
 * then has it. Each act has a key, and no key two acts, whatever was kept.
 * @param {string | null} kept @param {Keyboard} keyboard @returns {Chosen}
 */
export function chosenIn(kept, keyboard) {
  const told = parsed(kept);
  const may = keyboard.acts.flatMap(({ id }) => {
    const key = told[id];
    const press = { key: String(key), ctrlKey: false, altKey: false, metaKey: false };
    const isOne = typeof key === "string" && key === key.toLowerCase();
    return isOne && !whyNot(press, id, { ...keyboard, acts: [] }, AS_DELIVERED) ? [[id, key]] : [];
  });
  /** @type {Record<string, string>} */
  const chosen = Object.fromEntries(may);
  for (;;) {
    const doubled = keyboard.acts.find(({ id }) => {
      const key = chosen[id];
      return key !== undefined && keyboard.acts.some((act) => act.id !== id && keysOf(act, chosen).includes(key));
    });
    if (!doubled) return chosen;
    delete chosen[doubled.id];
  }
}

/** @param {string | null} kept @returns {Record<string, unknown>} */
function parsed(kept) {
  if (!kept?.startsWith("{")) return {};
  try {
    return JSON.parse(kept);
  } catch {
    return {}; // what the browser kept is no longer whole: the keys are those that were delivered
  }
}
