import assert from "node:assert/strict";
import { test } from "node:test";
import { fixOf } from "../../static/js/net/phone_kit.js";
import { h264First } from "../../static/js/net/whip_client.js";
import * as phones from "../../static/js/state/phone.js";
import * as words from "../../static/js/state/phone_words.js";
import { clockCheck, landing, refusalText } from "../../static/js/state/screen_checks.js";

const { NEW_PHONE, hear } = phones;
const UP = { ...NEW_PHONE, link: /** @type {const} */ ("up") };

/** @param {string} id @param {number} sentAt */
const advice = (id, sentAt) => ({ t: "advice", advice_id: id, text: `text ${id}`, author: "Achebe", sent_at: sentAt });

test("advice: the newest unheard is shown, and one that is sent again stays as heard as it was", () => {
  let phone = [advice("a", 1), advice("c", 3), advice("b", 2)].reduce(hear, NEW_PHONE);
  assert.equal(phones.adviceShown(phone)?.id, "c");
  phone = phones.markAdvice(phone, "c", "heard");
  assert.equal(phones.adviceShown(phone)?.id, "b");
  phone = hear(phone, advice("c", 3));
  assert.equal(phone.advice.length, 3);
  phone = phones.markAdvice(phones.markAdvice(phone, "a", "heard"), "b", "heard");
  assert.equal(phones.adviceShown(phone)?.id, "c", "the last word stays readable");
});

test("the emergency button claims nothing that is not proven", () => {
  const pressed = { ...UP, emergencyAt: 5, waiting: 1, urgent: 1 };
  assert.equal(words.emergencyWords(UP).word, "Emergency");
  assert.equal(words.emergencyWords(pressed).word, "Sending for help");
  assert.equal(words.toldText(pressed), "Emergency: being sent");
  assert.equal(
    words.emergencyWords({ ...pressed, urgent: 0 }).word,
    "Emergency sent",
    "a waiting position does not matter",
  );
  assert.equal(words.emergencyWords({ ...pressed, link: "down", urgent: 0 }).word, "Sending for help");
});

test("control's answer to an emergency is shown, is not covered by a lesser one, and its end clears it", () => {
  const update = (/** @type {string} */ kind, /** @type {string} */ state) => ({
    t: "alert_update",
    alert_id: "1",
    kind,
    state,
    by: "Okafor",
  });
  let phone = hear({ ...UP, emergencyAt: 5, watchAsked: true }, update("emergency.pressed", "acknowledged"));
  assert.equal(words.toldText(phone), "Emergency: acknowledged by Okafor");
  phone = hear(phone, update("watch.requested", "resolved"));
  assert.equal(words.toldText(phone), "Emergency: acknowledged by Okafor");
  assert.equal(phone.watchAsked, false);
  phone = hear(phone, update("emergency.pressed", "resolved"));
  assert.equal(phone.emergencyAt, null);
  assert.equal(words.toldText(phone), "Emergency: ended by Okafor");
});

test("the officer is told who watches", () => {
  const watchers = [{ name: "Insp. Achebe", role: "inspector", since: 1 }];
  assert.equal(words.watchersText(hear(UP, { t: "watchers", watchers: [] })).head, "Nobody watches you now");
  const phone = hear(UP, { t: "watchers", watchers });
  assert.deepEqual(words.watchersText(phone), { head: "1 person watches you now", names: "Insp. Achebe" });
  assert.equal(words.watchersText({ ...phone, watchers: [...watchers, ...watchers] }).head, "2 people watch you now");
});

test("before the server has told who watches, and without a link, nobody is told that nobody does", () => {
  assert.equal(words.watchersText(NEW_PHONE).head, "Not known yet who watches you");
  assert.equal(words.watchersText(UP).head, "Not known yet who watches you");
  const told = hear(UP, { t: "watchers", watchers: [] });
  assert.equal(words.watchersText({ ...told, link: "down" }).head, "No link: not known who watches you");
  assert.equal(words.watchersText({ ...told, link: "joining" }).head, "No link: not known who watches you");
});

test("the first link is awaited, not missing; one that breaks is, also while it is tried again", () => {
  assert.equal(words.linkWord(NEW_PHONE), "joining");
  assert.equal(words.linkWord({ ...NEW_PHONE, link: "down" }), "no link");
  assert.equal(words.linkWord({ ...hear(UP, { t: "watchers", watchers: [] }), link: "joining" }), "no link");
});

test("an officer whose camera is off is seen on the map only where a link and a position are", () => {
  const fix = { at: 1, accuracy: 4 };
  assert.match(words.offText({ ...UP, fix }), /Control sees where you are/);
  for (const phone of [UP, { ...NEW_PHONE, fix }]) assert.doesNotMatch(words.offText(phone), /sees/);
});

