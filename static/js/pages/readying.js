// Until the first camera there is no activity: what the room has, and what it needs next, stands in its place.
/** @import { Desk } from "./desk.js" */
import { hasWebGl2 } from "../elements/incident-map-gl.js";
import { readiness } from "../state/readiness.js";

/**
 * @param {Desk} desk
 * @param {Pick<typeof import("./parts.js").parts, "ready" | "activity" | "speaker">} parts
 * @returns {() => void} shows it, or takes it away
 */
export function readying(desk, { ready, activity, speaker }) {
  /** @type {boolean | null} asked once, and only in a new room */ let drawn = null;
  return () => {
    const { room, linked, latency, offset } = desk;
    const isNew = room.known && room.units.size === 0;
    ready.hidden = !isNew;
    activity.hidden = isNew;
    if (!isNew) return;
    drawn ??= hasWebGl2();
    ready.show(readiness({ linked, latency, offset, heard: speaker.on, drawn, basemap: room.settings.basemap.kind }));
  };
}
