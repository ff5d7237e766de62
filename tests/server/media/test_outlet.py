"""A viewer's tracks: one numbering over every change, repairs that repeat, sound and picture on one clock."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest

from server.clock import HandClock
from server.media import feedback, out_track
from server.media.feedback import SenderReport
from server.media.forwarder import Forwarder
from server.media.layer import LayerChoice
from server.media.live import Feed
from server.media.loss import Report
from server.media.out_track import OutTrack
from server.media.outlet import Outlet
from server.media.packet import HEADER
from server.media.renumbering import SharedStart
from server.media.run import Run
from server.media.send_plan import SendPlan
from server.media.track import AUDIO, VIDEO
from tests.server.media.test_forwarder import Recording
from tests.server.media.unsealed_peer import UnsealedPeer

VIDEO_PLAN = SendPlan(VIDEO, 90_000, {"H264": 102}, 11, 100)
AUDIO_PLAN = SendPlan(AUDIO, 48_000, {"opus": 111}, 12, 200)
KEY, SLICE = b"\x67", b"\x41"  # an SPS, with which a key frame begins


class FakePeer(UnsealedPeer):
    """Keeps (sequence, timestamp, payload) of what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int, bytes]] = []
        self.feedback: list[bytes] = []
        self.is_ready = True
        self.closed = ""

    def close(self, reason: str) -> None:
        self.closed = reason

    def send_run(self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int) -> bool:
        for (_, sequence, timestamp), (_, content) in zip(run.headers, run.entries, strict=True):
            shown = (sequence + sequence_shift) & 0xFFFF, (timestamp + timestamp_shift) & 0xFFFFFFFF
            self.sent.append((*shown, content[12:]))
        return True

    def send_feedback(self, packet: bytes) -> None:
        self.feedback.append(packet)


class Stage:
    """A track out, and layers that feed it."""

    def __init__(self) -> None:
        self.entered: list[float] = []
        self.asked = 0
        self.clock, self.peer, self.counts = HandClock(), FakePeer(), Counter[str]()
        self.track = self.another(self.peer)
        self.layers = {layer: Forwarder(VIDEO, layer, "H264", 90_000) for layer in ("main", "sub")}
        for forwarder in self.layers.values():
            forwarder.start = SharedStart(lambda: (100, 5000))
        self.starts = {"main": (70_000, 2**32 - 20_000), "sub": (90_000, 1_000_000)}

    def another(self, peer: FakePeer) -> OutTrack:
        """A track to `peer`."""
        return OutTrack(VIDEO_PLAN, cast(Any, peer), self.clock, self.counts, self.entered.append, self.ask)

    def ask(self) -> None:
        """The camera's key-frame requests are to be looked at."""
        self.asked += 1

    def picture(self, layer: str, kind: bytes, frame: int, *, late: int = 0) -> None:
        """Frame number `frame` (40 ms each) of a layer arrives."""
        first, start = self.starts[layer]
        timestamp = (start + frame * 3600) & 0xFFFFFFFF
        sequence = first + frame - late
        content = HEADER.pack(0x80, 0x80, sequence & 0xFFFF, timestamp, 1) + kind + f"{layer}{sequence}".encode()
        forwarder = self.layers[layer]
        forwarder.clock.note_packet(timestamp, 1_800_000_000.0 + frame * 0.04)
        forwarder.push(sequence, content, frame * 0.04)
        forwarder.flush(frame * 0.04)


