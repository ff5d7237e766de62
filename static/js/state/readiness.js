// What a room without a camera has already, and what it still needs: each with its proof.

const CLOCKS_APART_S = 1; // beyond that an age on screen is wrong by so much, until the pings have told

/** @typedef {{ words: string, proof: string, done: boolean }} Step */
/**
 * @typedef {object} Facts
 * @property {boolean} linked
 * @property {number | null} latency seconds there and back
 * @property {number | null} offset seconds that the server's clock is ahead of this machine's
 * @property {boolean} heard a person has let sound out here
 * @property {boolean} drawn the street map is
 * @property {"town" | "pmtiles" | "none"} basemap
 */

/** @param {Facts} facts @returns {Step[]} in the order in which they are seen to */
export function readiness({ linked, latency, offset, heard, drawn, basemap }) {
  const clock = offset === null ? null : Math.abs(offset);
  return [
    { words: "Server answers", proof: linked ? milliseconds(latency) : "no answer", done: linked },
    {
      words: "Clock, by the server’s",
      proof:
        clock === null
          ? "asking"
          : clock < CLOCKS_APART_S
            ? `within ${milliseconds(clock)}`
            : "apart: the server’s counts",
      done: clock !== null && clock < CLOCKS_APART_S,
    },
    { words: "Alarm sound heard", proof: heard ? "here" : "click SOUND OFF", done: heard },
    { words: "Street map of your area", ...map(drawn, basemap) },
    { words: "First camera", proof: "next: see the wall", done: false },
  ];
}

/** @param {boolean} drawn @param {Facts["basemap"]} basemap */
function map(drawn, basemap) {
  if (!drawn) return { proof: "not in this browser: no WebGL 2", done: false };
  if (basemap === "pmtiles") return { proof: "your own", done: true };
  return { proof: basemap === "town" ? "made-up town" : "none yet", done: false };
}

/** @param {number | null} seconds */
function milliseconds(seconds) {
  return seconds === null ? "" : `${Math.max(1, Math.round(seconds * 1000))} ms`;
}
