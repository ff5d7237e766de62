// A phone as camera: joins the officer's buttons, the phone's camera and position, and the line to the server.
import { wireHold } from "../elements/hold.js";
import { PhonePanel } from "../elements/phone_panel.js";
import { PhoneRoom } from "../net/phone_room.js";
import { THEME } from "../state/looks.js";
import { adviceShown } from "../state/phone.js";
import { applyLooks, keepLooks, shownTheme } from "./looks.js";

const HOLD_TO_STOP_MS = 2000;
const HOLD_FOR_HELP_MS = 1000;

keepLooks();
const panel = new PhonePanel();
const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
const room = new PhoneRoom({
  csrf,
  onChange: draw,
  onHint: (text) => panel.hint(text),
  onPicture: (stream) => {
    panel.preview.srcObject = stream;
  },
});

function draw() {
  panel.show(room.phone, room.now());
  const piece = adviceShown(room.phone);
  if (piece && !piece.shown && document.visibilityState === "visible") {
    // Browsers let a page buzz only after it was touched.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([120, 80, 120]);
    room.shown(piece.id);
  }
}

panel.startCamera.addEventListener("click", () => room.startCamera());
panel.stopCamera.addEventListener("click", () => room.stopCamera());
panel.watch.addEventListener("click", () => room.toggleWatch());
panel.lit(shownTheme());
panel.theme.addEventListener("click", () => {
  localStorage.setItem(THEME, shownTheme() === "light" ? "dark" : "light");
  applyLooks();
  panel.lit(shownTheme());
});
panel.heard.addEventListener("click", () => {
  const piece = adviceShown(room.phone);
  if (piece) room.heard(piece.id);
});
wireHold(panel.record, {
  ms: () => (room.isRecording ? HOLD_TO_STOP_MS : 0),
  act: () => (room.isRecording ? room.stopRecording() : room.startRecording()),
  hint: (text) => panel.hint(text),
});
wireHold(panel.emergency, {
  ms: () => HOLD_FOR_HELP_MS,
  act: () => room.emergency(),
  hint: (text) => panel.hint(text),
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") room.awake();
  draw();
});
addEventListener("online", () => room.awake());
addEventListener("pagehide", () => room.leave());
setInterval(draw, 1000);
draw();

// One camera on one phone: two pages would both number the same outbox.
const held = await room.open();
if (held) panel.bar(held);
