"""transport-cc: what a report says is what came, whatever was lost, late or wrapped, and it keeps to its budget."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import feedback
from server.media.transport_feedback import MOST_PACKETS, TICK_S, TransportFeedback


def read(packet: bytes) -> tuple[int, list[float | None]]:
    """First number and the arrivals (None: lost), as draft-holmer-rmcat-transport-wide-cc-extensions-01 says."""
    first, kind, words = struct.unpack_from("!BBH", packet)
    assert (first & 0xDF, kind, 4 + 4 * words) == (0x8F, 205, len(packet))
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    _, _, start, count, reference = struct.unpack_from("!IIHHI", packet, 4)
    symbols: list[int] = []
    at = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", packet, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> 2 * place & 3 for place in reversed(range(7))]
        else:
            symbols += [chunk >> place & 1 for place in reversed(range(14))]
    ticks, arrivals = (reference >> 8) * 256, []
    for symbol in symbols[:count]:
        assert symbol != 3
        if symbol:
            delta = packet[at] if symbol == 1 else struct.unpack_from("!h", packet, at)[0]
            at += symbol
            ticks += delta
        arrivals.append(ticks * TICK_S if symbol else None)
    assert at == end, "no byte too many, none too few"
    return start, arrivals


def told(reports: list[bytes]) -> dict[int, float]:
    found: dict[int, float] = {}
    for report in reports:
        start, arrivals = read(report)
        found |= {start + place & 0xFFFF: at for place, at in enumerate(arrivals) if at is not None}
    return found


@given(
    st.integers(0, 65_535),
    st.lists(
        st.tuples(st.integers(-20, 60), st.one_of(st.floats(0, 0.02), st.floats(0, 12))), min_size=1, max_size=120
    ),
    st.integers(1, 50),
)
def test_what_came_is_told_over_wrap_arounds_gaps_and_pauses(
    first: int, steps: list[tuple[int, float]], every: int
) -> None:
    transport, number, now = TransportFeedback(), first, 100.0
    came: dict[int, float] = {}
    heard: dict[int, float] = {}
    late, highest = set(), first
    for place, (step, passed) in enumerate(steps):
        number, now = number + step, now + passed
        if number < highest:
            late.add(number & 0xFFFF)
        highest = max(highest, number)
        came.setdefault(number & 0xFFFF, now)
        transport.note(number & 0xFFFF, 1000, now)
        if place % every == 0:
            heard |= told(transport.reports(1, 2, now))
    heard |= told(transport.reports(1, 2, now))
    for one, at in heard.items():
        assert one in came
        if one not in late:
            assert at == pytest.approx(came[one], abs=TICK_S)
    assert heard.keys() >= came.keys() - late, "only what was very late may be left out"


def test_a_late_packet_is_told_with_all_since() -> None:
    transport = TransportFeedback()
    for number in (65_534, 65_535, 1):
        transport.note(number, 1000, 1.0)
    assert told(transport.reports(1, 2, 1.0)).keys() == {65_534, 65_535, 1}
    transport.note(0, 1000, 1.1)
    (report,) = transport.reports(1, 2, 1.1)
    start, arrivals = read(report)
    assert start == 0
    assert arrivals == [pytest.approx(1.1, abs=TICK_S), pytest.approx(1.0, abs=TICK_S)]
    assert transport.reports(1, 2, 1.2) == [], "nothing came since"


def test_long_runs_and_mixtures_are_short() -> None:
    transport = TransportFeedback()
    for number in range(500):
        transport.note(number, 1000, 1.0 + number * 0.001)
    (report,) = transport.reports(1, 2, 1.5)
    assert len(report) <= 20 + 2 + 500 + 3, "one chunk, a byte for each packet"
    for number in range(500, 1000, 2):
        transport.note(number, 1000, 2.0 + number * 0.001)
    (report,) = transport.reports(1, 2, 3.0)
    assert len(report) <= 20 + 2 * 40 + 250 + 8, "14 to a chunk"


def test_a_gap_of_an_outage_is_not_spelt_out() -> None:
    transport = TransportFeedback()
    transport.note(0, 1000, 1.0)
    transport.reports(1, 2, 1.0)
    transport.note(30_000, 1000, 9.0)
    assert sum(len(read(report)[1]) for report in transport.reports(1, 2, 9.0)) <= MOST_PACKETS


@pytest.mark.parametrize("bits_per_s", [100e3, 250e3, 2e6, 8e6])
def test_feedback_takes_its_share_and_no_more(bits_per_s: float) -> None:
    transport, sent, count, now = TransportFeedback(), 0, 0, 0.0
    for number in range(int(bits_per_s / 8 / 1000 * 20)):
        now = number * 8000 / bits_per_s
        transport.note(number & 0xFFFF, 1000, now)
        if now >= transport.due_at:
            found = transport.reports(1, 2, now)
            count += len(found)
            sent += sum(len(report) + 54 for report in found)
    assert sent * 8 / 20 <= max(0.06 * bits_per_s, 4 * 8 * 110)
    assert 3 <= count / 20 <= 21


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=200))
def test_any_numbers_make_reports_that_are_rtcp(numbers: list[int]) -> None:
    transport = TransportFeedback()
    for place, number in enumerate(numbers):
        transport.note(number, 100, 1.0 + place * 0.01)
        for report in transport.reports(1, 2, 1.0 + place * 0.01):
            assert feedback.parse(report) == []
            read(report)
