// <alert-card>: one alert, from raised to closed: what, who, where, since when; its life, who has seen it, what to do.
/** @import { Alert } from "../state/shapes" */
import { needsAcknowledging, witnesses } from "../state/alerts.js";
import { BEFORE_S, JOIN_RATE } from "../state/rewind.js";
import { isEscalated } from "../state/sound.js";
import { wearerName } from "../state/units.js";
import { counter, timeOfDay } from "../state/words.js";
import { life } from "./alert-life.js";
import { alertTag } from "./alert-words.js";
import { icon, make, prioritySymbol, setText } from "./build.js";
import { keyFor } from "./key-caps.js";

/** @typedef {{ me: string | null, first: boolean, ends: boolean, mayAct: boolean, before: boolean, replays?: boolean, busy: boolean, pictureAfter: number | null }} CardFacts first: A takes it; ends: D and N end it; before: the seconds before it can be shown; replays: its raising leads to its replay */

const WITNESS_WORDS = /** @type {Record<string, string>} */ ({
  seen: "seen",
  acknowledge: "acknowledged",
  acknowledged: "acknowledged",
  resolve: "resolved",
  resolved: "resolved",
  false: "marked false",
});

/** Events: `alert-act` { id, act: "acknowledge" | "watch" | "resolve" | "false" | "picture" | "locate" | "before" }. */
export class AlertCard extends HTMLElement {
  #since = make("b");
  #escalation = make("p", { class: "esc", hidden: true }, "");
  #drawn = "";
  /** @type {Alert | null} */ alert = null;

  /** @param {Alert} alert @param {CardFacts} facts @param {number} now */
  show(alert, facts, now) {
    this.alert = alert;
    const drawn = JSON.stringify([alert.seq, facts]);
    if (drawn !== this.#drawn) this.#draw(alert, facts);
    this.#drawn = drawn;
    const since = counter(now - alert.needs_since);
    setText(this.#since, since);
    const escalated = isEscalated(alert, now);
    this.#escalation.hidden = !escalated;
    if (!escalated) return;
    setText(this.#escalation, `Nobody has acknowledged this for ${since}.`);
    this.#escalation.dataset["short"] = `Not acknowledged, ${since}`; // drawn instead where a wall has no room for it
  }

  /** @param {Alert} alert @param {CardFacts} facts */
  #draw(alert, facts) {
    const held = this.contains(document.activeElement) ? document.activeElement?.getAttribute("data-act") : null;
    const waiting = needsAcknowledging(alert);
    this.className = `alert a${alert.priority}${waiting ? " un" : ""}`;
    this.dataset["alert"] = alert.id;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", `${alert.title}, ${alert.call_sign}`);
    this.replaceChildren(this.#head(alert, waiting), this.#body(alert, facts, waiting));
    const button = held && this.querySelector(`[data-act="${held}"]`);
    if (button instanceof HTMLElement) button.focus();
  }

  /** @param {Alert} alert @param {boolean} waiting */
  #head(alert, waiting) {
    const look = `${alert.priority === 1 ? "lg" : ""} ${waiting ? "flash" : ""}`;
    const count =
      alert.count > 1
        ? make("span", { class: "times", title: `${alert.count} times from the same source` }, `×${alert.count}`)
        : null;
    const where = alert.place ? make("span", { class: "where" }, alert.place) : null;
    return make(
      "div",
      { class: "hd" },
      prioritySymbol(alert.priority, look),
      make(
        "div",
        { class: "wt" },
        make("h3", { class: "what" }, alert.title, count),
        make("div", { class: "who2" }, make("b", {}, alert.call_sign), ` ${wearerName(alert.wearer)}`, where),
      ),
      this.#clock(alert),
    );
  }

  /** How long it has needed somebody; when its cause is gone, that it is, and since when. @param {Alert} alert */
  #clock(alert) {
    const isOver = alert.cleared_at !== null;
    const what = isOver ? make("b", {}, alertTag(alert)) : this.#since;
    const since = make("span", { class: isOver ? "" : "sr" }, " since ");
    const at = make("time", {}, timeOfDay(alert.cleared_at ?? alert.needs_since));
    return make("div", { class: isOver ? "since over" : "since" }, what, since, at);
  }

  /** @param {Alert} alert @param {CardFacts} facts @param {boolean} waiting */
  #body(alert, facts, waiting) {
    const quiet = alert.priority === 3 || (alert.priority === 2 && waiting);
    const told = waiting ? this.#told(alert) : null;
    const proof = quiet ? [] : [life(alert, facts.replays), seenBy(alert, facts)];
    const actions = facts.mayAct ? this.#actions(alert, facts, waiting) : null;
    // while it waits, the button comes first: it must be in sight on the smallest screen
    const parts = waiting ? [actions, told, ...proof] : [...proof, actions];
    return make("div", { class: "bd" }, ...parts);
  }

