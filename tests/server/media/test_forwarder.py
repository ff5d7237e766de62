"""One track fanned out: who gets what, from where on, and always the same bytes for the same number."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.forwarder import KEPT, KEPT_S, VIDEO_CACHE, Forwarder
from server.media.keyframe import starts_key_frame
from server.media.packet import HEADER, is_filler, padded, parse_header
from server.media.packet_cache import Entry
from server.media.run import Run, make_runs
from server.media.srtp import SrtpBuffers
from server.media.track import AUDIO, VIDEO, UpTrack

SPS, PPS, IDR, SLICE = b"\x67sps", b"\x68pps", b"\x65idr", b"\x41slice"


def packet(sequence: int, payload: bytes, frame: int = 0) -> bytes:
    return HEADER.pack(0x80, 0, sequence & 0xFFFF, frame * 3600, 7) + payload


class Recording:
    """A DownTrack that keeps what it is given."""

    takes_holes = False

    def __init__(self) -> None:
        self.got: list[Entry] = []
        self.entered: list[int] = []

    def enter(self, up: UpTrack, entries: Sequence[Entry], now: float) -> None:
        self.entered.append(entries[0][0])
        self.got += entries

    def complete(self, up: UpTrack, entries: Sequence[Entry]) -> None:
        self.got += entries

    def deliver(self, up: UpTrack, runs: Sequence[Run], now: float) -> None:
        for run in runs:
            self.got += run.entries


def test_a_viewer_enters_at_a_key_frame_once() -> None:
    forwarder, first, second = Forwarder(VIDEO, "main", "H264", 90_000), Recording(), Recording()
    forwarder.add(first, 0.0)
    assert forwarder.key_frames.is_due(0.0)
    for sequence, payload, frame in [(1, SLICE, 0), (2, SPS, 1), (3, PPS, 1), (4, IDR, 1), (5, SLICE, 2)]:
        forwarder.push(sequence, packet(sequence, payload, frame), 0.0)
    forwarder.flush(0.0)
    assert (first.entered, [sequence for sequence, _ in first.got]) == ([2], [2, 3, 4, 5])
    forwarder.push(6, packet(6, SLICE, 3), 0.1)
    forwarder.add(second, 0.1)
    forwarder.flush(0.1)
    assert (second.entered, [sequence for sequence, _ in second.got]) == ([2], [2, 3, 4, 5, 6])
    assert second.got == first.got
    forwarder.remove(first)
    forwarder.push(7, packet(7, SLICE, 4), 0.2)
    forwarder.flush(0.2)
    assert (len(first.got), len(second.got), forwarder.watchers) == (5, 6, 1)


@given(st.permutations([2, 3, 4, 5]))
def test_a_viewer_is_let_in_by_a_key_frame_from_its_parameter_sets_on_whatever_overtook_them(order: list[int]) -> None:
    """An IDR without them nobody can decode, and what lies before the way in nobody is sent."""
    forwarder, waiting = Forwarder(VIDEO, "main", "H264", 90_000), Recording()
    forwarder.add(waiting, 0.0)
    payloads = {2: (SPS, 1), 3: (PPS, 1), 4: (IDR, 1), 5: (SLICE, 2)}
    for sequence in order:
        payload, frame = payloads[sequence]
        forwarder.push(sequence, packet(sequence, payload, frame), 0.0)
        forwarder.flush(0.0)
    late = Recording()
    forwarder.add(late, 0.1)
    for viewer in (waiting, late):
        assert viewer.entered == [2]
        assert sorted(sequence for sequence, _ in viewer.got) == [2, 3, 4, 5]


@given(st.permutations([2, 3, 4]), st.permutations([b"\x09aud", b"\x06sei", SPS, PPS]))
def test_parameter_sets_are_found_wherever_they_stand_among_aggregated_units(
    order: list[int], units: list[bytes]
) -> None:
    """Encoders lead an access unit by its delimiter, and a payloader that aggregates puts that first (RFC 6184, STAP-A)."""
    forwarder, waiting = Forwarder(VIDEO, "main", "H264", 90_000), Recording()
    forwarder.add(waiting, 0.0)
    sets = b"\x78" + b"".join(len(unit).to_bytes(2) + unit for unit in units)
    payloads = {2: (sets, 1), 3: (b"\x7c\x85idr", 1), 4: (SLICE, 2)}
    for sequence in order:
        payload, frame = payloads[sequence]
        forwarder.push(sequence, packet(sequence, payload, frame), 0.0)
        forwarder.flush(0.0)
    assert waiting.entered == [2]
    assert sorted(sequence for sequence, _ in waiting.got) == [2, 3, 4]


def test_an_idr_whose_parameter_sets_never_come_lets_nobody_in_and_the_next_is_asked_for() -> None:
    forwarder, viewer, late = Forwarder(VIDEO, "main", "H264", 90_000), Recording(), Recording()
    forwarder.add(viewer, 0.0)
    for sequence, payload, frame in ((1, SLICE, 0), (3, IDR, 1), (4, SLICE, 2)):
        forwarder.push(sequence, packet(sequence, payload, frame), 0.0)
    forwarder.flush(0.0)
    forwarder.fill([2], 1.0)
    forwarder.push(5, packet(5, SLICE, 3), 1.0)
    forwarder.flush(1.0)
    forwarder.add(late, 1.0)
    assert viewer.entered == late.entered == []
    assert forwarder.key_frames.is_pending
    forwarder.push(6, packet(6, IDR, 4), 1.0)
    forwarder.flush(1.0)
    assert viewer.entered == late.entered == [6], "of a camera that tells its parameter sets elsewhere"
    assert not forwarder.key_frames.is_pending


def test_a_late_part_of_a_key_frame_lets_nobody_in_who_waits_for_another() -> None:
    forwarder, viewer = Forwarder(VIDEO, "main", "H264", 90_000), Recording()
    for sequence, payload in ((1, SPS), (4, SLICE)):
        forwarder.push(sequence, packet(sequence, payload, 1), 0.0)
    forwarder.flush(0.0)
    forwarder.add_at_key_frame(viewer)
    forwarder.push(3, packet(3, IDR, 1), 0.1)
    forwarder.flush(0.1)
    assert viewer.entered == []


def test_a_change_of_layer_waits_for_the_next_key_frame() -> None:
    forwarder, viewer = Forwarder(VIDEO, "sub", "H264", 90_000), Recording()
    forwarder.push(1, packet(1, SPS), 0.0)
    forwarder.flush(0.0)
    forwarder.add_at_key_frame(viewer)
    forwarder.push(2, packet(2, SLICE, 1), 0.0)
    forwarder.flush(0.0)
    assert viewer.got == []
    forwarder.push(3, packet(3, IDR, 2), 0.0)
    forwarder.flush(0.0)
    assert viewer.entered == [3]


def test_after_an_outage_everybody_goes_on_at_the_next_key_frame() -> None:
    forwarder, viewer, joining = Forwarder(VIDEO, "main", "H264", 90_000), Recording(), Recording()
    forwarder.add(viewer, 0.0)
    forwarder.push(1, packet(1, SPS), 0.0)
    forwarder.flush(0.0)
    forwarder.start_again()
    forwarder.add_at_key_frame(joining)
    assert forwarder.key_frames.is_pending and forwarder.watchers == 2
    forwarder.push(200, packet(200, SLICE, 9), 10.0)
    forwarder.flush(10.0)
    forwarder.push(201, packet(201, IDR, 10), 10.1)
    forwarder.flush(10.1)
    assert (viewer.entered, viewer.got) == ([1, 201], [(1, packet(1, SPS)), (201, packet(201, IDR, 10))])
    assert joining.entered == [201]


def test_a_hole_is_filled_for_viewers_and_shown_to_who_takes_holes() -> None:
    forwarder, viewer, tape = Forwarder(VIDEO, "main", "H264", 90_000), Recording(), Recording()
    tape.takes_holes = True
    for down in (viewer, tape):
        forwarder.add(down, 0.0)
    for sequence, payload, frame in ((1, SPS, 1), (2, SLICE, 2), (5, SLICE, 4)):
        forwarder.push(sequence, packet(sequence, payload, frame), 0.0)
    forwarder.flush(0.0)
    forwarder.fill([4, 3, 2, 6], 1.0)
    assert [sequence for sequence, _ in viewer.got] == [1, 2, 5, 3, 4], "what came is not replaced, what may come waits"
    for sequence, sent in viewer.got[-2:]:
        header = parse_header(sent)
        assert (header.sequence, header.timestamp) == (sequence, 2 * 3600)
        assert header.payload_start == header.payload_end
        assert forwarder.cache.get(sequence) == sent, "it is repaired with the same bytes"
    assert [sequence for sequence, _ in tape.got] == [1, 2, 5]
    late, other = Recording(), Recording()
    other.takes_holes = True
    for down in (late, other):
        forwarder.add(down, 1.0)
    assert [sequence for sequence, _ in late.got] == [1, 2, 3, 4, 5]
    assert [sequence for sequence, _ in other.got] == [1, 2, 5]


def test_after_an_outage_the_holes_of_before_are_filled_just_before_the_key_frame() -> None:
    forwarder, viewer, tape = Forwarder(VIDEO, "main", "H264", 90_000), Recording(), Recording()
    tape.takes_holes = True
    for down in (viewer, tape):
        forwarder.add(down, 0.0)
    for sequence in (1, 2, 4, 6):
        forwarder.push(sequence, packet(sequence, SPS if sequence == 1 else SLICE, sequence), 0.0)
    forwarder.flush(0.0)
    forwarder.start_again()
    joining = Recording()
    forwarder.add(joining, 1.0)
    assert joining.got == [], "the key frame that is kept lies before the outage"
    forwarder.push(5, packet(5, SLICE, 5), 1.0)
    forwarder.flush(1.0)
    assert [sequence for sequence, _ in viewer.got] == [1, 2, 4, 6]
    forwarder.push(90, packet(90, SPS, 90), 1.0)
    forwarder.flush(1.0)
    assert [sequence for sequence, _ in viewer.got] == [1, 2, 4, 6, 3, 5, 90]
    assert viewer.got[5] == (5, packet(5, SLICE, 5)), "what came late is itself"
    assert forwarder.cache.get(3) == viewer.got[4][1]
    forwarder.push(3, packet(3, SLICE, 3), 1.1)
    forwarder.flush(1.1)
    assert forwarder.cache.get(3) == viewer.got[4][1], "other bytes under one number would repeat a GCM nonce"
    assert [sequence for sequence, _ in tape.got] == [1, 2, 4, 6, 5, 90, 3]


def test_a_hole_before_all_that_is_kept_stays() -> None:
    forwarder = Forwarder(VIDEO, "main", "H264", 90_000)
    forwarder.fill([7], 0.0)
    forwarder.push(9, packet(9, SLICE), 0.0)
    forwarder.flush(0.0)
    forwarder.fill([8], 0.0)
    assert forwarder.cache.get(7) is forwarder.cache.get(8) is None


def test_who_waits_is_sent_what_overtook_the_first_packet_of_the_key_frame() -> None:
    forwarder, viewer = Forwarder(VIDEO, "main", "H264", 90_000), Recording()
    forwarder.add(viewer, 0.0)
    for sequence, payload in ((3, SLICE), (2, SLICE), (1, SPS)):
        forwarder.push(sequence, packet(sequence, payload), 0.0)
    forwarder.flush(0.0)
    assert [sequence for sequence, _ in viewer.got] == [1, 2, 3]


def test_sound_needs_no_key_frame() -> None:
    forwarder, viewer = Forwarder(AUDIO, "main", "opus", 48_000), Recording()
    forwarder.add(viewer, 0.0)
    assert not forwarder.key_frames.is_pending, "nothing would ever satisfy it"
    forwarder.push(9, packet(9, b"opus"), 0.0)
    forwarder.flush(0.0)
    assert viewer.entered == [9]
    forwarder.start_again()
    forwarder.add_at_key_frame(viewer)
    assert not forwarder.key_frames.is_pending


@given(st.lists(st.lists(st.integers(1, 1400), min_size=1, max_size=60), min_size=1, max_size=8))
def test_what_is_sent_is_what_is_repaired(batches: list[list[int]]) -> None:
    forwarder, viewer = Forwarder(VIDEO, "main", "VP8", 90_000), Recording()
    sequence, payloads = 65_536, {}
    forwarder.add(viewer, 0.0)
    for batch in batches:
        for size in batch:
            payloads[sequence] = b"\x10\x00" + bytes(size)
            forwarder.push(sequence, packet(sequence, payloads[sequence]), 0.0)
            sequence += 1
        forwarder.flush(0.0)
    assert [number for number, _ in viewer.got] == list(payloads)
    for number, sent in viewer.got:
        header = parse_header(sent)
        assert sent[header.payload_start : header.payload_end] == payloads[number]
        assert forwarder.cache.get(number) == sent, "other bytes under one number would repeat a GCM nonce"


@pytest.mark.parametrize("waited_s", [0.5, 3.5])
def test_a_hole_is_filled_however_late_the_key_frame_after_an_outage_comes(waited_s: float) -> None:
    forwarder, viewer = Forwarder(VIDEO, "main", "H264", 90_000), Recording()
    forwarder.add(viewer, 0.0)
    numbers = [1000, 1001, 1003]  # 1002 is lost for good
    for number in numbers:
        forwarder.push(number, packet(number, SPS if number == 1000 else SLICE, 0), 0.0)
        forwarder.flush(0.0)
    forwarder.start_again()
    last = 1003 + int(waited_s * 150)
    for number in range(1004, last):  # nobody can decode it, but it comes
        now = (number - 1003) / 150
        forwarder.push(number, packet(number, SLICE, number), now)
        forwarder.flush(now)
    forwarder.push(last, packet(last, SPS, last), waited_s)
    forwarder.flush(waited_s)
    shown = [number for number, _ in viewer.got]
    assert shown == [*numbers, 1002, last], "a receiver would wait for it"
    assert is_filler(dict(viewer.got)[1002])


def test_what_nobody_asks_for_any_more_is_let_go_but_not_what_lets_a_viewer_in() -> None:
    forwarder = Forwarder(VIDEO, "main", "H264", 90_000)
    kept = list[tuple[int, int]]()
    for picture in range(400):
        now = picture / 25
        for part in range(6):
            content = b"\x67" if picture % 75 == 0 and part == 0 else b"\x41"
            forwarder.push(1000 + 6 * picture + part, packet(1000 + 6 * picture + part, content, picture), now)
        forwarder.flush(now)
        newest, key_at = forwarder.cache.newest or 0, forwarder.cache.key_at or 0
        for number in range(max(1000, newest - int(KEPT_S * 150) + 6), newest + 1):
            assert forwarder.cache.get(number) is not None, "it may be missed"
        oldest = next(n for n in range(newest - VIDEO_CACHE, newest + 1) if forwarder.cache.get(n) is not None)
        kept.append((newest - oldest, newest - key_at))
        assert forwarder.cache.since_key_frame()[0][0] == key_at
        assert forwarder.way_in == key_at, "what lies before it tells that nothing of it is missing"
        assert not forwarder.fillers(newest - VIDEO_CACHE, oldest), "what is let go is no hole"
    look = 38  # packets of a quarter of a second
    most = max(KEPT, int(KEPT_S * 150) + 2 * look) + 12
    too_much = [(behind, since) for behind, since in kept if behind > most and behind > since + 64 + look]
    assert all(since < 6 + look for _, since in too_much), "soon after a key frame what lies before it is let go"


@given(st.lists(st.integers(12, 3000), min_size=1, max_size=120))
def test_runs_keep_order_and_fit_one_send(sizes: list[int]) -> None:
    entries = [(number, packet(number, bytes(size - 12))) for number, size in enumerate(sizes)]
    runs = make_runs(entries)
    assert [entry for run in runs for entry in run.entries] == entries
    for run in runs:
        assert all(len(content) == run.size for _, content in run.entries[:-1])
        assert run.last_size <= run.size
        assert run.octets == sum(len(content) for _, content in run.entries)
        assert len(run) == 1 or len(run) * (run.size + 16) <= 60_000
        template = SrtpBuffers().numbered(run, (16, 0, 7, 0, 0)).template
        assert template == b"".join(content + bytes(16) for _, content in run.entries)


def test_a_run_knows_its_payload_without_headers_and_padding() -> None:
    entries = [(1, padded(packet(1, bytes(80)), 112)), (2, packet(2, bytes(100))), (3, packet(3, bytes(30)))]
    [run] = make_runs(entries)
    assert (run.octets, run.payload) == (112 + 112 + 42, 80 + 100 + 30)


@given(st.binary(max_size=40), st.sampled_from(["H264", "VP8", "AV1"]))
def test_any_payload_starts_a_key_frame_or_does_not(payload: bytes, codec: str) -> None:
    assert starts_key_frame(codec, packet(0, payload)) in (True, False)


def test_key_frames_are_known_in_every_packing() -> None:
    for payload in (SPS, IDR, b"\x18\x00\x04" + SPS, b"\x7c\x85", b"\x7c\x87"):
        assert starts_key_frame("H264", packet(0, payload)), payload
    for payload in (b"", SLICE, PPS, b"\x7c\x05", b"\x7c\x81", b"\x18\x00\x04" + SLICE):
        assert not starts_key_frame("H264", packet(0, payload)), payload
    for payload in (b"\x10\x00", b"\x90\x80\x12\x00", b"\x90\x80\x92\x34\x00", b"\x90\xe0\x12\x01\x20\x00"):
        assert starts_key_frame("VP8", packet(0, payload)), payload
    for payload in (b"", b"\x10\x01", b"\x00\x00", b"\x11\x00", b"\x90\x80\x12\x01", b"\x90"):
        assert not starts_key_frame("VP8", packet(0, payload)), payload
