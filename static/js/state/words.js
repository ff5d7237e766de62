// How times and ages are written: 22:41:07 · 0.3 s · 12 s · 4 min · 00:09.

/** What stands where a figure or a list will, until the server has told it: never "none". */
export const NOT_KNOWN = "not known yet";

const PAD = /** @param {number} number */ (number) => String(Math.floor(number)).padStart(2, "0");

/**
 * The time of day where the console stands, 24 hours, with seconds.
 * @param {number | null | undefined} at Unix seconds
 */
export function timeOfDay(at) {
  if (at === null || at === undefined) return "–";
  const date = new Date(at * 1000);
  return `${PAD(date.getHours())}:${PAD(date.getMinutes())}:${PAD(date.getSeconds())}`;
}

/** "Fri 20 Nov 2026" @param {number} at */
export function dayOf(at) {
  return new Date(at * 1000)
    .toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" })
    .replace(",", "");
}

/**
 * An age with its unit: tenths below ten seconds where they matter, then seconds, minutes, hours.
 * @param {number | null} seconds
 * @param {boolean} [tenths]
 */
export function age(seconds, tenths = false) {
  if (seconds === null) return "none";
  if (tenths && seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  if (seconds < 100) return `${Math.floor(seconds)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}

/**
 * A since-counter: 00:09, 12:40, 1:02:40.
 * @param {number} seconds
 */
export function counter(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${PAD((whole % 3600) / 60)}:${PAD(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
