// Where each alert's card stands: one under the other by translation, so that the page is not laid out anew.

export class AlertPlaces {
  #list;
  /** @type {Map<Element, number>} px, as last laid out */ #heights = new Map();
  #gaps = { between: 0, above: 0, below: 0 };
  #sized = new ResizeObserver((entries) => this.#measure(entries));

  /** @param {HTMLElement} list the cards' parent */
  constructor(list) {
    this.#list = list;
  }

  /** @param {HTMLElement} card it has come */
  watch(card) {
    this.#sized.observe(card);
  }

  /** @param {HTMLElement} card it has gone */
  forget(card) {
    this.#sized.unobserve(card);
    this.#heights.delete(card);
  }

  /** From the heights that are known: asked of the page at an alert, they would have it laid out before the alert is seen. */
  place() {
    const cards = /** @type {HTMLElement[]} */ ([...this.#list.children]);
    if (!cards.every((card) => this.#heights.has(card))) return; // a new one is measured in a moment, before it is seen
    let top = this.#gaps.above;
    for (const card of cards) {
      card.style.setProperty("--top", `${top}px`);
      top += (this.#heights.get(card) ?? 0) + this.#gaps.between;
    }
    this.#list.style.setProperty("--height", `${top + this.#gaps.below}px`);
  }

  /** Once the page is laid out. @param {ResizeObserverEntry[]} entries */
  #measure(entries) {
    const { rowGap, paddingTop, paddingBottom } = getComputedStyle(this.#list);
    const [between = 0, above = 0, below = 0] = [rowGap, paddingTop, paddingBottom].map((px) => parseFloat(px) || 0);
    this.#gaps = { between, above, below };
    for (const { target } of entries) {
      if (target instanceof HTMLElement && target.parentNode === this.#list)
        this.#heights.set(target, target.offsetHeight);
    }
    this.place();
  }
}