def test_a_change_of_layer_is_no_jump() -> None:
    stage = Stage()
    stage.track.attach(stage.layers["main"], 0.0)
    for frame in range(3):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
        stage.picture("sub", KEY if frame == 0 else SLICE, frame)
    stage.track.attach(stage.layers["sub"], 0.1)
    stage.picture("main", SLICE, 3)
    stage.picture("sub", SLICE, 3)
    stage.picture("main", SLICE, 4)
    stage.picture("sub", KEY, 5)
    stage.picture("main", SLICE, 5)
    stage.picture("sub", SLICE, 6)
    stage.picture("sub", SLICE, 7, late=5)
    assert [sequence for sequence, _, _ in stage.peer.sent] == [100, 101, 102, 103, 104, 105, 106]
    assert [timestamp for _, timestamp, _ in stage.peer.sent] == [5000 + 3600 * n for n in range(7)]
    assert [content[1:5] for _, _, content in stage.peer.sent[-3:]] == [b"main", b"sub9", b"sub9"]
    assert stage.counts["before_stretch"] == 1
    assert stage.layers["main"].watchers == 0
    stage.track.detach()
    assert stage.layers["sub"].watchers == 0


def test_what_is_sent_is_counted_by_the_layer_that_it_came_from() -> None:
    stage = Stage()
    beside = stage.another(FakePeer())
    for track in (stage.track, beside):
        track.attach(stage.layers["main"], 0.0)
    assert stage.track.sent_of == {}
    for frame in range(4):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    stage.track.attach(stage.layers["sub"], 0.2)
    stage.picture("sub", KEY, 5)
    stage.picture("main", SLICE, 5)
    stage.picture("sub", SLICE, 6)
    main, sub = (VIDEO, "main"), (VIDEO, "sub")
    assert {key: sent.packets for key, sent in stage.track.sent_of.items()} == {main: 4, sub: 2}
    assert {key: sent.packets for key, sent in beside.sent_of.items()} == {main: 5}
    stage.track.attach(stage.layers["main"], 0.3)
    stage.picture("main", KEY, 7)
    found = stage.track.sent_of
    assert {key: sent.packets for key, sent in found.items()} == {main: 5, sub: 2}
    assert found[main] + found[sub] == stage.track.sent


def test_going_back_before_the_key_frame_came_changes_nothing() -> None:
    stage = Stage()
    stage.track.attach(stage.layers["main"], 0.0)
    stage.picture("main", KEY, 0)
    stage.track.attach(stage.layers["sub"], 0.0)
    stage.track.attach(stage.layers["main"], 0.0)
    stage.picture("sub", KEY, 1)
    stage.picture("main", SLICE, 1)
    assert [content[1:5] for _, _, content in stage.peer.sent] == [b"main", b"main"]
    assert stage.layers["sub"].watchers == 0


@pytest.mark.parametrize("pauses", [False, True])
def test_who_goes_elsewhere_waits_for_nothing_that_never_came_and_others_still_get_it(pauses: bool) -> None:
    stage, other_peer = Stage(), FakePeer()
    other, sub = stage.another(other_peer), stage.layers["sub"]
    for track in (stage.track, other):
        track.attach(stage.layers["main"], 0.0)
    for frame in (0, 1, 3, 4):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    if pauses:
        stage.track.detach()
        stage.picture("sub", KEY, 5)
    stage.track.attach(sub, 0.2)
    stage.picture("sub", SLICE if pauses else KEY, 6)
    sent = stage.peer.sent
    assert sorted(sequence for sequence, _, _ in sent) == list(range(100, 107 if pauses else 106))
    (filler,) = [one for one in sent if one[0] == 102]
    assert filler[2] == b"\x01", "of padding alone"
    stage.picture("main", SLICE, 2)
    stage.track.repair([102], 1.0)
    assert sent[-1] == filler, "other bytes under one number would repeat a GCM nonce"
    assert other_peer.sent[-1][2] == b"\x41main70002"


def test_who_paused_and_asks_for_another_layer_and_back_before_its_key_frame_came_has_a_picture() -> None:
    stage = Stage()
    stage.track.attach(stage.layers["main"], 0.0)
    stage.picture("main", KEY, 0)
    stage.track.detach()
    stage.track.attach(stage.layers["sub"], 0.1)
    stage.track.attach(stage.layers["main"], 0.1)
    stage.picture("main", SLICE, 1)
    stage.picture("sub", KEY, 1)
    assert [content[1:] for _, _, content in stage.peer.sent] == [b"main70000", b"main70000", b"main70001"]
    assert stage.layers["sub"].watchers == 0


