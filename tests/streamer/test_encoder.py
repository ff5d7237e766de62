"""The encoder: what a live viewer can decode, when asked, and how small."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.encoder import Encoded, LayerEncoder, LayerPlan, Layers

PLAN = LayerPlan(320, 180, 12, 400_000)
NOISE = np.random.default_rng(3).integers(0, 255, (180, 320, 3), dtype=np.uint8)


def frame(n: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(NOISE // 3 + 60, n * 4, axis=1)), format="rgb24")


def encoded(encoder: LayerEncoder, count: int, start: int = 0) -> list[Encoded]:
    out = [encoder.encode(frame(n), 1000 + n / PLAN.fps) for n in range(start, start + count)]
    assert all(e is not None for e in out), "zerolatency: a picture in, a picture out"
    return [e for e in out if e is not None]


def nal_types(data: bytes) -> list[int]:
    return [part[0] & 0x1F for part in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]]


def test_constrained_baseline_without_b_frames_and_with_parameter_sets_in_every_key_frame() -> None:
    pictures = encoded(LayerEncoder(PLAN), 60)
    sps = pictures[0].data.index(b"\x67")
    profile, constraints = pictures[0].data[sps + 1], pictures[0].data[sps + 2]
    assert profile == 66 and constraints & 0x40  # profile_idc 66 with constraint_set1: 42e0xx's family
    assert [p.is_key for p in pictures].count(True) == 2  # the first, and after four seconds
    for picture in pictures:
        types = nal_types(picture.data)
        assert ({7, 8, 5} <= set(types)) == picture.is_key
    decoder = av.VideoCodecContext.create("h264", "r")
    shown = [f for p in pictures for f in decoder.decode(av.Packet(p.data))] + decoder.decode(None)
    assert len(shown) == 60 and not decoder.has_b_frames
    assert not any(f.pict_type == av.video.frame.PictureType.B for f in shown)


def test_a_key_frame_comes_when_asked_but_not_twice_at_once() -> None:
    encoder = LayerEncoder(PLAN)
    encoded(encoder, 10)
    encoder.request_key()
    assert [p.is_key for p in encoded(encoder, 2, 10)] == [True, False]
    encoder.request_key()  # a moment later: it has to wait until half a second has passed
    later = [p.is_key for p in encoded(encoder, 8, 12)]
    assert later.index(True) == 4 and later.count(True) == 1


def test_the_rate_can_be_lowered_to_100_kbit_while_running() -> None:
    encoder = LayerEncoder(PLAN)
    before = encoded(encoder, 48)
    encoder.set_bitrate(1)
    assert encoder.bps == 100_000
    after = encoded(encoder, 96, 48)[48:]
    bits = sum(len(p.data) for p in after) * 8 / 4
    assert bits < 150_000 < sum(len(p.data) for p in before) * 8 / 4
    encoder.set_bitrate(10**9)
    assert encoder.bps == PLAN.bps


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**8))
def test_an_uplink_is_shared_without_promising_more_than_it_has(bps: int) -> None:
    layers = Layers(LayerPlan(64, 64, 10, 600_000), LayerPlan(32, 32, 5, 110_000), "ultrafast")
    layers.share_uplink(bps)
    main, sub = layers.encoders["main"].bps, layers.encoders["sub"].bps
    assert 100_000 <= main <= 600_000 and 100_000 <= sub <= 110_000
    if bps > 600_000:
        assert main + sub <= bps


def test_the_sub_layer_takes_only_its_own_rate() -> None:
    layers = Layers(PLAN, LayerPlan(160, 90, 6, 100_000), "ultrafast")
    taken = [layer for n in range(24) for layer, _ in layers.encode(frame(n), 1000 + n / 12)]
    assert taken.count("main") == 24 and taken.count("sub") == 12


def test_a_clock_that_steps_back_stops_nothing() -> None:
    encoder = LayerEncoder(PLAN)
    assert encoder.encode(frame(0), 1000.0) is not None
    assert encoder.is_due(900.0)
    assert encoder.encode(frame(1), 900.0) is not None


def test_an_unknown_layer_is_not_asked() -> None:
    layers = Layers(PLAN, None)
    layers.request_key("sub")
    layers.share_uplink(300_000)
    assert layers.encoders["main"].bps == pytest.approx(264_000)
