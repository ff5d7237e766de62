"""One camera's tape by hand: clocks that are set, sessions that end, holes, and the seconds before."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.media.forwarder import Forwarder
from server.media.track import VIDEO
from server.recording.order import RecordingOrder
from server.recording.recorder import Tape
from server.recording.segmenter import LONGEST_S, Stretch
from tests.server.recording.coded import FPS, h264, h264_payloads, packets

T0 = 1_800_000_000.0
STEP_S = 0.25
PRERECORD_S = 30.0


class Kept:
    """What a Writing is given."""

    def __init__(self, asked_at: float = T0) -> None:
        self.order = RecordingOrder("20261128T204600Z-et17-3fa2c1d0", "et17", "ET17", None, "officer", asked_at)
        self.stretches: list[Stretch] = []
        self.before: list[bool] = []
        self.troubles: list[str] = []

    def note_trouble(self, reason: str) -> None:
        if reason != (self.troubles or [""])[-1]:
            self.troubles.append(reason)

    def put(self, stretch: Stretch, earliest: float | None = None, *, prerecord: bool = False) -> None:
        assert earliest is None or earliest <= stretch.start
        self.stretches.append(stretch)
        self.before.append(prerecord)


class Camera:
    """Sends pictures over a forwarder into a tape, at a monotonic time, while the wall clock says what it says."""

    def __init__(self, tape: Tape, number: int = 0, key_every: int = 0, *, headless: bool = False) -> None:
        self.tape = tape
        self.headless = headless  # its key frames lack their parameter sets
        self.key_every = key_every  # pictures; 0: only what is asked for
        self.forwarder = Forwarder(VIDEO, "main", "H264", 90_000)
        self.index = 0
        self.sequence = 70_000 + 100_000 * number
        self.asked = 0
        self.sent: list[tuple[float, bool, int]] = []  # when each picture was, whether a key frame, of so many packets

    def send(self, now: float, wall: float, *, without: int = 0) -> None:
        """The next picture; a key frame when it was asked for. `without` the first packets of it."""
        own = self.key_every and self.index % self.key_every == 0
        is_key = self.index == 0 or self.asked > 0 or own
        self.asked = 0
        coded = h264(2)[0 if is_key else 1]
        units = [unit for unit in coded.units if not self.headless or unit[0] & 31 not in (7, 8)]
        timestamp = self.index * 90_000 // FPS
        self.forwarder.clock.note_packet(timestamp, wall)
        sent = packets([(timestamp, h264_payloads(units))], self.sequence)
        self.sent.append((now, bool(is_key), len(sent)))
        for sequence, packet in sent[without:]:
            self.forwarder.push(sequence, packet, now)
        self.forwarder.flush(now)
        self.sequence += len(sent)
        if self.index == 0:
            self.tape.attach(self.forwarder, now, wall)
        self.index += 1


def run(camera: Camera, tape: Tape, start: float, end: float, wall_of: Any) -> None:
    """From `start` to `end` (monotonic seconds), with a step of the recorder four times a second."""
    looked = start
    for index in range(int(start * FPS), int(end * FPS)):
        now = index / FPS
        camera.send(now, wall_of(now))
        if now - looked >= STEP_S:
            looked = now
            camera.asked += tape.step(now, wall_of(now))


@pytest.mark.parametrize("step", [-3600.0, -3.0, 3.0, 3600.0])
def test_a_clock_of_the_server_that_is_set_costs_no_picture_and_no_segment(step: float) -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept()
    camera = Camera(tape)
    tape.begin(kept, 0.0, T0)  # type: ignore[arg-type]
    run(camera, tape, 0.0, 40.0, lambda now: T0 + now + (step if now >= 10 else 0.0))
    tape.end(40.0, T0 + 40 + step)
    assert sum(len(one.pictures) for one in kept.stretches) >= 40 * FPS - 2
    assert all(0.4 < one.end - one.begin <= LONGEST_S + 0.1 for one in kept.stretches[:-1])
    assert all(abs(one.end - following.begin) < 0.1 for one, following in pairwise(kept.stretches))


def test_a_recording_begins_with_the_seconds_before_though_the_session_had_ended() -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept(asked_at=T0 + 13)
    run(Camera(tape), tape, 0.0, 10.0, lambda now: T0 + now)
    tape.away(10.0, T0 + 10)
    assert not tape.is_idle
    second = Camera(tape, 1)
    run(second, tape, 12.0, 13.0, lambda now: T0 + now)
    tape.begin(kept, 13.0, T0 + 13)  # type: ignore[arg-type]
    run(second, tape, 13.0, 20.0, lambda now: T0 + now)
    tape.end(20.0, T0 + 20)
    assert kept.stretches[0].begin == pytest.approx(T0, abs=0.1)
    assert sum(len(one.pictures) for one in kept.stretches) >= 18 * FPS - 4
    assert kept.before[0]
    assert not kept.before[-1]


@pytest.mark.parametrize("moment", [41.0, 42.0, 43.0, 44.0])
def test_the_seconds_before_begin_with_a_picture_that_can_be_decoded(moment: float) -> None:
    """A camera sends a key frame every four seconds by itself; nobody asks for one while it only buffers."""
    tape, kept = Tape("et17", PRERECORD_S), Kept(asked_at=T0 + moment)
    run(Camera(tape, key_every=4 * FPS), tape, 0.0, moment, lambda now: T0 + now)
    tape.begin(kept, moment, T0 + moment)  # type: ignore[arg-type]
    assert kept.stretches[0].is_keyed
    assert T0 + moment - PRERECORD_S - 4.5 <= kept.stretches[0].begin <= T0 + moment - PRERECORD_S
    tape.end(moment, T0 + moment)


def test_what_is_older_than_the_buffer_is_forgotten_also_of_a_camera_that_is_silent() -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept()
    run(Camera(tape), tape, 0.0, 10.0, lambda now: T0 + now)
    tape.begin(kept, 3600.0, T0 + 3600)  # type: ignore[arg-type]
    assert kept.stretches == []
    tape.end(3601.0, T0 + 3601)
    tape.away(3602.0, T0 + 3602)
    tape.step(3700.0, T0 + 3700)
    assert tape.is_idle


def test_what_waits_behind_a_hole_belongs_to_the_recording_that_ends() -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept()
    camera = Camera(tape)
    tape.begin(kept, 0.0, T0)  # type: ignore[arg-type]
    run(camera, tape, 0.0, 4.0, lambda now: T0 + now)
    camera.send(4.0, T0 + 4.0, without=1)
    for index in range(1, 6):
        camera.send(4.0 + index / FPS, T0 + 4.0 + index / FPS)
    tape.end(4.5, T0 + 4.5)
    assert kept.stretches[-1].end >= T0 + 4.0 + 5 / FPS
    assert sum(hole.packets for one in kept.stretches for hole in one.holes) == 1


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_exactly_what_was_lost_and_what_that_spoilt_lies_in_a_hole(data: st.DataObject) -> None:
    """Bursts of pictures are lost, in part or in whole; each second has a key frame of its own, also where none is asked for."""
    tape, kept, seconds = Tape("et17", PRERECORD_S), Kept(), 8
    camera = Camera(tape, key_every=FPS)
    tape.begin(kept, 0.0, T0)  # type: ignore[arg-type]
    bursts = data.draw(st.lists(st.tuples(st.integers(2, 5 * FPS), st.integers(1, 2 * FPS)), max_size=3))
    lost = {
        index: data.draw(st.sampled_from([1, 99])) for first, count in bursts for index in range(first, first + count)
    }
    for index in range(seconds * FPS):
        now = index / FPS
        camera.send(now, T0 + now, without=lost.get(index, 0))
        if index % 4 == 3:
            camera.asked += tape.step(now, T0 + now)
    tape.end(seconds, T0 + seconds)
    holes = [hole for one in kept.stretches for hole in one.holes]
    is_spoilt = False
    for index, (now, is_key, _) in enumerate(camera.sent):
        is_spoilt = index in lost or (is_spoilt and not is_key)
        within = any(hole.start - 0.01 <= T0 + now < hole.end - 0.01 for hole in holes)
        assert within == is_spoilt, (index, is_key, holes)
    missing = sum(min(lost.get(index, 0), count) for index, (_, _, count) in enumerate(camera.sent))
    assert sum(hole.packets for hole in holes) == missing
    assert {hole.why for hole in holes} <= {"lost"}


def test_a_picture_that_cannot_be_recorded_is_told_until_it_can_be_or_has_gone() -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept()
    camera = Camera(tape, headless=True)
    run(camera, tape, 0.0, 2.0, lambda now: T0 + now)
    tape.begin(kept, 2.0, T0 + 2)  # type: ignore[arg-type]
    run(camera, tape, 2.0, 4.0, lambda now: T0 + now)
    assert [one for one in kept.troubles if "(main) cannot be recorded" in one] == kept.troubles != []
    camera.headless = False
    run(camera, tape, 4.0, 6.0, lambda now: T0 + now)
    assert kept.troubles[1:] == [""]
    camera.headless = True
    tape.away(6.0, T0 + 6)
    run(Camera(tape, 1, headless=True), tape, 6.0, 7.0, lambda now: T0 + now)
    assert kept.troubles[1:] == [""]  # the parameter sets of before are known


def test_a_recording_begins_with_a_key_frame_of_its_own() -> None:
    tape = Tape("et17", 0.0)
    camera = Camera(tape)
    first, second = Kept(), Kept()
    tape.begin(first, 0.0, T0)  # type: ignore[arg-type]
    run(camera, tape, 0.0, 3.0, lambda now: T0 + now)
    tape.end(3.0, T0 + 3)
    tape.begin(second, 3.0, T0 + 3)  # type: ignore[arg-type]
    assert tape.step(3.0, T0 + 3.0)


def test_a_camera_of_which_nothing_came_for_a_second_was_away_and_one_that_stuttered_was_not() -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept()
    camera = Camera(tape)
    tape.begin(kept, 0.0, T0)  # type: ignore[arg-type]
    run(camera, tape, 0.0, 5.0, lambda now: T0 + now)
    camera.index += FPS // 2  # half a second without a picture
    run(camera, tape, 5.5, 10.0, lambda now: T0 + now)
    for step in range(40):
        tape.step(10 + step * STEP_S, T0 + 10 + step * STEP_S)
    camera.index += FPS * 10
    run(camera, tape, 20.0, 25.0, lambda now: T0 + now)
    tape.away(25.0, T0 + 25)
    run(Camera(tape, 1), tape, 25.5, 30.0, lambda now: T0 + now)
    tape.end(30.0, T0 + 30)
    assert [round(one.begin - T0, 1) for one in kept.stretches if one.away] == [20.0, 25.5]


def test_a_layer_that_stands_still_while_another_goes_on_is_no_absence() -> None:
    tape, kept = Tape("et17", PRERECORD_S), Kept()
    main, sub = Camera(tape), Camera(tape, 1)
    sub.forwarder = Forwarder(VIDEO, "sub", "H264", 90_000)
    tape.begin(kept, 0.0, T0)  # type: ignore[arg-type]
    run(main, tape, 0.0, 4.0, lambda now: T0 + now)
    run(sub, tape, 4.0, 10.0, lambda now: T0 + now)
    main.index += FPS * 6
    run(main, tape, 10.0, 14.0, lambda now: T0 + now)
    tape.end(14.0, T0 + 14)
    later = [one for one in kept.stretches if one.layer == "main" and one.begin > T0 + 9]
    assert later and not any(one.away for one in later)
