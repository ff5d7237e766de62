// From samples to a line that can be drawn: a scale with round numbers, peaks that no pixel hides, gaps left open.

const GAP_S = 3.5; // samples further apart than this are not joined

/**
 * The round number (1, 2, 3, 5 times a power of ten) at or above the greatest value.
 * @param {number} greatest @param {number} least the top is never below this, so that noise stays small
 */
export function roundTop(greatest, least) {
  const wanted = Math.max(greatest, least);
  if (!(wanted > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 3, 5, 10].find((factor) => factor * power >= wanted * 0.999999) ?? 10;
  return step * power;
}

/** @param {readonly (readonly (number | null)[])[]} lines */
export function greatestOf(lines) {
  let greatest = 0;
  for (const line of lines) for (const value of line) if (value !== null && value > greatest) greatest = value;
  return greatest;
}

/**
 * The points of a line, one for each pixel column at most: the greatest of its samples, so that no peak is lost.
 * Each stretch without a gap is a list of its own.
 * @param {readonly number[]} times @param {readonly (number | null)[]} values
 * @param {{ from: number, to: number, width: number, height: number, top: number }} frame
 * @returns {[number, number][][]}
 */
export function stretches(times, values, { from, to, width, height, top }) {
  /** @type {[number, number][][]} */
  const found = [];
  /** @type {[number, number][]} */
  let current = [];
  let last = -Infinity;
  times.forEach((time, index) => {
    const value = values[index] ?? null;
    if (value === null || time < from || time - last > GAP_S) {
      if (current.length) found.push(current);
      current = [];
    }
    last = time;
    if (value === null || time < from) return;
    const x = Math.round(((time - from) / (to - from)) * width);
    const y = height - Math.min(1, Math.max(0, value / top)) * height;
    const previous = current.at(-1);
    if (previous && previous[0] === x) previous[1] = Math.min(previous[1], y);
    else current.push([x, y]);
  });
  return current.length ? [...found, current] : found;
}

/** An SVG path; a lone point becomes a short dash, or nobody would see it. @param {[number, number][][]} found */
export function pathOf(found) {
  return found
    .map((stretch) => {
      const words = stretch.map(([x, y], index) => `${index ? "L" : "M"}${x} ${y.toFixed(1)}`).join("");
      return stretch.length === 1 ? `${words}h1.5` : words;
    })
    .join("");
}

/** The full minutes to mark. @param {number} from @param {number} to Unix seconds @param {number} every seconds */
export function marks(from, to, every) {
  const first = Math.ceil(from / every) * every;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / every) + 1) }, (_, index) => first + index * every);
}
