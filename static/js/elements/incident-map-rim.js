/** Names on the street map stand whole: its rim, and what lies over it, are told to MapLibre as symbols that nobody sees. */

import { LOOKS, RIM, rimSpots } from "../state/map-rim.js";

/** @param {import("maplibre-gl").Map} map @param {() => {width: number, height: number}} size of the map, px */
export function rimOf(map, size) {
  let told = "";
  const rim = {
    /** A style has come, and knows of none. */
    begin() {
      told = "";
      for (const [look, [width = 0, height = 0]] of Object.entries(LOOKS)) {
        const name = `${RIM}-${look}`;
        if (!map.hasImage(name)) map.addImage(name, { width, height, data: new Uint8Array(width * height * 4) });
      }
      rim.hold();
    },
    /** When it rests: while it moves, names come and go at its rim anyway. */
    hold() {
      const source = /** @type {import("maplibre-gl").GeoJSONSource | undefined} */ (map.getSource(RIM));
      const { width, height } = size();
      const { lng, lat } = map.getCenter();
      const now = [lng, lat, map.getZoom(), width, height].join();
      if (!source || now === told) return;
      told = now;
      const features = rimSpots({ width, height }).map(({ x, y, look }) => ({
        type: /** @type {const} */ ("Feature"),
        properties: { look },
        geometry: { type: /** @type {const} */ ("Point"), coordinates: map.unproject([x, y]).toArray() },
      }));
      source.setData({ type: "FeatureCollection", features });
    },
  };
  return rim;
}
