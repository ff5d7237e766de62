/** A map file (PMTiles), read by ranges: its tiles, where it lies, and whose it is. */

const OSM_CREDIT = "© OpenStreetMap"; // a map file that names nobody: Protomaps' are made of its data, whose licence asks for this

/** @type {import("pmtiles").Protocol | null} one for the page: MapLibre knows a protocol by its name */
let protocol = null;

/**
 * Opens a map file; MapLibre then reads its tiles from it, by ranges.
 * @param {typeof import("maplibre-gl")} library @param {URL} url
 */
export async function tilesOf(library, url) {
  const { PMTiles, Protocol } = await import("pmtiles");
  if (!protocol) {
    protocol = new Protocol();
    library.addProtocol("pmtiles", protocol.tile);
  }
  const archive = new PMTiles(url.href);
  protocol.add(archive);
  return archive;
}

/** @param {import("pmtiles").PMTiles} archive @returns {Promise<{lon: number, lat: number, zoom: number}>} */
export async function centreOf(archive) {
  const header = await archive.getHeader();
  return { lon: header.centerLon, lat: header.centerLat, zoom: Math.max(header.centerZoom, 11) };
}

/** Whose map it is, in the file's own words (they may hold links: only what is read). @param {import("pmtiles").PMTiles} archive */
export async function creditOf(archive) {
  const { attribution } = /** @type {{ attribution?: unknown }} */ (await archive.getMetadata());
  const words = new DOMParser().parseFromString(String(attribution ?? ""), "text/html").body.textContent ?? "";
  return words.trim() || OSM_CREDIT;
}
