"""A camera's packets find their track, whatever arrives; the camera is asked for what is missing."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.clock import HandClock
from server.media import feedback
from server.media.feedback import BandwidthLimit, KeyFrameRequest, Nack, ReportBlock
from server.media.forwarder import Forwarder
from server.media.inlet import OUTAGE_PACKETS, Inlet
from server.media.loss import GIVE_UP_AFTER_S
from server.media.out_track import OutTrack
from server.media.packet import HEADER
from server.media.send_plan import SendPlan
from server.media.source import OUTAGE_S, TrackPlan
from server.media.sources import MAX_SOURCES, NameExtensions
from server.media.uplink_feedback import UplinkFeedback
from tests.server.media.test_forwarder import Recording
from tests.server.media.test_outlet import KEY, SLICE, FakePeer
from tests.server.media.test_transport_feedback import read

MAIN = TrackPlan("video", "main", "H264", 90_000, 102, "0", (1001,))
SUB = TrackPlan("video", "sub", "H264", 90_000, 102, "1", ())
SOUND = TrackPlan("audio", "main", "opus", 48_000, 111, "2", ())
NAMES = NameExtensions(mid=9, rid=10, repaired_rid=11)


class Stage:
    """An inlet with a clock that stands and a peer that keeps what it is sent."""

    def __init__(self, *plans: TrackPlan) -> None:
        self.tracks: list[Forwarder] = []
        self.dirty: list[Forwarder] = []
        self.peer = FakePeer()
        self.clock = HandClock()
        self.inlet = Inlet(list(plans), NAMES, self.clock, self.tracks.append, self.dirty.append)
        self.inlet.peer = cast(Any, self.peer)

    def rtp(
        self,
        payload_type: int,
        sequence: int,
        ssrc: int,
        *,
        mid: bytes = b"",
        rid: bytes = b"",
        repaired: bytes = b"",
        payload: bytes = b"\x65",
    ) -> None:
        named = ((NAMES.mid, mid), (NAMES.rid, rid), (NAMES.repaired_rid, repaired))
        block = b"".join(bytes(((number or 0) << 4 | len(name) - 1,)) + name for number, name in named if name)
        block += bytes(-len(block) % 4)
        extension = bytes.fromhex("bede") + (len(block) // 4).to_bytes(2, "big") + block if block else b""
        first = 0x90 if block else 0x80
        packet = HEADER.pack(first, payload_type, sequence, sequence * 10, ssrc) + extension + payload
        now = self.clock.monotonic()
        self.inlet.on_media(memoryview(packet), now, now)

    def said(self) -> list[feedback.Feedback]:
        sent, self.peer.feedback = self.peer.feedback, []
        return [one for packet in sent for one in feedback.parse(packet)]


def test_a_track_is_found_by_ssrc_mid_or_payload_type() -> None:
    stage = Stage(MAIN, SUB, SOUND)
    stage.rtp(102, 1, 1001)
    stage.rtp(102, 1, 2002, mid=b"1")
    stage.rtp(111, 1, 3003)
    assert [(track.kind, track.layer) for track in stage.tracks] == [
        ("video", "main"),
        ("video", "sub"),
        ("audio", "main"),
    ]
    stage.rtp(102, 2, 1001)
    assert len(stage.tracks) == 3
    stage.rtp(97, 1, 4004)
    stage.rtp(111, 2, 1001)
    stage.rtp(102, 1, 5005, mid=b"7")
    assert stage.inlet.counts["rtp_of_no_track"] == 2
    assert len(stage.tracks) == 4, "sound under another SSRC is a new source of the same track"


def test_a_packet_of_padding_leaves_no_gap() -> None:
    stage = Stage(MAIN)
    for sequence, payload in ((1, b"\x65"), (2, b""), (3, b"\x41")):
        stage.rtp(102, sequence, 1001, payload=payload)
    (track,) = stage.tracks
    track.flush(0.0)
    assert track.cache.get(65_538) is not None, "viewers would ask for it again and again"


def test_a_new_ssrc_is_a_new_source_of_the_same_layer_but_not_for_ever() -> None:
    stage = Stage(SOUND)
    for ssrc in range(MAX_SOURCES):
        stage.rtp(111, 5, 7000 + ssrc)
    assert not stage.peer.closed
    stage.rtp(111, 5, 7000 + MAX_SOURCES)
    assert len(stage.tracks) == MAX_SOURCES
    assert "sources" in stage.peer.closed
    assert len(stage.inlet.sources) == 1


@pytest.mark.parametrize("payload_type", [97, 102])
def test_sources_that_are_of_no_track_are_as_few(payload_type: int) -> None:
    """Each costs libsrtp 400 bytes for good, and every packet after it time."""
    stage = Stage(replace(MAIN, repair_type=97))
    for ssrc in range(MAX_SOURCES):
        for _ in range(3):
            stage.rtp(payload_type, 5, 7000 + ssrc)
    assert not stage.peer.closed
    stage.rtp(payload_type, 5, 6999)
    assert "sources" in stage.peer.closed


def test_a_packet_of_padding_leaves_no_gap_behind_it() -> None:
    """Chromium sends them to measure the uplink; a viewer would ask for what it never gets, and wait."""
    stage = Stage(MAIN)
    stage.rtp(102, 1, 1001)
    stage.rtp(102, 2, 1001, payload=b"")
    stage.rtp(102, 3, 1001, payload=b"\x41")
    (track,) = stage.tracks
    track.flush(stage.clock.monotonic())
    assert [track.cache.get(0x10000 + number) is not None for number in (1, 2, 3)] == [True] * 3
    assert not stage.inlet.sources[0].loss.is_missing_any


@pytest.mark.parametrize(
    ("repairs", "mid", "apart"),
    [(((1001, 5001),), b"", 5001), ((), b"0", 6006), ((), b"", 6006)],
    ids=["by a=ssrc-group:FID", "by its mid", "by its payload type"],
)
async def test_a_repair_joins_its_stream(repairs: tuple[tuple[int, int], ...], mid: bytes, apart: int) -> None:
    plan = replace(MAIN, ssrcs=(), repair_type=103, repairs=repairs)
    stage = Stage(plan, SOUND)
    for sequence in (10, 11, 14):
        stage.rtp(102, sequence, 1001, mid=mid)
    stage.clock.move(0.1)
    stage.rtp(103, 7, apart, mid=mid, payload=bytes((0, 12)) + b"\x41again")
    stage.rtp(103, 8, apart, mid=mid, payload=bytes((0, 12)) + b"\x41and again")
    stage.rtp(103, 9, apart, mid=mid, payload=b"")
    (track,) = stage.tracks
    track.flush(0.1)
    cached = track.cache.get(65_536 + 12)
    assert cached is not None and cached[12:] == b"\x41again"
    assert stage.inlet.counts == {"rtx_received": 3, "rtx_not_needed": 1, "rtx_empty": 1}
    (source,) = stage.inlet.sources
    assert (source.packets, source.loss.recovered, source.loss.highest) == (4, 1, 65_536 + 14)
    assert source.loss.report().cumulative_lost == 2, "what the network lost, repaired or not"
    stage.rtp(104, 1, apart, mid=mid)
    assert stage.inlet.counts["rtp_of_no_track"] == 1
    stage.inlet.close()


@pytest.mark.parametrize("mid", [b"0", b"7"])
def test_a_repair_of_no_stream_is_counted(mid: bytes) -> None:
    stage = Stage(replace(MAIN, repair_type=103), SOUND)
    stage.rtp(103, 7, 5001, mid=mid, payload=bytes((0, 12)) + b"\x41again")
    assert stage.inlet.counts == {"rtx_of_no_track": 1}


SIZE = 1000


@settings(max_examples=30, deadline=None)
@given(
    seconds=st.lists(st.tuples(st.sampled_from([5, 40, 150]), st.floats(0, 0.9)), min_size=1, max_size=8),
    answers=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_what_a_camera_is_asked_for_stays_within_its_budgets(
    seconds: list[tuple[int, float]], answers: bool, seed: int
) -> None:
    chance, budget = Random(seed), feedback.NackBudget

    async def play() -> None:
        stage, sequence, asked, allowed, fastest = Stage(MAIN), 0, 0, float(budget.FLOOR_BYTES_PER_S), 0.0
        stage.rtp(102, 0, 1001, payload=bytes(SIZE - 12))
        asked_for_key: list[float] = []
        for packets, loss in seconds:
            for _ in range(packets):
                stage.clock.move(1 / packets)
                allowed += max(budget.FLOOR_BYTES_PER_S, fastest * budget.SHARE) / packets
                sequence += 1
                if chance.random() >= loss:
                    stage.rtp(102, sequence & 0xFFFF, 1001, payload=bytes(SIZE - 12))
                stage.tracks[0].ask_key_frame()
                stage.inlet.serve(stage.clock.monotonic())
                for one in stage.said():
                    if isinstance(one, Nack):
                        asked += len(one.sequences) * SIZE
                        for number in one.sequences if answers else ():
                            stage.rtp(102, number, 1001, payload=bytes(SIZE - 12))
                    elif isinstance(one, KeyFrameRequest):
                        asked_for_key.append(stage.clock.monotonic())
                assert asked <= allowed
            stage.inlet.report(stage.clock.monotonic())
            fastest = max(fastest, stage.inlet._bytes_per_s)
            stage.said()
        spaces = [later - earlier for earlier, later in pairwise(asked_for_key)]
        assert all(space >= feedback.KeyFrameRequests.INTERVAL_S - 1e-6 for space in spaces)
        stage.inlet.close()

    asyncio.run(play())


async def test_what_is_missing_is_asked_for_and_reported() -> None:
    stage = Stage(MAIN)
    for sequence in (10, 11, 14):
        stage.rtp(102, sequence, 1001)
    stage.clock.move(0.02)
    stage.tracks[0].ask_key_frame()
    stage.inlet.serve(stage.clock.monotonic())
    assert stage.said() == [Nack(1001, (12, 13)), KeyFrameRequest(1001)]
    stage.tracks[0].ask_key_frame()
    stage.inlet.serve(stage.clock.monotonic())
    assert stage.said() == [], "throttled"
    stage.inlet.report(stage.clock.monotonic())
    stage.clock.move(1.0)
    for sequence in range(15, 115):
        stage.rtp(102, sequence, 1001, payload=b"\x41" * 1000)
    stage.inlet.report(stage.clock.monotonic())
    *receipts, first, receipt, limit, second = stage.said()
    for one in (*receipts, receipt):
        assert isinstance(one, ReportBlock) and one.ssrc == 1001, "what has come, in between"
    assert isinstance(first, ReportBlock) and first.fraction_lost == 256 * 2 // 5
    assert isinstance(second, ReportBlock) and (second.highest_sequence, second.fraction_lost) == (114, 0)
    assert isinstance(limit, BandwidthLimit) and limit.ssrcs == (1001,)
    stage.inlet.close()


@pytest.mark.parametrize("sends_again", [True, False])
async def test_sound_that_is_missing_is_asked_for_where_the_camera_says_that_it_sends_it_again(
    sends_again: bool,
) -> None:
    stage = Stage(replace(SOUND, sends_again=sends_again))
    for sequence in (10, 11, 14):
        stage.rtp(111, sequence, 1001)
    (track,) = stage.tracks
    heard = Recording()
    track.add(cast(Any, heard), 0.0)
    track.flush(0.0)
    stage.clock.move(0.02)
    stage.inlet.serve(stage.clock.monotonic())
    assert stage.said() == ([Nack(1001, (12, 13))] if sends_again else [])
    stage.rtp(111, 12, 1001)
    track.flush(0.0)
    stage.clock.move(GIVE_UP_AFTER_S + 0.1)
    stage.inlet.serve(stage.clock.monotonic())
    stage.rtp(111, 15, 1001)
    track.flush(0.0)
    assert [sequence - 0x10000 for sequence, _ in heard.got] == [10, 11, 14, 12, 15], "and nobody waits for 13"
    stage.inlet.close()


@pytest.mark.parametrize("key_since", [False, True], ids=["without a key frame since", "with one"])
async def test_after_what_never_came_viewers_go_on_at_a_key_frame(key_since: bool) -> None:
    stage = Stage(MAIN)
    viewer = Recording()
    stage.rtp(102, 10, 1001, payload=KEY)
    (track,) = stage.tracks
    track.add(cast(Any, viewer), 0.0)
    track.flush(0.0)
    stage.rtp(102, 11, 1001, payload=SLICE)
    stage.rtp(102, 13, 1001, payload=KEY if key_since else SLICE)
    track.flush(0.0)
    track.key_frames.satisfied()
    stage.clock.move(GIVE_UP_AFTER_S + 0.1)
    stage.inlet.serve(stage.clock.monotonic())
    assert track.key_frames.is_pending is not key_since
    stage.rtp(102, 14, 1001, payload=SLICE)
    track.flush(0.0)
    stage.rtp(102, 15, 1001, payload=KEY)
    track.flush(0.0)
    got = [sequence - 0x10000 for sequence, _ in viewer.got]
    assert got == ([10, 11, 13, 12, 14, 15] if key_since else [10, 11, 13, 12, 15]), "and nobody waits for 12"
    stage.rtp(102, 12, 1001, payload=SLICE)
    track.flush(0.0)
    assert len(viewer.got) == len(got), "12 was given up, and its number is used"
    stage.inlet.close()


async def test_a_hole_whose_repair_was_under_way_when_all_began_anew_is_no_hole_either() -> None:
    stage = Stage(MAIN)
    wire, counts = FakePeer(), Counter[str]()
    stage.rtp(102, 10, 1001, payload=KEY)
    (track,) = stage.tracks
    plan = SendPlan("video", 90_000, {"H264": 102}, 11, 100)
    viewer = OutTrack(plan, cast(Any, wire), stage.clock, counts, lambda now: None, lambda: None)
    viewer.attach(track, 0.0)
    track.flush(0.0)
    for sequence, seconds in ((11, 0.0), (13, 0.2), (14, 0.0), (16, GIVE_UP_AFTER_S - 0.1)):
        stage.rtp(102, sequence, 1001, payload=SLICE)
        track.flush(0.0)
        stage.clock.move(seconds)
    stage.inlet.serve(stage.clock.monotonic())
    assert track.key_frames.is_pending, "12 was given up, 15 is still asked for"
    stage.rtp(102, 17, 1001, payload=KEY)
    track.flush(0.0)
    first = wire.sent[0][0]
    assert sorted(sequence - first for sequence, _, _ in wire.sent) == list(range(8))
    sent = len(wire.sent)
    stage.rtp(102, 15, 1001, payload=SLICE)
    track.flush(0.0)
    assert len(wire.sent) == sent, "too late: its number is used"
    stage.inlet.close()


async def test_who_listens_keeps_no_timer_going() -> None:
    stage = Stage(SOUND)
    stage.rtp(111, 1, 3003)
    stage.tracks[0].add(cast(Any, Recording()), 0.0)
    stage.inlet.serve(stage.clock.monotonic())
    assert stage.inlet._timer is None
    stage.inlet.close()


async def test_a_picture_that_stood_still_and_lost_much_is_asked_to_begin_anew() -> None:
    stage = Stage(MAIN, SOUND)
    stage.rtp(102, 10, 1001)
    stage.rtp(111, 10, 3003)
    track = stage.tracks[0]
    track.add(cast(Any, Recording()), 0.0)
    track.key_frames.satisfied()
    track.flush(0.0)
    for pause_s, sequence in ((5.0, 11), (OUTAGE_S, 100), (5.0, 100 + OUTAGE_PACKETS)):
        stage.clock.move(pause_s)
        stage.rtp(102, sequence, 1001, payload=b"\x41")
        track.flush(0.0)
        assert not track.key_frames.is_pending, "nothing was lost, or it is soon repaired"
    stage.clock.move(OUTAGE_S)
    track.ask_key_frame()
    stage.inlet.serve(stage.clock.monotonic())
    assert KeyFrameRequest(1001) not in stage.said(), "it would go nowhere, and the next one be held back for it"
    stage.clock.move(0.1)
    stage.rtp(111, 100, 3003)
    stage.rtp(102, 200, 1001, payload=b"\x41")
    assert not stage.inlet.sources[0].loss.is_missing_any, "its repairs would come too late"
    await asyncio.sleep(0.01)
    assert KeyFrameRequest(1001) in stage.said()
    stage.inlet.close()


def test_a_camera_is_told_when_its_packets_came_not_when_they_were_looked_at() -> None:
    """The server was held up for a second: 50 packets at once, which came 20 ms apart."""
    stage = Stage(SOUND)
    stage.inlet.uplink = UplinkFeedback(None, 3)
    begun = stage.clock.monotonic()
    stage.clock.move(1.0)
    for number in range(50):
        extension = bytes.fromhex("bede000131") + number.to_bytes(2, "big") + b"\0"
        head = HEADER.pack(0x90, 111, number, number * 960, 3003)
        packet = memoryview(head + extension + bytes(60))
        stage.inlet.on_media(packet, stage.clock.monotonic(), begun + 0.02 * number)
    told = [at for compound in stage.peer.feedback for at in read(compound[8:])[1]]
    apart = [later - earlier for earlier, later in pairwise(cast(list[float], told))]
    assert len(apart) > 35
    assert apart == pytest.approx([0.02] * len(apart), abs=0.001)


@pytest.mark.parametrize(("payload_type", "case"), [(111, "sound alone"), (97, "of no track")])
def test_arrivals_are_told_of_sound_too_and_never_pile_up(payload_type: int, case: str) -> None:
    stage, told = Stage(SOUND), 0
    stage.inlet.uplink = UplinkFeedback(None, 3)
    for number in range(1000):
        stage.clock.move(0.02)
        extension = bytes.fromhex("bede000131") + number.to_bytes(2, "big") + b"\0"
        head = HEADER.pack(0x90, payload_type, number, number * 960, 3003)
        now = stage.clock.monotonic()
        stage.inlet.on_media(memoryview(head + extension + bytes(60)), now, now)
        for compound in stage.peer.feedback:
            report = compound[8:]  # after an empty receiver report
            assert int.from_bytes(report[8:12], "big") == 3003, case
            told += len(read(report)[1])
        stage.peer.feedback = []
    assert told >= 980
    assert len(stage.inlet.uplink._transport._arrivals) < 100, "0.75 s of 50 packets a second"


@pytest.mark.parametrize("sound_first", [True, False])
def test_of_pictures_and_sound_the_pictures_are_named(sound_first: bool) -> None:
    stage = Stage(MAIN, SOUND)
    for payload_type, ssrc in ((111, 3003), (102, 1001)) if sound_first else ((102, 1001), (111, 3003)):
        stage.rtp(payload_type, 1, ssrc)
    stage.clock.move(1.0)
    stage.inlet.uplink = UplinkFeedback(None, 9)
    stage.rtp(111, 2, 3003, mid=b"22")  # two bytes, as a number of the transport has
    [compound] = stage.peer.feedback[-1:]
    assert int.from_bytes(compound[16:20], "big") == 1001


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_any_bytes_are_taken_or_counted(contents: list[bytes]) -> None:
    async def feed() -> None:  # its timers need a loop
        stage = Stage(replace(MAIN, repair_type=103, tells_round_trip=True), SUB, SOUND)
        stage.rtp(102, 1, 1001)
        for content in contents:
            for whole in (content, b"\x80\x6f" + content, b"\x90\x66" + content, b"\x90\x67" + content):
                stage.inlet.on_media(memoryview(whole), 1.0, 1.0)
            stage.inlet.on_feedback(content, 1.0)
        stage.inlet.close()

    asyncio.run(feed())


def test_a_source_that_is_replaced_leaves_its_counts() -> None:
    stage = Stage(TrackPlan("video", "main", "H264", 90_000, 102, "0", ()))
    for sequence in range(10):
        stage.rtp(102, sequence, 7)
    stage.rtp(102, 1, 8)
    [now] = stage.inlet.sources
    assert (now.ssrc, now.packets) == (8, 1)
    past = stage.inlet.past["video", "main"]
    assert (past.packets, past.frames) == (10, 10)


def test_a_layer_given_up_stands_still_for_nobody_while_another_flows() -> None:
    stage = Stage(MAIN, SUB)
    for number in range(100):
        stage.clock.move(0.04)
        if number < 20:
            stage.rtp(102, number, 1001)
        stage.rtp(102, number, 2002, mid=b"1")
        if number % 25 == 24:
            stage.inlet.report(stage.clock.monotonic())
    main, sub = (source.counted(stage.clock.monotonic()) for source in stage.inlet.sources)
    assert (main.freezes, sub.freezes) == (1, 0)
    assert main.frozen_s < 2.5, "and not for as long as it stays away"
    for _ in range(5):
        stage.clock.move(1.0)
        stage.inlet.report(stage.clock.monotonic())
    assert [round(source.counted(stage.clock.monotonic()).frozen_s) for source in stage.inlet.sources][1] == 5, (
        "where none flows, the last one is the frozen one"
    )
