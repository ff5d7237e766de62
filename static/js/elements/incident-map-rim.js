/** Names on the street map stand whole: its rim, and what lies over it, are told to MapLibre as symbols that nobody sees. */

import { GivingWay, LOOKS, RIM, markSpots, rimSpots } from "../state/map-rim.js";

/** @typedef {import("../state/map-labels.js").Box} Box */
/** @typedef {import("../state/map-rim.js").Spot} Spot */

/** @param {import("maplibre-gl").Map} map @param {() => {width: number, height: number}} size of the map, px */
export function rimOf(map, size) {
  let told = "";
  const giving = new GivingWay();
  map.on("render", () => {
    const drawn = performance.now();
    setTimeout(() => giving.cost(performance.now() - drawn)); // runs once the frame has been handed over
  });
  let [seen, turn, timer] = ["", 0, 0]; // the view in which marks were told last, how often they were, and what looks again
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
      const now = `${viewOf()} ${turn}`;
      if (!source || now === told) return;
      told = now;
      source.setData({ type: "FeatureCollection", features: [...rimSpots(size()).map(feature), ...standing] });
    },
    /** Where units and their labels stand, when it rests. @param {readonly Box[]} boxes px of the view, always in one order */
    stand(boxes) {
      clearTimeout(timer);
      const [view, now] = [viewOf(), performance.now()];
      const wait = giving.wait(boxes, now);
      if (view === seen && wait === null) return;
      if (view === seen && wait) {
        timer = window.setTimeout(() => viewOf() === view && rim.stand(boxes), wait); // moved since: told when it rests
        return;
      }
      giving.tell(boxes, now);
      seen = view;
      turn += 1;
      standing = markSpots(boxes).map(feature);
      rim.hold();
    },
    /** The map goes. */
    stop: () => clearTimeout(timer),
  };
  return rim;
}
