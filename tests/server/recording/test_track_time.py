"""Sound and picture on one clock: the camera's own between them, the server's for the whole."""

from __future__ import annotations

import pytest

from server.media.feedback import SenderReport, ntp_from_unix
from server.media.source_clock import SourceClock
from server.recording.track_time import STEP_S, CameraOffset, TrackTime

T0 = 1_800_000_000.0  # server
CAMERA = T0 - 3600.0  # the camera's clock is an hour slow


def heard(rate: int, first: int, delay_s: float, *, reported: bool) -> SourceClock:
    """A source whose timestamp `first` was captured at T0; its packets take `delay_s`."""
    clock = SourceClock(rate)
    for step in range(10):
        clock.note_packet((first + step * rate // 10) & 0xFFFFFFFF, T0 + step / 10 + delay_s)
    if reported:
        clock.note_report(SenderReport(1, ntp_from_unix(CAMERA), first, 0, 0), T0 + delay_s)
    return clock


def test_sound_and_picture_of_one_moment_have_one_time_though_they_travel_differently() -> None:
    offset = CameraOffset()
    picture = TrackTime(heard(90_000, 4_294_900_000, 0.2, reported=True), offset)
    sound = TrackTime(heard(48_000, 77, 0.05, reported=True), offset)
    seen, sounded = picture.at(4_294_900_000, T0 + 0.2), sound.at(77, T0 + 0.05)
    assert abs(seen - sounded) < 0.001
    assert abs(seen - (T0 + 0.2)) < 0.001  # on the server's clock, by what arrived
    assert abs((picture.captured_at(4_294_900_000) or 0) - CAMERA) < 0.001


def test_timestamps_go_on_over_their_wrap() -> None:
    time = TrackTime(heard(90_000, 4_294_960_000, 0.0, reported=False), CameraOffset())
    first, later = time.at(4_294_960_000, T0), time.at((4_294_960_000 + 90_000) & 0xFFFFFFFF, T0 + 1.0)
    assert abs(later - first - 1.0) < 1e-6


def test_a_time_stands_within_a_segment_and_is_settled_at_the_next() -> None:
    clock = heard(90_000, 0, 0.3, reported=False)
    time = TrackTime(clock, CameraOffset())
    assert abs(time.at(0, T0 + 0.3) - (T0 + 0.3)) < 0.001
    clock.note_packet(918_000, T0 + 10.0)  # less delays it now
    assert abs(time.at(900_000, T0 + 10.0) - (T0 + 10.3)) < 0.001
    time.settle()
    assert abs(time.at(945_000, T0 + 10.4) - (T0 + 10.3)) < 0.001


def test_a_small_difference_moves_nothing() -> None:
    clock = heard(90_000, 0, STEP_S / 2, reported=False)
    time = TrackTime(clock, CameraOffset())
    before = time.at(0, T0)
    clock.note_packet(900_000, T0 + 10.0)
    time.settle()
    assert abs(time.at(900_000, T0 + 10.0) - before - 10.0) < 1e-6


def test_before_anything_is_known_of_its_clock_the_arrival_counts() -> None:
    assert TrackTime(SourceClock(90_000), CameraOffset()).at(5, T0) == T0


def test_a_camera_whose_clock_is_set_stays_on_the_servers_clock() -> None:
    clock = heard(90_000, 0, 0.0, reported=True)
    time = TrackTime(clock, CameraOffset())
    assert abs(time.at(0, T0) - T0) < 0.001
    clock.note_report(SenderReport(1, ntp_from_unix(T0 + 1.0), 90_000, 0, 0), T0 + 1.0)
    time.settle()
    assert abs(time.at(99_000, T0 + 1.1) - (T0 + 1.1)) < 0.05


@pytest.mark.parametrize("jump", [-90_000 * 3600, 90_000 * 3600, -90_000, 90_000 * 30])
def test_timestamps_that_jump_go_on_at_their_arrival(jump: int) -> None:
    time = TrackTime(heard(90_000, 2**31, 0.0, reported=False), CameraOffset())
    before = time.at(2**31 + 90_000, T0 + 1.0)
    for step in range(1, 50):
        after = time.at((2**31 + 90_000 + jump + step * 6000) & 0xFFFFFFFF, T0 + 1.0 + step / 15)
        assert abs(after - before - step / 15) < 0.12


def test_a_clock_of_the_server_that_was_set_moves_nothing() -> None:
    clock = heard(90_000, 0, 0.0, reported=False)
    time = TrackTime(clock, CameraOffset())
    time.at(0, T0)
    clock.note_packet(900_000, T0 - 3590.0)  # an hour back
    time.settle()
    assert abs(time.at(900_000, T0 + 10.0, is_true=False) - (T0 + 10.0)) < 0.001


def test_cameras_whose_first_packets_were_late_come_to_stand_together_and_no_time_steps_back() -> None:
    """Two of one incident: one began while the machine was busy, and its first packets took 0.4 s longer than the others."""
    shown = []
    for late_s in (0.0, 0.4):
        offset = CameraOffset()
        clocks = {rate: SourceClock(rate) for rate in (48_000, 90_000)}
        times = {rate: TrackTime(clock, offset) for rate, clock in clocks.items()}
        last = dict.fromkeys(clocks, 0.0)
        for step in range(120 * 50):
            now = step / 50
            if step % 100 == 0:  # a segment begins
                for time in times.values():
                    time.settle()
            for rate, clock in clocks.items():
                if rate == 90_000 and step % 3:  # about 17 pictures a second, and 50 packets of sound
                    continue
                came = T0 + now + 0.03 + (late_s if now < 2 else 0.0)
                clock.note_packet(round(now * rate) & 0xFFFFFFFF, came)
                if step % 150 == 0:
                    clock.note_report(SenderReport(1, ntp_from_unix(CAMERA + now), round(now * rate), 0, 0), came)
                at = times[rate].at(round(now * rate) & 0xFFFFFFFF, came)
                assert at > last[rate]
                last[rate] = at
                assert abs(at - last[48_000]) < 0.016  # in step
        shown.append(last[48_000])
    assert abs(shown[0] - shown[1]) < 0.01
