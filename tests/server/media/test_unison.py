"""Viewers who are served together: nobody gets, or is counted, anything else than if it were served alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.media import out_track
from server.media.forwarder import Forwarder
from server.media.out_track import OutTrack
from server.media.renumbering import SharedStart
from server.media.run import Numbers, Run
from server.media.track import VIDEO
from server.media.unison import Sent
from tests.server.media.test_outlet import KEY, SLICE, FakePeer, Stage


class Counted(FakePeer):
    """Tells runs that were prepared for several from others, and can refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.runs_with_others = 0
        self.is_full = False

    def send_with_others(self, run: Run, numbers: Numbers) -> bool:
        if self.is_full:
            return False
        self.runs_with_others += 1
        return super().send_with_others(run, numbers)


def joined(stage: Stage, count: int) -> list[tuple[OutTrack, Counted]]:
    """Viewers of main, who have a way in and the picture behind it."""
    found = []
    for _ in range(count):
        peer = Counted()
        track = stage.another(peer)
        track.attach(stage.layers["main"], 0.0)
        found.append((track, peer))
    return found


def test_viewers_of_one_camera_come_to_be_served_together() -> None:
    stage = Stage()
    stage.picture("main", KEY, 0)
    viewers = joined(stage, 3)
    for frame in range(1, 4):
        stage.picture("main", SLICE, frame)
    assert [peer.runs_with_others for _, peer in viewers] == [2, 2, 2], "the first picture is sent to each alone"
    assert len({tuple(peer.sent) for _, peer in viewers}) == 1 and len(viewers[0][1].sent) == 4
    assert {track.sent.packets for track, _ in viewers} == {4}
    assert stage.layers["main"].watchers == 3


def test_who_joins_later_is_counted_from_then_on() -> None:
    stage = Stage()
    stage.picture("main", KEY, 0)
    [(early, _)] = joined(stage, 1)
    for frame in range(1, 4):
        stage.picture("main", SLICE, frame)
    stage.picture("main", KEY, 4)
    [(late, late_peer)] = joined(stage, 1)
    for frame in range(5, 8):
        stage.picture("main", SLICE, frame)
    assert late_peer.runs_with_others == 2
    assert (early.sent.packets, late.sent.packets) == (8, 4)
    before = replace(late.sent)
    late.detach()
    assert late.sent == before
    stage.picture("main", SLICE, 8)
    assert (early.sent.packets, late.sent) == (9, before)


def test_what_a_full_socket_did_not_take_is_not_counted_as_sent() -> None:
    stage = Stage()
    stage.picture("main", KEY, 0)
    (one, one_peer), (other, _) = joined(stage, 2)
    stage.picture("main", SLICE, 1)
    one_peer.is_full = True
    stage.picture("main", SLICE, 2)
    one_peer.is_full = False
    stage.picture("main", SLICE, 3)
    assert (one.sent.packets, other.sent.packets) == (3, 4)
    assert one.sent.octets < other.sent.octets and one.sent.payload < other.sent.payload
    one.repair([102], 1.0)
    assert one_peer.sent[-1][0] == 102, "it can ask for what its socket refused"


def test_a_packet_from_before_the_last_one_began_goes_to_those_alone_who_were_there() -> None:
    stage = Stage()
    stage.picture("main", KEY, 0)
    [(_, early)] = joined(stage, 1)
    stage.picture("main", SLICE, 1)
    stage.picture("main", SLICE, 3)
    stage.picture("main", KEY, 4)
    [(_, late)] = joined(stage, 1)
    stage.picture("main", SLICE, 5)
    stage.picture("main", SLICE, 6)
    assert early.runs_with_others and late.runs_with_others
    stage.picture("main", SLICE, 7, late=5)
    stage.picture("main", SLICE, 8)
    assert [sequence for sequence, _, _ in early.sent] == [100, 101, 103, 104, 105, 106, 102, 108]
    assert [sequence for sequence, _, _ in late.sent] == [104, 105, 106, 108]
    assert stage.counts["before_stretch"] == 1


def test_other_numbers_are_another_unison_and_who_is_behind_waits() -> None:
    forwarder = Forwarder(VIDEO, "main", "H264", 90_000)
    stage = Stage()
    stage.layers["main"] = forwarder
    starts = iter([(100, 5000), (7, 9)])
    forwarder.start = SharedStart(lambda: next(starts))
    stage.picture("main", KEY, 0)
    [(first, first_peer)] = joined(stage, 1)
    forwarder.start = SharedStart(lambda: next(starts))
    [(second, second_peer)] = joined(stage, 1)
    for frame in range(1, 4):
        stage.picture("main", SLICE, frame)
    assert [peer.sent[-1][0] for peer in (first_peer, second_peer)] == [103, 10]
    assert first.progress is not second.progress
    forwarder.start_again()
    assert forwarder.watchers == 2 and first.sent.packets == second.sent.packets == 4
    stage.picture("main", SLICE, 4)
    assert len(first_peer.sent) == 4, "after an outage all wait for a key frame"
    stage.picture("main", KEY, 5)
    stage.picture("main", SLICE, 6)
    assert [[sequence for sequence, _, _ in peer.sent[4:]] for peer in (first_peer, second_peer)] == [
        [104, 105],
        [11, 12],
    ]


async def test_who_is_sent_the_last_runs_while_the_camera_begins_anew_joins_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full queue has the camera asked at once, which may find that much was lost: in the middle of a flush."""
    monkeypatch.setattr(out_track, "MAX_QUEUE", 20)
    stage, full_peer, alone_peer = Stage(), Counted(), Counted()
    main = stage.layers["main"]
    for frame in range(13):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    monkeypatch.setattr(stage, "ask", main.start_again)
    full, alone = stage.another(full_peer), stage.another(alone_peer)
    full.attach(main, 0.5)
    frame = 13
    while full.queued < out_track.MAX_QUEUE:
        stage.picture("main", SLICE, frame)
        frame += 1
    alone.attach(main, 0.9)
    while alone.queued:
        assert alone._timer is not None
        alone._timer.cancel()
        alone._pace()
    for kind in (SLICE, SLICE, KEY, SLICE, SLICE):
        stage.picture("main", kind, frame)
        frame += 1
    assert stage.counts["queue_overflow"] == 1 and main.watchers == 2
    for peer in (full_peer, alone_peer):
        numbers = [sequence for sequence, _, _ in peer.sent]
        assert len(numbers) == len(set(numbers)), "never two contents under one number"
    for track in (full, alone):
        track.detach()
    assert main.watchers == 0


def test_what_was_sent_adds_up() -> None:
    assert Sent(5, 500, 400) - Sent(2, 200, 100) + Sent(1, 1, 1) == Sent(4, 301, 301)
