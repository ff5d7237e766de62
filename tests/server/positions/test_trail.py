"""Trails are the same whatever came twice, and in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import wire
from server.positions.fix import Fix, judge
from server.positions.trail import TrailError, chunk_of, merge, pack, thin, unpack

NOW = 1_800_000_000.0

fixes = st.builds(
    lambda box, seq, at, received, speed: judge(
        "cam-1",
        box,
        wire.Fix(seq=seq, at=at, lat=51, lon=-1, accuracy_m=4, speed_mps=speed),
        None,
        received,
    ),
    st.sampled_from(["outbox-a", "outbox-b"]),
    st.integers(1, 6),
    st.floats(NOW - 30, NOW + 30),
    st.floats(NOW, NOW + 30),
    st.none() | st.floats(0, 50),
)
trails = st.lists(fixes, max_size=12)


@given(trails, trails, trails)
def test_merging_is_idempotent_commutative_and_associative(a: list[Fix], b: list[Fix], c: list[Fix]) -> None:
    assert merge(a, a) == merge(a)
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(trails)
def test_each_number_is_kept_once_in_order_of_time(many: list[Fix]) -> None:
    merged = merge(many)
    names = [(fix.outbox_id, fix.seq) for fix in merged]
    assert len(set(names)) == len(names) == len({(fix.outbox_id, fix.seq) for fix in many})
    assert [fix.at for fix in merged] == sorted(fix.at for fix in merged)


@given(trails)
def test_packing_loses_nothing(many: list[Fix]) -> None:
    assert unpack("cam-1", pack(many)) == many


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_with_one_kind_of_error(body: bytes) -> None:
    try:
        unpack("cam-1", body)
    except TrailError:
        return


def test_a_newer_format_is_named() -> None:
    with pytest.raises(TrailError, match="format 9"):
        unpack("cam-1", b"\x92\x09\x90")


def test_a_fix_from_the_future_goes_where_it_will_be_found() -> None:
    future = judge("cam-1", "o", wire.Fix(seq=1, at=NOW + 9999, lat=0, lon=0, accuracy_m=1), None, NOW)
    assert chunk_of(future) == ("cam-1", int(NOW // 60))


@given(trails, st.integers(2, 6))
def test_thinning_keeps_both_ends(many: list[Fix], at_most: int) -> None:
    thinned = thin(many, at_most)
    assert len(thinned) == min(len(many), at_most)
    if many:
        assert thinned[0] is many[0]
        assert thinned[-1] is many[-1]