def test_a_repair_is_the_same_packet_and_not_too_often() -> None:
    stage = Stage()
    stage.track.attach(stage.layers["main"], 0.0)
    for frame in range(4):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    before = list(stage.peer.sent)
    stage.track.repair([101, 103, 104, 99, 60_000], 1.0)
    assert stage.peer.sent[len(before) :] == [before[1], before[3]]
    stage.track.repair([101], 1.01)
    assert stage.counts == {"repair_sent": 2, "repair_failed": 3, "repair_too_soon": 1}
    stage.track.repair([101], 1.1)
    assert stage.peer.sent[-1] == before[1]


async def test_a_join_is_paced_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    for frame in range(40):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    stage.track.attach(stage.layers["main"], 0.0)
    assert len(stage.peer.sent) == out_track.PACE_PACKETS
    stage.picture("main", SLICE, 40)
    while stage.track._queue:
        if stage.track._timer is not None:
            stage.track._timer.cancel()
        stage.track._pace()
    assert [sequence for sequence, _, _ in stage.peer.sent] == list(range(100, 141))


async def test_a_viewer_whose_queue_is_full_goes_on_at_a_key_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_track, "MAX_QUEUE", 20)
    stage, slow = Stage(), FakePeer()
    main = stage.layers["main"]
    for frame in range(40):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    track, quick = stage.another(slow), Recording()
    track.attach(main, 0.0)
    main.add(quick, 0.0)
    main.key_frames.satisfied()
    stage.picture("main", SLICE, 40)
    assert quick.got[-1][0] == 70_040, "who comes behind it in the list is not passed over"
    assert stage.counts["queue_overflow"] == 1 and track._timer is None
    assert main.key_frames.is_pending and stage.asked == 1
    stage.picture("main", SLICE, 41)
    assert len(slow.sent) == out_track.PACE_PACKETS, "nothing from the middle of a picture"
    stage.picture("main", KEY, 42)
    stage.picture("main", SLICE, 43)
    sequences = [sequence for sequence, _, _ in slow.sent]
    assert sequences == list(range(100, 100 + out_track.PACE_PACKETS + 2)), "and the viewer sees no gap"
    assert slow.sent[-2][2].startswith(KEY)


async def test_a_full_queue_is_no_dead_end_for_who_waits_for_another_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_track, "MAX_QUEUE", 20)
    stage = Stage()
    for frame in range(40):
        stage.picture("main", KEY if frame == 0 else SLICE, frame)
    stage.track.attach(stage.layers["main"], 0.0)
    stage.track.attach(stage.layers["sub"], 0.0)
    stage.picture("main", SLICE, 40)
    assert stage.counts["queue_overflow"] == 1
    stage.track.attach(stage.layers["main"], 0.0)
    stage.picture("main", KEY, 41)
    assert stage.peer.sent[-1][2].startswith(KEY)
    stage.track.detach()
    assert [forwarder.watchers for forwarder in stage.layers.values()] == [0, 0]


