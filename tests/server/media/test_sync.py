"""Sound and picture at a viewer, dated by our sender reports: at most 40 ms apart, whatever clock the camera has."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from server.clock import HandClock
from server.media import feedback
from server.media.feedback import SenderReport
from server.media.forwarder import Forwarder
from server.media.layer import LayerChoice
from server.media.live import Feed
from server.media.outlet import Outlet
from server.media.packet import HEADER, is_filler, signed32
from server.media.run import Run
from server.media.send_plan import SendPlan
from server.media.track import AUDIO, VIDEO
from tests.server.media.hand_loop import HandLoop
from tests.server.media.unsealed_peer import UnsealedPeer

APART_S = 0.040  # ITU-R BT.1359: sound 45 ms early is what people begin to notice
STEP_S = 0.02
KEY_EVERY = 8  # frames: what a join sends at once, unpaced
RATES = {VIDEO: 90_000, AUDIO: 48_000}
START = 1_800_000_000.0


class Viewer(UnsealedPeer):
    """A peer that dates what it is sent, as a browser does: by the latest sender report of its SSRC."""

    def __init__(self) -> None:
        self.is_ready = True
        self.reports: dict[int, SenderReport] = {}
        self.new: list[tuple[int, int, float]] = []  # SSRC, timestamp, when it was captured by the camera's clock

    def send_run(self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int) -> bool:
        for (_, _, timestamp), (_, packet) in zip(run.headers, run.entries, strict=True):
            if is_filler(packet):  # of what was still under way when the layer changed
                continue
            (captured,) = struct.unpack_from("!d", packet, 13)
            self.new.append((ssrc, (timestamp + timestamp_shift) & 0xFFFFFFFF, captured))
        return True

    def send_feedback(self, packet: bytes) -> None:
        for one in feedback.parse(packet):
            if isinstance(one, SenderReport):
                self.reports[one.ssrc] = one

    def errors(self) -> dict[int, float]:
        """For each SSRC that was sent something: how far its date is from the camera's own."""
        found = {}
        for ssrc, timestamp, captured in self.new:
            report = self.reports[ssrc]
            ticks = signed32(timestamp - report.timestamp) / RATES[VIDEO if ssrc == 11 else AUDIO]
            found[ssrc] = feedback.unix_from_ntp(report.ntp) + ticks - captured
        self.new = []
        return found


@dataclass
class Track:
    """A track of the camera: its packets are on the way for `delay_s` and up to `jitter_s` more."""

    forwarder: Forwarder
    ssrc: int
    start: int
    delay_s: float
    jitter_s: float
    sequence: int = 65_536
    frames: int = 0
    under_way: list[tuple[float, int, int, bytes]] = field(default_factory=list)

    def timestamp(self, camera_s: float) -> int:
        return self.start + int((camera_s - START) * self.forwarder.clock.clock_rate) & 0xFFFFFFFF

    def capture(self, now: float, camera_s: float, chance: Random) -> None:
        unit = b"\x65" if self.frames % KEY_EVERY == 0 else b"\x41"
        self.frames += 1
        self.sequence += 1
        timestamp = self.timestamp(camera_s)
        head = HEADER.pack(0x80, 0x80, self.sequence & 0xFFFF, timestamp, self.ssrc)
        arrives = now + self.delay_s + chance.random() * self.jitter_s
        self.under_way.append((arrives, self.sequence, timestamp, head + unit + struct.pack("!d", camera_s)))

    def deliver(self, clock: HandClock) -> None:
        for one in sorted(one for one in self.under_way if one[0] <= clock.wall()):
            self.under_way.remove(one)
            arrived, sequence, timestamp, packet = one
            self.forwarder.clock.note_packet(timestamp, arrived)
            self.forwarder.push(sequence, packet, clock.monotonic())

    def report(self, camera_s: float, wall: float) -> None:
        made = SenderReport(self.ssrc, feedback.ntp_from_unix(camera_s), self.timestamp(camera_s), 1, 1)
        self.forwarder.clock.note_report(made, wall)


