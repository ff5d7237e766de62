"""Real WebRTC: a camera publishes to a small WHIP server, and what arrives is looked at."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from random import Random

import av
import numpy as np
import pytest
from PIL import Image

from streamer import whip_client
from streamer.backoff import Backoff
from streamer.capture import CaptureError, Picture, Taken
from streamer.clock import SystemClock
from streamer.ladder import LEAST_SUB_BPS, LayerPlan
from streamer.pose import Pose
from streamer.sound import open_sound
from streamer.street.barcode import draw_barcode, read_barcode
from streamer.tasks import TaskOwner
from streamer.whip_client import WhipClient
from tests.streamer.waiting import until
from tests.streamer.whip_receiver import WhipReceiver

MAIN, SUB = LayerPlan(640, 360, 15, 700_000), LayerPlan(320, 180, 7, 120_000)
CLOCK = SystemClock()


class BarcodeSource:
    """A plain picture with the time in it, 15 times a second; `fails` after so many."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.fails_after = fails_after

    def pictures(self, stopped: threading.Event) -> Iterator[Taken]:
        taken = 0
        noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3), dtype=np.uint8)
        while not stopped.wait(1 / 15):
            if self.fails_after is not None and taken >= self.fails_after:
                raise CaptureError("the lens fell off")
            taken += 1
            at = CLOCK.wall()
            picture = Image.fromarray(np.roll(noise, taken * 8, axis=1))
            draw_barcode(picture, at)
            yield Taken(at, av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24"))


@dataclass
class Camera:
    """A client under test and what it said."""

    client: WhipClient
    picture: Picture
    states: list[bool] = field(default_factory=list)


@contextlib.asynccontextmanager
async def published(
    receiver: WhipReceiver,
    source: BarcodeSource | None = None,
    sub: LayerPlan | None = SUB,
    with_sound: bool = True,
    waits: float = 0.05,
) -> AsyncIterator[Camera]:
    """A camera that publishes to `receiver` for the length of the block."""
    states: list[bool] = []
    picture = Picture(source or BarcodeSource(), MAIN, sub, preset="ultrafast")
    sound = open_sound("street", lambda: Pose(0, 0, 0, 1.4), CLOCK) if with_sound else None
    client = WhipClient(
        receiver.url,
        lambda: f"token-{len(receiver.tokens)}",
        picture,
        sound,
        states.append,
        clock=CLOCK,
        rng=Random(1),
        backoff=Backoff(Random(1), first_s=waits, cap_s=2 * waits),
    )
    async with TaskOwner("test") as tasks:
        run = tasks.start(client.run(), "publish")
        try:
            yield Camera(client, picture, states)
        finally:
            await client.close()
            async with asyncio.timeout(10):
                await run


def time_in(frame: av.VideoFrame) -> int | None:
    """The barcode's milliseconds."""
    return read_barcode(np.asarray(frame.to_ndarray(format="gray")))


async def test_main_sub_and_sound_arrive_and_the_session_is_ended_in_order() -> None:
    async with WhipReceiver() as receiver:
        async with published(receiver) as camera:
            await until(lambda: all(len(f) > 5 for f in receiver.frames.values()))
            assert camera.states == [True]
        assert receiver.tokens == ["Bearer token-0"]
        assert receiver.deleted == ["1"]
        assert camera.states == [True, False]
        main, sub = receiver.frames["main"][-1], receiver.frames["sub"][-1]
        assert isinstance(main, av.VideoFrame) and isinstance(sub, av.VideoFrame)
        assert (main.width, main.height, sub.width, sub.height) == (640, 360, 320, 180)
        offer = receiver.offers[0]
        assert offer.index("m=video") < offer.rindex("m=video") < offer.index("m=audio")
        assert "VP8" not in offer and "a=sendonly" in offer
        assert re.search(r"(?m)^a=rtpmap:(\d+) opus/48000/2\r?\na=rtcp-fb:\1 nack\r?$", offer)
        assert "a=end-of-candidates" not in offer or "a=candidate" in offer


async def test_the_picture_is_the_one_captured_and_sender_reports_tell_when() -> None:
    """The RTP timestamp mapped through a sender report gives the burnt-in time of capture."""
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None):
        await until(lambda: len(receiver.frames["main"]) > 25 and len(receiver.reports) >= 2)
        report = receiver.reports[0].sender_info
        frame = receiver.frames["main"][-1]
        assert isinstance(frame, av.VideoFrame) and frame.pts is not None
        burnt_in = time_in(frame)
        assert burnt_in is not None
        reported_ms = (report.ntp_timestamp / 2**32 - 2_208_988_800) * 1000
        # aiortc's receiver hands out timestamps without the sender's random start: only differences count
        first = receiver.frames["main"][0]
        assert isinstance(first, av.VideoFrame) and first.pts is not None
        first_ms = time_in(first)
        assert first_ms is not None
        assert (burnt_in - first_ms) % 2**32 == pytest.approx((frame.pts - first.pts) / 90, abs=2)

        def nearest() -> float:
            captured = [time_in(picture) for picture in receiver.pictures("main")]
            return min(abs((round(reported_ms) - c + 2**31) % 2**32 - 2**31) for c in captured if c is not None)

        # The report speaks of one of the pictures; the receiver may be behind with decoding it.
        await until(lambda: nearest() <= 2)


