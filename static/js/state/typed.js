// What somebody types into a search in a hurry, and what it is compared with: without accents, apostrophes and case.

/** @param {string} text */
export function plain(text) {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}'’]/gu, "");
}

/**
 * Whether every word that was typed stands in one of the texts. Hyphens need not be typed, nor the space within a call sign
 * (what has a figure in it); and both may be.
 * @param {string} typed "" fits everything
 * @param {...(string | null | undefined)} texts
 */
export function fits(typed, ...texts) {
  const words = joined(plain(typed)).split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const searched = texts.flatMap((text) => {
    const one = joined(plain(text ?? ""));
    return /\d/.test(one) ? [one, one.replace(/\s+/g, "")] : [one];
  });
  return words.every((word) => searched.some((text) => text.includes(word)));
}

/** @param {string} text */
function joined(text) {
  return text.replace(/\p{Pd}/gu, "");
}
