"""Several encodings of one picture on one m-line (RFC 8853): offered, answered, told apart, repaired, asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.media import codec_choice, keyframe, sdp, sdp_answer, simulcast, whip_session
from server.media.feedback import KeyFrameRequest, Nack, ReportBlock, SenderReport, ntp_from_unix, sender_report
from server.media.forwarder import Forwarder
from server.media.inlet import Inlet
from server.media.packet import parse_header
from server.media.simulcast import Encoding
from server.media.source import TrackPlan
from server.media.sources import MAX_SOURCES
from tests.server.media.conftest import until
from tests.server.media.test_forwarder import Recording
from tests.server.media.test_inlet import NAMES, SOUND, Stage
from tests.server.media.test_sdp import PUBLISHER, TRANSPORT
from tests.server.recording.coded import h264, vp8

# As Chromium writes it for sendEncodings [{rid: "q"}, {rid: "h"}, {rid: "f"}]: the smallest first.
LAYERED = PUBLISHER.replace(
    "a=extmap:9 urn",
    f"a=extmap:10 {simulcast.RID_EXTENSION}\r\na=extmap:11 {simulcast.REPAIRED_RID_EXTENSION}\r\na=extmap:9 urn",
).replace(
    "a=rtcp-mux\r\n", "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\na=rtcp-mux\r\n", 1
)
RTX = LAYERED.replace("a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96", "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=106")

FIRST = TrackPlan("video", "main", "H264", 90_000, 102, "0", (), repair_type=103, rid="q")
LAST = replace(FIRST, layer="sub", rid="f")


def video(text: str) -> sdp.Media:
    return sdp.parse_offer(text).media[0]


def test_an_offer_with_encodings_is_read() -> None:
    found = video(LAYERED)
    assert [(one.rid, one.is_paused) for one in found.encodings] == [("q", False), ("h", False), ("f", False)]
    assert (found.rid_extension, found.repaired_rid_extension) == (10, 11)


@pytest.mark.parametrize(
    ("rids", "listed", "expected"),
    [
        (["1 send", "2 send"], "send 1;2", [Encoding("1"), Encoding("2")]),
        (["1 send", "2 send"], "recv 3 send 2;1", [Encoding("2"), Encoding("1")]),
        (["1 send", "2 send", "3 send"], "send 1,2;~3", [Encoding("1"), Encoding("3", is_paused=True)]),
        (["1 send pt=96;max-width=1280"], "send 1", [Encoding("1", "pt=96;max-width=1280")]),
        (["1 send", "2 recv"], "send 1;2;3", [Encoding("1")]),
        (["1 send", "2 send"], "send 1;1;2", [Encoding("1"), Encoding("2")]),
        (["1 send"], " rid=1", []),
        (["1 send"], "send", []),
        (["1 send"], "recv 1", []),
        ([], "send 1;2", []),
    ],
)
def test_what_rid_and_simulcast_lines_say(rids: list[str], listed: str, expected: list[Encoding]) -> None:
    assert simulcast.encodings(rids, [listed]) == tuple(expected)


@given(
    st.lists(st.text(max_size=40), max_size=12),
    st.lists(st.text(st.sampled_from(" ~;,=12ab:sendrcv\r\n\x00é"), max_size=60), max_size=2),
)
def test_any_lines_give_encodings_or_none(rids: list[str], listed: list[str]) -> None:
    told = [f"{name} send {restrictions}" for name, restrictions in zip(rids, ["a", "pt=96", *rids], strict=False)]
    found = simulcast.encodings([*rids, *told], listed)
    assert len(found) <= simulcast.MAX_ENCODINGS
    taken = simulcast.chosen(found, 96, 2)
    assert len(taken) <= 2 and len(set(taken)) == len(taken) and set(taken) <= {one.rid for one in found}
    for line in simulcast.answer_lines(found, taken, 96):
        assert line.isascii() and line.isprintable(), "it goes into our answer"


@pytest.mark.parametrize(
    ("offered", "count", "expected"),
    [
        ([Encoding("h"), Encoding("m"), Encoding("l")], 2, ["h", "l"]),
        ([Encoding("h"), Encoding("l")], 2, ["h", "l"]),
        ([Encoding("h")], 2, ["h"]),
        ([Encoding("h"), Encoding("m"), Encoding("l")], 1, ["l"]),
        ([Encoding("h"), Encoding("m"), Encoding("l", is_paused=True)], 2, ["h", "m"]),
        ([Encoding("a", "max-fs=300"), Encoding("b", "max-width=640;max-height=360")], 2, ["b", "a"]),
        ([Encoding("a", "max-width=640;max-height=360"), Encoding("b")], 2, ["a", "b"]),
        ([Encoding("a", "pt=97"), Encoding("b", "pt=96,97"), Encoding("c")], 2, ["b", "c"]),
        ([Encoding("a", "pt=97")], 2, []),
        ([], 2, []),
    ],
)
def test_the_largest_and_the_smallest_are_taken(offered: list[Encoding], count: int, expected: list[str]) -> None:
    assert simulcast.chosen(offered, 96, count) == expected


@pytest.mark.parametrize("repairs_told", [True, False], ids=["with repaired rids", "without"])
def test_what_is_not_taken_is_paused_and_repairs_are_taken_apart_where_they_name_their_stream(
    repairs_told: bool,
) -> None:
    offered = video(RTX if repairs_told else RTX.replace(f"a=extmap:11 {simulcast.REPAIRED_RID_EXTENSION}\r\n", ""))
    codecs = codec_choice.with_repairs(offered, codec_choice.video_codecs(offered)[:1])
    taken = sdp_answer.AnswerMedia(offered, tuple(codecs), "recvonly", rids=("q", "f"))
    lines = sdp_answer.write_answer(1, 1, [taken], TRANSPORT, "watchroom").split("\r\n")
    assert "a=simulcast:recv q;~h;f" in lines
    assert {"a=rid:q recv", "a=rid:h recv", "a=rid:f recv"} <= set(lines)
    assert f"a=extmap:10 {simulcast.RID_EXTENSION}" in lines
    assert (f"a=extmap:11 {simulcast.REPAIRED_RID_EXTENSION}" in lines) is repairs_told


def test_restrictions_are_answered_with_the_one_payload_type() -> None:
    offered = [Encoding("1", "pt=96,97;max-width=1280"), Encoding("2", "max-fps=15"), Encoding("3", "pt=97")]
    assert simulcast.answer_lines(offered, ["1", "2"], 96) == [
        "a=rid:1 recv pt=96;max-width=1280",
        "a=rid:2 recv max-fps=15",
        "a=rid:3 recv",
        "a=simulcast:recv 1;2;~3",
    ]
    assert simulcast.answer_lines(offered, [], 96) == []


def test_without_the_extension_that_names_it_a_picture_is_taken_as_one() -> None:
    assert video(LAYERED.replace(f"a=extmap:10 {simulcast.RID_EXTENSION}\r\n", "")).encodings == ()


@pytest.mark.parametrize(
    ("restrictions", "codec", "rids"),
    [
        (("", "", ""), "H264", ["q", "f"]),
        ((" pt=96", " pt=96", " pt=96"), "VP8", ["q", "f"]),
        ((" pt=106", " pt=96", " pt=96"), "H264", ["q"]),
        ((" pt=39", " pt=39", " pt=39"), "H264", [None]),
    ],
    ids=["any codec", "VP8 alone", "one of H.264", "one that we do not take"],
)
def test_the_codec_is_one_in_which_encodings_are_offered(
    restrictions: tuple[str, ...], codec: str, rids: list[str | None]
) -> None:
    text = LAYERED
    for rid, restriction in zip("qhf", restrictions, strict=True):
        text = text.replace(f"a=rid:{rid} send", f"a=rid:{rid} send{restriction}")
    plans, answered = whip_session._plan([*sdp.parse_offer(text).media])
    pictures = [plan for plan in plans if plan.kind == "video"]
    assert [(plan.codec, plan.rid) for plan in pictures] == [(codec, rid) for rid in rids]
    assert answered[pictures[0].mid][0].name == codec


# ---- packets ---------------------------------------------------------------------------------------------


def key_frame(codec: str, width: int, height: int) -> bytes:
    """The payload that starts it: the parameter sets in one packet, as Chromium sends them; a whole VP8 frame."""
    units = (h264 if codec == "H264" else vp8)(1, width, height)[0].units
    if codec == "VP8":
        return b"\x90\x80\x05" + units[0]
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units if unit[0] & 31 in (7, 8))


@pytest.mark.parametrize("codec", ["H264", "VP8"])
@pytest.mark.parametrize(("width", "height"), [(640, 360), (162, 122)])
def test_a_key_frame_tells_its_size(codec: str, width: int, height: int) -> None:
    payload = key_frame(codec, width, height)
    assert keyframe.pixels(codec, payload) == width * height
    assert keyframe.pixels(codec, memoryview(payload)[:8]) is None
    alone = next((unit for unit in h264(1, width, height)[0].units if unit[0] & 31 == 7), b"")
    assert keyframe.pixels("H264", alone) == width * height, "as OBS sends it"


VP8_BEGINS = (
    b"\x10\x00\x00\x00\x9d\x01\x2a"  # the descriptor, the frame's tag, the start code; then its width and height
)


@given(
    st.sampled_from(["H264", "VP8", "opus"]),
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x78", b"\x67", b"\x90", VP8_BEGINS]),
)
@example("VP8", bytes(7), VP8_BEGINS)
@example("VP8", b"\x40\x01\x00\x00", VP8_BEGINS)
def test_any_payload_has_a_size_or_none(codec: str, payload: bytes, first: bytes) -> None:
    found = keyframe.pixels(codec, first + payload)
    assert found is None or (found > 0 and codec in ("H264", "VP8"))


def layers(stage: Stage) -> dict[int, str]:
    return {source.ssrc: source.plan.layer for source in stage.inlet.sources if source.plan.kind == "video"}


async def test_encodings_are_told_apart_by_rid_and_asked_by_their_own_ssrc() -> None:
    stage = Stage(FIRST, LAST, SOUND)
    stage.rtp(111, 1, 3003, mid=b"2")
    for sequence in (10, 11):
        stage.rtp(102, sequence, 2002, mid=b"0", rid=b"f")
        stage.rtp(102, sequence, 1001, mid=b"0", rid=b"q")
    stage.rtp(102, 10, 7007, mid=b"0", rid=b"h")
    assert stage.inlet.counts["rtp_of_no_track"] == 1, "the one that was paused"
    stage.rtp(102, 13, 2002)  # the name is told until it is heard, and not for ever
    assert layers(stage) == {1001: "main", 2002: "sub"}
    assert [(track.kind, track.layer) for track in stage.tracks] == [
        ("audio", "main"),
        ("video", "sub"),
        ("video", "main"),
    ]
    stage.clock.move(0.02)
    stage.tracks[2].ask_key_frame()
    stage.inlet.serve(stage.clock.monotonic())
    assert stage.said() == [Nack(2002, (12,)), KeyFrameRequest(1001)]
    stage.inlet.report(stage.clock.monotonic())
    assert [one.ssrc for one in stage.said() if isinstance(one, ReportBlock)] == [3003, 2002, 1001]
    stage.inlet.close()


async def test_a_repair_joins_the_encoding_that_it_names_also_when_it_names_it_no_more() -> None:
    stage = Stage(FIRST, LAST)
    for sequence in (10, 11, 14):
        stage.rtp(102, sequence, 1001, mid=b"0", rid=b"q")
        stage.rtp(102, sequence, 2002, mid=b"0", rid=b"f")
    stage.rtp(103, 1, 9009, mid=b"0", payload=bytes((0, 12)) + b"\x41whose?")
    stage.rtp(103, 7, 6006, mid=b"0", repaired=b"f", payload=bytes((0, 12)) + b"\x41again")
    stage.rtp(103, 8, 6006, payload=bytes((0, 13)) + b"\x41and again")
    assert stage.inlet.counts["rtx_of_no_track"] == 1
    main, sub = stage.inlet.sources
    assert (main.plan.rid, main.loss.recovered) == ("q", 0)
    assert (sub.plan.rid, sub.loss.recovered) == ("f", 2)
    stage.inlet.close()


class Recorded(Stage):
    """Each track has a recorder from its first packet on, as in the engine, and each packet is a wake-up."""

    def __init__(self, *plans: TrackPlan) -> None:
        super().__init__(*plans)
        self.recordings: list[Recording] = []
        self.inlet = Inlet(list(plans), NAMES, self.clock, self._on_track, self.dirty.append)
        self.inlet.peer = cast(Any, self.peer)

    def _on_track(self, track: Forwarder) -> None:
        self.tracks.append(track)
        self.recordings.append(Recording())
        track.add(cast(Any, self.recordings[-1]), self.clock.monotonic())

    def send(self, sequence: int, ssrc: int, payload: bytes) -> None:
        """Of the encoding that has this SSRC."""
        self.rtp(102, sequence, ssrc, mid=b"0", rid={1001: b"q", 2002: b"f"}[ssrc], payload=payload)
        for track in self.dirty:
            track.flush(self.clock.monotonic())
        self.dirty.clear()

    def recorded(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Of each track its layer, and SSRC and number of what its recorder got."""
        got = [[parse_header(packet) for _, packet in recording.got] for recording in self.recordings]
        return [
            (track.layer, [(one.ssrc, one.sequence) for one in headers])
            for track, headers in zip(self.tracks, got, strict=True)
        ]

    def reports(self) -> list[tuple[int, int, int]]:
        """SSRC, highest number and losses of what the camera was told since."""
        told = [one for one in self.said() if isinstance(one, ReportBlock)]
        return [(one.ssrc, one.highest_sequence, one.cumulative_lost) for one in told]