async def test_a_picture_loss_is_answered_by_a_key_frame() -> None:
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None):
        await until(lambda: len(receiver.frames["main"]) > 10)
        before = sum(f.key_frame for f in receiver.pictures("main"))
        await receiver.ask_for_key()
        await until(lambda: sum(f.key_frame for f in receiver.pictures("main")) > before)


async def test_the_servers_estimate_sets_the_encoders_and_main_is_given_up_before_sub() -> None:
    async with WhipReceiver() as receiver, published(receiver, with_sound=False) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3)
        await receiver.limit(400_000)
        await until(lambda: camera.picture.bitrates() == {"main": 291_200, "sub": 72_800})
        await receiver.limit(90_000)
        await until(lambda: camera.picture.bitrates() == {"main": 0, "sub": 54_000})
        shown = len(receiver.frames["sub"])
        await until(lambda: len(receiver.frames["sub"]) > shown + 3)
        await receiver.limit(5_000_000)
        await until(lambda: camera.picture.bitrates() == {"main": 700_000, "sub": 120_000})
        shown = len(receiver.frames["main"])
        await until(lambda: len(receiver.frames["main"]) > shown + 3)


async def test_what_is_told_below_100_kbit_is_followed_and_sound_pauses_last() -> None:
    """25 kbit/s while a queue on a narrow link drains, then 70."""
    async with WhipReceiver() as receiver, published(receiver) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3 and len(receiver.frames["sound"]) > 3)
        await receiver.limit(60_000)
        await until(lambda: camera.picture.bitrates() == {"main": 0, "sub": 24_000})
        shown, heard = len(receiver.frames["sub"]), camera.client.sent["sound"]
        await until(lambda: len(receiver.frames["sub"]) > shown + 3)
        assert camera.client.sent["sound"] > heard
        await receiver.limit(25_000)
        await until(lambda: camera.picture.bitrates() == {"main": 0, "sub": LEAST_SUB_BPS})
        await until(lambda: not camera.picture.has_room_for_sound)
        shown, heard = len(receiver.frames["sub"]), camera.client.sent["sound"]
        await until(lambda: len(receiver.frames["sub"]) > shown + 7)
        assert camera.client.sent["sound"] - heard <= 1, "one may have been on its way; 25 a second otherwise"
        await receiver.limit(70_000)
        await until(lambda: camera.picture.bitrates() == {"main": 0, "sub": 34_000})
        await until(lambda: camera.client.sent["sound"] > heard + 10)


async def test_a_refusal_is_told_and_tried_again_with_a_fresh_token() -> None:
    async with WhipReceiver(fails=2) as receiver, published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3)
        assert receiver.tokens == ["Bearer token-0", "Bearer token-1", "Bearer token-2"]
        assert "503 not now" in (camera.client.last_error or "")


async def test_a_lost_connection_is_followed_by_the_next() -> None:
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3)
        await receiver.drop()
        await until(lambda: camera.states[:3] == [True, False, True])
        seen = len(receiver.frames["main"])
        await until(lambda: len(receiver.frames["main"]) > seen + 3)


