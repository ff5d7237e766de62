// What a phone has: camera and microphone, position, battery, a screen that stays on. No page in here.

const PICTURE = {
  facingMode: { ideal: "environment" },
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 25, max: 30 },
};
const SOUND = { echoCancellation: true, noiseSuppression: false, autoGainControl: true };
// A phone that lies still reports nothing by itself: it is asked again, so that its fix is fresh and not merely old.
const ASK_AGAIN_MS = 5000;
const FIX_TIMEOUT_MS = 20_000;
// Below a slow walk the direction of movement is noise.
const HEADING_FROM_MPS = 0.7;
const BATTERY_LOW_PCT = 15;

/**
 * The rear camera, with sound where the officer allows it.
 * @returns {Promise<{ stream: MediaStream, silent: boolean }>} raises DOMException
 */
export async function openCamera() {
  if (!isSecureContext || !navigator.mediaDevices) throw new DOMException("", "SecurityError");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: SOUND });
    return { stream, silent: false };
  } catch (error) {
    // The microphone may be refused or taken by a call: the picture alone is better than nothing.
    if (error instanceof DOMException && error.name === "SecurityError") throw error;
    const stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE });
    return { stream, silent: true };
  }
}

/**
 * One fix as the wire carries it. The accuracy is passed on as the phone states it: platforms give 68 to 95 %
 * radii and do not say which, so it is never made to look better.
 * @param {GeolocationPosition} position
 */
export function fixOf({ timestamp, coords }) {
  const { latitude, longitude, accuracy, speed, heading } = coords;
  const isMoving = typeof speed === "number" && speed >= HEADING_FROM_MPS;
  const hasHeading = isMoving && typeof heading === "number" && Number.isFinite(heading);
  return {
    t: /** @type {const} */ ("fix"),
    at: timestamp / 1000,
    lat: latitude,
    lon: longitude,
    accuracy_m: Math.min(100_000, Math.max(0, accuracy)),
    speed_mps: typeof speed === "number" && Number.isFinite(speed) && speed >= 0 ? speed : null,
    heading_deg: hasHeading ? ((heading % 360) + 360) % 360 : null,
  };
}

/**
 * Follows the phone's position; at most one fix a second.
 * @param {(fix: ReturnType<typeof fixOf>) => void} onFix @param {(code: number) => void} onProblem code 1: refused
 * @returns {() => void} stops it
 */
export function followPosition(onFix, onProblem) {
  const options = { enableHighAccuracy: true, maximumAge: 0, timeout: FIX_TIMEOUT_MS };
  let last = 0;
  const took = (/** @type {GeolocationPosition} */ position) => {
    if (position.timestamp - last < 950) return;
    last = position.timestamp;
    onFix(fixOf(position));
  };
  const failed = (/** @type {GeolocationPositionError} */ { code }) => onProblem(code);
  const watch = navigator.geolocation.watchPosition(took, failed, options);
  const asking = setInterval(() => {
    if (Date.now() - last >= ASK_AGAIN_MS) navigator.geolocation.getCurrentPosition(took, failed, options);
  }, ASK_AGAIN_MS);
  return () => {
    navigator.geolocation.clearWatch(watch);
    clearInterval(asking);
  };
}

/**
 * Follows the battery; says nothing where the browser does not tell (Safari, Firefox).
 * @param {(battery: { pct: number, charging: boolean }) => void} onBattery
 * @param {(pct: number) => void} onLow once each time that it runs low
 */
export async function followBattery(onBattery, onLow) {
  const phone = /** @type {Navigator & { getBattery?: () => Promise<any> }} */ (navigator);
  const battery = await phone.getBattery?.().catch(() => null);
  if (!battery) return;
  let wasLow = false;
  const told = () => {
    const pct = Math.round(battery.level * 100);
    const isLow = pct <= BATTERY_LOW_PCT && !battery.charging;
    onBattery({ pct, charging: battery.charging });
    if (isLow && !wasLow) onLow(pct);
    wasLow = isLow;
  };
  battery.addEventListener("levelchange", told);
  battery.addEventListener("chargingchange", told);
  told();
}

/** Keeps the screen on while the page is shown. Where the phone refuses (low battery), the camera goes on regardless. */
export class Wakefulness {
  /** @type {WakeLockSentinel | null} */ #lock = null;
  #wanted = false;

  /** @param {boolean} wanted */
  async want(wanted) {
    this.#wanted = wanted;
    if (!wanted) {
      await this.#lock?.release();
      this.#lock = null;
    } else await this.renew();
  }

  /** The phone drops the lock whenever the page is hidden; call this when it is shown again. */
  async renew() {
    if (!this.#wanted || (this.#lock && !this.#lock.released) || !("wakeLock" in navigator)) return;
    this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
  }
}
