"""Advice is stored, shown once and answered; requests, watchers and the fate of alerts reach the officer."""

from __future__ import annotations

import io

import pytest

from server import wire
from streamer.downlink import Downlink
from streamer.errors import StoreError
from streamer.gps_fix import GpsFix
from streamer.prompt import Prompt
from tests.streamer.conftest import Bench


class Screen(io.StringIO):
    """What the officer sees; can go away."""

    gone = False

    def write(self, text: str) -> int:
        if self.gone:
            raise BrokenPipeError
        return super().write(text)


@pytest.fixture
def screen() -> Screen:
    return Screen()


def downlink_of(bench: Bench, screen: Screen, *, has_reader: bool = True) -> Downlink:
    prompt = Prompt(screen, bench.clock, "ET17")
    downlink = Downlink(bench.outbox, bench.kit, prompt, bench.clock, keys=False, has_reader=has_reader)
    bench.kit.heard = downlink.heard
    return downlink


def advice(advice_id: str = "a1", text: str = "ET22 is beside you.") -> wire.Advice:
    return wire.Advice(advice_id=advice_id, text=text, author="Insp. Achebe", sent_at=1.0)


def receipts(bench: Bench) -> list[tuple[str, str]]:
    messages = [wire.parse_from_camera(row.packed) for row in bench.store.waiting(1000, urgent=True)]
    return [(m.advice_id, m.state) for m in messages if isinstance(m, wire.Receipt)]


