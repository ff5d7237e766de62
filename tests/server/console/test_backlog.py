"""A console's backlog: entries are never lost or reordered, the rest is coalesced, and it never grows without end."""

from __future__ import annotations

from typing import Any

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from server import wire
from server.console.backlog import LIMIT_BYTES, Backlog

actions = st.lists(
    st.one_of(
        st.tuples(st.just("entry"), st.integers(1, 400)),
        st.tuples(st.just("again"), st.integers(1, 20)),
        st.tuples(st.just("latest"), st.integers(0, 5)),
        st.tuples(st.just("beat"), st.just(0)),
        st.tuples(st.just("take"), st.integers(1, 5)),
    ),
    max_size=60,
)


def unpacked(raw: bytes) -> dict[str, Any]:
    return wire.unpack_map(raw, LIMIT_BYTES * 2)


@given(actions, st.sampled_from([600, 5_000, LIMIT_BYTES]))
def test_entries_arrive_once_and_in_order_or_the_backlog_says_that_it_overflowed(
    steps: list[tuple[str, int]], limit: int
) -> None:
    backlog = Backlog(0, limit)
    seq, version, got, fixes = 0, 0, [], {}
    beat_of: list[tuple[int, int]] = []
    told: dict[str, int] = {}
    for what, number in steps:
        if what == "entry":
            seq += 1
            backlog.add_entry(seq, wire.pack_map({"t": "entry", "seq": seq, "fill": "x" * number}))
        elif what == "again":
            old = max(1, seq - number)
            backlog.add_entry(min(old, seq), b"must not be sent again")
        elif what == "latest":
            version += 1
            told[f"cam-{number}"] = version
            backlog.add_latest({f"cam-{number}": wire.pack_map({"version": version, "id": f"cam-{number}"})}, {})
        elif what == "beat":
            backlog.add_beat()
        for _ in range(number if what == "take" else 0):
            raw = backlog.take(1.5)
            if raw is None:
                break
            message = unpacked(raw)
            if message["t"] == "entry":
                got.append(message["seq"])
            elif message["t"] == "latest":
                fixes.update({fix["id"]: fix["version"] for fix in message["fixes"]})
            else:
                beat_of.append((message["seq"], got[-1] if got else 0))
        assert 0 <= backlog.size <= limit
    while (raw := backlog.take(2.0)) is not None:
        message = unpacked(raw)
        if message["t"] == "entry":
            got.append(message["seq"])
        elif message["t"] == "latest":
            fixes.update({fix["id"]: fix["version"] for fix in message["fixes"]})
    assert got == list(range(1, len(got) + 1))
    assert all(claimed == received for claimed, received in beat_of)
    if not backlog.overflowed:
        assert len(got) == seq
        assert fixes == told
        assert backlog.size == 0


def test_latest_is_one_message_with_the_newest_of_each_camera() -> None:
    backlog = Backlog(0)
    backlog.add_latest({"a": msgpack.packb({"v": 1})}, {"a": msgpack.packb({"u": 1})})
    backlog.add_latest({"a": msgpack.packb({"v": 2}), "b": msgpack.packb({"v": 3})}, {})
    raw = backlog.take(9.5)
    assert raw is not None
    expected = {"t": "latest", "server_time": 9.5, "fixes": [{"v": 2}, {"v": 3}], "units": [{"u": 1}]}
    assert unpacked(raw) == expected
    assert backlog.take(9.5) is None


def test_alerts_go_before_positions_and_positions_before_the_beat() -> None:
    backlog = Backlog(6)
    backlog.add_beat()
    backlog.add_latest({}, {"a": msgpack.packb({})})
    backlog.add_entry(7, wire.pack_map({"t": "entry"}))
    kinds = [unpacked(raw)["t"] for raw in iter(lambda: backlog.take(1.0), None)]
    assert kinds == ["entry", "latest", "beat"]


def test_an_entry_is_refused_rather_than_dropped_silently() -> None:
    backlog = Backlog(0, limit_bytes=10)
    backlog.add_entry(1, b"12345678")
    backlog.add_entry(2, b"123")
    assert backlog.overflowed
    assert backlog.position == 1
    assert backlog.take(1.0) is None