SMALL, LARGE = (320, 180), (640, 360)


@pytest.mark.parametrize("codec", ["H264", "VP8"])
@pytest.mark.parametrize("first_is_larger", [True, False])
async def test_the_larger_encoding_is_main_whichever_was_offered_first(codec: str, first_is_larger: bool) -> None:
    stage = Recorded(replace(FIRST, codec=codec), replace(LAST, codec=codec))
    first, last = (key_frame(codec, *size) for size in ((LARGE, SMALL) if first_is_larger else (SMALL, LARGE)))
    stage.send(1, 1001, first)
    assert layers(stage) == {1001: "main"}, "as they were offered, until both are known"
    stage.send(1, 2002, last)
    for ssrc in (1001, 2002):
        stage.send(2, ssrc, b"\x41")
    assert layers(stage) == ({1001: "main", 2002: "sub"} if first_is_larger else {1001: "sub", 2002: "main"})
    assert not stage.inlet._sources.wants_sizes
    stage.send(3, 1001, first)
    stage.send(4, 1001, b"\x41")
    if first_is_larger:
        one = [(1001, 1), (1001, 2), (1001, 3), (1001, 4)]
        assert stage.recorded() == [("main", one), ("sub", [(2002, 1), (2002, 2)])]
    else:
        assert stage.recorded() == [
            ("main", [(1001, 1)]),
            ("main", [(2002, 1), (2002, 2)]),  # its key frame is not lost
            ("sub", [(1001, 3), (1001, 4)]),  # nobody can decode its second packet without the first
        ]
    for recording in stage.recordings:
        assert keyframe.starts_key_frame(codec, recording.got[0][1])
    assert stage.inlet.totals["camera_packets"] == 6
    stage.inlet.close()


