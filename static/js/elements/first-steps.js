// <first-steps>: what an empty room says: how the first camera comes in. It fills the large tile's place.
import { icon, make } from "./build.js";

const PHONE_COMMAND = "python3 -m server run --data DIR --host 0.0.0.0 --tls self-signed";

export class FirstSteps extends HTMLElement {
  connectedCallback() {
    /** @param {string} symbol @param {string} title @param {string} words @param {string | Node} how a command, or a way there */
    const way = (symbol, title, words, how) =>
      make(
        "li",
        { class: "opt" },
        icon(symbol),
        make("b", {}, title),
        make("span", { class: "d" }, words),
        typeof how === "string" ? make("code", {}, ...spelt(how)) : how,
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
        mayRegister()
          ? way(
              "camera",
              "Register a body-worn camera",
              "You get its key, its address and a code to scan.",
              toCameras(),
            )
          : way(
              "camera",
              "Register a body-worn camera",
              "It answers with the camera’s key and address:",
              "python3 -m server device add ET17 --data DIR",
            ),
      ),
    );
  }
}

/** A command's words: each stands whole, and it is copied as it is. @param {string} command */
const spelt = (command) => command.split(" ").flatMap((word, at) => [at ? " " : "", make("span", {}, word)]);
/** Who has the way to the cameras' page in the rail. */
const mayRegister = () => document.querySelector('.nav a[href="/devices"]') !== null;
const toCameras = () => make("a", { class: "btn line", href: "/devices" }, "To the cameras");

customElements.define("first-steps", FirstSteps);
