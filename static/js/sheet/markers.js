// The map with a marker in every state: over the streets, and over nothing.
import { IncidentMap } from "../elements/incident-map.js";
import { make } from "../elements/build.js";
import { CLUSTERED, FIXES, MAP_ALERTS, NOW, UNITS, named, past } from "./facts.js";
import { chapter, specimen } from "./specimen.js";

const WORDS =
  "ET17 priority 1 with accuracy, heading and trail; ET14 priority 2, acknowledged; ET22 selected; ET28 buffering, its ring runs down; " +
  "ET09 camera off, nearly past validity; ET31 stale, could have moved; ETXX1207 fresh; three together.";

export function maps() {
  const town = { kind: /** @type {const} */ ("town"), url: "/static/town/estuary.geojson" };
  return chapter(
    "Map and markers",
    "wide",
    specimen("Markers", WORDS, map(town, MAP_ALERTS)),
    specimen("No base map", "Markers alone; nobody has acknowledged.", map({ kind: "none" }, MAP_ALERTS.map(unseen))),
  );
}

/** @param {import("../state/shapes").Alert} alert */
const unseen = (alert) => ({ ...alert, state: /** @type {const} */ ("raised"), acknowledged_at: null });

/** @param {import("../state/map-style.js").Basemap} basemap @param {import("../state/shapes").Alert[]} alerts */
function map(basemap, alerts) {
  const element = new IncidentMap();
  element.clock = () => NOW;
  element.trails.past = past;
  element.settings = { fix_stale_s: 15, max_speed_mps: 3, basemap };
  element.units = [...UNITS, ...CLUSTERED];
  element.fixes = FIXES;
  element.alerts = alerts;
  element.selected = named("ET22").device_id;
  return make("div", { class: "map-place" }, element);
}
