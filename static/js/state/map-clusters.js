/** Which markers stand alone and which stand together as one count. Pure. */

/** @typedef {import("./map-markers.js").Marker} Marker */
/**
 * @typedef {object} Placed
 * @property {Marker} marker
 * @property {number} x world pixels at this zoom, so that panning never regroups
 * @property {number} y
 *
 * @typedef {object} Cluster
 * @property {string} key stable while its first member stays
 * @property {number} x
 * @property {number} y
 * @property {Marker[]} markers
 * @property {Marker} highest the member whose state the cluster shows
 *
 * @typedef {{single: Placed[], clusters: Cluster[]}} Grouped
 */

const RECORDING_RANK = { recording: 0, buffering: 1, off: 2 };

/**
 * How much a marker needs to be seen: lower comes first.
 * @param {Marker} marker
 */
export function urgency(marker) {
  if (marker.priority === 1) return 0;
  if (marker.priority === 2) return 1;
  if (marker.selected) return 2;
  return 3 + (marker.priority === 3 ? 0 : 1) + RECORDING_RANK[marker.recording] + (marker.stale ? 3 : 0);
}

/**
 * Groups markers that would lie on each other. Alerts of priority 1 and 2 and the selected unit
 * always stand alone: a count must never hide what needs somebody.
 * @param {Placed[]} placed @param {number} radius pixels; 0 groups nothing
 * @returns {Grouped}
 */
export function group(placed, radius) {
  if (radius <= 0) return { single: placed, clusters: [] };
  const free = placed.filter((each) => urgency(each.marker) <= 2);
  const rest = placed.filter((each) => urgency(each.marker) > 2);
  rest.sort((a, b) => (a.marker.device_id < b.marker.device_id ? -1 : 1));
  const near = grid(rest, radius);
  /** @type {Set<Placed>} */
  const taken = new Set();
  /** @type {Grouped} */
  const grouped = { single: free, clusters: [] };
  for (const first of rest) {
    if (taken.has(first)) continue;
    const members = near(first).filter((each) => !taken.has(each));
    members.forEach((each) => taken.add(each));
    if (members.length === 1) grouped.single.push(first);
    else grouped.clusters.push(cluster(members));
  }
  return grouped;
}

/**
 * Groups ever more widely until at most `most` marks lie in the view, so that a busy map stays quick and legible.
 * @param {Placed[]} placed @param {number} radius @param {number} most
 * @param {(at: {x: number, y: number}) => boolean} inView
 * @returns {Grouped}
 */
export function groupAtMost(placed, radius, most, inView) {
  let grouped = group(placed, radius);
  for (let wide = Math.max(radius, 24) * 2; wide <= 400; wide *= 2) {
    const seen = grouped.single.filter(inView).length + grouped.clusters.filter(inView).length;
    if (seen <= most) break;
    grouped = group(placed, wide);
  }
  return grouped;
}

/**
 * Where a count is drawn: beside a unit that stands alone, rather than under it and out of sight.
 * @param {{x: number, y: number}} count pixels @param {readonly {x: number, y: number}[]} alone @param {number} least apart
 * @returns {{x: number, y: number}}
 */
export function beside(count, alone, least) {
  let { x, y } = count;
  for (const mark of alone) {
    const apart = Math.hypot(x - mark.x, y - mark.y);
    if (apart >= least) continue;
    // in one place: below, where labels stand last
    const [right, down] = apart < 1 ? [0, 1] : [(x - mark.x) / apart, (y - mark.y) / apart];
    x = mark.x + right * least;
    y = mark.y + down * least;
  }
  return { x, y };
}

/**
 * @param {Placed[]} members
 * @returns {Cluster}
 */
function cluster(members) {
  const markers = members.map((each) => each.marker);
  return {
    key: `cluster:${markers[0]?.device_id}`,
    x: members.reduce((sum, each) => sum + each.x, 0) / members.length,
    y: members.reduce((sum, each) => sum + each.y, 0) / members.length,
    markers,
    highest: markers.reduce((best, each) => (urgency(each) < urgency(best) ? each : best)),
  };
}

/**
 * @param {Placed[]} placed @param {number} radius
 * @returns {(about: Placed) => Placed[]} those within the radius, itself first
 */
function grid(placed, radius) {
  /** @type {Map<string, Placed[]>} */
  const cells = new Map();
  const cell = (/** @type {number} */ v) => Math.floor(v / radius);
  for (const each of placed) {
    const key = `${cell(each.x)}:${cell(each.y)}`;
    const there = cells.get(key);
    if (there) there.push(each);
    else cells.set(key, [each]);
  }
  const around = [-1, 0, 1];
  return (about) => {
    const keys = around.flatMap((dx) => around.map((dy) => `${cell(about.x) + dx}:${cell(about.y) + dy}`));
    const near = keys.flatMap((key) => cells.get(key) ?? []);
    const others = near.filter((each) => each !== about && Math.hypot(each.x - about.x, each.y - about.y) <= radius);
    return [about, ...others];
  };
}
