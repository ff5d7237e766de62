// Wires the pictures along the timeline: the strip, and what lies under the pointer.
/** @import { Replay } from "../state/replay.js" */
import { absenceAt, unseenAt } from "../state/replay.js";
import { Stills } from "../net/stills.js";
import { ReplayGlance } from "../elements/replay-glance.js";
import { find } from "./office.js";

/** @param {import("../elements/replay-timeline.js").ReplayTimeline} timeline @param {() => Replay} replay */
export function beginGlance(timeline, replay) {
  const glance = find("replay-glance", ReplayGlance);
  const view = replay().view.id;
  const stills = new Stills((device, at) => `/api/replays/${view}/stills/${device}?at=${at}`);
  /** @type {{ at: number, index: number, x: number, top: number } | null} */
  let under = null;
  let due = 0;

  function show() {
    due = 0;
    const camera = under && replay().cameras[under.index];
    if (!under || !camera) return glance.hide();
    const { at, x, top } = under;
    const absence = absenceAt(camera, at) ?? unseenAt(camera, at);
    const words = absence && (absence.line || absence.title.toLowerCase());
    const still = absence ? null : stills.of(camera.device_id, Math.floor(at));
    return glance.show({ x, top, call_sign: camera.call_sign, at, still, absence: words ?? "" });
  }
  const soon = () => (due ||= requestAnimationFrame(show));

  document.addEventListener("replay-glance", (event) => {
    under = /** @type {CustomEvent} */ (event).detail;
    soon();
  });
  stills.addEventListener("still", () => {
    soon();
    timeline.drawStrip();
  });
  timeline.stillOf = (device, at) => stills.of(device, at);
  timeline.drawStrip();
}
