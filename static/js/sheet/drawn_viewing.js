// A viewing without a camera: a street drawn in the page's own colours, sent through the same <video> as a real one.
/** @import { Standing, Session } from "../net/whep_client.js" */
/** @import { Wish } from "../net/whep_signalling.js" */

const [WIDTH, HEIGHT] = [640, 360];
const AGAIN_MS = 100; // a stream that begins has no frame until the next stroke

/** @typedef {{ problem?: string, retryIn?: number, reduced?: string, silent?: boolean }} Trouble silent: no picture ever comes */

export class DrawnViewing extends EventTarget {
  /** @type {Standing} */ standing;
  /** @type {Session} */ session;
  /** @type {MediaStreamTrack[]} */ tracks = [];
  #canvas = document.createElement("canvas");
  #timer = 0;

  /** @param {{ device: string, wish: Wish }} wanted @param {Trouble} trouble */
  constructor({ device, wish }, { problem = "", retryIn, reduced, silent = false }) {
    super();
    this.device = device;
    this.wish = wish;
    this.silent = silent;
    const retryAt = retryIn === undefined ? null : performance.now() / 1000 + retryIn;
    this.standing = { phase: silent ? "waiting" : "connected", problem, retryAt };
    this.session = { clock: null, layer: "main", layers: ["main", "sub"], reduced: reduced ?? null };
  }

  start() {
    if (this.silent) return;
    Object.assign(this.#canvas, { width: WIDTH, height: HEIGHT });
    this.#draw();
    this.tracks = this.#canvas.captureStream().getTracks();
    this.#timer = window.setInterval(() => this.#draw(), AGAIN_MS);
    this.dispatchEvent(new Event("track"));
  }

  /** The picture is on screen: nothing moves any more. */
  rest() {
    clearInterval(this.#timer);
  }

  stop() {
    this.rest();
    for (const track of this.tracks) track.stop();
  }

  /** @param {Wish} wish */
  async change(wish) {
    this.wish = wish;
  }

  retryNow() {}

  async probe() {}

  #draw() {
    drawStreet(this.#canvas);
  }
}

/** The street in a <video> that nothing else fills. @param {HTMLVideoElement} video */
export function showDrawn(video) {
  const drawn = new DrawnViewing({ device: "", wish: { layer: "main", sound: false, picture: true } }, {});
  drawn.addEventListener("track", () => (video.srcObject = new MediaStream(drawn.tracks)));
  video.addEventListener("loadeddata", () => drawn.rest());
  drawn.start();
  video.play().catch(() => undefined); // the page was left
}

/** The same street as an address. */
export function streetPicture() {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  drawStreet(canvas);
  return canvas.toDataURL("image/jpeg");
}

/** @param {HTMLCanvasElement} canvas */
function drawStreet(canvas) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(document.documentElement);
  /** @param {string} colour @param {...number} corners x, y, x, y … */
  const fill = (colour, ...corners) => {
    pen.fillStyle = style.getPropertyValue(`--${colour}`);
    pen.beginPath();
    for (let at = 0; at < corners.length; at += 2) pen.lineTo(corners[at] ?? 0, corners[at + 1] ?? 0);
    pen.fill();
  };
  fill("ink-05", 0, 0, WIDTH, 0, WIDTH, HEIGHT, 0, HEIGHT);
  fill("ink-25", 0, 20, 280, 150, 280, 195, 0, 300); // two rows of houses and the road between them
  fill("ink-20", WIDTH, 10, 360, 150, 360, 195, WIDTH, 310);
  fill("ink-15", 0, 300, 280, 195, 360, 195, WIDTH, 310, WIDTH, HEIGHT, 0, HEIGHT);
  fill("ink-60", 60, 118, 110, 133, 110, 190, 60, 200); // lit windows, a lit shop, its light on the road
  fill("ink-50", 160, 148, 190, 156, 190, 184, 160, 190);
  fill("ink-80", 430, 140, 560, 105, 560, 235, 430, 205);
  fill("ink-40", 400, 226, 560, 262, 470, 300, 372, 235);
  fill("ink-50", 316, 230, 322, 230, 330, HEIGHT, 306, HEIGHT); // the line in the middle
}
