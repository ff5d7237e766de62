// An officer's page: who has viewed what they recorded, and their living picture. Wiring only.
/** @import { Page, Viewing } from "../state/viewings.js" */
import { ViewingList } from "../elements/viewing-list.js";
import { api, asked, find, person } from "./office.js";

const list = find("viewing-list", ViewingList);
const older = find("#older", HTMLButtonElement);
/** @type {Viewing[]} */
let viewings = [];

/** @param {number | null} before */
async function load(before) {
  const words = /** @param {Page} page */ (page) => {
    const count = viewings.length + page.viewings.length;
    return `${count}${page.more ? " and more" : ""} ${count === 1 ? "viewing" : "viewings"}`;
  };
  const page = await asked(api.viewings(before), words);
  if (!page) return;
  viewings = [...viewings, ...page.viewings];
  older.hidden = !page.more;
  list.show(viewings, person);
}

older.addEventListener("click", () => void load(viewings.at(-1)?.seq ?? null));
void load(null);
