// Wires the search: units by call sign, name and number in their list; streets and places of the map below the box.
/** @import { Desk } from "./desk.js" */
/** @import { Place } from "../state/places.js" */
/** @import { PlaceList } from "../elements/place-list.js" */
import { isEnough, nowhereWords, placesMatching, placesOf } from "../state/places.js";
import { setText } from "../elements/build.js";

/**
 * @param {Desk} desk
 * @param {{ search: HTMLInputElement, places: PlaceList, nowhere: HTMLElement,
 *   units: import("../elements/unit-list.js").UnitList }} parts
 * @param {ReturnType<typeof import("./map_place.js").placeMapIn>} map
 * @param {(words: string) => void} say
 */
export function searching(desk, { search, places, nowhere, units }, map, say) {
  let round = 0;
  places.begin(search);
  search.addEventListener("input", () => typed());
  search.addEventListener("blur", () => show([]));
  search.addEventListener("focus", () => begin());
  search.addEventListener("keydown", (event) => key(event));
  places.addEventListener("place-pick", (event) => pick(/** @type {CustomEvent} */ (event).detail.place));

  /** What was found last stands there still, and is offered again. */
  function begin() {
    search.select();
    void offer(search.value, ++round);
  }

  function typed() {
    filter(search.value);
    if (!search.value) map()?.find(null);
    void offer(search.value, ++round);
  }

  /** @param {string} words @param {number} mine */
  async function offer(words, mine) {
    try {
      const names = isEnough(words) ? ((await map()?.named()) ?? null) : null;
      if (mine !== round || document.activeElement !== search) return;
      const found = placesMatching(placesOf(names?.features ?? []), words);
      show(found, names && !found.length && !unit() ? nowhereWords(names.isWhole) : "");
    } catch (error) {
      say(`Streets cannot be searched: ${error instanceof Error ? error.message : error}.`);
    }
  }

  /** @param {readonly Place[]} found @param {string} [lacking] what is told where there is none */
  function show(found, lacking = "") {
    places.show(found, unit() === null);
    setText(nowhere, lacking);
  }

  /** The first unit that fits, where one was looked for: after a place was found the list shows every unit. */
  function unit() {
    return units.typed ? units.first : null;
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const step = { ArrowDown: /** @type {const} */ (1), ArrowUp: /** @type {const} */ (-1) }[event.key];
    if (step && places.isOpen) {
      event.preventDefault();
      places.step(step);
    } else if (event.key === "Enter") {
      const first = unit();
      if (places.current) pick(places.current);
      else if (first) desk.select(first);
    } else if (event.key === "Escape") {
      search.value = "";
      typed();
      search.blur();
    }
  }

  /** The map shows it; the list shows every unit again. @param {Place} place */
  function pick(place) {
    round += 1;
    map()?.find(place);
    search.value = place.name;
    filter("");
    search.blur(); // the keys act on the room again
  }

  /** @param {string} words */
  function filter(words) {
    units.typed = words;
    desk.dispatchEvent(new Event("draw"));
  }
}
