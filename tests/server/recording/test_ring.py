"""The seconds before: all that was asked for, from a key frame of each layer on, and no more than memory may hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.recording.depacketiser import Picture
from server.recording.ring import FURTHEST, Ring
from server.recording.segmenter import Stretch

SECONDS = 30.0
BOTH = ("main", "sub")


def stretch(start: float, end: float, layer: str = "main", *, is_key: bool = True, is_sound: bool = False) -> Stretch:
    found = Stretch(layer, start, start, None, end=end)
    if is_sound:
        found.sounds = [(start, b"\xfc")]
    else:
        found.pictures = [(start, Picture(0, (b"\x65",), is_key))]
    return found


def filled(kinds: list[tuple[str, str]], seconds: float = SECONDS) -> tuple[Ring, list[Stretch], float]:
    """A ring that was pruned as it grew, all that ever came, and the time: each layer's stretches are 2 s long."""
    ring, all_of, at = Ring(seconds), list[Stretch](), {"main": 0.0, "sub": 0.3}
    for layer, kind in kinds:
        one = stretch(at[layer], at[layer] + 2, layer, is_key=kind == "key", is_sound=kind == "sound")
        at[layer] += 2
        ring.add(one)
        all_of.append(one)
        ring.prune(max(at.values()), BOTH)
    return ring, all_of, max(at.values())


KINDS = st.lists(st.tuples(st.sampled_from(BOTH), st.sampled_from(["key", "delta", "delta", "sound"])))


@given(kinds=KINDS, seconds=st.sampled_from([0.0, 3.0, 7.0, SECONDS]))
def test_what_is_kept_can_be_decoded_from_its_beginning_is_all_that_was_asked_for_and_has_a_bound(
    kinds: list[tuple[str, str]], seconds: float
) -> None:
    ring, all_of, now = filled(kinds, seconds)
    kept = ring.take()
    assert not ring
    assert [one.start for one in kept] == sorted(one.start for one in kept)
    for layer in BOTH:
        came, held = ([one for one in group if one.layer == layer] for group in (all_of, kept))
        asked = [one for one in came if now - one.end <= seconds]
        assert [id(one) for one in held] == [id(one) for one in came[len(came) - len(held) :]]  # without holes
        assert all(one in held for one in asked)
        assert all(now - one.end <= FURTHEST * seconds for one in held)
        pictures = [one for one in held if one.pictures]
        within = [one for one in came if now - one.end <= FURTHEST * seconds and one.pictures and one.is_keyed]
        if pictures and within and within[0].start <= pictures[0].start:
            assert pictures[0].is_keyed
        earlier = [one for one in held if one not in asked]
        assert all(not one.pictures or not one.is_keyed for one in earlier[1:]), "more than was needed"


def test_a_camera_that_sends_a_key_frame_every_four_seconds_is_kept_from_one_on() -> None:
    ring, _, now = filled([("main", "key" if index % 2 == 0 else "delta") for index in range(40)])
    kept = ring.take()
    assert kept[0].is_keyed
    assert now - SECONDS - 4 <= kept[0].start <= now - SECONDS


def test_one_that_never_sends_any_is_kept_no_longer_than_asked() -> None:
    ring, _, now = filled([("main", "key")] + [("main", "delta")] * 40)
    assert now - ring.take()[0].end <= SECONDS


def test_what_a_camera_sent_that_is_silent_since_goes() -> None:
    ring, _, now = filled([("main", "key"), ("sub", "delta")] * 10)
    assert ring
    ring.prune(now + SECONDS + 1, ())
    assert not ring
    ring, _, now = filled([("main", "key"), ("sub", "delta")] * 10)
    ring.prune(now + SECONDS + 1, BOTH)  # something has begun that cannot be decoded by itself
    assert ring
    ring.prune(now + FURTHEST * SECONDS + 1, BOTH)
    assert not ring
