// An alert's symbol and its shortest words, for a caption and the map.
/** @import { Alert } from "../state/shapes" */

/** @type {[string, string][]} */
const ICONS = [
  ["taser", "taser"],
  ["watch", "watch"],
  ["emergency", "emergency"],
  ["battery", "battlow"],
  ["camera", "camoff"],
  ["uplink", "linkoff"],
  ["stream", "camoff"],
  ["picture", "camoff"],
  ["recording", "camera"],
  ["link", "linkoff"],
  ["fix", "pin"],
  ["position", "pin"],
];
/** @type {Record<string, string>} */
const TAGS = {
  "taser.drawn": "DRAWN",
  "taser.armed": "ARMED",
  "taser.trigger": "TRIGGER",
  "taser.arc": "ARC",
  "watch.request": "WATCH ME",
  emergency: "EMERGENCY",
  "camera.lost": "LOST",
  "battery.low": "BATTERY",
};

/** @param {Pick<Alert, "kind" | "family">} alert */
export function alertIcon({ kind, family }) {
  return ICONS.find(([word]) => kind.includes(word) || family.includes(word))?.[1] ?? "info";
}

/** What it is called when its cause is gone, by family; it stays open until a person closes it. @type {Record<string, string>} */
const CLEARED_TAGS = { taser: "SAFE", watch: "CANCELLED", camera: "BACK" };

/** @param {Pick<Alert, "kind" | "title" | "family" | "cleared_at">} alert */
export function alertTag({ kind, title, family, cleared_at }) {
  if (cleared_at !== null) return CLEARED_TAGS[family] ?? "OVER";
  return TAGS[kind] ?? title.toUpperCase();
}

/** "TASER armed, cleared": the whole title, and whether its cause is gone. @param {Pick<Alert, "title" | "cleared_at">} alert */
export function alertTitle({ title, cleared_at }) {
  return cleared_at === null ? title : `${title}, cleared`;
}
