// The officer's phone in its states: the camera page's own markup and panel, fed with made-up facts.
/** @import { Phone } from "../state/phone.js" */
import { PhonePanel } from "../elements/phone_panel.js";
import { make } from "../elements/build.js";
import { NEW_PHONE } from "../state/phone.js";
import { ME, NOW } from "./facts.js";
import { chapter, specimen } from "./specimen.js";

/** @type {Phone} */
const LINKED = {
  ...NEW_PHONE,
  callSign: "ET17",
  link: "up",
  watchers: [],
  fix: { at: NOW - 1, accuracy: 4 },
  battery: { pct: 78, charging: false },
};
/** @type {Phone} */
const RECORDING = {
  ...LINKED,
  camera: "on",
  live: "live",
  recordingSince: NOW - 42,
  watchers: [{ name: ME.name, role: "inspector", since: NOW - 8 }],
};
const SAID = {
  id: "1",
  text: "ET22 is beside you. Armed response told.",
  author: ME.name,
  sentAt: NOW - 5,
  shown: true,
  heard: false,
};

/** @type {Record<string, [string, Phone]>} */
const STATES = {
  "Phone, joining": ["Nothing came from the server yet.", { ...NEW_PHONE, battery: LINKED.battery }],
  "Phone, camera off": ["Nothing is sent; one press starts it.", LINKED],
  "Phone, camera refused": [
    "What happened, then what to do.",
    { ...LINKED, camera: "failed", cameraProblem: "NotAllowedError" },
  ],
  "Phone, on and not recording": [
    "Nobody can look until it records.",
    { ...RECORDING, recordingSince: null, watchers: [] },
  ],
  "Phone, recording": ["Who watches, and advice to answer.", { ...RECORDING, watchAsked: true, advice: [SAID] }],
  "Phone, emergency": [
    "It says sent only when the server has it.",
    { ...RECORDING, emergencyAt: NOW - 6, told: { kind: "emergency.pressed", state: "acknowledged", by: ME.name } },
  ],
  "Phone, no link": [
    "What it says and shows is kept until there is one.",
    { ...RECORDING, link: "down", waiting: 12, watchers: [], emergencyAt: NOW - 6, urgent: 2 },
  ],
};

let phones = 0; // ids stand once in a page, and each phone has them all

export function phone() {
  const shown = Object.entries(STATES).map(([name, [words, state]]) => specimen(name, words, drawn(state)));
  return chapter("Officer’s phone", "phones-sheet", ...shown);
}

/** @param {Phone} state */
function drawn(state) {
  const template = document.querySelector("template#phone");
  if (!(template instanceof HTMLTemplateElement)) throw new Error("the page has no phone");
  phones += 1;
  const prefix = `phone-${phones}-`;
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  for (const one of copy.querySelectorAll("[id]")) one.id = prefix + one.id;
  const place = make("div", { class: "phone" }, ...(copy.querySelector(".phone")?.children ?? []));
  queueMicrotask(() => new PhonePanel(prefix).show(state, NOW));
  return place;
}
