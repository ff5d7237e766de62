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
  /** @type {Element | null} */ #first = null;

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
    this.#judgeFirst();
    const count = this.#below.size;
    this.element.hidden = count === 0;
    if (!count) return;
    const waiting = [...this.#below].filter(({ alert }) => alert && needsAcknowledging(alert)).length;
    setText(this.#words, `${count} more below${waiting ? `, ${waiting} to acknowledge` : ""}`);
  }

  /** What has become the first, or no longer is, has another measure: observed anew, it is told anew, whatever it crosses. */
  #judgeFirst() {
    const first = this.#list.firstElementChild;
    if (first === this.#first) return;
    for (const card of [this.#first, first]) {
      if (!card?.isConnected) continue;
      this.#seen.unobserve(card);
      this.#seen.observe(card);
    }
    this.#first = first;
  }

  /** @param {IntersectionObserverEntry} entry */
  #note({ target, intersectionRatio, boundingClientRect, rootBounds }) {
    if (!(target instanceof AlertCard) || !rootBounds) return;
    const isOnWall = this.#list.closest(".wall") !== null;
    const isToldAnyhow = isOnWall && target === this.#list.firstElementChild;
    const isOut = intersectionRatio < (isOnWall ? WHOLE : ENOUGH) && boundingClientRect.bottom > rootBounds.bottom;
    const isBelow = isOut && !isToldAnyhow;
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
