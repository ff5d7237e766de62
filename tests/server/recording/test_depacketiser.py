"""Coded pictures out of RTP packets: every whole NAL unit, and never half a one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.packet import padded
from server.recording.depacketiser import Picture, assembler_for, opus_duration_s, vp8_payload_start
from tests.server.recording.coded import h264, h264_payloads, opus, packets, vp8, vp8_payloads

UNITS = st.lists(
    st.builds(
        lambda kind, size, fill: bytes((0x60 | kind,)) + bytes((fill,)) * size,
        st.integers(1, 12),
        st.integers(1, 4000),
        st.integers(1, 255),
    ),
    min_size=1,
    max_size=6,
).filter(lambda units: any(1 <= unit[0] & 31 <= 5 for unit in units))


def assembled(codec: str, sent: list[bytes], lost: set[int] = frozenset()) -> list[Picture]:  # type: ignore[assignment]
    assembler = assembler_for(codec)
    found: list[Picture] = []
    for index, packet in enumerate(sent):
        if index in lost:
            assembler.lost()
        else:
            found += assembler.feed(packet)
    return found + assembler.flush()


def sent_h264(pictures: list[list[bytes]]) -> list[bytes]:
    entries = packets((index * 3000, h264_payloads(units)) for index, units in enumerate(pictures))
    return [packet for _, packet in entries]


@given(st.lists(UNITS, min_size=1, max_size=4))
def test_all_units_of_all_pictures_come_out_as_they_went_in(pictures: list[list[bytes]]) -> None:
    found = assembled("H264", sent_h264(pictures))
    assert [list(one.units) for one in found] == pictures
    assert [one.timestamp for one in found] == [index * 3000 for index in range(len(pictures))]
    assert [one.is_key for one in found] == [any(unit[0] & 31 == 5 for unit in units) for units in pictures]
    assert not any(one.damaged for one in found)


@given(st.lists(UNITS, min_size=1, max_size=4), st.data())
def test_a_loss_costs_the_units_that_it_hits_and_no_other(pictures: list[list[bytes]], data: st.DataObject) -> None:
    sent = sent_h264(pictures)
    lost = data.draw(st.sets(st.integers(0, len(sent) - 1), max_size=3))
    shown = assembled("H264", sent, lost)
    found = [unit for one in shown for unit in one.units]
    whole = [unit for units in pictures for unit in units]
    remaining = iter(whole)
    assert all(any(unit == other for other in remaining) for unit in found)  # a subsequence: none is cut, none invented
    # the units of a picture that lost all its slices wait for the next picture: behind the last one nothing follows
    waiting = pictures[shown[-1].timestamp // 3000 + 1 :] if shown else pictures
    hit = sum(_units_hit(sent, index) for index in lost)
    assert len(found) >= len(whole) - hit - sum(map(len, waiting))


def _units_hit(sent: list[bytes], index: int) -> int:
    payload = sent[index][12:]
    if payload[0] & 31 != 24:
        return 1
    count, position = 0, 1
    while position < len(payload):
        position += 2 + int.from_bytes(payload[position : position + 2], "big")
        count += 1
    return count


def test_a_picture_behind_a_loss_is_marked() -> None:
    sent = sent_h264([[b"\x65" + b"a" * 50], [b"\x61" + b"b" * 3000], [b"\x61" + b"c" * 50], [b"\x61" + b"d" * 50]])
    found = assembled("H264", sent, {2})
    assert [one.units[0][1:2] for one in found] == [b"a", b"c", b"d"]
    assert [one.damaged for one in found] == [False, True, False]


def test_parameter_sets_of_a_lost_key_frame_go_before_the_next_picture() -> None:
    sets = [b"\x67" + b"s" * 20, b"\x68" + b"p" * 5]
    sent = sent_h264([[*sets, b"\x65" + b"a" * 3000], [b"\x61" + b"b" * 50]])
    found = assembled("H264", sent, {1})
    assert [list(one.units) for one in found] == [[*sets, b"\x61" + b"b" * 50]]


def test_the_padding_that_forwarding_adds_is_no_part_of_a_picture() -> None:
    (packet,) = sent_h264([[b"\x65abc"]])
    assert assembled("H264", [padded(packet, 200)])[0].units == (b"\x65abc",)
    empty = padded(packet[:12], 100)
    assert assembled("H264", [empty]) == []


@given(st.lists(st.binary(max_size=40), max_size=20), st.sampled_from(["H264", "VP8"]))
def test_no_payload_breaks_it(payloads: list[bytes], codec: str) -> None:
    assembled(codec, [packet for _, packet in packets((index * 3000, [one]) for index, one in enumerate(payloads))])


def test_a_real_stream_of_h264_is_kept_unit_by_unit() -> None:
    pictures = h264(40, key_every=15)
    found = assembled("H264", sent_h264([list(one.units) for one in pictures]))
    assert [one.units for one in found] == [one.units for one in pictures]
    assert [one.is_key for one in found] == [one.is_key for one in pictures]


def test_a_frame_of_vp8_is_whole_or_not_there() -> None:
    frames = vp8(30, key_every=10)
    entries = packets((index * 3000, vp8_payloads(one.units[0], index)) for index, one in enumerate(frames))
    sent = [packet for _, packet in entries]
    found = assembled("VP8", sent)
    assert [one.units for one in found] == [one.units for one in frames]
    assert [one.is_key for one in found] == [one.is_key for one in frames]
    for lost in range(len(sent)):
        timestamp = int.from_bytes(sent[lost][4:8], "big")
        left = assembled("VP8", sent, {lost})
        assert [one.units for one in left] == [
            one.units for index, one in enumerate(frames) if index * 3000 != timestamp
        ]


def test_a_descriptor_tells_where_the_frame_starts() -> None:
    assert vp8_payload_start(b"\x10abc") == 1
    assert vp8_payload_start(b"\x90\x80\x05abc") == 3
    assert vp8_payload_start(b"\x90\x80\x85\x01abc") == 4
    assert vp8_payload_start(b"\x90\xe0\x85\x01\x02\x03abc") == 6
    assert vp8_payload_start(b"\x90\xe0\x85") is None


def test_opus_packets_tell_how_long_they_sound() -> None:
    assert {opus_duration_s(packet) for packet in opus(5)} == {0.02}
    assert opus_duration_s(b"") == 0.0
    assert opus_duration_s(bytes((31 << 3 | 1,))) == 0.04  # two frames of 20 ms


@pytest.mark.parametrize(("lost", "torn"), [({3}, False), ({4}, True), ({5}, True), ({3, 4}, True)])
def test_a_key_frame_behind_a_loss_is_whole_if_its_parameter_sets_came(lost: set[int], torn: bool) -> None:
    sets = [b"\x67" + b"s" * 900, b"\x68" + b"p" * 900]  # too long for one packet together
    before = [[b"\x65" + b"a" * 50], [b"\x61" + b"b" * 50], [b"\x61" + b"c" * 50], [b"\x61" + b"d" * 50]]
    sent = sent_h264([*before, [*sets, b"\x65" + b"e" * 50]])
    assert len(sent) == 7
    assert [one.torn for one in assembled("H264", sent, lost) if one.is_key][1:] == [torn]