async def test_a_picture_that_was_replaced_waits_until_the_newer_publisher_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the two would throw each other out for ever."""
    monkeypatch.setattr(whip_client, "YIELD_S", 0.1)
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None) as camera:
        camera.client.server_reached()
        await until(lambda: len(receiver.frames["main"]) > 3)
        receiver.taken_over = True
        await receiver.drop()
        await until(lambda: len(receiver.tokens) > 4)
        assert camera.states == [True, False] and "taken over" in (camera.client.last_error or "")
        seen = len(receiver.frames["main"])
        receiver.taken_over = False
        await until(lambda: len(receiver.frames["main"]) > seen + 3)
        assert camera.states == [True, False, True]
        receiver.taken_over = True
        camera.client.server_lost()
        await receiver.drop()
        await until(
            lambda: camera.states == [True, False, True, False, True]
        )  # the server's end says nothing of others


async def test_an_unanswered_session_is_asked_for_and_begun_anew_as_soon_as_it_is_known_to_be_gone() -> None:
    """A media worker was killed: its port answers nothing, and nobody says goodbye."""
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None) as camera:
        camera.client.server_reached()
        await until(lambda: len(receiver.frames["main"]) > 3)
        receiver.forgotten.add("1")
        receiver.fall_silent()
        await until(lambda: camera.states == [True, False, True])
        assert "ended the session" in (camera.client.last_error or "")


async def test_a_wait_ends_when_telemetry_reaches_the_server() -> None:
    """After a long outage the back-off has grown; the picture must not wait for it."""
    async with WhipReceiver(fails=1) as receiver, published(receiver, with_sound=False, sub=None, waits=3600) as camera:
        await until(lambda: camera.client.last_error is not None)
        camera.client.server_reached()
        await until(lambda: len(receiver.frames["main"]) > 3)
        assert camera.states == [True]


@pytest.mark.parametrize("news", ["server_reached", "not_taken"])
async def test_a_session_that_the_server_has_ended_meanwhile_is_followed_by_the_next_when_telemetry_tells(
    news: str,
) -> None:
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3)
        getattr(camera.client, news)()
        seen = len(receiver.frames["main"])
        await until(lambda: len(receiver.frames["main"]) > seen + 10)
        assert len(receiver.offers) == 1, "it stands: nothing is begun anew"
        receiver.forgotten.add("1")
        getattr(camera.client, news)()
        await until(lambda: camera.states == [True, False, True])
        assert len(receiver.offers) == 2 and "ended the session" in (camera.client.last_error or "")
        assert camera.client.sent["main"] >= len(receiver.frames["main"]), "counted over both sessions"


async def test_media_that_nobody_answers_is_begun_anew_only_while_telemetry_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whip_client, "IGNORED_S", 1.5)
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3)
        receiver.fall_silent()
        seen = len(receiver.frames["main"])
        await until(lambda: len(receiver.frames["main"]) > seen + 50)
        assert len(receiver.offers) == 1, "nobody says that the link is there"
        camera.client.server_reached()
        await until(lambda: len(receiver.offers) == 2)
        await until(lambda: camera.states[:3] == [True, False, True])


async def test_a_connection_that_was_being_made_when_the_link_came_back_is_made_anew() -> None:
    async with WhipReceiver(deaf=1) as receiver, published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: len(receiver.offers) == 1)
        await asyncio.sleep(0.3)  # its first checks are lost
        camera.client.server_reached()
        await until(lambda: len(receiver.frames["main"]) > 3)
        assert "came back" in (camera.client.last_error or "")


async def test_a_stalled_camera_sends_no_picture_until_it_recovers() -> None:
    async with WhipReceiver() as receiver, published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: len(receiver.frames["main"]) > 3)
        camera.client.impair(0.0, stalled=True)
        sent = camera.client._impairment
        await until(lambda: sent.stalled)
        await asyncio.sleep(0.3)
        held = len(receiver.frames["main"])
        await asyncio.sleep(0.6)
        assert len(receiver.frames["main"]) <= held + 1
        camera.client.impair(0.0, stalled=False)
        camera.picture.request_key("main")
        await until(lambda: len(receiver.frames["main"]) > held + 5)
        with pytest.raises(ValueError, match="share"):
            camera.client.impair(1.5, stalled=False)


async def test_a_failing_source_ends_the_session_and_says_why() -> None:
    async with WhipReceiver() as receiver, published(receiver, BarcodeSource(4), with_sound=False, sub=None) as camera:
        await until(lambda: camera.client.last_error is not None)
        assert camera.client.last_error == "the lens fell off"
        await until(lambda: len(receiver.tokens) >= 2)


async def test_no_server_is_one_clear_sentence() -> None:
    receiver = WhipReceiver()
    receiver.url = "http://127.0.0.1:9/whip/et17-b4"
    async with published(receiver, with_sound=False, sub=None) as camera:
        await until(lambda: camera.client.last_error is not None)
        assert camera.states == []
