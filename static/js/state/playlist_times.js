// A playlist's fragments: where in the media a moment of the server's clock is, and the other way round. Pure.

/** @typedef {{ start: number, duration: number, programDateTime: number | null }} Fragment media seconds; Unix milliseconds */
/** @typedef {{ title: string, line: string }} Telling what stands where a picture cannot be played */
/** @typedef {Telling & { from: number, to: number }} LeftOut Unix seconds, and why it cannot be played */

const SPARE_S = 10; // sound may be older than the first picture, and no time may be below nought
const BEYOND_S = 0.08; // two pictures: times are placed, not measured to the picture
const BETWEEN = "between key frames"; // as server/replay/playlist.py has it
const MOST_BESIDE = 64; // late pictures may lie within the sound that they belong to: 2 s of it, 25 a second

/**
 * @param {readonly Fragment[]} fragments @param {number} at Unix seconds
 * @returns {number | null} media seconds; null where there is no picture of that moment
 */
export function mediaTimeAt(fragments, at) {
  const index = lastBefore(fragments, (one) => (one.programDateTime ?? 0) / 1000 <= at + 1e-4);
  const last = fragments[index];
  if (!last) return null;
  const into = (/** @type {Fragment} */ one) => at - (one.programDateTime ?? NaN) / 1000;
  const holds = (/** @type {Fragment} */ one) => into(one) <= one.duration;
  const found = holds(last) ? last : fragments.slice(Math.max(0, index - MOST_BESIDE), index).findLast(holds);
  if (found) return found.start + into(found);
  return into(last) <= last.duration + BEYOND_S ? last.start + last.duration - 0.001 : null;
}

/**
 * The moment itself where there is a picture of it, else the next one that there is.
 * @param {readonly Fragment[]} fragments @param {number} at Unix seconds
 */
export function nearestWithPicture(fragments, at) {
  if (mediaTimeAt(fragments, at) !== null) return at;
  const next = fragments.find(({ programDateTime }) => (programDateTime ?? 0) / 1000 > at);
  return next ? (next.programDateTime ?? 0) / 1000 : at;
}

/**
 * @param {readonly Fragment[]} fragments @param {number} position media seconds
 * @returns {number | null} Unix seconds
 */
export function serverTimeAt(fragments, position) {
  const index = lastBefore(fragments, (one) => one.start <= position + 1e-4);
  const found = fragments[Math.max(0, index)];
  if (!found || found.programDateTime === null) return null;
  return found.programDateTime / 1000 + (position - found.start);
}

/**
 * hls.js's fragments, each where its picture is: by itself it dates a segment by the sound in it, which may begin a tenth of a
 * second before the picture, in one camera and not in the other.
 * @param {readonly (Fragment & { cc: number, title: string | null })[]} fragments titled as server/replay/playlist.py does
 * @param {ReadonlyMap<number, number>} origins of each continuity that has begun to play: media time where position is nought
 * @returns {Fragment[]} as hls.js estimates them where nothing of their continuity has been loaded
 */
export function byPictures(fragments, origins) {
  return fragments.map((one) => {
    const [from = NaN, to = NaN] = (one.title ?? "").split(" to ").map(parseFloat);
    const placed = from - (origins.get(one.cc) ?? NaN);
    // by name: the time of hls.js's fragments is an accessor, which ...one leaves out
    const { start, duration, programDateTime } = one;
    return Number.isFinite(placed + to)
      ? { start: placed, duration: to - from, programDateTime }
      : { start, duration, programDateTime };
  });
}

/**
 * Our own playlist, whose segments are to be had as pieces with times that begin shortly before the first of them.
 * @param {string} text @param {string} address of the playlist
 * @returns {import("./piece_run.js").Piece[]}
 */
export function pieceFragments(text, address) {
  /** @type {import("./piece_run.js").Piece[]} */
  const found = [];
  let [at, duration, base, isKeyed] = [0, 0, 0, true];
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) at = Date.parse(line.slice(line.indexOf(":") + 1));
    if (line.startsWith("#EXTINF:")) [duration, isKeyed] = [parseFloat(line.slice(8)), !line.endsWith(BETWEEN)];
    if (line.startsWith("#") || !line) continue;
    base ||= Math.floor(at / 1000) - SPARE_S;
    const url = new URL(line.replace("/files/", "/pieces/"), address);
    url.searchParams.set("from", String(base));
    found.push({ start: at / 1000 - base, duration, programDateTime: at, url: url.href, isKeyed });
  }
  return found;
}

/** Keyed as it is found. @param {Fragment} fragment @param {Telling} telling @returns {[number, LeftOut]} */
export function leftOut({ programDateTime, duration }, telling) {
  const from = (programDateTime ?? 0) / 1000;
  return [programDateTime ?? 0, { from, to: from + duration, ...telling }];
}

/**
 * What is told of a moment that cannot be played; null for one that can.
 * @param {Iterable<LeftOut>} out @param {number} at @returns {Telling | null}
 */
export function leftOutAt(out, at) {
  return [...out].find(({ from, to }) => from <= at && at < to) ?? null;
}

/** @param {readonly Fragment[]} fragments @param {(one: Fragment) => boolean} isBefore @returns {number} -1 for none */
function lastBefore(fragments, isBefore) {
  let [low, high] = [0, fragments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = fragments[middle];
    if (one && isBefore(one)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