@pytest.mark.parametrize("larger_comes_first", [True, False])
async def test_the_encoding_that_is_without_its_key_frame_is_asked_for_one_at_once(larger_comes_first: bool) -> None:
    """The one whose key frame showed that they are to change places has it; the tick may be 1 s away."""
    stage = Recorded(FIRST, LAST)
    keys = [(1001, key_frame("H264", *SMALL)), (2002, key_frame("H264", *LARGE))]
    for ssrc, key in reversed(keys) if larger_comes_first else keys:
        stage.send(1, ssrc, key)
    without = 2002 if larger_comes_first else 1001
    stage.send(2, without, b"\x41")
    assert layers(stage) == {1001: "sub", 2002: "main"}
    await until(lambda: bool(stage.peer.feedback))
    assert stage.said() == [KeyFrameRequest(without)]
    stage.inlet.close()


async def test_after_a_change_of_places_each_encoding_is_reported_asked_and_repaired_under_its_own_ssrc() -> None:
    stage = Recorded(FIRST, LAST)
    stage.send(10, 1001, key_frame("H264", *SMALL))
    stage.send(10, 2002, key_frame("H264", *LARGE))
    stage.said()
    stage.inlet.report(stage.clock.monotonic())
    assert stage.reports() == [(2002, 10, 0)], "of the other one nothing is known: 0 would say that its counts run back"
    stage.clock.move(0.3)
    stage.send(13, 2002, b"\x41")
    assert stage.reports() == [(2002, 10, 0)], "nor in the report that goes out between the ticks"
    for sequence in (15, 17):
        stage.send(sequence, 1001, b"\x41")
    stage.clock.move(0.02)
    stage.tracks[1].ask_key_frame()
    stage.inlet.serve(stage.clock.monotonic())
    asked = [one for one in stage.said() if not isinstance(one, ReportBlock)]
    assert asked == [Nack(1001, (16,)), KeyFrameRequest(1001), Nack(2002, (11, 12)), KeyFrameRequest(2002)]
    stage.rtp(103, 7, 6006, mid=b"0", repaired=b"f", payload=bytes((0, 12)) + b"\x41again")
    assert {one.ssrc: one.loss.recovered for one in stage.inlet.sources} == {1001: 0, 2002: 1}
    stage.inlet.report(stage.clock.monotonic())
    assert stage.reports() == [(1001, 17, 1), (2002, 13, 2)]
    stage.inlet.close()


