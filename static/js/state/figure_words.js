// Figures with their units, short and always as wide as they were: 1.24 Mbit/s · 3.2 % · 48 ms · 212 MB.

/** @typedef {"bits" | "share" | "seconds" | "bytes" | "count" | "rate" | "core"} Unit */

/**
 * Three significant digits with a metric prefix.
 * @param {number} value @param {number} [step] 1000, or what the prefixes stand apart
 */
function prefixed(value, step = 1000) {
  const signs = ["", "k", "M", "G"];
  let [size, index] = [Math.abs(value), 0];
  while (size >= 999.5 && index < signs.length - 1) [size, index] = [size / step, index + 1];
  return { number: three(size), sign: signs[index] ?? "" };
}

/** @param {number} size */
function three(size) {
  if (size >= 99.95 || Number.isInteger(size)) return size.toFixed(0);
  return size >= 9.995 ? size.toFixed(1) : size.toFixed(2);
}

/** @type {Record<Unit, (value: number) => { number: string, unit: string }>} */
const WRITTEN = {
  bits: (value) => {
    const { number, sign } = prefixed(value);
    return { number, unit: `${sign}bit/s` };
  },
  bytes: (value) => {
    const { number, sign } = prefixed(value);
    return { number, unit: `${sign}B` };
  },
  share: (value) => ({ number: (value * 100).toFixed(value >= 0.0995 || value === 0 ? 0 : 1), unit: "%" }),
  core: (value) => ({ number: (value * 100).toFixed(value >= 0.0995 || value === 0 ? 0 : 1), unit: "% core" }),
  seconds: (value) =>
    value < 0.9995
      ? { number: (value * 1000).toFixed(value < 0.00995 && value > 0 ? 1 : 0), unit: "ms" }
      : { number: three(value), unit: "s" },
  count: (value) => ({ number: Math.round(value).toLocaleString("en-GB"), unit: "" }),
  rate: (value) => ({ number: value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0), unit: "/s" }),
};

/** @param {number | null | undefined} value @param {Unit} unit @returns {{ number: string, unit: string }} */
export function parts(value, unit) {
  return value === null || value === undefined ? { number: "–", unit: "" } : WRITTEN[unit](value);
}

/** @param {number | null | undefined} value @param {Unit} unit */
export function figure(value, unit) {
  const { number, unit: word } = parts(value, unit);
  return word ? `${number}\u00a0${word}` : number;
}
