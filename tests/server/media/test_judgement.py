"""Layer choice, source clock and the state of a feed: pure judgement, time given in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.feedback import SenderReport, ntp_from_unix
from server.media.forwarder import Forwarder
from server.media.layer import HEAVY_LOSS, RAISE_AFTER_S, TRIAL_LOWER_AFTER_S, LayerChoice
from server.media.live import RETURN_WITHIN_S, SILENT_AFTER_S, Feed
from server.media.source_clock import SourceClock


@pytest.mark.parametrize(
    ("asked", "available", "chosen", "reduced"),
    [
        ("main", ("main", "sub"), "main", None),
        ("sub", ("main", "sub"), "sub", None),
        ("sub", ("main",), "main", None),
        ("main", ("sub",), "sub", "camera"),
        ("main", (), None, None),
    ],
)
def test_the_layer_is_what_was_asked_for_or_what_there_is(
    asked: str, available: tuple[str, ...], chosen: str | None, reduced: str | None
) -> None:
    choice = LayerChoice(asked)
    assert (choice.choose(available), choice.reduced) == (chosen, reduced)


def test_a_link_that_loses_much_gets_less_until_it_is_well() -> None:
    choice, both = LayerChoice("main"), ("main", "sub")
    choice.note_loss(0.3, 0.0)
    assert choice.choose(both) == "main", "one bad report is no verdict"
    choice.note_loss(0.3, 3.0)
    assert (choice.choose(both), choice.reduced) == ("sub", "link")
    for second in range(4, 14):
        choice.note_loss(0.0, float(second))
        assert choice.choose(both) == "sub"
    choice.note_loss(0.0, 14.0)
    assert (choice.choose(both), choice.reduced) == ("main", None)
    choice.note_loss(0.3, 15.0)
    choice.note_loss(0.3, 18.0)
    choice.note_loss(0.0, 19.0)
    choice.note_loss(0.0, 30.0)
    assert choice.choose(both) == "sub", "the second trial comes later"
    choice.ask("main")
    assert choice.choose(both) == "main", "a person asked: try at once"


def test_a_limit_that_stands_below_what_is_sent_lowers_and_one_that_grows_does_not() -> None:
    both = ("main", "sub")
    standing, growing = LayerChoice("main"), LayerChoice("main")
    for tick in range(30):
        now = tick * 0.2
        standing.note_limit(400_000, 1_000_000, now)
        growing.note_limit(200_000 * 1.08**now, 1_000_000, now)  # as Chromium's after a change to main
        standing.note_loss(0.0, now)
    assert (standing.choose(both), standing.reduced) == ("sub", "link")
    assert growing.choose(both) == "main"
    for tick in range(30, 100):
        standing.note_limit(400_000, 150_000, tick * 0.2)
        standing.note_loss(0.0, tick * 0.2)
    assert standing.choose(both) == "main", "sub leaves room: main is tried again"


def test_a_trial_that_fails_is_over_after_a_second() -> None:
    choice, both = LayerChoice("main"), ("main", "sub")
    for second in (0, 3):
        choice.note_loss(0.4, float(second))
    for second in range(4, 15):
        choice.note_loss(0.0, float(second))
    assert choice.choose(both) == "main"
    choice.note_loss(0.4, 15.0)
    assert choice.choose(both) == "main"
    choice.note_loss(0.4, 16.0)
    assert choice.choose(both) == "sub"


def test_what_was_heard_before_a_pause_is_no_evidence_after_it() -> None:
    choice, both = LayerChoice("main"), ("main", "sub")
    choice.note_loss(0.3, 0.0)
    choice.note_limit(400_000, 1_000_000, 0.0)
    choice.note_limit(400_000, 1_000_000, 1.1)
    choice.forget_evidence()
    choice.note_loss(0.3, 600.0)
    choice.note_limit(400_000, 1_000_000, 600.0)
    choice.note_limit(400_000, 1_000_000, 602.9)
    assert choice.choose(both) == "main", "one bad second is no verdict"
    choice.note_loss(0.3, 603.0)
    assert choice.choose(both) == "sub"
    choice.note_loss(0.0, 604.0)
    choice.forget_evidence()
    choice.note_loss(0.0, 620.0)
    assert choice.choose(both) == "sub", "nor is a good second before it"
    choice.note_loss(0.0, 630.0)
    assert choice.choose(both) == "main"


hidden_before = st.sampled_from([False, False, True])
notes = st.tuples(st.floats(0.1, 3.0), st.floats(0, 1), st.floats(10_000, 3e6), st.floats(10_000, 3e6), hidden_before)


@given(st.lists(notes, max_size=120), st.sampled_from(["main", "sub"]), st.sampled_from([("main", "sub"), ("main",)]))
def test_a_layer_is_never_changed_without_evidence_nor_back_and_forth(
    seconds: list[tuple[float, float, float, float, bool]], asked: str, available: tuple[str, ...]
) -> None:
    choice, now, before, changes, heavy_since = LayerChoice(asked), 0.0, asked, 0, None
    raise_at = 0.0
    for pause, loss, limit, sent, was_hidden in seconds:
        now += pause
        if was_hidden:
            choice.forget_evidence()
            now, heavy_since = now + 600, None
        choice.note_loss(loss, now)
        choice.note_limit(limit, sent, now)
        if loss >= HEAVY_LOSS or limit < sent:
            heavy_since = now if heavy_since is None else heavy_since
            raise_at = now + RAISE_AFTER_S[0]
        shown = choice.choose(available)
        assert shown in available
        assert shown == (asked if asked in available else "main") or choice.reduced == "link"
        if shown != before and shown == "sub":
            assert asked == "main" and heavy_since is not None and now - heavy_since >= TRIAL_LOWER_AFTER_S
        if shown != before and before == "sub" and asked == "main":
            assert now >= raise_at, "the link was quiet for ten seconds at least"
        changes += shown != before
        before = shown or before
        if loss < HEAVY_LOSS and limit >= sent:
            heavy_since = None
    if available == ("main", "sub"):
        assert changes <= 2 * (now / RAISE_AFTER_S[0]) + 1


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 0.5), min_size=1, max_size=200))
def test_arrival_is_the_least_delayed_one(start: int, delays: list[float]) -> None:
    clock, base = SourceClock(90_000), 1_800_000_000.0
    for number, delay in enumerate(delays):
        clock.note_packet((start + number * 3600) & 0xFFFFFFFF, base + number * 0.04 + delay)
    newest = (start + (len(delays) - 1) * 3600) & 0xFFFFFFFF
    received = clock.received_at(newest)
    assert received is not None
    assert received == pytest.approx(base + (len(delays) - 1) * 0.04 + min(delays), abs=0.001)
    back = clock.timestamp_at(received)
    assert back is not None and min((back - newest) % 2**32, (newest - back) % 2**32) <= 90


def test_capture_is_what_the_camera_says_over_a_wrap() -> None:
    clock = SourceClock(90_000)
    clock.note_packet(2**32 - 90_000, 1_800_000_000.0)
    assert clock.captured_at(0) is None
    clock.note_report(SenderReport(1, ntp_from_unix(1_700_000_000.0), 2**32 - 90_000, 1, 1), 1_800_000_000.0)
    assert clock.captured_at(90_000) == pytest.approx(1_700_000_002.0)


def test_a_feed_is_silent_within_three_seconds_and_over_after_more_than_a_minute() -> None:
    feed, forwarder = Feed("camera-1"), Forwarder("video", "main", "H264", 90_000)
    assert not feed.judge(0.0, 100.0).streaming
    feed.publish("session-1", "42e01f")
    forwarder.push(1, bytes(20), 1.0)
    feed.set_track(forwarder)
    state = feed.judge(1.0, 101.0)
    assert (state.streaming, state.layers, state.codec, state.since) == (True, ("main",), "H264", 101.0)
    assert not feed.judge(1.0 + SILENT_AFTER_S - 0.1, 102.9).differs_from(state)
    silent = feed.judge(1.0 + SILENT_AFTER_S, 103.0)
    assert silent.differs_from(state) and not silent.streaming
    assert silent.last_packet_at == pytest.approx(101.0)
    assert not feed.vanish("another", 5.0)
    assert feed.vanish("session-1", 5.0)
    assert not feed.is_over(5.0 + RETURN_WITHIN_S - 1)
    assert feed.is_over(5.0 + RETURN_WITHIN_S)


def test_a_layer_that_the_camera_gives_up_is_missed_sooner_than_its_whole_picture() -> None:
    """Its viewers are shown the other layer meanwhile."""
    feed = Feed("camera-1")
    feed.publish("session-1", "42e01f")
    main, sub = (Forwarder("video", layer, "H264", 90_000) for layer in ("main", "sub"))
    for forwarder in (main, sub):
        forwarder.push(1, bytes(20), 1.0)
        feed.set_track(forwarder)
    sub.push(2, bytes(20), 1.9)
    assert feed.flowing(1.95) == ("main", "sub")
    sub.push(3, bytes(20), 2.0)
    assert feed.flowing(2.05) == ("sub",)
    assert feed.flowing(3.1) == ("sub",), "then nothing flows, and it is waited for"
    main.push(2, bytes(20), 3.2)
    assert feed.flowing(3.2) == ("main",)
    assert feed.flowing(5.3) == ()
