"""Boxes of true segments, moved in time, and of rubbish, which raises one error and no other."""

from __future__ import annotations

import io
import struct
from contextlib import suppress

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.boxes import BoxError, boxes, codecs_of, moved
from server.recording.fmp4 import PICTURE_RATE, PICTURE_TRACK, Sample, TrackRun, initialisation, media_segment
from tests.fakes.recordings import Film, usual_film, vp8_film


def times(film: bytes) -> list[list[float]]:
    with av.open(io.BytesIO(film), "r", format="mp4") as opened:
        read = [
            (packet.stream.index, float(packet.dts * packet.time_base))
            for packet in opened.demux()
            if packet.dts is not None and packet.time_base is not None
        ]
    return [[at for own, at in read if own == index] for index in (0, 1)]


@pytest.mark.parametrize("film", [usual_film(6.0, "main"), vp8_film(6.0)], ids=["libavformat's", "ours"])
@pytest.mark.parametrize("by", [0.0, 12.5, 90_000.0, -2.0])
def test_all_times_are_moved_and_nothing_else(film: Film, by: float) -> None:
    plain, there = film.init + film.segments[1], moved(film.init, film.segments[1], by)
    assert len(there) == len(plain)
    for before, after in zip(times(plain), times(there), strict=True):
        assert after == pytest.approx([at + by for at in before], abs=1e-4)
    assert there[there.index(b"mdat") :] == plain[plain.index(b"mdat") :]


def test_no_time_is_before_nought() -> None:
    film = vp8_film(2.0)
    assert times(moved(film.init, film.segments[0], -3.0))[0][0] == 0


def test_codecs_are_named_as_players_ask_for_them() -> None:
    assert codecs_of(usual_film(6.0, "main").init) == ["avc1.42c01e", "opus"]
    assert codecs_of(usual_film(6.0, "main", sound=False).init) == ["avc1.42c01e"]
    assert codecs_of(vp8_film(6.0).init) == ["vp8", "opus"]
    assert codecs_of(initialisation(None, sound=True)) == ["opus"]


def test_a_track_that_the_initialisation_does_not_know_is_no_segment_of_it() -> None:
    run = TrackRun(PICTURE_TRACK, PICTURE_RATE, [Sample(b"x", 6000)])
    with pytest.raises(BoxError, match="a track is not"):
        moved(initialisation(None, sound=True), media_segment(1, [run]), 1.0)


@given(st.data())
def test_whatever_is_cut_off_or_flipped_is_told_by_one_error(data: st.DataObject) -> None:
    film = usual_film(6.0, "main")
    whole = film.init + film.segments[0][: film.segments[0].index(b"mdat") + 400]
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    by = data.draw(st.floats(-1e9, 1e9))
    for damaged in (whole[:place], flipped, data.draw(st.binary(max_size=80))):
        split = min(len(film.init), len(damaged))
        with suppress(BoxError):
            codecs_of(damaged)
        with suppress(BoxError):
            moved(damaged[:split], damaged[split:], by)


@given(st.lists(st.tuples(st.sampled_from([b"moof", b"free", b"traf"]), st.binary(max_size=9)), max_size=6))
def test_what_stands_one_after_the_other_is_read_so(parts: list[tuple[bytes, bytes]]) -> None:
    plain = [(kind, body) for kind, body in parts if kind == b"free"]
    film = b"".join(struct.pack(">I4s", 8 + len(body), kind) + body for kind, body in plain)
    assert [(kind, film[start:end]) for kind, start, end in boxes(film)] == plain
