"""A camera's very first packets in any order: its recording begins with its first picture."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.clock import HandClock
from server.media.forwarder import Forwarder
from server.media.inlet import Inlet
from server.media.packet import HEADER, MARKER_BIT
from server.media.source import TrackPlan
from server.media.sources import NameExtensions
from server.recording.recorder import Tape
from tests.server.media.test_outlet import FakePeer
from tests.server.recording.coded import FPS, h264, h264_payloads, opus, packets, vp8, vp8_payloads
from tests.server.recording.test_tape import STEP_S, Kept

PICTURE_TYPE, SOUND_TYPE = 102, 111
SSRC = 1001
JITTER_S = 0.3
PICTURES = FPS  # one second


def plan(codec: str) -> TrackPlan:
    return TrackPlan("video", "main", codec, 90_000, PICTURE_TYPE, "0", (SSRC,))


SOUND = TrackPlan("audio", "main", "opus", 48_000, SOUND_TYPE, "1", (SSRC + 1,))


class Stage:
    """An inlet whose tracks are taped from their first packet on, as the engine does it."""

    def __init__(self, *plans: TrackPlan) -> None:
        self.clock = HandClock()
        self.tape, self.kept = Tape("et17", 30.0), Kept()
        self.inlet = Inlet(list(plans), NameExtensions(), self.clock, self._on_track, lambda track: None)
        self.inlet.peer = cast(Any, FakePeer())
        self.tracks: list[Forwarder] = []
        self.tape.begin(cast(Any, self.kept), self.clock.monotonic(), self.clock.wall())

    def _on_track(self, track: Forwarder) -> None:
        self.tracks.append(track)
        self.tape.attach(track, self.clock.monotonic(), self.clock.wall())

    def rtp(self, packet: bytes) -> None:
        self.inlet.on_media(memoryview(packet), self.clock.monotonic(), self.clock.monotonic())
        for track in self.tracks:
            track.flush(self.clock.monotonic())

    async def play(self, sent: list[tuple[float, bytes]]) -> None:
        """Packets at their times of arrival, and a step of the recorder four times a second."""
        start, looked = self.clock.monotonic(), self.clock.monotonic()
        for at, packet in sorted(sent, key=lambda one: one[0]):
            self.clock.move(max(0.0, start + at - self.clock.monotonic()))
            if self.clock.monotonic() - looked >= STEP_S:
                looked = self.clock.monotonic()
                self.tape.step(looked, self.clock.wall())
            self.rtp(packet)
        self.inlet.close()
        self.tape.end(self.clock.monotonic(), self.clock.wall())


def sent_pictures(codec: str) -> list[tuple[float, bytes]]:
    """When each packet leaves the camera, and the packet; each parameter set alone, as FFmpeg and browsers may send them."""
    if codec == "VP8":
        payloads = [vp8_payloads(one.units[0], index) for index, one in enumerate(vp8(PICTURES))]
    else:
        sets = [unit for unit in h264(1)[0].units if unit[0] & 31 in (7, 8)]
        payloads = [h264_payloads([unit for unit in one.units if unit not in sets]) for one in h264(PICTURES)]
        payloads[0] = [*sets, *payloads[0]]
    coded = packets([(index * 90_000 // FPS, parts) for index, parts in enumerate(payloads)], first=65_530)
    found = []
    for sequence, canonical in coded:
        index = int.from_bytes(canonical[4:8], "big") * FPS // 90_000
        marker = canonical[1] & MARKER_BIT
        head = HEADER.pack(0x80, marker | PICTURE_TYPE, sequence & 0xFFFF, int.from_bytes(canonical[4:8], "big"), SSRC)
        found.append((index / FPS, head + canonical[12:]))
    return found


@pytest.mark.parametrize("codec", ["H264", "VP8"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_recording_begins_with_the_first_picture_in_whatever_order_its_packets_come(
    codec: str, data: st.DataObject
) -> None:
    sent = sent_pictures(codec)
    late = data.draw(st.lists(st.floats(0, JITTER_S), min_size=len(sent), max_size=len(sent)))
    stage = Stage(plan(codec))
    asyncio.run(stage.play([(at + more, packet) for (at, packet), more in zip(sent, late, strict=True)]))
    recorded = [picture for stretch in stage.kept.stretches for _, picture in stretch.pictures]
    assert len(recorded) == PICTURES
    assert recorded[0].is_key
    assert not [one for one in recorded if one.damaged]
    assert not [hole for stretch in stage.kept.stretches for hole in stretch.holes]


@settings(max_examples=60, deadline=None)
@given(late=st.lists(st.floats(0, JITTER_S), min_size=20, max_size=20))
def test_sound_is_recorded_from_its_first_packet_on(late: list[float]) -> None:
    stage = Stage(SOUND)
    sent = [
        (index * 0.02 + more, HEADER.pack(0x80, SOUND_TYPE, index, index * 960, SSRC + 1) + packet)
        for index, (packet, more) in enumerate(zip(opus(20), late, strict=True))
    ]
    asyncio.run(stage.play(sent))
    heard = [packet for stretch in stage.kept.stretches for _, packet in stretch.sounds]
    assert heard == list(opus(20))
