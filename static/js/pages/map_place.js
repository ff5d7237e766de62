// Puts the map into its place on a page. It comes by itself: a browser that cannot draw it keeps the rest of the page.
/** @import { Room } from "../state/room.js" */

/**
 * @param {HTMLElement} place
 * @param {() => number} now the server's time
 */
export function placeMapIn(place, now) {
  /** @type {import("../elements/incident-map.js").IncidentMap | null} */
  let map = null;
  import("../elements/incident-map.js").then(
    ({ IncidentMap }) => {
      map = new IncidentMap();
      map.clock = now;
      place.append(map);
    },
    () => place.classList.add("no-map"),
  );
  /** @type {unknown[]} */
  let shown = [];
  return () =>
    map && {
      focusUnit: map.focusUnit.bind(map),
      viewAll: map.viewAll.bind(map),
      named: map.named,
      find: map.find.bind(map),
      show,
    };

  /** Hands over only what is new. @param {Room} room @param {string | null} selected */
  function show(room, selected) {
    if (!map || !room.known) return;
    const next = [room.settings, room.units, room.fixes, room.alerts, selected];
    if (next[0] !== shown[0]) map.settings = /** @type {any} */ (room.settings);
    if (next[1] !== shown[1]) map.units = room.units.values();
    if (next[2] !== shown[2]) map.fixes = [...room.fixes.values()];
    if (next[3] !== shown[3]) map.alerts = room.alerts.values();
    if (next[4] !== shown[4]) map.selected = selected;
    shown = next;
  }
}
