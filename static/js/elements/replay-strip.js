// The filmstrip: one camera's pictures along the timeline, each at its own second. Made on the server of key frames.
/** @import { ReplayCamera } from "../state/replay.js" */
/** @import { Scale } from "../state/replay_scale.js" */
/** @import { Still } from "../net/stills.js" */
import { spanAt } from "../state/replay.js";
import { marksOf } from "../state/replay_scale.js";
import { svg } from "./build.js";

export const STRIP_PX = 44;
const LEAST_PX = 80; // a picture of 16:9 is 75 wide
const INSET_PX = 2;

/**
 * @param {ReplayCamera} camera @param {Scale} scale @param {number} y
 * @param {(device: string, at: number) => Still | undefined} stillOf
 */
export function stripOf(camera, scale, y, stillOf) {
  const { times, step } = marksOf(scale, LEAST_PX);
  const height = STRIP_PX - 2 * INSET_PX;
  const cells = times.flatMap((at) => {
    if (!spanAt(camera, at)) return [];
    const place = { x: scale.x(at), y: y + INSET_PX, height };
    const width = Math.min((height * 16) / 9, scale.right - place.x, scale.x(at + step) - place.x - INSET_PX);
    if (width < height) return [];
    const still = stillOf(camera.device_id, at);
    const ground = svg("rect", { class: "cell", ...place, width });
    return still ? [ground, svg("image", { ...place, width, href: still.url })] : [ground];
  });
  return [
    svg("text", { class: "cs", x: 10, y: y + 18 }, camera.call_sign),
    svg("text", { class: "m", x: 10, y: y + 34 }, "strip"),
    ...cells,
  ];
}
