"""Playlists: what RFC 8216 asks of them, and the server's time on every segment."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from server.replay.footage import Placed
from server.replay.playlist import in_turn, playlist

BASE = 1_800_000_000.0


def part(n: int, at: float, **more: object) -> Placed:
    made = Placed(
        "r1", "main", n, f"main/{n:06}.m4s", "main/init-1.mp4", at, 2.0, BASE + at, True, "h264", True, False, False
    )
    return replace(made, **more)  # type: ignore[arg-type]


def written(parts: list[Placed], growing: bool = False) -> list[str]:
    return playlist(parts, growing=growing, address=lambda one, file: f"{one}/{file}").splitlines()


def test_a_closed_recording_is_complete_and_every_segment_has_its_time() -> None:
    lines = written([part(1, 0.0), part(2, 2.0)])
    assert lines[:2] == ["#EXTM3U", "#EXT-X-VERSION:7"]
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in lines and lines[-1] == "#EXT-X-ENDLIST"
    times = [line for line in lines if line.startswith("#EXT-X-PROGRAM-DATE-TIME:")]
    assert times == [f"#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:0{s}.000Z" for s in (0, 2)]
    assert [line for line in lines if line.startswith("#EXTINF")] == [
        "#EXTINF:2.000000,0.000000 to 2.000000",
        "#EXTINF:2.000000,2.000000 to 4.000000",
    ]
    assert lines.count('#EXT-X-MAP:URI="r1/main/init-1.mp4"') == 1 and "#EXT-X-DISCONTINUITY" not in lines


def test_a_segment_whose_pictures_need_those_before_it_says_so() -> None:
    lines = written([part(1, 0.0), part(2, 2.0, key=False)])
    assert [line for line in lines if line.startswith("#EXTINF")] == [
        "#EXTINF:2.000000,0.000000 to 2.000000",
        "#EXTINF:2.000000,2.000000 to 4.000000 between key frames",
    ]
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in lines


def test_an_open_one_grows_and_has_no_end() -> None:
    lines = written([part(1, 0.0)], growing=True)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in lines and "#EXT-X-ENDLIST" not in lines


def test_what_grows_is_only_added_to_at_its_end() -> None:
    """RFC 8216 4.3.3.5 and 6.2.1."""
    first = written([part(1, 0.0), part(3, 2.0, filled=True), part(2, 4.0)], growing=True)
    later = written([part(1, 0.0), part(3, 2.0, filled=True), part(2, 4.0), part(4, 6.0)], growing=True)
    assert later[: len(first)] == first


@given(
    st.lists(st.tuples(st.floats(-4, 4), st.floats(0.1, 2.0)), min_size=2, max_size=30),
    st.lists(st.floats(0, 30), max_size=4),
)
def test_a_playlist_that_grows_is_only_added_to_however_late_pictures_come(
    steps: list[tuple[float, float]], back: list[float]
) -> None:
    """A late one is written behind what is of after it: 000032, of 10:43:01.8, came after 000031, of 10:43:03.5."""
    filled = [part(n, at, file=f"back-1/main/{n:06}.m4s", filled=True) for n, at in enumerate(back, 1)]
    at, parts, before = 20.0, list[Placed](), list[str]()
    for n, (step, duration) in enumerate(steps, 1):
        at += step
        parts.append(part(n, at, duration=duration))
        known = sorted([*parts, *filled], key=lambda one: (one.at, one.n))
        lines = written(in_turn(known, growing=n < len(steps)), growing=True)
        assert lines[: len(before)] == before
        before = lines
    told = [line for line in before if line.startswith("#EXT-X-PROGRAM")]
    assert told == sorted(told)
    assert sum("back-1" in line for line in before) == len(back)  # MAP has the recording's own
    assert "r1/main/000001.m4s" in before


def test_of_what_comes_in_turn_nothing_is_left_out_of_a_playlist_that_grows() -> None:
    parts = [part(1, 0.0), part(2, 2.0), part(1, 9.0, recording_id="r2"), part(2, 11.0, recording_id="r2")]
    assert in_turn(parts, growing=True) == parts


def test_a_gap_another_size_and_another_recording_are_discontinuities() -> None:
    parts = [part(1, 0.0), part(2, 8.0), part(3, 10.0, init="main/init-2.mp4"), part(1, 20.0, recording_id="r2")]
    lines = written(parts)
    assert lines.count("#EXT-X-DISCONTINUITY") == 3
    maps = [line for line in lines if line.startswith("#EXT-X-MAP")]
    assert maps == [f'#EXT-X-MAP:URI="{one}.mp4"' for one in ("r1/main/init-1", "r1/main/init-2", "r2/main/init-1")]


@given(st.lists(st.tuples(st.floats(0.02, 2.0), st.floats(0, 5)), min_size=1, max_size=30), st.booleans())
def test_no_segment_is_longer_than_the_target_and_none_is_lost(cuts: list[tuple[float, float]], growing: bool) -> None:
    at, parts = 0.0, []
    for n, (duration, pause) in enumerate(cuts, 1):
        parts.append(part(n, at, duration=duration))
        at += duration + pause
    lines = written(parts, growing)
    target = int(next(line for line in lines if "TARGETDURATION" in line).split(":")[1])
    shown = [float(found[1]) for line in lines if (found := re.match(r"#EXTINF:([\d.]+),", line))]
    assert len(shown) == len(parts) and all(round(one) <= target for one in shown)
    assert target == 2  # it may never change while a recording grows
