// Wires the live rewind: a view of the growing recording, which is logged, and the pane beside the live tile.
/** @import { Alert } from "../state/shapes" */
import { ApiError } from "../net/api.js";
import { reasonToView } from "../state/alerts.js";
import { sayingWhy } from "./saying_why.js";
import { BEFORE_S, MOST_BACK_S, hasBefore, notHeld } from "../state/rewind.js";

const SECONDS = 30;
const SPARE_S = 10; // so that two minutes back are still there when somebody drags to them at once
const TRIES = 6; // a recording that an alert has begun is on the disk some seconds later
const AGAIN_MS = 1000;

/**
 * @param {import("../net/api.js").Api} api
 * @param {import("./desk.js").Desk} desk
 * @param {(words: string) => void} say
 */
export function rewinding(api, desk, say) {
  const why = sayingWhy(api);
  const allowed = document.body.dataset["mayReplay"] === "yes";
  document.addEventListener("rewind-joined", (event) => {
    const { call_sign, end } = /** @type {CustomEvent} */ (event).detail;
    say(`${call_sign}: ${end === "live" ? "you are live" : "nothing newer is recorded"}.`);
  });
  return { allowed, back, before };

  /** Half a minute back; again: further. @param {string} device */
  async function back(device) {
    const pane = await paneFor();
    if (!pane) return;
    if (pane.device === device) return pane.back(SECONDS);
    const view = await open(device, reasonToView(desk.alarms.get(device)), 1);
    if (view) pane.open({ ...about(device, view.id), seconds: SECONDS });
  }

  /** The seconds before an alert, fast, until live is reached; the live picture stays beside it. @param {Alert} alert */
  async function before(alert) {
    const { device_id: device, call_sign, title, raised_at } = alert;
    if (!hasBefore(alert, desk.now()))
      return say(`${title}, ${call_sign}, was more than ${MOST_BACK_S - BEFORE_S} s ago: look at it in the replay.`);
    const pane = await paneFor();
    const view = pane && (await open(device, reasonToView(alert), TRIES));
    if (!view) return;
    const layers = desk.room.units.get(device)?.layers ?? [];
    const joins = layers.includes("sub") ? "sub" : "main"; // four times as many pictures a second, beside a living wall
    pane.open({ ...about(device, view.id), seconds: desk.now() - raised_at + BEFORE_S, joins });
  }

  async function paneFor() {
    if (!allowed) {
      say("Your role does not include looking at recordings.");
      return null;
    }
    // hls.js and the pane come when they are first asked for: a console that never looks back does not load them
    const { RewindPane } = await import("../elements/rewind-pane.js");
    const pane = document.querySelector("rewind-pane");
    return pane instanceof RewindPane ? pane : null;
  }

  /** @param {string} device @param {string} view */
  function about(device, view) {
    const urlOf = /** @param {string} layer */ (layer) => `/api/replays/${view}/cameras/${device}/${layer}.m3u8`;
    return { device, call_sign: nameOf(device), now: desk.now, urlOf };
  }

  /** @param {string} device */
  function nameOf(device) {
    return desk.room.units.get(device)?.call_sign ?? "the camera";
  }

  /** @param {string} device @param {string} reason an alert's; "": what one is on duty as @param {number} tries @returns {Promise<import("../state/replay.js").View | null>} */
  async function open(device, reason, tries) {
    try {
      return await api.recordings.rewind(device, desk.now() - MOST_BACK_S - SPARE_S, reason);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.kind === "reason-needed") return (await why.ask()) ? open(device, reason, tries) : null;
      if (error.status === 404 && tries > 1) {
        await new Promise((resolve) => {
          setTimeout(resolve, AGAIN_MS);
        });
        return open(device, reason, tries - 1);
      }
      const words = error.status === 404 ? notHeld(null, 0) : error.message;
      say(`${nameOf(device)} cannot be looked back at. ${words}.`);
      return null;
    }
  }
}
