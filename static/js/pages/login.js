// The sign-in page: sends the form without leaving the page, says clearly what is wrong, and checks this screen.
import { icon, make } from "../elements/build.js";
import { hasWebGl2 } from "../elements/incident-map-gl.js";
import { plotGround } from "../elements/incident-map-plot.js";
import { signInDisplay, tokenIn } from "../net/display_session.js";
import { clockCheck, landing, refusalText } from "../state/screen_checks.js";
import { keepLooks } from "./looks.js";

const ANSWER_WITHIN_MS = 15_000;
const DISPLAY_RETRY_MS = 5000;
const DUTY = "watchroom.duty"; // what was last said here: it is seen, and sent again only with the next sign-in
const TOWN = { kind: /** @type {const} */ ("town"), url: "/static/town/estuary.geojson" };

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function part(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing`);
  return element;
}

keepLooks();
const form = part("sign-in", HTMLFormElement);
const nameField = part("name", HTMLInputElement);
const password = part("password", HTMLInputElement);
const duty = part("duty", HTMLInputElement);
const error = part("error", HTMLParagraphElement);
const send = part("send", HTMLButtonElement);
const reveal = part("reveal", HTMLButtonElement);
let sending = false;

/** @param {string} text */
function refuse(text) {
  error.textContent = text;
  error.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  send.setAttribute("aria-disabled", "true");
  error.hidden = true;
  const next = new FormData(form).get("next");
  try {
    const person = await signIn(nameField.value.trim(), password.value, duty.value.trim());
    localStorage.setItem(DUTY, duty.value.trim());
    location.assign(landing(String(next ?? ""), person.role));
  } catch (problem) {
    refuse(problem instanceof Error ? problem.message : String(problem));
    password.select();
    password.focus();
    sending = false;
    send.removeAttribute("aria-disabled");
  }
});

/** A screen on a wall has nobody who types: it signs in by its address's token, and asks until it is let in. */
async function signInAsDisplay() {
  const token = tokenIn(location.hash);
  if (!token) return;
  const answer = await signInDisplay(token);
  if (answer === "in") {
    const next = landing(String(new FormData(form).get("next") ?? ""), "display");
    location.replace(next + location.hash); // the page needs it again, after the next night
    return;
  }
  refuse(
    answer === "refused"
      ? "This display’s token is not accepted: it was revoked, or its person may do more than look."
      : "No answer from the server. This display asks again by itself.",
  );
  setTimeout(signInAsDisplay, DISPLAY_RETRY_MS);
}

/**
 * Raises an Error that says why not.
 * @param {string} name @param {string} secret @param {string} why what they are on duty as
 * @returns {Promise<{ role: string }>}
 */
async function signIn(name, secret, why) {
  let answer;
  try {
    answer = await fetch("/api/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ name, password: secret, duty: why }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch {
    throw new Error(refusalText({ status: 0, message: "", retryAfter: null }));
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const message = body.detail || body.title || `The server answered ${answer.status}. Try again.`;
  throw new Error(refusalText({ status: answer.status, message, retryAfter: answer.headers.get("Retry-After") }));
}

duty.value = new URLSearchParams(location.search).get("duty") ?? localStorage.getItem(DUTY) ?? "";
reveal.hidden = false;
reveal.addEventListener("click", () => {
  const shown = password.type === "text";
  password.type = shown ? "password" : "text";
  reveal.setAttribute("aria-pressed", String(!shown));
  reveal.textContent = shown ? "Show" : "Hide";
  password.focus();
});
password.addEventListener("keyup", (event) => {
  part("caps", HTMLSpanElement).textContent = event.getModifierState("CapsLock") ? "Caps Lock is on." : "";
});

/** @param {string} sign @param {string} what @param {string} is @param {string} advice */
function check(sign, what, is, advice) {
  const row = make("div", { class: "chk" }, icon(sign), make("span", {}, what), make("span", { class: "is" }, is));
  if (advice) row.append(make("small", {}, advice));
  part("checks", HTMLElement).append(row);
  part("checks", HTMLElement).hidden = false;
}

async function checkServer() {
  const sentAt = Date.now() / 1000;
  const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) }).catch(() => null);
  const receivedAt = Date.now() / 1000;
  if (!answer?.ok) return check("link", "Server", "no answer", "Sign-in will not work until it answers.");
  check("link", "Server", `answers in ${Math.max(1, Math.round((receivedAt - sentAt) * 1000))} ms`, "");
  const clock = clockCheck(answer.headers.get("Date"), sentAt, receivedAt);
  if (clock) check("clock", "This screen’s clock", clock.is, clock.advice);
}

function checkScreen() {
  const h264 = RTCRtpReceiver.getCapabilities("video")?.codecs.some(({ mimeType }) => /h264/i.test(mimeType));
  if (!h264)
    check(
      "camoff",
      "Pictures",
      "no H.264",
      "This browser cannot show most cameras. Use Chrome, Edge, Firefox or Safari.",
    );
  else if (hasWebGl2()) check("map", "Pictures and map", "this browser can show both", "");
  else check("map", "Map", "plain", "WebGL2 is off here: positions are right, the street map is plain.");
}

async function drawTown() {
  const backdrop = part("backdrop", HTMLDivElement);
  // The picture is for wide screens; a phone does not load the town for it.
  if (!matchMedia("(min-width: 1001px)").matches) return;
  const size = { width: backdrop.clientWidth, height: backdrop.clientHeight };
  const view = { lon: 1.0296, lat: 51.3603, zoom: 15.2, ...size };
  const silent = () => undefined;
  await plotGround(backdrop, { view, basemap: TOWN, onMove: silent, onProblem: silent, palette: null });
  backdrop.removeAttribute("tabindex");
  backdrop.removeAttribute("role");
  backdrop.removeAttribute("aria-label");
}

const today = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const now = new Date();
part("when", HTMLParagraphElement).textContent = `${today.format(now)}, ${minute.format(now)}.`;
checkScreen();
checkServer();
drawTown();
signInAsDisplay();
