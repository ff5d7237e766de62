// What may be dropped on the wall: a unit, from its row or its marker.

export const UNIT_DRAG = "application/x-watchroom-unit";

/**
 * Listens on the wall, marks the tile under the unit, and tells where it was dropped.
 * @param {HTMLElement} wall
 * @param {(device: string, tile: number) => void} dropped
 */
export function takesUnits(wall, dropped) {
  /** @param {HTMLElement | null} slot */
  const mark = (slot) => {
    for (const marked of wall.querySelectorAll(".slot.over")) if (marked !== slot) marked.classList.remove("over");
    slot?.classList.add("over");
  };
  wall.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes(UNIT_DRAG)) return;
    event.preventDefault();
    mark(slotUnder(event));
  });
  wall.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node && wall.contains(event.relatedTarget))) mark(null);
  });
  wall.addEventListener("drop", (event) => {
    const device = event.dataTransfer?.getData(UNIT_DRAG);
    const slot = slotUnder(event);
    mark(null);
    if (!device || !slot) return;
    event.preventDefault();
    dropped(device, Number(slot.dataset["tile"]));
  });
}

/** @param {DragEvent} event @returns {HTMLElement | null} */
function slotUnder(event) {
  return event.target instanceof Element ? event.target.closest(".slot") : null;
}
