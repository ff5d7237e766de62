/** What stands on the map at a zoom: each unit by itself, or units that lie too close together as one count. Pure. */

import { groupAtMost } from "./map-clusters.js";
import { fromWorld, toWorld, worldPixels } from "./map-projection.js";

/** @typedef {import("./map-markers.js").Marker} Marker */
/** @typedef {{key: string, lon: number, lat: number, markers: Marker[], highest: Marker, alone: boolean}} Node */

const MOST_MARKS = 60;
const CLUSTER_PX = 22;
// From here on a street fills the map: units side by side must be told apart, whatever it costs in tidiness.
const UNGROUPED_ZOOM = 17.5;

/** @param {Marker[]} all @param {import("./map-projection.js").View} view @returns {Node[]} */
export function nodesOf(all, view) {
  const scale = worldPixels(view.zoom);
  const placed = all.map((marker) => {
    const { x, y } = toWorld(marker.lon, marker.lat);
    return { marker, x: x * scale, y: y * scale };
  });
  const centre = toWorld(view.lon, view.lat);
  const { single, clusters } = groupAtMost(
    placed,
    view.zoom >= UNGROUPED_ZOOM ? 0 : CLUSTER_PX,
    MOST_MARKS,
    ({ x, y }) => Math.abs(x - centre.x * scale) < view.width / 2 && Math.abs(y - centre.y * scale) < view.height / 2,
  );
  return [
    ...single.map(({ marker }) => ({
      key: marker.device_id,
      lon: marker.lon,
      lat: marker.lat,
      markers: [marker],
      highest: marker,
      alone: true,
    })),
    ...clusters.map(({ key, x, y, markers, highest }) => ({
      key,
      ...fromWorld({ x: x / scale, y: y / scale }),
      markers,
      highest,
      alone: false,
    })),
  ];
}
