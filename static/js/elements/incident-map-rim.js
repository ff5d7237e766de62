/** Names on the street map stand whole: its rim, and what lies over it, are told to MapLibre as symbols that nobody sees. */

import { LOOKS, RIM, haveMoved, markSpots, rimSpots } from "../state/map-rim.js";

/** @typedef {import("../state/map-labels.js").Box} Box */
/** @typedef {import("../state/map-rim.js").Spot} Spot */

const MARKS_MS = 4000; // names give way to who walks at most so often: each time, the map is drawn anew

/** @param {import("maplibre-gl").Map} map @param {() => {width: number, height: number}} size of the map, px */
export function rimOf(map, size) {
  let told = "";
  /** @type {{ boxes: readonly Box[], view: string, at: number, turn: number }} */
  let marks = { boxes: [], view: "", at: -Infinity, turn: 0 };
  /** @type {ReturnType<typeof feature>[]} where they stood on the ground */
  let standing = [];
  const feature = (/** @type {Spot} */ { x, y, look }) => ({
    type: /** @type {const} */ ("Feature"),
    properties: { look },
    geometry: { type: /** @type {const} */ ("Point"), coordinates: map.unproject([x, y]).toArray() },
  });
  const viewOf = () => {
    const { lng, lat } = map.getCenter();
    return [lng, lat, map.getZoom(), size().width, size().height].join();
  };
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
      const now = `${viewOf()} ${marks.turn}`;
      if (!source || now === told) return;
      told = now;
      source.setData({ type: "FeatureCollection", features: [...rimSpots(size()).map(feature), ...standing] });
    },
    /** Where units and their labels stand, when it rests. @param {readonly Box[]} boxes px of the view, always in one order */
    stand(boxes) {
      const [view, at] = [viewOf(), performance.now()];
      if (view === marks.view && (at - marks.at < MARKS_MS || !haveMoved(marks.boxes, boxes))) return;
      marks = { boxes, view, at, turn: marks.turn + 1 };
      standing = markSpots(boxes).map(feature);
      rim.hold();
    },
  };
  return rim;
}