  /**
   * What to do; that nobody has acknowledged takes the same place, kept from the start: no button moves away under a hand.
   * @param {Alert} alert
   */
  #told({ action, priority }) {
    if (priority > 1) return action ? make("p", { class: "do sec" }, action) : null;
    return make("div", { class: "told" }, make("p", { class: "do sec" }, action ?? ""), this.#escalation);
  }

  /** @param {(act: string, look: string, ...words: (Node | string)[]) => HTMLButtonElement} button */
  #before(button) {
    const seconds = make("span", { "aria-hidden": "true" }, `−${BEFORE_S} s`);
    const words = make("span", { class: "sr" }, `The ${BEFORE_S} s before it, at ${JOIN_RATE}×, then live`);
    return button("before", "before", icon("rewind"), seconds, words);
  }

  /** @param {Alert} alert @param {CardFacts} facts @param {boolean} waiting */
  #actions(alert, facts, waiting) {
    const watchFirst = alert.family === "watch" || alert.kind.startsWith("watch");
    /** @param {string} act @param {string} look @param {...(Node | string | null)} words */
    const button = (act, look, ...words) =>
      make(
        "button",
        {
          class: `btn ${look}`,
          type: "button",
          "data-act": act,
          disabled: facts.busy,
          onclick: () =>
            this.dispatchEvent(new CustomEvent("alert-act", { detail: { id: alert.id, act }, bubbles: true })),
        },
        ...words,
      );
    const cap = facts.first ? keyFor("acknowledge") : null;
    const acknowledge = watchFirst
      ? button("watch", "main lg grow", icon("eye"), "Acknowledge and watch", cap)
      : button("acknowledge", "main lg grow", icon("tick"), "Acknowledge", cap);
    const go = [
      button("picture", "ic", icon("wall"), make("span", { class: "sr" }, `Show ${alert.call_sign} on tile 1`)),
      button("locate", "ic", icon("pin"), make("span", { class: "sr" }, `Show ${alert.call_sign} on the map`)),
    ];
    if (facts.before) go.push(this.#before(button));
    const resolve = button("resolve", waiting ? "" : "main grow", "Resolve", facts.ends ? keyFor("resolve") : null);
    const close = [resolve, button("false", "", "False", facts.ends ? keyFor("false") : null)];
    return waiting
      ? make(
          "div",
          { class: "acts" },
          acknowledge,
          make("div", { class: "row more" }, ...go, make("span", { class: "sp" }), ...close),
        )
      : make("div", { class: "acts row" }, ...close, ...go);
  }
}

/** @param {Alert} alert @param {CardFacts} facts */
function seenBy(alert, { me, pictureAfter }) {
  const people = witnesses(alert);
  const rows = people
    .slice(-4)
    .flatMap(({ id, name, action, at }) => [
      make("span", { class: "cut" }, id === me ? "You " : "", make("span", { class: id === me ? "mut" : "" }, name)),
      make("span", { class: "a" }, icon(action === "seen" ? "tick" : "ticks", "sm"), WITNESS_WORDS[action] ?? action),
      make("time", { class: "tm" }, timeOfDay(at)),
    ]);
  const told = people.length === 0 ? "No console has shown this yet." : "";
  const picture =
    pictureAfter === null
      ? ""
      : pictureAfter <= 0
        ? "Picture was live when it was raised."
        : `First picture after ${pictureAfter.toFixed(1)} s.`;
  const notes = [told, picture].filter(Boolean).join(" ");
  return make("div", { class: "acks" }, ...rows, notes ? make("span", { class: "mut note" }, notes) : null);
}

customElements.define("alert-card", AlertCard);
