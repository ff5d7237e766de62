// The room's own line above a replay: whoever looks back must still see a new priority 1.
import { heard, isLost, newLink } from "../state/link.js";
import { emptyRoom, received } from "../state/room.js";
import { ConsoleSocket } from "../net/console_socket.js";
import { StatusLine } from "../elements/status-line.js";
import { now } from "./office.js";

const DRAW_MS = 500;
const monotonic = () => performance.now() / 1000;

/** Only where the page has a place for it: for who may see the room. */
export function beginLive() {
  const line = document.querySelector("status-line");
  if (!(line instanceof StatusLine)) return;
  const socket = new ConsoleSocket(`${location.origin.replace(/^http/, "ws")}/api/console`);
  let room = emptyRoom();
  let link = newLink(monotonic());
  const draw = () => line.show(room, isLost(link, monotonic()), false, now());
  line.leadsTo = "/";
  socket.addEventListener("message", (event) => {
    link = heard(link, monotonic());
    room = received(room, /** @type {CustomEvent} */ (event).detail);
    draw();
  });
  socket.addEventListener("pong", () => (link = heard(link, monotonic())));
  socket.addEventListener("ended", () =>
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`),
  );
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.hurry());
  draw();
  setInterval(draw, DRAW_MS);
  socket.connect();
}
