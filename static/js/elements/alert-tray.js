// <alert-tray>: the reserved place for alerts. Calm says so; a priority 1 is spoken at once, the others politely, together.
/** @import { Room } from "../state/room.js" */
/** @import { Alert } from "../state/shapes" */
/** @import { Sightings } from "../state/first_picture.js" */
import {
  FLOOD,
  annunciated,
  closedSince,
  needsAcknowledging,
  occasion,
  openAlerts,
  openCounts,
  toClose,
} from "../state/alerts.js";
import { pictureAfter } from "../state/first_picture.js";
import { hasBefore } from "../state/rewind.js";
import { make, prioritySymbol, setText } from "./build.js";
import { AlertCard } from "./alert-card.js";
import { AlertBelow } from "./alert-below.js";
import { AlertLately, calmWords } from "./alert-lately.js";
import { AlertPlaces } from "./alert-places.js";

const BATCH_MS = 2000; // polite news is gathered, so that a flood is one sentence
const HOUR_S = 3600;

/** @typedef {{ room: Room, me: string | null, mayAct: boolean, mayLookBack: boolean, linked: boolean, busy: ReadonlySet<string>, sightings: Sightings, chosen: string | null, now: number }} TrayFacts me: who sits before it; null on a wall */

/** Events: `alert-act` (from its cards), `alert-shown` { id }: this console has shown it. */
export class AlertTray extends HTMLElement {
  /** @type {Map<string, AlertCard>} */ #cards = new Map();
  /** @type {Map<string, string>} the last occasion told, by alert */ #told = new Map();
  /** @type {string[]} */ #polite = [];
  #list = make("div", { class: "cards", role: "group", "aria-label": "Alerts" });
  #first = ""; // the most urgent that waits
  #below = new AlertBelow(this.#list);
  #places = new AlertPlaces(this.#list);
  #counts = /** @type {const} */ ([1, 2, 3]).map((priority) => ({ priority, number: make("span", { class: "n" }) }));
  #calm = make("b");
  #line = make("span", { class: "sec" });
  #summary = make("span", { class: "mut small" });
  #floodWords = make("span");
  #flood = make(
    "p",
    { class: "flood", hidden: true },
    this.#floodWords,
    make("span", { class: "order" }, " The most urgent stand first; none is dropped."),
  );
  #lately = new AlertLately();
  #urgent = make("div", { class: "sr", role: "alert" });
  #calmly = make("div", { class: "sr", role: "status", "aria-live": "polite" });

  connectedCallback() {
    const calm = make("div", { class: "allclear" }, this.#calm, this.#line);
    const shapes = this.#counts.map(({ priority, number }) =>
      make("span", { class: "row" }, prioritySymbol(priority, "z"), number),
    );
    this.append(
      make("div", { class: "ph" }, make("h2", { class: "t" }, "Alerts"), make("span", { class: "sp" }), this.#summary),
      this.#flood,
      make("div", { class: "calm" }, calm, make("div", { class: "row shapes" }, ...shapes), this.#lately.element),
      this.#list,
      this.#below.element,
      this.#urgent,
      this.#calmly,
    );
  }

  /** @param {TrayFacts} facts */
  show(facts) {
    const { room, now } = facts;
    const open = openAlerts(room.alerts);
    this.classList.toggle("is-calm", open.length === 0);
    // without the link no button of a card can be focused: the list itself is then what the keyboard scrolls
    if (facts.linked) this.#list.removeAttribute("tabindex");
    else this.#list.tabIndex = 0;
    this.#showHead(facts, open);
    const firstWaiting = open.find(needsAcknowledging)?.id;
    const ended = toClose(room.alerts, facts.chosen)?.id;
    this.#arrange(open);
    for (const alert of open) {
      const card = this.#cards.get(alert.id);
      card?.show(
        alert,
        {
          me: facts.me,
          first: alert.id === firstWaiting,
          ends: alert.id === ended,
          mayAct: facts.mayAct,
          before: facts.mayLookBack && hasBefore(alert, now),
          replays: facts.mayLookBack,
          busy: !facts.linked || facts.busy.has(alert.id),
          pictureAfter: pictureAfter(facts.sightings, alert),
        },
        now,
      );
      card?.classList.toggle("chosen", alert.id === facts.chosen);
      this.#tell(alert);
    }
    this.#keepFirstInSight(open[0]);
    this.#below.show();
  }

  /** What is most urgent, and waits, must be seen when it comes, wherever somebody has scrolled. @param {Alert | undefined} first */
  #keepFirstInSight(first) {
    const key = first && needsAcknowledging(first) ? occasion(first) : "";
    if (key && key !== this.#first) requestAnimationFrame(() => (this.#list.scrollTop = 0)); // the page is then laid out anyway
    this.#first = key;
  }

  /** @param {string} id */
  reveal(id) {
    this.#cards.get(id)?.scrollIntoView({ block: "nearest" });
  }

  /** @param {TrayFacts} facts @param {Alert[]} open */
  #showHead({ room, now, mayLookBack }, open) {
    const closed = closedSince(room.alerts, now - HOUR_S);
    this.#lately.show(closed, mayLookBack);
    const waiting = open.filter(needsAcknowledging).length;
    setText(this.#summary, open.length ? `${open.length} open, ${waiting} to acknowledge` : "");
    setText(this.#calm, room.known ? "Nothing needs you" : "Not known yet");
    setText(this.#line, calmWords(closed.length));
    const counts = openCounts(room.alerts);
    for (const { priority, number } of this.#counts) setText(number, room.known ? String(counts[priority]) : "–");
    const lately = annunciated(room.alerts, now);
    this.#flood.hidden = lately < FLOOD;
    setText(this.#floodWords, `Alarm flood: ${lately} alerts in ten minutes.`);
  }

  /** Cards in order; only those out of place move, so that the focus and a pressed button stay. @param {Alert[]} open */
  #arrange(open) {
    const wanted = new Set(open.map((alert) => alert.id));
    let moved = this.#cards.size !== open.length;
    for (const [id, card] of this.#cards) if (!wanted.has(id)) this.#drop(id, card);
    open.forEach((alert, index) => {
      const card = this.#cards.get(alert.id) ?? this.#create(alert.id);
      if (this.#list.children[index] === card) return;
      this.#list.insertBefore(card, this.#list.children[index] ?? null);
      moved = true;
    });
    if (moved) this.#places.place();
  }

  /** @param {string} id */
  #create(id) {
    const card = new AlertCard();
    this.#cards.set(id, card);
    this.#below.watch(card);
    this.#places.watch(card);
    return card;
  }

  /** @param {string} id @param {AlertCard} card */
  #drop(id, card) {
    this.#below.forget(card);
    this.#places.forget(card);
    card.remove();
    this.#cards.delete(id);
    this.#told.delete(id);
  }

  /**
   * Each alert is told once, and once more as it is raised again or becomes graver: to the server that it stands on this screen, and to a
   * reader's ear.
   * @param {Alert} alert
   */
  #tell(alert) {
    const told = occasion(alert);
    if (this.#told.get(alert.id) === told) return;
    this.#told.set(alert.id, told);
    this.dispatchEvent(new CustomEvent("alert-shown", { detail: { id: alert.id }, bubbles: true }));
    if (!needsAcknowledging(alert)) return;
    const words = `${alert.title}, ${alert.call_sign}${alert.place ? `, ${alert.place}` : ""}.`;
    if (alert.priority === 1) this.#urgent.textContent = `Priority 1. ${words}`;
    else this.#sayLater(`Priority ${alert.priority}. ${words}`);
  }

  /** @param {string} words */
  #sayLater(words) {
    this.#polite.push(words);
    if (this.#polite.length > 1) return;
    setTimeout(() => {
      this.#calmly.textContent = this.#polite.join(" ");
      this.#polite = [];
    }, BATCH_MS);
  }
}

customElements.define("alert-tray", AlertTray);
