import assert from "node:assert/strict";
import { test } from "node:test";
import { capturedAt } from "../../static/js/state/media_clock.js";

const mapping = { rtp_timestamp: 1000, clock_rate: 90_000, captured_at: 500, received_at: 500.2 };

test("a frame's timestamp on the wall clock, before and after the known one", () => {
  assert.equal(capturedAt(mapping, 1000 + 90_000), 501);
  assert.equal(capturedAt({ ...mapping, rtp_timestamp: 180_000 }, 0), 498);
});

test("timestamps wrap at 32 bits: the shorter way round", () => {
  assert.equal(capturedAt({ ...mapping, rtp_timestamp: 2 ** 32 - 45_000 }, 45_000), 501);
  assert.equal(capturedAt({ ...mapping, rtp_timestamp: 45_000 }, 2 ** 32 - 45_000), 499);
});

test("a camera whose clock contradicts the receipt is dated by the receipt", () => {
  assert.equal(capturedAt({ ...mapping, captured_at: 400 }, 1000), 500.2);
  assert.equal(capturedAt({ ...mapping, captured_at: 600 }, 1000), 500.2);
  assert.equal(capturedAt({ ...mapping, captured_at: null }, 1000), 500.2);
  assert.equal(capturedAt({ ...mapping, received_at: null }, 1000), 500);
});

test("a camera whose clock is known is late by as much as its picture has queued", () => {
  const known = { ...mapping, camera_offset_s: -3600 };
  assert.equal(capturedAt({ ...known, captured_at: 495.2 }, 1000), 495.2);
  assert.equal(capturedAt({ ...known, captured_at: 500.3 }, 1000), 500.2, "nothing is received before it is captured");
  assert.equal(capturedAt({ ...known, captured_at: 100 }, 1000), 500.2, "its clock was set since it was asked");
  assert.equal(capturedAt({ ...mapping, captured_at: 495.2, camera_offset_s: null }, 1000), 500.2);
});

test("no mapping, no timestamp, or another stream's: unknown, never a guess", () => {
  assert.equal(capturedAt(null, 1), null);
  assert.equal(capturedAt(mapping, undefined), null);
  assert.equal(capturedAt({ ...mapping, captured_at: null, received_at: null }, 1), null);
  assert.equal(capturedAt({ ...mapping, clock_rate: 0 }, 1), null);
  assert.equal(capturedAt(mapping, 2 ** 31), null);
});
