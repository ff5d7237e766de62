import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureAfter, withHeard, withPicture } from "../../static/js/state/first_picture.js";
import { anAlert } from "./fakes_console.js";

const dark = () => false;
const start = /** @param {any[]} open @param {number} now @param {(device: string) => boolean} isLive */ (
  open,
  now,
  isLive = dark,
) => withHeard(new Map(), open, now, isLive);

test("from the alert to the first picture of its unit, once", () => {
  const alert = anAlert();
  let sightings = start([alert], 1000.1);
  assert.equal(pictureAfter(sightings, alert), null);
  sightings = withPicture(sightings, [alert], "other-cam", 1001);
  assert.equal(pictureAfter(sightings, alert), null);
  sightings = withPicture(sightings, [alert], "et17-cam", 1002);
  sightings = withPicture(sightings, [alert], "et17-cam", 1030);
  assert.equal(pictureAfter(sightings, alert), 2);
});

test("a picture that was live when the alert was raised came after nothing", () => {
  const alert = anAlert();
  assert.equal(
    pictureAfter(
      withPicture(
        start([alert], 1000, () => true),
        [alert],
        "et17-cam",
        1009,
      ),
      alert,
    ),
    0,
  );
});

test("an alert that this console heard of late says nothing", () => {
  const alert = anAlert();
  const late = start([alert], 1005, () => true);
  assert.equal(pictureAfter(withPicture(late, [alert], "et17-cam", 1006), alert), null);
});

test("raised again is measured anew, from when it was raised again", () => {
  const first = anAlert();
  const again = anAlert({ needs_since: 2200 });
  let sightings = withPicture(start([first], 1000), [first], "et17-cam", 1002);
  sightings = withHeard(sightings, [again], 2200.5, dark);
  assert.equal(pictureAfter(sightings, again), null);
  assert.equal(pictureAfter(withPicture(sightings, [again], "et17-cam", 2203), again), 3);
});

test("what is closed is forgotten", () => {
  assert.equal(withHeard(start([anAlert()], 1000), [], 1001, dark).size, 0);
});
