// What the status page knows: the last answer of the server, and ten minutes of lines, kept without a gap.

/** @typedef {Record<string, number | null>} Values */
/** @typedef {Record<string, (number | null)[]>} Lines */
/**
 * @typedef {object} Process
 * @property {string} name
 * @property {number} pid
 * @property {boolean} alive
 * @property {number} silent_s since it told its figures
 * @property {number} restarts
 * @property {number} port
 * @property {number} cameras
 * @property {number} viewers
 * @property {number} peers
 * @property {boolean} gso
 * @property {number} buffer_bytes that the kernel keeps of its socket, each way
 * @property {boolean} direct_srtp
 * @property {Record<string, number>} counts
 * @property {Values} now
 */
/**
 * @typedef {object} Camera
 * @property {string} device_id
 * @property {string} call_sign
 * @property {string} worker
 * @property {boolean} connected
 * @property {string[]} flowing
 * @property {string | null} codec
 * @property {number} reduced
 * @property {Values} now
 * @property {{ frozen: number, nacks: number, plis: number }} minute
 */
/**
 * @typedef {object} Answer
 * @property {number} at
 * @property {number} span
 * @property {Record<string, { ok: boolean, seconds: number }>} checks
 * @property {{ free: number, total: number } | null} [disk] bytes, where recordings lie
 * @property {string[]} [doubts] about how long recordings are kept, in sentences
 * @property {Process[]} processes
 * @property {Camera[]} cameras
 * @property {{ first: number, at: number[], groups: Record<string, Lines> }} lines
 */
/**
 * @typedef {object} Feed
 * @property {Answer | null} answer the last one
 * @property {number | null} receivedAt monotonic seconds
 * @property {string | null} camera whose lines are asked for
 * @property {number} newest the number of the newest sample
 * @property {number[]} times of the samples, Unix seconds
 * @property {Record<string, Lines>} groups
 */

export const STALE_AFTER_S = 4; // a reading and a question a second apart each are up to 2 s old, on a busy machine 3

/** @param {string | null} camera @returns {Feed} */
export function newFeed(camera) {
  return { answer: null, receivedAt: null, camera, newest: -1, times: [], groups: {} };
}

/** Another camera: its lines come with the next answer, and so do all others, on one time axis. @param {Feed} feed @param {string} camera @returns {Feed} */
export function withCamera(feed, camera) {
  return camera === feed.camera ? feed : { ...feed, camera, newest: -1 };
}

/** What to ask for next. @param {Feed} feed */
export function question({ camera, newest }) {
  const asked = new URLSearchParams({ after: String(newest) });
  if (camera !== null) asked.set("camera", camera);
  return `/api/status?${asked}`;
}

/**
 * @param {Feed} feed
 * @param {Answer} answer to the question of a feed with `camera`
 * @param {string | null} camera
 * @param {number} now monotonic seconds
 * @returns {Feed}
 */
export function received(feed, answer, camera, now) {
  if (camera !== feed.camera) return feed; // somebody chose another one meanwhile
  const { first, at, groups } = answer.lines;
  const goesOn = first === feed.newest + 1 && feed.newest >= 0;
  const kept = goesOn ? feed.times : [];
  const times = [...kept, ...at].slice(-answer.span);
  const joined = Object.fromEntries(
    Object.entries(groups).map(([name, lines]) => [
      name,
      withLines(goesOn ? (feed.groups[name] ?? {}) : {}, lines, kept.length, times.length),
    ]),
  );
  return { answer, receivedAt: now, camera, newest: first + at.length - 1, times, groups: joined };
}

/** @param {Lines} before @param {Lines} lines @param {number} had samples before @param {number} size @returns {Lines} */
function withLines(before, lines, had, size) {
  return Object.fromEntries(
    Object.entries(lines).map(([line, values]) => {
      const old = before[line] ?? Array(had).fill(null); // it began just now
      return [line, [...old, ...values].slice(-size)];
    }),
  );
}

/** How old the newest figures are, in seconds; null before the first. @param {Feed} feed @param {number} now monotonic seconds */
export function ageOf({ answer, receivedAt, times }, now) {
  if (answer === null || receivedAt === null) return null;
  const newest = times.at(-1);
  return now - receivedAt + Math.max(0, newest === undefined ? 0 : answer.at - newest);
}

/** Whether what is shown is not what is. @param {Feed} feed @param {number} now monotonic seconds */
export function isStale(feed, now) {
  const age = ageOf(feed, now);
  return age === null || age > STALE_AFTER_S;
}

/** The server's time, Unix seconds; null before its first answer. @param {Feed} feed @param {number} now monotonic seconds */
export function serverTime({ answer, receivedAt }, now) {
  return answer === null || receivedAt === null ? null : answer.at + now - receivedAt;
}

/** The number of the sample nearest to a time; -1 if there is none within two seconds. @param {readonly number[]} times @param {number} at */
export function sampleAt(times, at) {
  let best = -1;
  let distance = 2;
  times.forEach((time, index) => {
    if (Math.abs(time - at) <= distance) [best, distance] = [index, Math.abs(time - at)];
  });
  return best;
}
