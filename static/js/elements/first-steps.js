// <first-steps>: what an empty room says: how the first camera comes in. It fills the large tile's place.
import { icon, make } from "./build.js";

const PHONE_COMMAND = "python3 -m server run --data DIR --host 0.0.0.0 --tls self-signed";

export class FirstSteps extends HTMLElement {
  connectedCallback() {
    /** @param {string} symbol @param {string} title @param {string} words @param {string} command */
    const way = (symbol, title, words, command) =>
      make(
        "li",
        { class: "opt" },
        icon(symbol),
        make("b", {}, title),
        make("span", { class: "d" }, words),
        make("code", {}, command),
      );
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
    const reachable = location.protocol === "https:" && !here;
    this.append(
      make("h2", {}, "Connect the first camera"),
      make("p", { class: "sec" }, "Any one of these takes about a minute."),
      make(
        "ol",
        {},
        way(
          "play",
          "Show a made-up town",
          "Test officers walk its streets. From a terminal:",
          "python3 -m server demo",
        ),
        reachable
          ? way(
              "user",
              "Use a phone as a camera",
              "An officer signs in on the phone and opens:",
              `${location.origin}/camera`,
            )
          : way("user", "Use a phone as a camera", "A phone needs HTTPS on this network:", PHONE_COMMAND),
        way(
          "camera",
          "Register a body-worn camera",
          "It answers with the camera’s key and address:",
          "python3 -m server device add ET17 --data DIR",
        ),
      ),
    );
  }
}

customElements.define("first-steps", FirstSteps);
