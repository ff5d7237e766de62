// The line at the tray's foot: how many alerts stand further down. None may be overlooked for being out of sight.
import { needsAcknowledging } from "../state/alerts.js";
import { AlertCard } from "./alert-card.js";
import { icon, make, setText } from "./build.js";

const ENOUGH = 0.6; // of a card: what and who stand in its upper half, the button that acknowledges below them
const WHOLE = 0.99; // on a wall, where nobody scrolls to the rest

export class AlertBelow {
  /** @type {Set<AlertCard>} */ #below = new Set();
  #words = make("span");
  #list;
  #seen;

  /** @param {HTMLElement} list the cards' scrolling parent */
  constructor(list) {
    this.#list = list;
    this.element = make(
      "button",
      { class: "btn sm below", type: "button", hidden: true, onclick: () => this.#go() },
      icon("down", "sm"),
      this.#words,
    );
    this.#seen = new IntersectionObserver((entries) => entries.forEach((entry) => this.#note(entry)), {
      root: list,
      threshold: [0, ENOUGH, WHOLE, 1],
    });
  }

  /** @param {AlertCard} card */
  watch(card) {
    this.#seen.observe(card);
  }

  /** @param {AlertCard} card it has gone */
  forget(card) {
    this.#seen.unobserve(card);
    this.#below.delete(card);
  }

  show() {
    const count = this.#below.size;
    this.element.hidden = count === 0;
    if (!count) return;
    const waiting = [...this.#below].filter(({ alert }) => alert && needsAcknowledging(alert)).length;
    setText(this.#words, `${count} more below${waiting ? `, ${waiting} to acknowledge` : ""}`);
  }

  /** @param {IntersectionObserverEntry} entry */
  #note({ target, intersectionRatio, boundingClientRect, rootBounds }) {
    if (!(target instanceof AlertCard) || !rootBounds) return;
    const isFirst = target === this.#list.firstElementChild; // told whatever its room
    const enough = !isFirst && this.#list.closest(".wall") ? WHOLE : ENOUGH;
    const isBelow = intersectionRatio < enough && boundingClientRect.bottom > rootBounds.bottom;
    target.toggleAttribute("data-beneath", isBelow);
    if (isBelow) this.#below.add(target);
    else this.#below.delete(target);
    this.show();
  }

  #go() {
    const inOrder = [...this.#below].sort((a, b) => a.offsetTop - b.offsetTop);
    inOrder[0]?.scrollIntoView({ block: "nearest" });
  }
}
