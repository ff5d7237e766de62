"""The ring: what it gives back is what was put, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.packet import HEADER
from server.media.packet_cache import PacketCache


@given(
    st.lists(st.tuples(st.integers(65_536, 65_700), st.booleans()), max_size=200),
    st.integers(0, 200),
    st.integers(65_500, 65_720),
)
def test_a_packet_is_itself_or_absent(puts: list[tuple[int, bool]], after: int, before: int) -> None:
    cache, let_go = PacketCache(32), 0
    for number, (sequence, key) in enumerate(puts):
        cache.put(sequence, str(sequence).encode(), key=key)
        if number == after and cache.newest is not None and before <= cache.newest:
            cache.let_go(before)
            let_go = before
    for sequence in range(65_500, let_go):
        assert cache.get(sequence) is None and cache.is_old(sequence), "no filler may take its number"
    for sequence in range(65_500, 65_720):
        assert cache.get(sequence) in (None, str(sequence).encode())
    if puts:
        newest = max(sequence for sequence, _ in puts)
        assert cache.newest == newest
        assert cache.get(newest) is not None
    burst = cache.since_key_frame()
    assert [sequence for sequence, _ in burst] == sorted({sequence for sequence, _ in burst})
    if burst:
        assert (burst[0][0], True) in puts
        assert all(content == str(sequence).encode() for sequence, content in burst)


def packet(sequence: int, timestamp: int) -> bytes:
    return HEADER.pack(0x80, 0, sequence & 0xFFFF, timestamp, 7) + b"content"


def test_the_burst_starts_at_the_last_key_frame() -> None:
    cache = PacketCache(16)
    for sequence in range(100, 110):
        cache.put(sequence, packet(sequence, sequence * 3600), key=sequence in (102, 106))
    assert [sequence for sequence, _ in cache.since_key_frame()] == [106, 107, 108, 109]
    for sequence in range(110, 130):
        cache.put(sequence, b"")
    assert cache.since_key_frame() == [], "the key frame has left the ring"


@given(st.permutations([1, 2, 3]))
def test_a_key_frame_starts_at_the_first_of_its_parts_in_whatever_order_they_come(order: list[int]) -> None:
    cache = PacketCache(16)
    cache.put(65_536, packet(65_536, 0), key=True)
    for part in order:
        cache.put(65_536 + part, packet(part, 3600), key=part != 2)
    assert [sequence for sequence, _ in cache.since_key_frame()] == [65_537, 65_538, 65_539]


def test_the_size_is_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        PacketCache(100)
