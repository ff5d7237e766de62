/** What is in sight on the map, and where on its rim to point at an alert that is not: the map never pans there by itself. Pure. */

import { overlapOf } from "./map-labels.js";
import { fitted, panned, projector } from "./map-projection.js";

/** @typedef {import("./map-projection.js").Point} Point */

/** @typedef {import("./map-projection.js").View} View */
/** @typedef {import("./map-projection.js").Bounds} Bounds */
/** @typedef {import("./map-labels.js").Box} Box */

const STEP_PX = 24;
const CONTROLS_PX = /** @type {const} */ ([50, 126]);

/** Where the map's own buttons lie, over everything: in its corner. @param {{width: number}} view @returns {Box} */
export function controlsBox({ width }) {
  return { left: width - CONTROLS_PX[0], top: 0, right: width, bottom: CONTROLS_PX[1] };
}

/** @typedef {"left" | "right" | "none"} Corner none: a mark lies in both */

/**
 * In which lower corner the scale stands: where it stood before, until a mark comes there. No mark may be read as a part of it.
 * @param {readonly Box[]} marks discs, counts and flags @param {Record<"left" | "right", Box>} corners what it would cover
 * @param {Corner} before
 * @returns {Corner}
 */
export function scaleCorner(marks, corners, before) {
  /** @type {readonly ("left" | "right")[]} */
  const inOrder = before === "right" ? ["right", "left"] : ["left", "right"];
  return inOrder.find((corner) => marks.every((mark) => overlapOf(mark, corners[corner]) === 0)) ?? "none";
}

/**
 * Where along the map's foot the scale begins beside the controls: at the left, or behind the marks that lie there, a step at a
 * time, so that it does not creep along with whoever walks. It keeps to the left half: in the right corner an alarm's label
 * may have to stand.
 * @param {readonly Box[]} marks discs, counts and flags @param {Box} corner what it would cover at the left @param {number} wide the map, px
 * @returns {number | null} px; null: there is no room
 */
export function scaleBehind(marks, corner, wide) {
  const along = (/** @type {number} */ px) => ({ ...corner, left: corner.left + px, right: corner.right + px });
  const last = wide / 2 - (corner.right - corner.left);
  for (let px = 0; px === 0 || px <= last; px += STEP_PX)
    if (marks.every((mark) => overlapOf(mark, along(px)) === 0)) return px;
  return null;
}

/**
 * The nearest point to the left of the controls or below them, where something as large is not covered by them.
 * @param {Point} point @param {{width: number}} view @param {number} half how far it reaches, px
 * @returns {Point}
 */
export function clearOfControls({ x, y }, view, half) {
  const { left, bottom } = controlsBox(view);
  const [aside, down] = [x - (left - half), bottom + half - y];
  if (aside <= 0 || down <= 0) return { x, y };
  return aside < down ? { x: left - half, y } : { x, y: bottom + half };
}

/** Whether the middle of a mark lies under the controls. @param {Point} point @param {{width: number}} view */
export function isCovered(point, view) {
  const { left, bottom } = controlsBox(view);
  return point.x > left && point.y < bottom;
}

/**
 * The view that shows all of `bounds`, narrower where one of the places in it would lie under the controls.
 * @param {View} view @param {Bounds} bounds @param {number} padding px @param {number} maxZoom
 * @param {readonly {lon: number, lat: number}[]} places
 * @returns {View}
 */
export function fittedInSight(view, bounds, padding, maxZoom, places) {
  const whole = fitted(view, bounds, padding, maxZoom);
  const project = projector(whole);
  if (!places.some(({ lon, lat }) => isCovered(project(lon, lat), view))) return whole;
  const [wide] = CONTROLS_PX;
  const beside = fitted({ ...view, width: view.width - wide }, bounds, padding, maxZoom);
  return panned({ ...beside, width: view.width }, wide / 2, 0);
}

/** @param {Point} point @param {{width: number, height: number}} view @returns {boolean} */
export function isInside(point, view) {
  return point.x >= 0 && point.y >= 0 && point.x <= view.width && point.y <= view.height;
}

/**
 * The point on the rim, `inset` pixels inside it, on the line from the centre to `point`, and the way there.
 * @param {Point} point outside the view @param {{width: number, height: number}} view @param {number} inset
 * @returns {Point & {turn: number}} `turn`: degrees clockwise from up
 */
export function rimPoint(point, view, inset) {
  const dx = point.x - view.width / 2;
  const dy = point.y - view.height / 2;
  const reach = Math.min(
    (view.width / 2 - inset) / Math.max(Math.abs(dx), 1e-9),
    (view.height / 2 - inset) / Math.max(Math.abs(dy), 1e-9),
  );
  return {
    x: view.width / 2 + dx * reach,
    y: view.height / 2 + dy * reach,
    turn: (Math.atan2(dx, -dy) * 180) / Math.PI,
  };
}
