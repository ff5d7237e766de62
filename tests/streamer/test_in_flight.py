"""What is on its way stays within a round trip's worth, whatever the link does; without receipts nothing starves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.in_flight import LEAST_BYTES, PROBE_S, SILENT_S, InFlight

PACKET = 1200
RECEIPT_EVERY_S = 0.05
DELAY_S = 0.03
SSRC = 7


@dataclass
class Camera:
    """Sends packets of a picture at 1.25 of `bps` as far as it may, into a link whose rate is `link_bps`, 0 for none.

    The server sends a receipt with a packet that comes, RECEIPT_EVERY_S after the last or later. Steps of 1 ms.
    """

    bps: float
    link_bps: float
    receipts: bool = True
    jitter_s: float = 0.0
    now: float = 0.0
    flight: InFlight = field(default_factory=InFlight)
    sent: list[float] = field(default_factory=list)
    most_bytes: int = 0
    longest_queue_s: float = 0.0

    def __post_init__(self) -> None:
        self.number = 65_500  # it wraps
        self._next_at = self._free_at = self._receipt_at = 0.0
        self._came: deque[tuple[float, int]] = deque()
        self._receipts: deque[tuple[float, int]] = deque()
        self._chance = Random(1)

    def play(self, seconds: float) -> None:
        """Let it run."""
        for _ in range(round(seconds * 1000)):
            self.now += 0.001
            self._serve()
            if self.now >= self._next_at:
                wait = self.flight.wait_s(self.bps, self.now)
                if wait:
                    self._next_at = self.now + wait
                else:
                    self._send()

    def _send(self) -> None:
        self._next_at = max(self._next_at, self.now - 0.01) + 8 * PACKET / (1.25 * self.bps)
        self.number = (self.number + 1) & 0xFFFF
        self.flight.sent(SSRC, self.number, PACKET, self.now)
        self.sent.append(self.now)
        self.most_bytes = max(self.most_bytes, self.flight.bytes)
        if self.link_bps:
            self._free_at = max(self.now, self._free_at) + 8 * PACKET / self.link_bps
            self.longest_queue_s = max(self.longest_queue_s, self._free_at - self.now)
            last = self._came[-1][0] if self._came else 0.0
            came_at = self._free_at + DELAY_S + self._chance.uniform(0, self.jitter_s)
            self._came.append((max(last, came_at), self.number))

    def _serve(self) -> None:
        while self._came and self._came[0][0] <= self.now:
            at, number = self._came.popleft()
            if self.receipts and at >= self._receipt_at:
                self._receipt_at = at + RECEIPT_EVERY_S
                self._receipts.append((at + DELAY_S, number))
        while self._receipts and self._receipts[0][0] <= self.now:
            self.flight.received(SSRC, self._receipts.popleft()[1], self.now)

    def sent_bps(self, since: float) -> float:
        """What left since then."""
        return 8 * PACKET * sum(at > since for at in self.sent) / (self.now - since)


@pytest.mark.parametrize("bps", [100e3, 400e3, 2e6, 4e6])
def test_a_link_that_carries_what_was_told_is_never_held_back(bps: float) -> None:
    camera = Camera(bps, 1.3 * bps)
    camera.play(10)
    assert camera.sent_bps(2.0) > 1.2 * bps


@pytest.mark.parametrize(("before", "after"), [(2e6, 250e3), (1e6, 110e3)])
def test_a_link_that_has_fallen_far_gets_no_more_than_a_round_trip_holds(before: float, after: float) -> None:
    """Though nothing else is told for 1.5 s. Without the bound they would take 15 s to get through."""
    camera = Camera(before, 1.3 * before)
    camera.play(5)
    camera.link_bps = after
    camera.play(1.5)
    assert camera.longest_queue_s < 0.27 * before / after
    assert 8 * camera.flight.bytes / before < 0.27


def window_s(bps: float, least_s: float, most_s: float) -> float:
    """Of a route whose round trip is now this, now that, with receipts 0.1 s apart."""
    flight = InFlight()
    for number in range(400):
        now = 0.1 * number
        flight.sent(SSRC, number, PACKET, now)
        flight.received(SSRC, number, now + (least_s if number % 2 else most_s))
    return 8 * flight.window(bps) / bps


def test_that_a_packet_waits_for_the_one_before_it_is_no_jitter_of_the_link() -> None:
    """On 110 kbit/s one takes 44 to 87 ms. Six times that was allowed for: 0.4 s of queue before an alert."""
    assert window_s(110e3, 0.06, 0.06) == pytest.approx(0.06 + 1.5 * 0.1 + 0.03, abs=0.01)
    assert window_s(110e3, 0.06, 0.10) == pytest.approx(window_s(110e3, 0.06, 0.06), abs=0.01)
    assert window_s(2e6, 0.06, 0.10) > window_s(2e6, 0.06, 0.06) + 0.2, "there it is the link's own"
    assert window_s(110e3, 0.06, 0.36) > window_s(110e3, 0.06, 0.06) + 0.3, "and so is that"


def test_jitter_of_300_ms_holds_it_back_for_a_few_seconds_only() -> None:
    camera = Camera(1e6, 2e6)
    camera.play(5)
    camera.jitter_s = 0.3
    camera.play(15)
    assert camera.sent_bps(11.0) > 1e6


@settings(max_examples=60, deadline=None)
@given(
    st.floats(100e3, 4e6),
    st.lists(st.tuples(st.floats(50e3, 8e6) | st.just(0.0), st.floats(0.2, 0.8)), min_size=1, max_size=6),
)
def test_what_is_on_its_way_never_exceeds_the_window_while_receipts_come(
    bps: float, stretches: list[tuple[float, float]]
) -> None:
    """Whatever the link does; while it stands still, a packet each PROBE_S goes, and tells that it is back."""
    camera = Camera(bps, 2 * bps)
    camera.play(3)
    window = camera.flight.window(bps)
    camera.most_bytes = 0
    for link_bps, seconds in stretches:
        camera.link_bps = link_bps
        began = camera.now
        for _ in range(round(seconds * 20)):
            camera.play(0.05)
            window = max(window, camera.flight.window(bps))
        assert window < float("inf")
        assert camera.most_bytes <= window + PACKET * (2 + (camera.now - 3) / PROBE_S)
        gaps = [later - earlier for earlier, later in pairwise([began, *(at for at in camera.sent if at > began)])]
        assert max(gaps, default=0.0) < max(PROBE_S + 0.1, 16 * LEAST_BYTES / (link_bps or 8e6) + 8 * window / 50e3)


def test_it_goes_on_when_no_receipt_comes_any_more() -> None:
    camera = Camera(1e6, 2e6)
    camera.play(3)
    camera.receipts = False
    camera.play(4)
    assert 10 <= sum(at > 4.0 for at in camera.sent) <= 12, "one in 0.25 s"
    camera.play(SILENT_S)
    assert camera.sent_bps(camera.now - 1) > 1e6, "the way back is broken, and what is told of the link holds"


def test_a_silence_of_the_server_is_noticed_while_something_is_on_its_way() -> None:
    camera = Camera(1e6, 2e6)
    for _ in range(3000):
        camera.play(0.001)
        assert not camera.flight.is_unheard(camera.now), "receipts come"
    camera.receipts = False
    camera.play(PROBE_S - 0.1)
    assert not camera.flight.is_unheard(camera.now)
    camera.play(0.15)
    assert camera.flight.is_unheard(camera.now)
    assert not camera.flight.is_unheard(camera.now + SILENT_S), "it tells nothing any more: no news"


def test_nothing_sent_and_a_server_that_sends_no_receipts_is_no_silence() -> None:
    calm, another = Camera(1e6, 2e6), Camera(1e6, 2e6, receipts=False)
    for camera in (calm, another):
        camera.play(3)
    calm.flight.received(SSRC, calm.number, calm.now)
    for after_s in (0.1, 0.3, 1.0, 3.0):
        assert not calm.flight.is_unheard(calm.now + after_s)
        assert not another.flight.is_unheard(another.now + after_s)


def test_a_server_without_receipts_or_with_seldom_ones_bounds_nothing() -> None:
    for every_s in (None, 1.0):
        flight, now = InFlight(), 0.0
        for number in range(3000):
            now = number * 0.01
            flight.sent(SSRC, number, PACKET, now)
            assert flight.wait_s(50e3, now) == 0
            if every_s is not None and number % 100 == 99:
                flight.received(SSRC, number - 5, now)


def test_a_receipt_for_one_layer_says_nothing_of_the_other() -> None:
    flight = InFlight()
    for ssrc in (1, 2):
        for number in (65_534, 65_535, 0, 1):
            flight.sent(ssrc, number, 100, 1.0)
    flight.received(1, 0, 1.1)
    assert flight.bytes == 500
    flight.received(3, 0, 1.1)
    flight.received(1, 65_535, 1.2)
    assert flight.bytes == 500, "an old one, and one of nobody"


def test_the_last_packets_of_a_layer_that_was_given_up_hold_back_nothing() -> None:
    """They were lost, and no later one of theirs will ever tell."""
    flight = InFlight()
    flight.sent(1, 5, 50_000, 1.0)
    flight.sent(2, 5, 100, 1.0)
    flight.sent(2, 6, 100, 1.6)
    flight.received(2, 5, 1.1)
    assert flight.bytes == 50_100, "it may yet come"
    flight.received(2, 6, 1.7)
    assert flight.bytes == 0
