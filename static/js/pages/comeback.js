// How a wall comes back by itself: after the server was away, after its sign-in has ended, after a night without power.
/** @import { Trouble } from "../state/wall_rest.js" */
import { sessionStands, signInDisplay, tokenIn } from "../net/display_session.js";

const RELOADS_AFTER_S = 10; // a blip goes on where it was; a server that was away may be another version, and knows no viewing
const AGAIN_MS = 5000;

/** Event: `change`, of `trouble`. */
export class Comeback extends EventTarget {
  /** @type {Trouble} */ trouble = "";
  #isTrying = false;

  /** @param {(address: string) => Promise<Response>} ask */
  constructor(ask) {
    super();
    this.ask = ask;
  }

  get token() {
    return tokenIn(location.hash);
  }

  /** The server is heard again. @param {number} silent seconds without a word until now */
  heard(silent) {
    if (silent >= RELOADS_AFTER_S) void this.#try();
  }

  /** The session is over: the page stays, says so, and goes on as soon as somebody or its token is signed in. */
  signedOut() {
    this.#say("signed-out");
    void this.#signIn();
  }

  async #signIn() {
    const { token } = this;
    const answer = await (token ? signInDisplay(token) : sessionStands());
    if (answer === "in") return this.#try();
    if (token && answer === "refused") this.#say("refused");
    setTimeout(() => this.#signIn(), AGAIN_MS);
  }

  /** Loads the page anew, but only when that will succeed: a browser's own error page would not come back. */
  async #try() {
    if (this.#isTrying) return;
    this.#isTrying = true;
    const answer = await this.ask(location.pathname + location.search).catch(() => null);
    this.#isTrying = false;
    if (answer?.ok && !answer.redirected) return location.reload();
    // to the sign-in page; not at once, or a browser that keeps no cookie would ask without a pause
    setTimeout(() => (answer?.redirected ? this.signedOut() : this.#try()), AGAIN_MS);
  }

  /** @param {Trouble} trouble */
  #say(trouble) {
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}