test("state and link in words that an officer can trust", () => {
  assert.equal(words.stateWord({ ...UP, camera: "on", recordingSince: 5 }), "Recording");
  assert.equal(words.stateWord({ ...UP, camera: "on" }), "Not recording");
  assert.equal(
    words.stateWord({ ...UP, camera: "failed", recordingSince: 5 }),
    "No camera",
    "never says Recording without a camera",
  );
  assert.equal(words.linkWord({ ...UP, camera: "on", live: "live" }), "live");
  assert.equal(words.linkWord({ ...UP, link: "down", waiting: 12 }), "no link, 12 kept");
});

test("the wire's status follows the phone", () => {
  assert.deepEqual(
    phones.statusOf({ ...UP, recordingSince: 5, live: "live", battery: { pct: 40, charging: false }, emergencyAt: 1 }),
    {
      recording: "recording",
      streaming: true,
      battery_pct: 40,
      signal_pct: null,
      status_code: 0,
      taken: [],
      lacks: [],
    },
  );
  const tried = { ...UP, camera: /** @type {const} */ ("failed"), positionProblem: /** @type {const} */ ("refused") };
  assert.deepEqual(phones.statusOf(tried).lacks, ["picture", "position"]);
  assert.deepEqual(phones.statusOf({ ...UP, camera: "on", silent: true }).lacks, ["sound"]);
});

test("a request is confirmed by the status, and known when it comes again", () => {
  const request = { t: "request", request_id: "r1", what: "record", by: "Okafor" };
  assert.ok(!phones.isKnownRequest(UP, request));
  let phone = phones.hear(phones.hear(UP, request), request);
  assert.deepEqual(phones.statusOf(phone).taken, ["r1"]);
  assert.ok(phones.isKnownRequest(phone, request));
  for (let number = 2; number < 20; number += 1) phone = phones.hear(phone, { ...request, request_id: `r${number}` });
  assert.deepEqual([phones.statusOf(phone).taken.length, phones.statusOf(phone).taken.at(-1)], [8, "r19"]);
});

test("every refusal of the camera says what to do", () => {
  for (const name of ["SecurityError", "NotAllowedError", "NotFoundError", "NotReadableError", "whatever"]) {
    assert.match(words.cameraProblemText(name), /\.$/);
  }
});

test("a fix is passed on as the phone states it, never better", () => {
  const coords = {
    latitude: 51,
    longitude: 1,
    accuracy: 12.5,
    speed: 3,
    heading: 360,
    altitude: null,
    altitudeAccuracy: null,
  };
  const position = /** @type {GeolocationPosition} */ (/** @type {unknown} */ ({ timestamp: 5500, coords }));
  assert.deepEqual(fixOf(position), {
    t: "fix",
    at: 5.5,
    lat: 51,
    lon: 1,
    accuracy_m: 12.5,
    speed_mps: 3,
    heading_deg: 0,
  });
  const still = /** @type {GeolocationPosition} */ (
    /** @type {unknown} */ ({ timestamp: 5500, coords: { ...coords, speed: 0.2, heading: NaN } })
  );
  assert.equal(fixOf(still).heading_deg, null);
  const blind = /** @type {GeolocationPosition} */ (
    /** @type {unknown} */ ({ timestamp: 5500, coords: { ...coords, speed: null, heading: 90 } })
  );
  assert.equal(fixOf(blind).heading_deg, null, "without speed a heading is a guess");
});

test("H.264 constrained baseline is offered first, and nothing is taken away", () => {
  const codecs = [
    { mimeType: "video/VP8" },
    { mimeType: "video/rtx" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=4d001f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
  ];
  assert.deepEqual(
    h264First(codecs).map((codec) => codecs.indexOf(codec)),
    [4, 3, 2, 0, 1],
  );
});

test("sign-in goes only to a path of this site", () => {
  for (const bad of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "",
    null,
    "/a\\b",
  ]) {
    assert.equal(landing(bad, "control"), "/", String(bad));
  }
  assert.equal(landing("/wall/4?kiosk=1", "control"), "/wall/4?kiosk=1");
  assert.equal(landing("/", "officer"), "/camera");
});

test("sign-in's refusals say what to do", () => {
  assert.match(refusalText({ status: 429, message: "", retryAfter: "300" }), /Wait 5 min/);
  assert.match(refusalText({ status: 0, message: "", retryAfter: null }), /network/);
  assert.equal(refusalText({ status: 503, message: "busy", retryAfter: null }), "busy");
});

test("a screen's clock is judged by the server's, within what a whole second can tell", () => {
  const date = new Date(1_000_000_000).toUTCString();
  assert.equal(clockCheck(date, 1_000_000.4, 1_000_000.6)?.advice, "");
  assert.equal(clockCheck(date, 1_000_300, 1_000_300.2)?.is, "5 min fast");
  assert.equal(clockCheck(date, 999_950, 999_950.2)?.is, "50 s slow");
  assert.equal(clockCheck(null, 1, 2), null);
});
