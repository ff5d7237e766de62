"""Sources: files that go through as they are, files that are encoded anew, and clear refusals."""

from __future__ import annotations

import fractions
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from streamer.capture import CaptureError, MediaSource, Picture, Taken, passes_through
from streamer.clock import SystemClock
from streamer.encoder import Encoded
from streamer.ladder import Layer, LayerPlan
from tests.streamer.waiting import until

PLAN = LayerPlan(320, 180, 25, 400_000)


def make_file(path: Path, codec: str, options: dict[str, str], pictures: int = 20) -> Path:
    noise = np.random.default_rng(2).integers(40, 200, (180, 320, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fractions.Fraction(50), options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for n in range(pictures):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(noise, n * 3, axis=1), format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    return make_file(tmp_path / "b.mp4", "libx264", {"profile": "baseline", "g": "10", "preset": "ultrafast"})


@pytest.fixture
def with_b_frames(tmp_path: Path) -> Path:
    return make_file(tmp_path / "main.mp4", "libx264", {"profile": "main", "bf": "2", "g": "10", "preset": "veryfast"})


def taken(path: Path, count: int) -> list[Taken]:
    source = MediaSource(f"file:{path}", SystemClock()).pictures(threading.Event())
    return [next(source) for _ in range(count)]


def test_h264_without_b_frames_goes_through_as_it_is(baseline: Path) -> None:
    pictures = taken(baseline, 30)  # more than the file has: it starts anew
    assert all(p.passed is not None for p in pictures)
    first = pictures[0].passed
    assert first is not None and first.is_key and first.data[:4] == b"\0\0\0\1"
    assert b"\x67" in first.data and b"\x68" in first.data  # parameter sets lead, as viewers need them
    assert sum(bool(p.passed and p.passed.is_key) for p in pictures) == 3
    assert [p.at for p in pictures] == sorted(p.at for p in pictures)


def test_b_frames_are_noticed_and_encoded_anew(with_b_frames: Path, caplog: pytest.LogCaptureFixture) -> None:
    with av.open(str(with_b_frames)) as container:
        assert not passes_through(container.streams.video[0])
    with caplog.at_level("INFO"):
        pictures = taken(with_b_frames, 5)
    assert all(p.passed is None and p.frame is not None for p in pictures)
    assert "B-frames" in caplog.text


async def test_a_passed_file_still_has_a_sub_layer(baseline: Path) -> None:
    got: list[tuple[Layer, Encoded]] = []
    picture = Picture(MediaSource(f"file:{baseline}", SystemClock()), PLAN, LayerPlan(160, 90, 25, 100_000))
    picture.start(lambda layer, encoded: got.append((layer, encoded)))
    with pytest.raises(RuntimeError):
        picture.start(lambda layer, encoded: None)
    await until(lambda: len({layer for layer, _ in got}) == 2 and len(got) >= 12)
    await picture.stop()
    assert not picture.is_running
    sizes = {layer: decoded_size(e.data) for layer, e in got if e.is_key}
    assert sizes == {"main": (320, 180), "sub": (160, 90)}


def decoded_size(data: bytes) -> tuple[int, int]:
    decoder = av.VideoCodecContext.create("h264", "r")
    shown = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    return shown[0].width, shown[0].height


async def test_a_source_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    for name in ("file:/nowhere/film.mp4", f"file:{tmp_path / 'text.mp4'}", "v4l2:/dev/video99"):
        picture = Picture(MediaSource(name, SystemClock()), PLAN, None)
        picture.start(lambda layer, encoded: None)
        await until(lambda picture=picture: not picture.is_running)  # type: ignore[misc]
        assert name in str(picture.error)
        await picture.stop()


class Grey:
    """A grey picture, 50 times a second; `fails` once. Its times count from 1000 in steps of 40 ms, or are the clock's."""

    def __init__(self, fails: bool = False, clock: SystemClock | None = None) -> None:
        self.fails = fails
        self.clock = clock

    def pictures(self, stopped: threading.Event) -> Iterator[Taken]:
        at = 1000.0
        while not stopped.wait(0.02):
            if self.fails:
                self.fails = False
                raise CaptureError("the lens fell off")
            at = self.clock.wall() if self.clock is not None else at + 1 / 25
            yield Taken(at, av.VideoFrame.from_ndarray(np.full((180, 320, 3), 90, np.uint8), format="rgb24"))


async def test_what_is_kept_goes_on_without_a_gap_whoever_takes_the_picture_meanwhile() -> None:
    kept: list[Encoded] = []
    sent: list[Encoded] = []
    picture = Picture(Grey(), PLAN, None, "ultrafast")
    picture.keep(lambda _layer, encoded: kept.append(encoded))
    await until(lambda: len(kept) >= 3)
    for _ in range(2):
        before = len(sent)
        picture.start(lambda _layer, encoded: sent.append(encoded))
        await until(lambda before=before: len(sent) >= before + 3)  # type: ignore[misc]
        await picture.stop()
        assert sent[before].is_key, "each session begins with a key frame"
        count = len(kept)
        await until(lambda count=count: len(kept) >= count + 3)  # type: ignore[misc]
    await picture.keep_no_more()
    assert not picture.is_running
    times = [round((one.captured_at - 1000) * 25) for one in kept]
    assert times == list(range(1, len(times) + 1)), "every picture is kept once"
    assert {id(one) for one in sent} <= {id(one) for one in kept}, "the very same bytes"


async def test_what_is_only_sent_ends_with_its_session() -> None:
    sent: list[Encoded] = []
    picture = Picture(Grey(), PLAN, None, "ultrafast")
    picture.start(lambda _layer, encoded: sent.append(encoded))
    await until(lambda: len(sent) >= 2)
    assert picture.is_whole
    picture.share_uplink(60_000)
    await until(lambda: not picture.is_whole)
    await picture.stop()
    assert not picture.is_running


async def test_a_source_that_failed_is_opened_again_for_what_is_kept() -> None:
    kept: list[Encoded] = []
    picture = Picture(Grey(fails=True), PLAN, None, "ultrafast")
    picture.keep(lambda _layer, encoded: kept.append(encoded))
    await until(lambda: picture.error is not None and not picture.is_running)
    picture.keep(lambda _layer, encoded: kept.append(encoded))
    await until(lambda: len(kept) >= 2)
    await picture.keep_no_more()
