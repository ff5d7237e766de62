"""Stretches of at most two seconds that begin on a key frame, and hold everything once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.depacketiser import Picture
from server.recording.segmenter import ASK_KEY_S, BEHIND_S, LONGEST_S, Arrival, Segmenter, Stretch, muxed
from tests.server.recording.coded import FPS, OPUS_S, decoded, h264, opus, vp8

T0 = 1_800_000_000.0


def arrival(at: float) -> Arrival:
    return Arrival(at, at - 5.0, at + 0.03)


def pictures(count: int, keys: set[int] | None = None, codec: str = "H264") -> list[Picture]:
    """Whole pictures; those of `keys` are key frames (of other content: only the segmenter looks at them)."""
    coded = (h264 if codec == "H264" else vp8)(2)
    units = (coded[0].units, coded[1].units)
    wanted = keys if keys is not None else {0}
    return [Picture(index, units[0] if index in wanted else units[1], index in wanted) for index in range(count)]


def cut(
    sent: list[Picture], *, sound: bool = True, fps: float = FPS, segmenter: Segmenter | None = None
) -> list[Stretch]:
    segmenter = segmenter or Segmenter("main", "H264")
    heard = 0
    packets = opus(1)
    for index, picture in enumerate(sent):
        at = T0 + index / fps
        while sound and T0 + heard * OPUS_S < at:
            segmenter.add_sound(packets[0], arrival(T0 + heard * OPUS_S))
            heard += 1
        segmenter.add_picture(picture, arrival(at))
    segmenter.flush()
    return segmenter.ready


@given(st.sets(st.integers(1, 119)), st.sampled_from([5.0, 10.0, 15.0, 25.0]), st.booleans())
def test_each_sample_is_in_one_stretch_and_none_is_longer_than_two_seconds(
    keys: set[int], fps: float, sound: bool
) -> None:
    sent = pictures(120, keys | {0})
    found = cut(sent, sound=sound, fps=fps)
    assert [picture for one in found for _, picture in one.pictures] == sent
    heard = [at for one in found for at, _ in one.sounds]
    assert heard == sorted(set(heard))
    assert len(heard) == (0 if not sound else sum(1 for n in range(10_000) if n * OPUS_S < 119 / fps))
    for one in found:
        assert one.end - one.begin <= LONGEST_S + 1e-6
    for one, following in pairwise(found):
        assert one.end == following.begin


def test_a_key_frame_when_it_was_asked_for_begins_each_stretch() -> None:
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    is_asked = True
    for index in range(150):
        at = T0 + index / FPS
        segmenter.add_picture(key if is_asked else other, arrival(at))
        is_asked = segmenter.wants_key(at)
    assert len(segmenter.ready) >= 5
    assert all(one.is_keyed for one in segmenter.ready)
    assert all(ASK_KEY_S <= one.end - one.begin <= LONGEST_S for one in segmenter.ready)


def test_pictures_before_the_first_key_frame_are_not_kept() -> None:
    found = cut(pictures(30, {7}))
    assert sum(len(one.pictures) for one in found) == 23
    assert found[0].is_keyed


def test_pictures_that_cannot_be_kept_are_told_while_the_sound_goes_on() -> None:
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    headless = Picture(0, tuple(unit for unit in key.units if unit[0] & 31 not in (7, 8)), True)
    assert cut([headless] + [other] * 30, segmenter=segmenter)[0].pictures == []
    assert "no parameter sets in its key frames" in segmenter.trouble(T0 + 2, T0)
    segmenter.add_picture(key, arrival(T0 + 3))
    assert segmenter.trouble(T0 + 100, T0) == ""


def test_a_camera_that_never_sends_a_key_frame_is_told_though_not_at_once() -> None:
    segmenter = Segmenter("sub", "VP8")
    _, other = pictures(2, codec="VP8")
    assert segmenter.trouble(T0, T0) == ""
    for index in range(4):
        segmenter.add_picture(other, arrival(T0 + index))
    assert segmenter.trouble(T0 + 4, T0) == ""
    assert "(sub) cannot be recorded: no key frame has come for 5 s" in segmenter.trouble(T0 + 6, T0)
    assert segmenter.trouble(T0 + 6, T0 + 5) == ""  # nobody has asked for one until just now
    assert segmenter.takes("VP8")  # a new session
    assert segmenter.trouble(T0 + 60, T0) == ""


def test_a_key_frame_of_another_size_begins_a_stretch_at_once() -> None:
    segmenter = Segmenter("main", "H264")
    small, large = (Picture(0, h264(1, *size)[0].units, True) for size in ((320, 180), (640, 360)))
    segmenter.add_picture(small, arrival(T0))
    segmenter.add_picture(large, arrival(T0 + 0.1))
    segmenter.flush()
    assert [(one.format.width if one.format else None, len(one.pictures)) for one in segmenter.ready] == [
        (320, 1),
        (640, 1),
    ]


def test_a_pause_ends_a_stretch_where_the_picture_stopped() -> None:
    segmenter = Segmenter("main", "H264")
    for index, picture in enumerate(pictures(20, {0, 10})):
        segmenter.add_picture(picture, arrival(T0 + index / FPS + (60.0 if index >= 10 else 0.0)))
    segmenter.flush()
    first, second = segmenter.ready
    assert abs(first.end - (T0 + 10 / FPS)) < 0.001
    assert abs(second.begin - (T0 + 60 + 10 / FPS)) < 0.001


def test_what_has_begun_is_not_held_back_when_nothing_follows() -> None:
    segmenter = Segmenter("main", "H264")
    for index, picture in enumerate(pictures(10)):
        segmenter.add_picture(picture, arrival(T0 + index / FPS))
    segmenter.idle(T0 + 1.9)
    assert segmenter.ready == []
    segmenter.idle(T0 + LONGEST_S + 0.1)
    assert len(segmenter.ready[0].pictures) == 10


def test_sound_alone_is_cut_by_time() -> None:
    segmenter = Segmenter("main", None)
    for index, packet in enumerate(opus(500)):
        segmenter.add_sound(packet, arrival(T0 + index * OPUS_S))
    segmenter.flush()
    assert [len(one.sounds) for one in segmenter.ready] == [100] * 5


def test_sound_that_goes_on_while_the_picture_stands_still_is_not_held_back() -> None:
    segmenter = Segmenter("main", "H264")
    segmenter.add_picture(pictures(1)[0], arrival(T0))
    for index, packet in enumerate(opus(500)):
        segmenter.add_sound(packet, arrival(T0 + index * OPUS_S))
        segmenter.idle(T0 + index * OPUS_S)
    assert len(segmenter.ready) >= 4
    assert all(one.end - one.begin <= LONGEST_S + BEHIND_S + 0.05 for one in segmenter.ready)


@pytest.mark.parametrize("late", ["picture", "sound"])
@pytest.mark.parametrize("since", [0.3, 1.1, 1.7, 2.3])
def test_what_was_waited_for_keeps_its_time_whatever_came_meanwhile(late: str, since: float) -> None:
    """A packet of one track is missing from `since` on, and all behind it waits 1.4 s for that; the other track goes on."""
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    shown = [(T0 + n / FPS, key if n % 24 == 0 else other) for n in range(75)]
    heard = [(T0 + n * OPUS_S, opus(1)[0]) for n in range(250)]
    came = [
        (max(at, T0 + since + 1.4) if kind == late and at >= T0 + since else at, at, one)
        for kind, sent in (("picture", shown), ("sound", heard))
        for at, one in sent
    ]
    for _, at, one in sorted(came, key=lambda one: one[0]):
        segmenter.add(one, arrival(at))
    segmenter.flush()
    assert sorted(at for stretch in segmenter.ready for at, _ in stretch.pictures) == [at for at, _ in shown]
    assert sorted(at for stretch in segmenter.ready for at, _ in stretch.sounds) == [at for at, _ in heard]
    for stretch, following in pairwise(segmenter.ready):
        assert stretch.end - stretch.begin <= LONGEST_S + 1e-6
        assert abs(following.begin - stretch.end) < 1e-6


def test_a_picture_that_was_waited_for_keeps_its_time_though_sound_has_begun_the_stretch() -> None:
    """The loop stood still: what had begun was ended, then sound of now came, and after it the pictures of before."""
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    segmenter.add_picture(key, arrival(T0))
    segmenter.add_picture(other, arrival(T0 + 0.1))
    segmenter.idle(T0 + 3.0)
    for n in range(20):
        segmenter.add_sound(opus(1)[0], arrival(T0 + 1.5 + n * OPUS_S))
    shown = [T0 + 0.2 + n * 0.1 for n in range(16)]
    for at in shown:
        segmenter.add_picture(other, arrival(at))
    segmenter.flush()
    assert [at for one in segmenter.ready for at, _ in one.pictures] == [T0, T0 + 0.1, *shown]
    for one, following in pairwise(segmenter.ready):
        assert following.begin >= one.end - 1e-6


def test_sound_that_came_before_the_picture_goes_on_with_it() -> None:
    segmenter = Segmenter("main", None)
    segmenter.add_sound(opus(1)[0], arrival(T0))
    assert segmenter.takes("H264")
    assert not segmenter.takes("VP8")
    segmenter.add_picture(pictures(1)[0], arrival(T0 + 0.05))
    segmenter.flush()
    assert [(len(one.pictures), len(one.sounds)) for one in segmenter.ready] == [(1, 1)]


def test_what_was_lost_is_told_from_the_last_whole_picture_to_the_next_key_frame() -> None:
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    for at in (0.0, 0.1, 0.2):
        segmenter.add_picture(other if at else key, arrival(T0 + at))
    segmenter.lost(3)
    for at in (0.6, 0.7):
        segmenter.add_picture(other, arrival(T0 + at))
    segmenter.add_picture(key, arrival(T0 + 1.5))
    segmenter.flush()
    spoilt, following = segmenter.ready
    (hole,) = spoilt.holes
    assert [hole.start - T0, hole.end - T0] == pytest.approx([0.3, 1.5])
    assert (hole.why, hole.packets) == ("lost", 3)
    assert following.holes == []


def test_lost_sound_spoils_no_picture() -> None:
    segmenter = Segmenter("main", "H264")
    segmenter.add_picture(pictures(1)[0], arrival(T0))
    for index in (0, 1, 4, 5):
        if index == 4:
            segmenter.lost(2, of_sound=True)
        segmenter.add_sound(opus(1)[0], arrival(T0 + index * OPUS_S))
    segmenter.add_picture(pictures(2)[1], arrival(T0 + 0.1))
    segmenter.flush()
    (hole,) = segmenter.ready[0].holes
    assert (hole.why, hole.packets) == ("sound-lost", 2)
    assert [hole.start - T0, hole.end - T0] == pytest.approx([2 * OPUS_S, 4 * OPUS_S])


@pytest.mark.parametrize("comes_back", [True, False])
def test_sound_that_goes_on_without_a_picture_is_told(comes_back: bool) -> None:
    """As where a camera gives up its main layer: nothing is lost."""
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    segmenter.add_picture(key, arrival(T0))
    segmenter.add_picture(other, arrival(T0 + 0.1))
    for index in range(500):
        segmenter.add_sound(opus(1)[0], arrival(T0 + index * OPUS_S))
    if comes_back:
        segmenter.add_picture(key, arrival(T0 + 500 * OPUS_S))
    segmenter.end()
    (hole,) = [hole for one in segmenter.ready for hole in one.holes]
    assert [hole.start - T0, hole.end - T0] == pytest.approx([0.2, 500 * OPUS_S], abs=0.1)
    assert (hole.why, hole.packets) == ("not-sent", 0)


def test_the_cameras_clock_is_told_from_the_first_report_on() -> None:
    segmenter = Segmenter("main", "H264")
    key, other = pictures(2)
    segmenter.add_picture(key, Arrival(T0, None, T0 + 0.03))
    segmenter.add_picture(other, Arrival(T0 + 0.5, 77.5, T0 + 0.53))
    segmenter.flush()
    assert segmenter.ready[0].captured_at == 77.0


def test_both_clocks_are_told_of_each_segment_where_sound_comes_before_its_picture() -> None:
    """As on any uplink that carries a picture more slowly than a sound. Told from segment to segment they went wrong by 16 ms
    a second: a minute in an hour.
    """
    segmenter, packet, heard = Segmenter("main", "H264"), opus(1)[0], 0
    for index, picture in enumerate(pictures(600, set(range(0, 600, 15)))):
        while segmenter.began is not None and heard * OPUS_S < index / FPS + 0.2:
            at = T0 + 0.013 + heard * OPUS_S
            segmenter.add_sound(packet, Arrival(at, at - 5.0, at + 0.03))
            heard += 1
        at = T0 + index / FPS
        segmenter.add_picture(picture, Arrival(at, at - 5.0, at + 0.23))
    segmenter.flush()
    told = [muxed(one, number, T0, sound=True) for number, one in enumerate(segmenter.ready)]
    assert len(told) > 30
    for one in told:
        assert one.captured_at is not None
        assert abs(one.captured_at - T0 - one.start + 5.0) < 1e-5
        assert 0 < one.received_at - T0 - one.start < 0.5


def test_segments_play_one_after_the_other_in_step() -> None:
    for codec, coded in (("H264", h264(60, key_every=20)), ("VP8", vp8(60, key_every=20))):
        sent = [Picture(index, one.units, one.is_key) for index, one in enumerate(coded)]
        found = cut(sent, segmenter=Segmenter("main", codec))
        segments = [muxed(one, number + 1, T0, sound=True) for number, one in enumerate(found)]
        assert len({one.init for one in segments}) == 1
        for one, following in pairwise(segments):
            assert abs(following.start - one.start - one.duration) < 2e-6
        film = segments[0].init + b"".join(one.data for one in segments)
        shown, heard = decoded(film, "video"), decoded(film, "audio")
        assert len(shown) == 60
        assert max(abs(at - index / FPS) for index, at in enumerate(shown)) < 0.001
        assert max(abs(at - index * OPUS_S) for index, at in enumerate(heard)) < 0.001


def test_a_segment_tells_what_is_in_it() -> None:
    (stretch,) = cut(pictures(10))
    told = muxed(stretch, 1, T0 - 10, sound=True, prerecord=True)
    assert (told.start, told.pictures, told.codec, told.sound, told.key) == (10.0, 10, "h264", True, True)
    assert (told.width, told.height, told.prerecord, told.layer) == (320, 180, True, "main")
    assert told.captured_at == T0 - 5
    assert abs(told.received_at - (T0 + 0.03)) < 1e-6
