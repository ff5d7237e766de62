// Puts the wished theme and size of text on the page, and keeps them there when the system changes its own.
import { DENSITY, themeOf, wishedTheme } from "../state/looks.js";

const root = document.documentElement;
const configured = root.dataset["theme"];
const systemIsLight = matchMedia("(prefers-color-scheme: light)");

/** What was chosen for this browser. */
export const wish = () => wishedTheme(localStorage, configured);
/** What that is at this moment. */
export const shownTheme = () => themeOf(wish(), systemIsLight.matches);

export function applyLooks() {
  root.dataset["theme"] = shownTheme();
  root.dataset["density"] = localStorage.getItem(DENSITY) ?? "";
}

/** From now on. */
export function keepLooks() {
  applyLooks();
  systemIsLight.addEventListener("change", applyLooks);
}
