/** Where on the map's rim to point at an alert that lies outside it: the map never pans there by itself. Pure. */

/** @typedef {import("./map-projection.js").Point} Point */

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
