// How this browser wants its pages: theme, size of text, single keys. Kept in its own store, under these names.

/** @typedef {"dark" | "light" | "system"} Wish */
/** @typedef {Pick<Storage, "getItem" | "setItem">} Store */

export const THEME = "watchroom.theme";
export const DENSITY = "watchroom.density";
export const KEYS = "watchroom.keys";

/** What was chosen, or what the installation is configured to. @param {Store} store @param {string | undefined} configured @returns {Wish} */
export function wishedTheme(store, configured) {
  const saved = store.getItem(THEME) ?? configured;
  return saved === "light" || saved === "system" ? saved : "dark";
}

/** @param {Wish} wish @param {boolean} systemIsLight @returns {"dark" | "light"} */
export function themeOf(wish, systemIsLight) {
  if (wish === "system") return systemIsLight ? "light" : "dark";
  return wish;
}
