"""Several encodings of one picture on one m-line (RFC 8853): offered, answered, told apart, repaired, asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import codec_choice, keyframe, sdp, sdp_answer, simulcast
from server.media.feedback import KeyFrameRequest, Nack, ReportBlock
from server.media.simulcast import Encoding
from server.media.source import TrackPlan
from server.media.sources import MAX_SOURCES
from tests.server.media.test_forwarder import Recording
from tests.server.media.test_inlet import SOUND, Stage
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


@given(
    st.sampled_from(["H264", "VP8", "opus"]), st.binary(max_size=60), st.sampled_from([b"", b"\x78", b"\x67", b"\x90"])
)
def test_any_payload_has_a_size_or_none(codec: str, payload: bytes, first: bytes) -> None:
    assert keyframe.pixels(codec, first + payload) is None or codec in ("H264", "VP8")


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


@pytest.mark.parametrize("codec", ["H264", "VP8"])
@pytest.mark.parametrize("first_is_larger", [True, False])
def test_the_larger_encoding_is_main_whichever_was_offered_first(codec: str, first_is_larger: bool) -> None:
    stage = Stage(replace(FIRST, codec=codec), replace(LAST, codec=codec))
    sizes = ((640, 360), (320, 180)) if first_is_larger else ((320, 180), (640, 360))
    stage.rtp(102, 1, 1001, mid=b"0", rid=b"q", payload=key_frame(codec, *sizes[0]))
    assert layers(stage) == {1001: "main"}, "as they were offered, until both are known"
    small = Recording()
    stage.tracks[0].add(cast(Any, small), 0.0)
    stage.rtp(102, 1, 2002, mid=b"0", rid=b"f", payload=key_frame(codec, *sizes[1]))
    stage.rtp(102, 2, 1001, payload=b"\x41")
    stage.rtp(102, 2, 2002, payload=b"\x41")
    assert layers(stage) == ({1001: "main", 2002: "sub"} if first_is_larger else {1001: "sub", 2002: "main"})
    told = [(track.layer, track.cache.newest) for track in stage.tracks]
    assert [layer for layer, _ in told] == (["main", "sub"] if first_is_larger else ["main", "main", "sub"])
    assert not stage.inlet._sources.wants_sizes
    newest = {one.plan.layer: one.forwarder for one in stage.inlet.sources}
    newest["main"].flush(0.0)
    kept = newest["main"].cache.since_key_frame()
    assert kept, "its key frame is not lost: whoever joins now sees it at once"
    assert stage.inlet.totals["camera_packets"] == 4


def test_encodings_of_another_session_cannot_pile_up() -> None:
    stage = Stage(FIRST, LAST)
    stage.rtp(102, 1, 1001, mid=b"0", rid=b"q")
    for ssrc in range(MAX_SOURCES + 8):
        stage.rtp(103, 1, 5000 + ssrc, mid=b"0", repaired=b"q", payload=b"")
    assert "sources" in stage.peer.closed
    assert len(stage.inlet._sources._repairs) <= MAX_SOURCES