def scene(chance: Random, delays: list[float], jitter_s: float) -> dict[str, Track]:
    kinds = {"main": VIDEO, "sub": VIDEO, "sound": AUDIO}
    return {
        name: Track(
            Forwarder(kind, "sub" if name == "sub" else "main", "H264" if kind == VIDEO else "opus", RATES[kind]),
            ssrc=number,
            start=chance.getrandbits(32),
            delay_s=delays[number],
            jitter_s=jitter_s,
        )
        for number, (name, kind) in enumerate(kinds.items())
    }


def play(seed: int, offset_s: float, drift: float, delays: list[float], jitter_s: float, *, reports: bool) -> float:
    """Twelve seconds with changes of layer and pauses; returns how far apart sound and picture were at most."""
    chance, clock, peer = Random(seed), HandClock(START), Viewer()
    loop = HandLoop(clock)
    tracks, feed = scene(chance, delays, jitter_s), Feed("camera-1")
    outlet = Outlet(feed, LayerChoice("main"), "watchroom", clock, lambda: None)
    plans = [SendPlan(VIDEO, 90_000, {"H264": 102}, 11, 100), SendPlan(AUDIO, 48_000, {"opus": 111}, 12, 100)]
    outlet.plan(plans, cast(Any, peer))
    for track in tracks.values():
        feed.set_track(track.forwarder)
    worst, errors = 0.0, dict[int, tuple[float, int]]()
    for step in range(int(12 / STEP_S)):
        clock.move(STEP_S)
        camera_s = START + offset_s + (clock.wall() - START) * (1 + drift)
        for name, track in tracks.items():
            if name == "sound" or step % 2 == 0:
                track.capture(clock.wall(), camera_s, chance)
            if reports and step % 50 == 17 + 5 * track.ssrc:
                track.report(camera_s, clock.wall())
            track.deliver(clock)
        if step % 40 == 39:
            outlet.choice.ask(chance.choice(["main", "sub"]))
            outlet.looks = chance.random() < 0.8

        def wake_up(step: int = step) -> None:
            outlet.refresh(clock.monotonic())
            for track in tracks.values():
                track.forwarder.flush(clock.monotonic())
            if step % 50 == 49:
                outlet.report(clock.monotonic(), 1.0)

        loop.run(wake_up)
        errors |= {ssrc: (error, step) for ssrc, error in peer.errors().items()}
        fresh = [error for error, at in errors.values() if step - at < 5]
        if step > 100 and len(fresh) == 2:  # two seconds: the camera's first reports, and ours after them
            worst = max(worst, abs(fresh[0] - fresh[1]))
    outlet.close()
    loop.close()
    return worst


seeds = st.integers(0, 10_000)
offsets = st.sampled_from([0.0, -3600.0, 86_400.0, 0.5])
drifts = st.floats(-200e-6, 200e-6)  # a cheap quartz has 100


@settings(max_examples=25, deadline=None)
@given(seeds, offsets, drifts, st.lists(st.floats(0.005, 0.3), min_size=3, max_size=3), st.floats(0, 0.3))
def test_the_cameras_reports_keep_sound_and_picture_together(
    seed: int, offset_s: float, drift: float, delays: list[float], jitter_s: float
) -> None:
    assert play(seed, offset_s, drift, delays, jitter_s, reports=True) <= APART_S


@settings(max_examples=15, deadline=None)
@given(seeds, offsets, drifts, st.lists(st.floats(0.005, 0.03), min_size=3, max_size=3), st.floats(0, 0.01))
def test_without_reports_they_are_as_far_apart_as_their_ways(
    seed: int, offset_s: float, drift: float, delays: list[float], jitter_s: float
) -> None:
    assert play(seed, offset_s, drift, delays, jitter_s, reports=False) <= APART_S
