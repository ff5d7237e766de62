"""How fast old footage goes: ever faster while nothing live feels it, and not at all as soon as something does."""

from __future__ import annotations

from streamer.throttle import LEAST_BPS, LEAST_PIECE, MOST_BPS, MOST_PIECE, START_BPS, Throttle


def test_it_grows_while_each_piece_takes_no_longer_than_its_rate() -> None:
    throttle = Throttle()
    assert throttle.may_go(True)
    for _ in range(100):
        throttle.sent(throttle.piece, 0.01)
    assert throttle.bps == MOST_BPS and throttle.piece == MOST_PIECE


def test_a_link_that_is_slower_is_not_pushed() -> None:
    throttle = Throttle()
    assert throttle.sent(16_000, 5.0) == 0
    assert throttle.bps == START_BPS


def test_a_piece_waits_for_its_time() -> None:
    throttle = Throttle()
    size = throttle.piece
    assert throttle.sent(size, 0.0) == 8 * size / START_BPS


def test_what_is_live_goes_first_and_is_felt_once() -> None:
    throttle = Throttle()
    assert not throttle.may_go(False) and throttle.bps == START_BPS // 2
    assert not throttle.may_go(False) and throttle.bps == START_BPS // 2
    assert throttle.may_go(True)
    for _ in range(20):
        throttle.may_go(False)
        throttle.may_go(True)
    assert throttle.bps == LEAST_BPS and throttle.piece >= LEAST_PIECE