async def test_after_a_change_of_places_the_cameras_clocks_are_known_as_before() -> None:
    """The next sender report may be seconds away, and sound and picture are to keep step until then."""
    stage = Recorded(FIRST, LAST)
    stage.send(10, 1001, key_frame("H264", *SMALL))
    stage.rtp(102, 9, 2002, mid=b"0", rid=b"f", payload=b"\x41")
    for ssrc, captured_at in ((1001, 1_000.0), (2002, 2_000.0)):
        report = SenderReport(ssrc, ntp_from_unix(captured_at), 90, 1, 1)
        stage.inlet.on_feedback(sender_report(report, "camera"), stage.clock.monotonic())
    stage.send(10, 2002, key_frame("H264", *LARGE))
    stage.send(11, 1001, b"\x41")
    assert layers(stage) == {1001: "sub", 2002: "main"}
    told = {one.ssrc: one.forwarder.clock.captured_at(90 + 90_000) for one in stage.inlet.sources}
    assert told == {1001: pytest.approx(1_001.0), 2002: pytest.approx(2_001.0)}
    stage.said()
    stage.inlet.report(stage.clock.monotonic())
    echoed = {one.ssrc: one.last_sender_report for one in stage.said() if isinstance(one, ReportBlock)}
    assert echoed == {ssrc: ntp_from_unix(at) >> 16 & 0xFFFFFFFF for ssrc, at in ((1001, 1_000.0), (2002, 2_000.0))}
    stage.inlet.close()


def test_encodings_of_another_session_cannot_pile_up() -> None:
    stage = Stage(FIRST, LAST)
    stage.rtp(102, 1, 1001, mid=b"0", rid=b"q")
    for ssrc in range(MAX_SOURCES + 8):
        stage.rtp(103, 1, 5000 + ssrc, mid=b"0", repaired=b"q", payload=b"")
    assert "sources" in stage.peer.closed
    assert len(stage.inlet._sources._repairs) <= MAX_SOURCES
