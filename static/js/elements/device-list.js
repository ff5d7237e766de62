// <device-list>: the registered cameras, what each does now and when it was last heard. Rows keep their place and focus.
import { conditionWords, heardWords } from "../state/devices.js";
import { dayOf } from "../state/words.js";
import { awaited, make, setText } from "./build.js";
import { wireHold } from "./hold.js";

const HOLD_MS = 1500;
const MODES = /** @type {const} */ ([
  ["on-signal", "On signal"],
  ["always", "Always"],
]);

/** @typedef {import("../state/devices.js").Device} Device */

/** Events: `device-act` { act: "change" | "revoke" | "on-signal" | "always", id }, `hold-hint` { words }. */
export class DeviceList extends HTMLElement {
  #list = make("ul", { class: "register devices" });
  /** @type {Map<string, { drawn: string, row: HTMLElement }>} */ #rows = new Map();

  connectedCallback() {
    this.#list.append(awaited("li"));
    this.append(this.#list);
  }

  /** @param {readonly Device[]} devices @param {number} now */
  show(devices, now) {
    const rows = devices.map((device) => this.#rowOf(device, now));
    const none = make("li", { class: "none" }, "No camera here. Add one, or change what is searched.");
    const wanted = rows.length ? rows : [none];
    // moving a row would take the focus out of it
    if (wanted.length !== this.#list.childElementCount || wanted.some((row, at) => this.#list.children[at] !== row))
      this.#list.replaceChildren(...wanted);
  }

  /** @param {Device} device @param {number} now */
  #rowOf(device, now) {
    const { call_sign, wearer, revoked_at } = device;
    const drawn = JSON.stringify([call_sign, wearer, revoked_at]);
    const known = this.#rows.get(device.device_id);
    const row = known?.drawn === drawn ? known.row : this.#made(device);
    this.#rows.set(device.device_id, { drawn, row });
    if (revoked_at !== null) return row;
    const [does, heard] = row.querySelectorAll(".now > *");
    if (does) setText(does, conditionWords(device));
    if (heard) setText(heard, heardWords(device, now));
    for (const button of row.querySelectorAll("[data-mode]"))
      button.setAttribute("aria-pressed", String(button.getAttribute("data-mode") === device.record_mode));
    return row;
  }

  /** @param {Device} device */
  #made(device) {
    const { device_id, call_sign, wearer, is_phone, revoked_at } = device;
    const id = is_phone ? `${device_id}, a phone` : device_id;
    const what = make("span", { class: "is" }, make("span", { class: "cs" }, call_sign), make("small", {}, id));
    const who = make(
      "span",
      { class: "is" },
      make("span", {}, wearer?.name || "no wearer"),
      make("small", {}, wearer?.collar_number ?? ""),
    );
    if (revoked_at !== null)
      return make("li", { class: "over" }, what, who, make("span", { class: "mut" }, `revoked ${dayOf(revoked_at)}`));
    const state = make("span", { class: "is now" }, make("span"), make("small"));
    return make("li", {}, what, who, state, make("span", { class: "acts" }, ...this.#acts(device)));
  }

  /** @param {Device} device */
  #acts({ device_id, call_sign }) {
    const tell = /** @param {string} act */ (act) => () =>
      this.dispatchEvent(new CustomEvent("device-act", { detail: { act, id: device_id }, bubbles: true }));
    const modes = MODES.map(([mode, words]) =>
      make("button", { class: "btn", type: "button", "data-mode": mode, onclick: tell(mode) }, words),
    );
    const seg = make("span", { class: "seg", role: "group", "aria-label": `When ${call_sign} records` }, ...modes);
    const change = {
      class: "btn sm line",
      type: "button",
      "aria-label": `Change: ${call_sign}`,
      onclick: tell("change"),
    };
    const revoke = make(
      "button",
      { class: "btn sm line hold", type: "button", "aria-label": `Hold to revoke: ${call_sign}` },
      "Revoke",
    );
    wireHold(revoke, {
      ms: () => HOLD_MS,
      act: tell("revoke"),
      hint: (words) => this.dispatchEvent(new CustomEvent("hold-hint", { detail: { words }, bubbles: true })),
    });
    const records = make("span", { class: "mut small", "aria-hidden": "true" }, "Records");
    return [records, seg, make("button", change, "Change"), revoke];
  }
}

customElements.define("device-list", DeviceList);