def test_advice_is_delivered_shown_and_acknowledged_in_that_order(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    shown: list[str] = []
    downlink.on_shown = shown.append
    downlink.take(advice())
    assert screen.getvalue().endswith(" ET17 ADVICE from Insp. Achebe: ET22 is beside you.\n")
    assert shown == ["a1"]
    bench.kit.press("heard")
    assert receipts(bench) == [("a1", "delivered"), ("a1", "shown"), ("a1", "acknowledged")]
    assert downlink.heard() == 0


def test_a_log_that_nobody_reads_shows_no_advice_until_the_officer_answers(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen, has_reader=False)
    downlink.take(advice())
    downlink.take(advice())  # a copy
    assert screen.getvalue().count("ET22 is beside you.") == 1
    assert receipts(bench) == [("a1", "delivered"), ("a1", "delivered")]
    bench.kit.press("heard")
    assert receipts(bench)[2:] == [("a1", "acknowledged")]
    assert downlink.heard() == 0


def test_a_full_disk_keeps_no_advice_from_the_officer(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    fill_the_disk(bench)
    downlink.take(advice())
    downlink.take(advice())  # a copy
    assert screen.getvalue().count("ET22 is beside you.") == 1
    assert downlink.heard() == 1
    assert downlink.heard() == 0
    sent = [wire.parse_from_camera(packed) for packed in bench.outbox.take(0.0)]
    states = [message.state for message in sent if isinstance(message, wire.Receipt)]
    assert states == ["delivered", "shown", "shown", "acknowledged"]


def fill_the_disk(bench: Bench) -> None:
    bench.store._connection.execute("PRAGMA max_page_count = 12")
    with pytest.raises(StoreError):
        for at in range(5000):
            bench.outbox.fix(GpsFix(float(at), 51.0, 1.0, 4.0))


def test_a_copy_is_shown_once_and_told_again(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    downlink.take(advice())
    downlink.take(advice())
    assert screen.getvalue().count("ADVICE") == 1
    assert receipts(bench)[-1] == ("a1", "shown")


def test_after_a_restart_it_is_still_known_what_was_shown(bench: Bench, screen: Screen) -> None:
    downlink_of(bench, screen).take(advice())
    again = downlink_of(bench, screen)
    again.show_what_waits()
    again.take(advice())
    assert screen.getvalue().count("ADVICE") == 1
    assert again.heard() == 1


def test_advice_that_no_screen_could_show_waits_for_the_next_start(bench: Bench, screen: Screen) -> None:
    screen.gone = True
    downlink_of(bench, screen).take(advice())
    assert receipts(bench) == [("a1", "delivered")]
    screen.gone = False
    downlink_of(bench, screen).show_what_waits()
    assert "ADVICE" in screen.getvalue()
    assert receipts(bench)[-1] == ("a1", "shown")


def test_one_piece_can_be_answered_alone(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    downlink.take(advice("a1"))
    downlink.take(advice("a2"))
    assert downlink.heard("a2") == 1
    assert ("a1", "acknowledged") not in receipts(bench)
    assert downlink.heard() == 1


def test_acknowledgements_and_refusals_reach_the_outbox(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    kept, poison = bench.outbox.signal(1.0, "taser.drawn"), bench.outbox.signal(2.0, "taser.armed")
    downlink.take(wire.Ack(seqs=[kept]))
    downlink.take(wire.Refused(seq=poison, reason="unknown kind"))
    downlink.take(wire.Refused(seq=0, reason="unreadable"))
    assert bench.outbox.waiting() == (0, 0)
    assert f"refused message {poison}: unknown kind" in screen.getvalue()


def test_requests_tokens_and_watchers(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    tokens: list[wire.Token] = []
    downlink.on_token = tokens.append
    for _ in range(2):  # its confirmation was lost
        downlink.take(wire.Request(request_id="r1", what="record", by="Okafor"))
    assert bench.said.count("Okafor asks for recording.") == 1
    assert bench.kit.status().taken == ["r1"]
    fresh = wire.Token(whip_token="fresh", ice_servers=[{"urls": "turn:t"}])
    downlink.take(fresh)
    assert (bench.kit.recording, tokens) == ("recording", [fresh])
    names = ["Insp. Achebe", "Okafor", "Price"]
    watchers = [wire.Watcher(name=name, role="control", since=1.0) for name in names]
    downlink.take(wire.Watchers(watchers=[]))
    for now in (watchers, watchers, watchers[:1], []):
        downlink.take(wire.Watchers(watchers=now))
    lines = [line.split(" ET17 ")[1] for line in screen.getvalue().splitlines()]
    assert lines == [
        "3 people watch you: Insp. Achebe (control), Okafor (control), Price (control)",
        "1 person watches you: Insp. Achebe (control)",
        "Nobody watches you now.",
    ]


def test_the_officer_learns_that_control_has_seen_the_alert(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    for state, by in (("raised", None), ("acknowledged", "Okafor"), ("resolved", None)):
        downlink.take(wire.AlertUpdate(alert_id="1", kind="emergency.pressed", state=state, by=by))
    lines = [line.split(" ET17 ")[1] for line in screen.getvalue().splitlines()]
    assert lines == [
        "Okafor has seen your alert: emergency pressed.",
        "Control has closed your alert: emergency pressed.",
    ]


def test_an_alert_told_again_after_a_broken_line_is_said_once(bench: Bench, screen: Screen) -> None:
    downlink = downlink_of(bench, screen)
    seen = wire.AlertUpdate(alert_id="a1", kind="taser.drawn", state="acknowledged", by="PS Shaw")
    for update in (
        seen,
        seen,
        seen.model_copy(update={"state": "resolved"}),
        seen.model_copy(update={"alert_id": "a2"}),
    ):
        downlink.take(update)
    assert [line.split(" ET17 ")[1] for line in screen.getvalue().splitlines()] == [
        "PS Shaw has seen your alert: taser drawn.",
        "PS Shaw has closed your alert: taser drawn.",
        "PS Shaw has seen your alert: taser drawn.",
    ]


def test_a_second_welcome_is_ignored(bench: Bench, screen: Screen) -> None:
    downlink_of(bench, screen).take(wire.Challenge(nonce=b"n" * 16))
    assert "ignored" in screen.getvalue()
