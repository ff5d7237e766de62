// <advice-composer>: words to the selected officer, and the proof of how far they came.
/** @import { Outgoing } from "../state/advice.js" */
/** @import { Room } from "../state/room.js" */
/** @import { Advice, Unit } from "../state/shapes" */
import { adviceTo, receiptBars } from "../state/advice.js";
import { wearerName } from "../state/units.js";
import { counter, timeOfDay } from "../state/words.js";
import { icon, make, setText } from "./build.js";

const LONGEST = 500;
const SHOWN = 4;

/** Events: `advice-send` { device_id, text }, `advice-again` { client_id }, `advice-drop` { client_id }. */
export class AdviceComposer extends HTMLElement {
  #device = "";
  /** what was begun for each unit: a change of selection never sends words to another officer @type {Map<string, string>} */ #drafts =
    new Map();
  #phrases = "";
  #count = 0; // of messages shown
  #to = make("span", { class: "cs" });
  #wearer = make("span", { class: "sec cut" });
  #note = make("span", { class: "mut small" });
  #messages = make("div", { class: "msgs" });
  #quick = make("div", { class: "quick" });
  #box = make("textarea", { rows: 1, maxlength: LONGEST, "aria-label": "Advice to the officer", enterkeyhint: "send" });
  #send = make("button", { class: "btn ic", type: "submit", "aria-label": "Send" }, icon("send"));

  connectedCallback() {
    const form = make(
      "form",
      { class: "adv", onsubmit: (event) => this.#submit(event) },
      this.#quick,
      make("div", { class: "box" }, this.#box, this.#send),
    );
    this.append(
      make(
        "div",
        { class: "ph" },
        make("h2", { class: "t" }, "Advice to ", this.#to),
        this.#wearer,
        make("span", { class: "sp" }),
        this.#note,
      ),
      this.#messages,
      form,
    );
    this.#box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
    });
    this.#box.addEventListener("input", () => this.#grow());
  }

  focusBox() {
    this.#box.focus();
  }

  /** @param {Room} room @param {string | null} selected @param {readonly Outgoing[]} outgoing @param {boolean} mayAct @param {number} now */
  show(room, selected, outgoing, mayAct, now) {
    const unit = selected ? room.units.get(selected) : undefined;
    this.#address(unit?.device_id ?? "");
    this.classList.toggle("no-unit", !unit);
    setText(this.#to, unit?.call_sign ?? "an officer");
    setText(this.#wearer, unit ? wearerName(unit.wearer) : "");
    setText(this.#note, room.known ? noteOf(unit, mayAct) : "");
    this.#box.disabled = !unit || !mayAct;
    this.#send.disabled = !unit || !mayAct;
    this.#box.placeholder = unit
      ? `Write to ${unit.call_sign}`
      : room.known
        ? "Select a unit to write to"
        : "Not known yet";
    this.#showPhrases(room.settings.quick_phrases, Boolean(unit) && mayAct);
    const said = adviceTo(room.advice, this.#device)
      .slice(-SHOWN)
      .map((item) => sent(item, now));
    const waiting = outgoing.filter((item) => item.device_id === this.#device).map((item) => this.#unsent(item, now));
    this.#list([...said, ...waiting]);
  }

  /** @param {string} device */
  #address(device) {
    if (device === this.#device) return;
    this.#drafts.set(this.#device, this.#box.value);
    this.#device = device;
    this.#box.value = this.#drafts.get(device) ?? "";
    this.#grow();
  }

  /** Redrawn only where the words differ: a button under a finger stays. @param {HTMLElement[]} rows */
  #list(rows) {
    rows.forEach((row, index) => {
      const shown = this.#messages.children[index];
      if (!shown) this.#messages.append(row);
      else if (!shown.isEqualNode(row)) shown.replaceWith(row);
    });
    while (this.#messages.children.length > rows.length) this.#messages.lastElementChild?.remove();
    this.#messages.hidden = rows.length === 0;
    if (rows.length !== this.#count) this.#messages.scrollTop = this.#messages.scrollHeight;
    this.#count = rows.length;
  }

  /** @param {string[]} phrases @param {boolean} usable */
  #showPhrases(phrases, usable) {
    const drawn = JSON.stringify([phrases, usable]);
    if (drawn === this.#phrases) return;
    this.#phrases = drawn;
    const insert = /** @param {string} text */ (text) => () => this.#insert(text);
    this.#quick.replaceChildren(
      ...phrases.map((text) =>
        make("button", { class: "btn sm", type: "button", disabled: !usable, onclick: insert(text) }, text),
      ),
    );
  }

  /** A phrase goes into the box, not to the officer: Enter sends it. @param {string} text */
  #insert(text) {
    this.#box.value = [this.#box.value.trim(), text].filter(Boolean).join(". ");
    this.#grow();
    this.#box.focus();
  }

  #grow() {
    this.#box.rows = Math.min(
      4,
      Math.max(1, this.#box.value.split("\n").length, Math.ceil(this.#box.value.length / 44)),
    );
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#box.value.trim();
    if (!text || !this.#device) return;
    this.#box.value = "";
    this.#grow();
    this.dispatchEvent(new CustomEvent("advice-send", { detail: { device_id: this.#device, text }, bubbles: true }));
  }

  /** @param {Outgoing} item @param {number} now */
  #unsent({ client_id, text, at, refused }, now) {
    const say = /** @param {string} name */ (name) => () =>
      this.dispatchEvent(new CustomEvent(name, { detail: { client_id }, bubbles: true }));
    const words = refused
      ? `Not sent: ${refused}`
      : `Not sent yet, ${counter(now - at)}. It goes out when the link is back.`;
    const acts = refused
      ? make(
          "span",
          { class: "row" },
          make("button", { class: "btn sm", type: "button", onclick: say("advice-again") }, "Send again"),
          make("button", { class: "btn sm quiet", type: "button", onclick: say("advice-drop") }, "Drop"),
        )
      : null;
    return make(
      "article",
      { class: "msg" },
      make("p", { class: "q" }, text),
      make("p", { class: "unsent" }, icon("clock", "sm"), words),
      acts,
    );
  }
}

/** @param {Unit | undefined} unit @param {boolean} mayAct */
function noteOf(unit, mayAct) {
  if (!mayAct) return "view only";
  return unit && !unit.online ? "off line: waits for the camera" : "";
}

/** @param {Advice} item @param {number} now */
function sent(item, now) {
  const bars = receiptBars(item, now, timeOfDay).map(({ label, value, look }) =>
    make("li", { class: look }, label, make("span", {}, value)),
  );
  return make(
    "article",
    { class: "msg" },
    make("div", { class: "meta" }, make("time", {}, timeOfDay(item.sent_at)), make("span", {}, item.author.name)),
    make("p", { class: "q" }, item.text),
    make("ol", { class: "rcp", "aria-label": "Receipt" }, ...bars),
  );
}

customElements.define("advice-composer", AdviceComposer);
