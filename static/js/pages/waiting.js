// What a display shows that was switched on while no server answers: since when, and that it asks by itself.
import { age, timeOfDay } from "../state/words.js";

const AGAIN_MS = 5000;
const TICK_MS = 1000;

const line = document.querySelector("#line");
const theme = new URLSearchParams(location.search).get("theme");
const began = Date.now() / 1000;
if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;

function say() {
  const silent = Date.now() / 1000 - began;
  const words = `No answer since ${timeOfDay(began)}, for ${age(silent)}. This screen asks again by itself and starts when the server answers.`;
  if (line) line.textContent = words;
}

/** Whatever the server says, it is there: the address is opened anew, and with it comes what it has to say. */
async function ask() {
  const answer = await fetch(location.pathname + location.search, {
    cache: "no-store",
    headers: { Accept: "text/html" },
    redirect: "manual",
    signal: AbortSignal.timeout(AGAIN_MS * 2),
  }).catch(() => null);
  if (answer && (answer.type === "opaqueredirect" || answer.status < 500)) location.reload();
  else setTimeout(ask, AGAIN_MS);
}

say();
setInterval(say, TICK_MS);
setTimeout(ask, AGAIN_MS);