def test_sound_and_picture_keep_step() -> None:
    clock, peer = HandClock(1_800_000_010.0), FakePeer()
    feed, choice = Feed("camera-1"), LayerChoice("main")
    viewer = Outlet(feed, choice, "watchroom", clock, lambda: None)
    viewer.plan([VIDEO_PLAN, AUDIO_PLAN], cast(Any, peer))
    tracks = {VIDEO: Forwarder(VIDEO, "main", "H264", 90_000), AUDIO: Forwarder(AUDIO, "main", "opus", 48_000)}
    tracks[VIDEO].start, tracks[AUDIO].start = SharedStart(lambda: (100, 5000)), SharedStart(lambda: (200, 7000))
    camera_offset = -3600.0  # its clock is an hour slow
    for kind, start, delay in ((VIDEO, 2**32 - 1000, 0.030), (AUDIO, 77, 0.005)):
        forwarder, rate = tracks[kind], 90_000 if kind == VIDEO else 48_000
        feed.set_track(forwarder)
        forwarder.push(1, HEADER.pack(0x80, 0, 1, start, 9) + KEY, 0.0)
        forwarder.clock.note_packet(start, 1_800_000_009.0 + delay)
        taken = 1_800_000_009.0 + camera_offset
        forwarder.clock.note_report(
            SenderReport(9, feedback.ntp_from_unix(taken + 1), (start + rate) & 0xFFFFFFFF, 1, 1), clock.wall()
        )
    viewer.refresh(0.1)
    for forwarder in tracks.values():
        forwarder.flush(0.1)
    assert viewer.totals == {"viewer_packets": 2, "viewer_bytes": 2 * (12 + len(KEY))}
    viewer.report(0.5, 1.0)
    reports = [one for packet in peer.feedback for one in feedback.parse(packet) if isinstance(one, SenderReport)]
    assert [report.ssrc for report in reports] == [11, 11, 12, 11, 12], "at once, and then every second"
    assert {(report.packets, report.octets) for report in reports} == {(1, len(KEY))}, "octets are of payload only"
    starts = {11: (5000, 90_000), 12: (7000, 48_000)}
    for report in reports:
        first, rate = starts[report.ssrc]
        taken = feedback.unix_from_ntp(report.ntp) - (report.timestamp - first) / rate
        assert taken == pytest.approx(1_800_000_009.0 + camera_offset, abs=0.001), "both started at the same moment"
    (video, _) = viewer.tracks
    reading = video.clock_reading()
    assert reading is not None
    assert reading["rtp_timestamp"] == 5000
    assert reading["captured_at"] == pytest.approx(1_800_000_009.0 + camera_offset, abs=0.001)
    assert reading["received_at"] == pytest.approx(1_800_000_009.030, abs=0.001)


def test_a_round_trip_is_measured_and_loss_is_heard() -> None:
    clock, peer = HandClock(), FakePeer()
    viewer = Outlet(Feed("camera-1"), LayerChoice("main"), "watchroom", clock, lambda: None)
    viewer.plan([VIDEO_PLAN], cast(Any, peer))
    viewer._reports_sent[77] = 10.0
    for highest, lost in ((1000, 0), (1010, 1), (1011, 1), (1040, 20)):
        figures = Report(0, lost, highest, 0)
        viewer.on_feedback(feedback.receiver_report(1, [(11, figures, 77, 65536 // 2)]), 10.6)
        if highest == 1000:
            viewer.report(10.6, 1.0)
    assert viewer.round_trip_s == pytest.approx(0.1)
    viewer.report(11.6, 1.0)
    assert viewer.fraction_lost == 0.5, "of the whole second, whatever the last report says of its few packets"
    viewer.on_feedback(b"\x80\xc9\x00\x09", 10.7)
    assert viewer.counts["rtcp_malformed"] == 1


def test_a_hidden_tile_is_judged_anew_when_it_is_shown_again() -> None:
    viewer = Outlet(Feed("camera-1"), LayerChoice("main"), "watchroom", HandClock(), lambda: None)
    viewer.plan([VIDEO_PLAN], cast(Any, FakePeer()))

    def second(now: float, highest: int, lost: int) -> str | None:
        viewer.on_feedback(feedback.receiver_report(1, [(11, Report(0, lost, highest, 0), 0, 0)]), now)
        viewer.report(now, 1.0)
        return viewer.choice.choose(("main", "sub"))

    second(0.0, 1000, 0)
    assert second(1.0, 1100, 50) == "main", "half of it was lost, for a second"
    viewer.wish(picture=False, sound=True)
    assert second(2.0, 1100, 50) == "main"
    viewer.wish(picture=True, sound=True)
    assert second(600.0, 1100, 50) == "main"
    for now in (601.0, 602.0, 603.0):
        assert second(now, 1100 + 100 * int(now - 600), 50 + 50 * int(now - 600)) == "main"
    assert second(604.0, 1500, 250) == "sub", "three bad seconds are a verdict"
