// What is wrong, in words, worst first: of each camera, and of the installation.
/** @import { Answer, Camera, Process } from "./status_feed.js" */
import { figure } from "./figure_words.js";

/** 1 broken, 2 worse than it should be, 3 worth knowing, 4 well. @typedef {1 | 2 | 3 | 4} Level */
/** @typedef {{ level: Level, words: string }} Verdict */
/** `key` stays while the words' figures change. @typedef {Verdict & { key: string }} Problem */

const [DISK_LOW, DISK_SCARCE] = [0.15, 0.05];
const BUFFER_WANTED = 2 ** 22; // bytes: server/media/socket_buffers.py says why
const SILENT_S = 5; // it tells its figures every second
export const WELL = /** @type {const} */ (4);

/** @param {Camera} camera @returns {Verdict} */
export function verdictOf(camera) {
  const found = [...ofPicture(camera), ...ofViewers(camera)].sort((one, other) => one.level - other.level);
  const first = found[0];
  return first
    ? { level: first.level, words: found.map((one) => one.words).join(", ") }
    : { level: WELL, words: "well" };
}

/** @param {Camera} camera @returns {Verdict[]} */
function ofPicture({ connected, flowing, now, minute }) {
  if (!connected) return [{ level: 3, words: "gone" }];
  if (!Object.keys(now).length) return [{ level: 1, words: "no figures of it" }];
  if (!flowing.length && !now["sound"]) return [{ level: 1, words: "sends nothing" }];
  /** @type {Verdict[]} */
  const found = [];
  if (minute.frozen >= 2)
    found.push({ level: minute.frozen >= 20 ? 1 : 2, words: `frozen ${minute.frozen.toFixed(0)} of 60 s` });
  const { loss, delay, uplink } = now;
  if (loss && loss >= 0.02) found.push({ level: loss >= 0.1 ? 2 : 3, words: `loses ${figure(loss, "share")}` });
  if (delay && delay >= 0.3) found.push({ level: 2, words: `${figure(delay, "seconds")} late` });
  if (uplink && uplink < 300_000) found.push({ level: 2, words: `uplink ${figure(uplink, "bits")}` });
  return found;
}

/** @param {Camera} camera @returns {Verdict[]} */
function ofViewers({ now, reduced }) {
  /** @type {Verdict[]} */
  const found = [];
  const { viewer_loss: lost, queue } = now;
  if (queue && queue >= 500) found.push({ level: 2, words: `a viewer’s queue of ${figure(queue, "count")}` });
  if (lost && lost >= 0.1) found.push({ level: 3, words: `a viewer loses ${figure(lost, "share")}` });
  if (reduced) found.push({ level: 3, words: `${reduced} shown less` });
  return found;
}

const NAMES = /** @type {Record<string, string>} */ ({
  database: "The database",
  bus: "The bus between servers",
  media: "The media engine",
});

/** Everything that an engineer should look at, worst first. @param {Answer} answer @returns {Problem[]} */
export function problemsOf({ checks, processes, cameras, disk = null, doubts = [] }) {
  /** @type {Problem[]} */
  const found = [];
  for (const [name, { ok, seconds }] of Object.entries(checks)) {
    const shown = NAMES[name] ?? name;
    const key = `check ${name}`;
    if (!ok) found.push({ key, level: 1, words: `${shown} does not answer.` });
    else if (seconds >= 0.5) {
      const took = figure(seconds, "seconds");
      const words = `is ${took} behind: other servers’ consoles hear of events so much later.`;
      found.push({ key, level: 2, words: `${shown} ${name === "bus" ? words : `takes ${took} to answer.`}` });
    }
  }
  found.push(...ofDisk(disk));
  found.push(...doubts.map((words) => ({ key: words, level: /** @type {const} */ (2), words })));
  for (const process of processes) found.push(...ofProcess(process));
  found.push(...ofCameras(cameras));
  return found.sort((one, other) => one.level - other.level);
}

/** @param {{ free: number, total: number } | null} disk @returns {Problem[]} */
function ofDisk(disk) {
  const share = disk ? disk.free / disk.total : 1;
  if (!disk || share >= DISK_LOW) return [];
  const words = `${figure(share, "share")} of the disk for recordings is free (${figure(disk.free, "bytes")}).`;
  return [{ key: "disk", level: share < DISK_SCARCE ? 1 : 2, words: `Only ${words}` }];
}

/** @param {Process} process @returns {Problem[]} */
function ofProcess({ name, alive, silent_s, now, port, gso, buffer_bytes, direct_srtp }) {
  if (!alive)
    return [{ key: `dead ${name}`, level: 1, words: `${name} has died; its cameras wait for its successor.` }];
  if (silent_s >= SILENT_S)
    return [{ key: `silent ${name}`, level: 1, words: `${name} has told nothing for ${figure(silent_s, "seconds")}.` }];
  /** @type {Problem[]} */
  const found = [];
  const { lag, cpu, drops } = now;
  if (lag && lag >= 0.1)
    found.push({
      key: `lag ${name}`,
      level: lag >= 1 ? 1 : 2,
      words: `${name} is ${figure(lag, "seconds")} behind: packets and requests wait.`,
    });
  if (cpu && cpu >= 0.85)
    found.push({ key: `cpu ${name}`, level: 2, words: `${name} uses ${figure(cpu, "share")} of a processor core.` });
  if (drops && drops >= 10)
    found.push({ key: `drops ${name}`, level: 3, words: `${name} drops ${figure(drops, "rate")} datagrams.` });
  if (port && buffer_bytes < BUFFER_WANTED) {
    const room = `the kernel keeps only ${figure(buffer_bytes, "bytes")} of its packets`;
    const words = `${name} loses packets when it is busy: ${room} (sysctl net.core.rmem_max and wmem_max).`;
    found.push({ key: `buffer ${name}`, level: 3, words });
  }
  if (port && !gso)
    found.push({ key: `gso ${name}`, level: 3, words: `${name} sends packets one by one (no UDP GSO here).` });
  if (port && !direct_srtp) found.push({ key: `srtp ${name}`, level: 3, words: `${name} seals packets the slow way.` });
  return found;
}

/** @param {Camera[]} cameras @returns {Problem[]} */
function ofCameras(cameras) {
  const levels = /** @type {const} */ ([1, 2]);
  return levels.flatMap((level) => {
    const named = cameras.filter((camera) => verdictOf(camera).level === level).map((camera) => camera.call_sign);
    if (!named.length) return [];
    const some = named.slice(0, 4).join(", ") + (named.length > 4 ? ` and ${named.length - 4} more` : "");
    const what = level === 1 ? "without a usable picture" : "in difficulty";
    return [
      {
        key: `cameras ${level}`,
        level,
        words: `${named.length === 1 ? "Camera" : `${named.length} cameras`} ${what}: ${some}.`,
      },
    ];
  });
}
