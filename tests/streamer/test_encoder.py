"""The encoder: what a live viewer can decode, when asked, and how small."""

from __future__ import annotations

from random import Random

import av
import numpy as np
import pytest

from streamer.encoder import Encoded, LayerEncoder, Layers, PassedRate
from streamer.ladder import LayerPlan

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


def kbit_per_s(pictures: list[Encoded]) -> float:
    return sum(len(picture.data) for picture in pictures) * 8 / 1000 / (len(pictures) / PLAN.fps)


def test_the_rate_follows_down_and_up_while_running_without_a_key_frame() -> None:
    encoder = LayerEncoder(PLAN)
    before = encoded(encoder, 36)[12:]
    encoder.follow(PLAN, 100_000)
    assert encoder.bps == 100_000
    follows, *low = encoded(encoder, 36, 36)
    assert not follows.is_key
    low = low[11:]
    assert kbit_per_s(low) < 150 < 200 < kbit_per_s(before)
    encoder.follow(PLAN, 10**9)
    assert encoder.bps == PLAN.bps
    after = encoded(encoder, 48, 72)[24:]
    assert kbit_per_s(after) > 200, "x264 takes over a higher rate only if it was opened at the rate of its buffer"


@pytest.mark.parametrize(("plan", "missed"), [(PLAN, 0.0), (PLAN, 0.2), (LayerPlan(320, 180, 5, 110_000), 0.0)])
def test_what_may_be_spent_is_spent_though_pictures_are_missed(plan: LayerPlan, missed: float) -> None:
    """As on a busy machine; an estimate that grows by what arrives would otherwise stay small."""
    encoder, chance, bits = LayerEncoder(plan, "ultrafast"), Random(1), 0
    for number in range(30 * plan.fps):
        at = number / plan.fps
        encoder.follow(plan, round(plan.bps * (0.7 if at < 10 else 0.9)))
        if chance.random() >= missed:
            picture = encoder.encode(frame(number), 1000 + at)
            bits += len(picture.data) * 8 if picture is not None and at >= 10 else 0
    assert 0.9 <= bits / 20 / (0.9 * plan.bps) <= 1.05


def test_a_new_plan_begins_with_a_key_frame_that_its_small_buffer_holds() -> None:
    encoder = LayerEncoder(PLAN)
    encoded(encoder, 12)
    encoder.follow(LayerPlan(160, 90, 6, 120_000), 80_000)
    picture = encoder.encode(frame(12), 1002.0)
    assert picture is not None and picture.is_key
    assert len(picture.data) * 8 < 120_000 * 0.3
    decoded = av.VideoCodecContext.create("h264", "r")
    shown = decoded.decode(av.Packet(picture.data)) + decoded.decode(None)
    assert [(one.width, one.height) for one in shown] == [(160, 90)]


def test_nothing_is_lowered_before_the_uplink_is_known() -> None:
    layers = Layers(PLAN, LayerPlan(160, 90, 6, 100_000), "ultrafast")
    layers.encode(frame(0), 1000.0)
    assert layers.bitrates() == {"main": 400_000, "sub": 100_000}


def test_main_is_given_up_and_comes_back_with_a_key_frame() -> None:
    layers = Layers(PLAN, LayerPlan(160, 90, 6, 100_000), "ultrafast")
    taken: list[tuple[str, bool, int]] = []
    for number in range(180):
        if number in (24, 84):
            layers.share_uplink(100_000 if number == 24 else 600_000)
        taken += [(layer, one.is_key, number) for layer, one in layers.encode(frame(number), 1000 + number / 12)]
    main = [(number, is_key) for layer, is_key, number in taken if layer == "main"]
    assert not any(24 <= number < 84 for number, _ in main)
    first, is_key = next(one for one in main if one[0] >= 84)
    assert is_key and first < 84 + 60, "within five seconds"
    assert sum(layer == "sub" for layer, _, _ in taken) > 80, "sub goes on"
    assert layers.bitrates() == {"main": 400_000, "sub": 100_000}


def test_main_shrinks_before_it_breaks_up_and_grows_again() -> None:
    layers = Layers(LayerPlan(640, 360, 12, 400_000), LayerPlan(160, 90, 6, 60_000), "ultrafast")
    widths = set()
    for number in range(24 * 12):
        layers.share_uplink(190_000 if 24 <= number < 72 else 900_000)
        layers.encode(frame(number), 1000 + number / 12)
        widths.add((layers.encoders["main"].plan.width, number < 24 or number > 23 * 12))
    assert widths >= {(640, True), (480, False)} and (480, True) not in widths


def test_what_goes_through_unencoded_is_left_out_while_it_does_not_fit_and_returns_with_a_key_frame() -> None:
    layers = Layers(PLAN, LayerPlan(160, 90, 6, 100_000), "ultrafast")
    passed = []
    for number in range(240):
        if number in (24, 84):
            layers.share_uplink(250_000 if number == 24 else 800_000)
        picture = Encoded(bytes(4000), 1000 + number / 12, number % 25 == 0)
        if layers.lets_pass(picture):
            passed.append((number, picture.is_key))
    assert [number for number, _ in passed[:24]] == list(range(24))
    first, is_key = next(one for one in passed if one[0] >= 40)
    assert is_key and 84 < first <= 84 + 75
    assert len(passed) - passed.index((first, is_key)) == 240 - first


def test_the_rate_of_what_goes_through_is_its_mean() -> None:
    rate = PassedRate()
    for number in range(200):
        rate.note(Encoded(bytes(20_000 if number % 25 == 0 else 3000), number / 25, number % 25 == 0))
    assert rate.bps == pytest.approx((20_000 + 24 * 3000) * 8, rel=0.4)
    before = rate.bps
    rate.note(Encoded(bytes(3000), 3.0, False))  # the clock was set back
    assert rate.bps == before


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
    layers.encode(frame(0), 1000.0)
    assert layers.bitrates() == {"main": 264_000}


def test_what_the_link_has_no_room_for_is_still_encoded_as_planned_where_it_is_kept() -> None:
    layers = Layers(PLAN, LayerPlan(160, 90, 6, 100_000), "ultrafast")
    layers.keeps = True
    taken: list[tuple[int, Encoded]] = []
    for number in range(180):
        if number in (24, 84):
            layers.share_uplink(100_000 if number == 24 else 600_000)
        taken += [(number, one) for layer, one in layers.encode(frame(number), 1000 + number / 12) if layer == "main"]
    assert [number for number, _ in taken] == list(range(180)), "no picture of it is left out"
    kept = [one for number, one in taken if 24 <= number < 84]
    assert not any(one.is_sent for one in kept)
    assert layers.bitrates()["main"] == 400_000
    back = next(one for number, one in taken if number >= 84 and one.is_sent)
    assert back.is_key
    decoder = av.VideoCodecContext.create("h264", "r")
    shown = [*decoder.decode(av.Packet(b"".join(one.data for one in kept if kept))), *decoder.decode(None)]
    assert (shown[0].width, shown[0].height) == (PLAN.width, PLAN.height)
