// The replay's keys. One table, so that the foot shows what really happens.
import { AS_DELIVERED, actOf } from "./keys_chosen.js";

/** @type {readonly { caps: readonly string[], keys: readonly string[], action: string, value?: number, words: string, foot: boolean }[]} */
export const REPLAY_KEYS = [
  { caps: ["Space"], keys: [" "], action: "play", words: "play", foot: true },
  { caps: ["←", "→"], keys: [], action: "", words: "5 s", foot: true },
  { caps: ["←"], keys: ["arrowleft"], action: "skip", value: -5, words: "5 s back", foot: false },
  { caps: ["→"], keys: ["arrowright"], action: "skip", value: 5, words: "5 s on", foot: false },
  { caps: [",", "."], keys: [], action: "", words: "frame", foot: true },
  { caps: [","], keys: [","], action: "step", value: -1, words: "a picture back", foot: false },
  { caps: ["."], keys: ["."], action: "step", value: 1, words: "a picture on", foot: false },
  { caps: ["J", "K"], keys: [], action: "", words: "next, previous event", foot: true },
  { caps: ["J"], keys: ["j"], action: "event", value: 1, words: "next event", foot: false },
  { caps: ["K"], keys: ["k"], action: "event", value: -1, words: "previous event", foot: false },
  { caps: ["[", "]"], keys: [], action: "", words: "in, out", foot: true },
  { caps: ["["], keys: ["["], action: "mark-in", words: "in", foot: false },
  { caps: ["]"], keys: ["]"], action: "mark-out", words: "out", foot: false },
  { caps: ["B"], keys: ["b"], action: "bookmark", words: "bookmark", foot: true },
  { caps: ["C"], keys: ["c"], action: "command", words: "command view", foot: true },
  { caps: ["Esc"], keys: ["escape"], action: "close", words: "close it", foot: false },
  { caps: ["E"], keys: ["e"], action: "export", words: "export", foot: true },
  { caps: ["<", ">"], keys: [], action: "", words: "slower, faster", foot: true },
  { caps: ["<"], keys: ["<"], action: "speed", value: -1, words: "slower", foot: false },
  { caps: [">"], keys: [">"], action: "speed", value: 1, words: "faster", foot: false },
  { caps: ["1", "9"], keys: [], action: "", words: "sound", foot: true },
  { caps: ["M"], keys: ["m"], action: "mute", words: "no sound", foot: true },
  { caps: ["+", "−"], keys: [], action: "", words: "timeline", foot: true },
  { caps: ["+"], keys: ["+", "="], action: "zoom", value: 1, words: "nearer", foot: false },
  { caps: ["−"], keys: ["−", "-"], action: "zoom", value: -1, words: "farther", foot: false },
  { caps: ["Z"], keys: ["z"], action: "fit", words: "fit map", foot: true },
  { caps: ["T"], keys: ["t"], action: "type", words: "type a time", foot: true },
];

const isFixed = /** @param {string | undefined} key */ (key = "") => key.length !== 1 || key === " ";
const idOf = /** @param {{ action: string, value?: number }} one */ ({ action, value }) => `${action}${value ?? ""}`;
const LETTERS = REPLAY_KEYS.filter(({ keys }) => !isFixed(keys[0]));

/** What a person may give another key: all but digits, space and arrows. @type {import("./keys_chosen.js").Keyboard} */
export const REPLAY = {
  name: "Replay",
  store: "watchroom.keymap.replay",
  digits: "they are for the sound of the cameras",
  acts: LETTERS.map((one) => ({ id: idOf(one), keys: one.keys, words: one.words })),
};

/** Of which act a cap of the table is; "" where it is of none that can be changed. @param {string} cap */
export function actOfCap(cap) {
  const found = LETTERS.find(({ caps }) => caps.length === 1 && caps[0] === cap);
  return found ? idOf(found) : "";
}

/**
 * What a key means here, or null; never while somebody writes, and a space on a button presses the button.
 * @param {{ key: string, code?: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean }} press
 * @param {{ writing: boolean, onButton: boolean, enabled: boolean, chosen?: import("./keys_chosen.js").Chosen }} where
 * @returns {{ action: string, value: number } | null}
 */
export function replayActionOf(press, { writing, onButton, enabled, chosen = AS_DELIVERED }) {
  if (press.ctrlKey || press.altKey || press.metaKey || writing) return null;
  const key = press.key.toLowerCase();
  if (key === " " && onButton) return null;
  // a letter or a sign can be switched off (WCAG 2.1.4); space and arrows are what a player is expected to take
  if (!enabled && key.length === 1 && key !== " ") return null;
  if (/^[1-9]$/.test(key)) return { action: "sound", value: Number(key) };
  const act = actOf(key, REPLAY.acts, chosen);
  const found = REPLAY_KEYS.find((one) => (isFixed(key) ? one.keys.includes(key) : idOf(one) === act?.id));
  return found ? { action: found.action, value: found.value ?? 0 } : null;
}
