// <recording-list>: what was recorded, newest first; each row opens a replay, of it alone or with those of that time.
/** @import { Row } from "../state/recordings.js" */
import { about, besides, opensAt } from "../state/recordings.js";
import { timeText } from "../state/replay_address.js";
import { wearerName } from "../state/units.js";
import { dayOf, timeOfDay } from "../state/words.js";
import { awaited, make, prioritySymbol } from "./build.js";

/** @typedef {(id: string) => Promise<Blob | null>} StillOf a recording's picture; null: it has none */

/** Event: `more`. */
export class RecordingList extends HTMLElement {
  /** @type {readonly Row[]} */ #rows = [];
  /** @type {StillOf | null} */ #stillOf = null;
  #inSight = new IntersectionObserver((seen) => this.#fill(seen), { rootMargin: "300px" });
  #list = make("ul", { class: "register recordings" });
  #more = make(
    "button",
    { class: "btn line", type: "button", hidden: true, onclick: () => this.#ask() },
    "Show older ones",
  );

  connectedCallback() {
    this.#list.append(awaited("li"));
    this.append(this.#list, make("p", { class: "more" }, this.#more));
  }

  /** @param {readonly Row[]} rows @param {boolean} hasMore */
  show(rows, hasMore) {
    const none = make("li", { class: "none" }, "Nothing that was recorded fits this.");
    this.#rows = rows;
    this.#inSight.disconnect();
    this.#list.replaceChildren(...(rows.length ? rows.map((row) => rowOf(row, rows, this.#stillOf !== null)) : [none]));
    for (const place of this.#list.querySelectorAll("img")) this.#inSight.observe(place);
    this.#more.hidden = !hasMore;
  }

  /** @param {StillOf | null} stillOf null: none is shown */
  set stillOf(stillOf) {
    this.#stillOf = stillOf;
    if (this.#rows.length) this.show(this.#rows, !this.#more.hidden);
  }

  /** A picture is asked for when it comes into sight: each is a line of the log. @param {readonly IntersectionObserverEntry[]} seen */
  #fill(seen) {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting || !(target instanceof HTMLImageElement)) continue;
      this.#inSight.unobserve(target);
      void this.#show(target);
    }
  }

  /** What has none shows none. @param {HTMLImageElement} place */
  async #show(place) {
    const found = (await this.#stillOf?.(place.dataset["of"] ?? "")) ?? null;
    if (!found) return place.remove();
    const address = URL.createObjectURL(found);
    const end = () => URL.revokeObjectURL(address);
    place.addEventListener("load", end, { once: true });
    place.addEventListener("error", () => (end(), place.remove()), { once: true });
    place.src = address;
  }

  #ask() {
    this.dispatchEvent(new CustomEvent("more", { bubbles: true }));
  }
}

/** @param {Row} row @param {readonly Row[]} all @param {boolean} hasPicture */
function rowOf(row, all, hasPicture) {
  const others = besides(row, all);
  const who = make(
    "span",
    { class: "is" },
    hasPicture && make("img", { class: "still", alt: "", width: 320, height: 180, "data-of": row.id }),
    make("span", { class: "cs" }, row.call_sign),
    make("small", {}, wearerName(row.wearer)),
  );
  const when = make(
    "span",
    { class: "is" },
    make("span", {}, `${dayOf(row.from)}, ${timeOfDay(row.from)} to ${timeOfDay(row.to)}`),
    row.there && make("span", { class: "there" }, `There ${timeOfDay(row.there.from)} to ${timeOfDay(row.there.to)}`),
    make("small", {}, about(row)),
  );
  const alerts = row.alerts.map((alert) => {
    // it bears the title of its gravest state, which may have come later than the alert
    const words = `${alert.title}, alert of ${timeOfDay(alert.raised_at)}`;
    const href = `/replay?alert=${encodeURIComponent(alert.id)}`;
    const title = "Everything that was recorded while it stood";
    return make("a", { class: "alert-of nw", href, title }, prioritySymbol(alert.priority), make("span", {}, words));
  });
  const acts = [opening([row], row, "Open")];
  if (others.length) acts.push(opening([row, ...others], row, `Open with ${others.length} more`));
  return make(
    "li",
    {},
    who,
    when,
    make("span", { class: "alerts-of" }, ...alerts),
    make("span", { class: "acts" }, ...acts),
  );
}

/** @param {readonly Row[]} rows @param {Row} row @param {string} words */
function opening(rows, row, words) {
  const href = `/replay/${rows.map(({ id }) => id).join(",")}?t=${timeText(opensAt(row))}`;
  const name = `${words}: ${row.call_sign}, ${timeOfDay(row.from)}`;
  return make("a", { class: "btn sm line", href, "aria-label": name }, words);
}

customElements.define("recording-list", RecordingList);
