"""What the camera holds and keeps: nothing of what it records is left out, and of the time before as much as was asked."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.wire import Coded, coded_in
from streamer.reel import CHUNK_S, Chunk, Reel

T = 1_800_000_000.0


def picture(at: float, layer: str = "main", is_key: bool = False) -> Coded:
    return Coded(layer, T + at, is_key, f"{layer} {at}".encode())


def filled(reel: Reel, start: float, end: float, step: float = 0.1) -> None:
    for index in range(round((end - start) / step)):
        reel.add(picture(start + index * step, is_key=index % 40 == 0))


def units(chunks: list[Chunk]) -> list[Coded]:
    return list(coded_in(chunk.data for chunk in chunks))


def test_recording_keeps_everything_from_its_seconds_before_on() -> None:
    reel = Reel(before_s=10)
    filled(reel, 0, 60)
    assert reel.take() == [], "nothing is written while nothing is recorded"
    reel.begin(T + 60)
    filled(reel, 60, 70)
    reel.end()
    chunks = reel.take()
    found = [one.captured_at - T for one in units(chunks)]
    assert 60 - 10 - 2 * CHUNK_S <= found[0] <= 50 and found[-1] > 69.8
    assert all(abs(after - before - 0.1) < 1e-6 for before, after in pairwise(found))
    assert {chunk.ordered_at for chunk in chunks} == {T + 60}
    assert all(chunk.end - chunk.start <= CHUNK_S + 0.2 for chunk in chunks)
    filled(reel, 70, 80)
    assert reel.take() == []


def test_without_seconds_before_it_begins_with_the_order() -> None:
    reel = Reel(before_s=0)
    filled(reel, 0, 10)
    reel.begin(T + 10)
    reel.begin(T + 11)
    filled(reel, 10, 13)
    reel.end()
    assert units(reel.take())[0].captured_at == T + 10


def test_a_chunk_names_the_layers_that_can_be_entered_in_it() -> None:
    reel = Reel(0)
    reel.begin(T)
    reel.add(picture(0, is_key=True))
    reel.add(picture(0.1, "sub"))
    reel.add(Coded("sound", T + 0.2, True, b"opus"))
    reel.end()
    (chunk,) = reel.take()
    assert chunk.keyed == {"main"} and (chunk.start, chunk.end) == (T, T + 0.2)


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    reel = Reel(0)
    reel.begin(T)
    for at in (0, 0.1, -3600, -3599.9, 5000):
        reel.add(picture(at))
    reel.end()
    chunks = reel.take()
    assert [round(one.captured_at - T, 3) for one in units(chunks)] == [0, 0.1, -3600, -3599.9, 5000]
    assert all(chunk.start <= chunk.end <= chunk.start + CHUNK_S for chunk in chunks)


@given(st.lists(st.tuples(st.floats(-5, 5), st.sampled_from(["unit", "begin", "end"])), max_size=60), st.integers(0, 6))
def test_each_unit_of_a_recording_is_kept_once_in_its_order(steps: list[tuple[float, str]], before_s: int) -> None:
    reel, at, recording = Reel(before_s), 100.0, False
    recorded: list[float] = []
    for step, what in steps:
        at += step
        if what == "unit":
            reel.add(picture(at))
            recorded += [at] * recording
        elif what == "begin":
            reel.begin(T + at)
            recording = True
        else:
            reel.end()
            recording = False
    reel.end()
    kept = [one.captured_at - T for one in units(reel.take())]
    left = iter(kept)
    assert all(any(abs(one - other) < 1e-5 for other in left) for one in recorded)
