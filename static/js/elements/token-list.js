// <token-list>: one's own API tokens, never their text: that was shown once.
import { endWords } from "../state/tokens.js";
import { dayOf } from "../state/words.js";
import { awaited, make } from "./build.js";
import { wireHold } from "./hold.js";

const HOLD_MS = 1000;

/** Events: `token-revoke` { id }, `hold-hint` { words }. */
export class TokenList extends HTMLElement {
  #list = make("ul", { class: "register" });
  #drawn = "";

  connectedCallback() {
    this.#list.append(awaited("li"));
    this.append(this.#list);
  }

  /** @param {readonly import("../state/tokens.js").Token[]} tokens @param {number} now */
  show(tokens, now) {
    const words = tokens.map((token) => endWords(token, now));
    const drawn = JSON.stringify([tokens, words]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const rows = tokens.map((token, index) => this.#made(token, words[index] ?? ""));
    const none = make("li", { class: "none" }, "None. A script or a wall display that signs in by itself needs one.");
    this.#list.replaceChildren(...(rows.length ? rows : [none]));
  }

  /** @param {import("../state/tokens.js").Token} token @param {string} ends */
  #made({ id, purpose, added_at }, ends) {
    const revoke = make(
      "button",
      { class: "btn sm line hold", type: "button", "aria-label": `Hold to revoke: ${purpose}` },
      "Revoke",
    );
    const tell = /** @param {string} name @param {object} detail */ (name, detail) =>
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
    wireHold(revoke, {
      ms: () => HOLD_MS,
      act: () => tell("token-revoke", { id, purpose }),
      hint: (words) => tell("hold-hint", { words }),
    });
    return make(
      "li",
      {},
      make("span", { class: "is" }, make("span", { class: "cs" }, purpose)),
      make("span", { class: "sec" }, `made ${dayOf(added_at)}`),
      make("span", { class: "sec" }, ends),
      make("span", { class: "acts" }, revoke),
    );
  }
}

customElements.define("token-list", TokenList);
