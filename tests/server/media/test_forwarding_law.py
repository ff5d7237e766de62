"""The law of forwarding, over everything that may happen between a camera and its viewers.

One viewer is never sent two contents under one SSRC and number (AES-GCM: RFC 7714 section 8.4), and misses nothing
that the camera's link brought; whatever is lost, late, repaired twice, switched, paused or asked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any, cast

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.clock import HandClock
from server.media import feedback
from server.media.forwarder import Forwarder
from server.media.inlet import Inlet
from server.media.layer import LayerChoice
from server.media.live import Feed
from server.media.out_track import OutTrack
from server.media.outlet import Outlet
from server.media.packet import HEADER
from server.media.renumbering import SharedStart
from server.media.run import Run
from server.media.send_plan import SendPlan
from server.media.source import TrackPlan
from server.media.sources import NameExtensions
from server.media.track import AUDIO, VIDEO
from tests.server.media.hand_loop import HandLoop
from tests.server.media.unsealed_peer import UnsealedPeer

MID_EXTENSION = 9
H264, RTX, OPUS = 102, 103, 111
KEY, SLICE = b"\x67", b"\x41"  # an SPS, with which a key frame begins
PLANS = [
    TrackPlan(VIDEO, "main", "H264", 90_000, H264, "0", (), RTX),
    TrackPlan(VIDEO, "sub", "H264", 90_000, H264, "1", (), RTX),
    TrackPlan(AUDIO, "main", "opus", 48_000, OPUS, "2", ()),
]
MIDS = {"main": b"0", "sub": b"1", "sound": b"2"}


class Wire(UnsealedPeer):
    """A peer that keeps what is sealed for it: for each SSRC and extended number, the bytes."""

    def __init__(self) -> None:
        self.sealed: dict[tuple[int, int], bytes] = {}
        self.is_ready, self.is_full = True, False
        self.feedback: list[bytes] = []

    def send_run(self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int) -> bool:
        for (start, sequence, timestamp), (_, packet) in zip(run.headers, run.entries, strict=True):
            shown, stamp = sequence + sequence_shift, (timestamp + timestamp_shift) & 0xFFFFFFFF
            content = HEADER.pack(start >> 8, start & 0x80 | payload_type, shown & 0xFFFF, stamp, ssrc) + packet[12:]
            assert self.sealed.setdefault((ssrc, shown), content) == content, "a GCM nonce was used twice"
            if payload_type == RTX:
                self.is_a_true_repair(ssrc, content)
        return not self.is_full

    def is_a_true_repair(self, ssrc: int, content: bytes) -> None:
        number = int.from_bytes(content[12:14], "big")
        repaired = [
            one for (owner, shown), one in self.sealed.items() if owner == ssrc - 2 and shown & 0xFFFF == number
        ]
        assert [bare(one)[4:8] + bare(one)[12:] for one in repaired] == [content[4:8] + content[14:]]

    def send_feedback(self, packet: bytes) -> None:
        self.feedback.append(packet)


def bare(packet: bytes) -> bytes:
    """Without padding."""
    return packet[: -packet[-1]] if packet[0] & 0x20 else packet


class Stream:
    """One layer, or the sound, as its camera sends it."""

    def __init__(self, name: str, ssrc: int) -> None:
        self.name, self.ssrc = name, ssrc
        self.sequence, self.repairs = 65_500, 65_530  # both wrap soon
        self.gone: list[bytes] = []  # sent, and not arrived yet

    def packet(self, timestamp: int, marker: bool, payload: bytes) -> bytes:
        self.sequence += 1
        kind = OPUS if self.name == "sound" else H264
        return self._framed(kind, self.sequence, timestamp, marker, self.ssrc, payload)

    def repair(self, packet: bytes) -> bytes:
        """The packet under its RTX SSRC."""
        self.repairs += 1
        timestamp = int.from_bytes(packet[4:8], "big")
        return self._framed(RTX, self.repairs, timestamp, packet[1] >= 128, self.ssrc + 5000, packet[2:4] + packet[20:])

    def _framed(self, kind: int, sequence: int, timestamp: int, marker: bool, ssrc: int, payload: bytes) -> bytes:
        mid = bytes.fromhex("bede0001") + bytes((MID_EXTENSION << 4,)) + MIDS[self.name] + bytes(2)
        second = (128 if marker else 0) | kind
        return HEADER.pack(0x90, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + mid + payload


def send_plans(number: int, *, rtx: bool) -> list[SendPlan]:
    base = 10 * number
    types = {"H264": RTX} if rtx else {}
    return [
        SendPlan(VIDEO, 90_000, {"H264": H264}, base + 1, 65_520, types, base + 3 if rtx else None),
        SendPlan(AUDIO, 48_000, {"opus": OPUS}, base + 2, 100),
    ]


class Forwarding(RuleBasedStateMachine):
    """A camera with two layers and sound; a viewer that takes RTX, and three that do not, of whom two are sent the same
    numbers: they come to be served in unison.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.loop = HandLoop(self.clock)
        self.feed, self.dirty, self.ssrc = Feed("camera-1"), dict[Forwarder, None](), 1000
        self.inlet = Inlet(
            PLANS, NameExtensions(MID_EXTENSION), self.clock, self._on_track, lambda one: self.dirty.update({one: None})
        )
        self.inlet.peer = cast(Any, Wire())
        self.streams = {name: self._stream(name) for name in MIDS}
        self.viewers = [self._viewer(number, rtx=number == 1) for number in (1, 2, 2, 3)]

    def _stream(self, name: str) -> Stream:
        self.ssrc += 1
        return Stream(name, self.ssrc)

    def _viewer(self, number: int, *, rtx: bool) -> Outlet:
        outlet = Outlet(self.feed, LayerChoice("main"), "watchroom", self.clock, self._ask_camera)
        outlet.plan(send_plans(number, rtx=rtx), cast(Any, Wire()))
        return outlet

    def _ask_camera(self) -> None:
        self.inlet.serve(self.clock.monotonic())

    def _on_track(self, forwarder: Forwarder) -> None:
        starts = cycle([(65_520, 5), (100, 7)])  # the one wraps soon, the other is common to all who begin
        forwarder.start = SharedStart(lambda: next(starts))
        self.feed.set_track(forwarder)
        self._refresh()

    def _refresh(self) -> None:
        for viewer in self.viewers:
            viewer.refresh(self.clock.monotonic())

    def _run(self, act: Callable[[], object], *, flush: bool = True) -> None:
        """On the loop, as one wake-up of the socket (or a part of one)."""

        def turn() -> None:
            act()
            if flush:
                dirty, self.dirty = self.dirty, {}
                for forwarder in dirty:
                    forwarder.flush(self.clock.monotonic())

        self.loop.run(turn)

    def _arrive(self, *packets: bytes) -> None:
        for packet in packets:
            self.inlet.on_media(memoryview(packet), self.clock.monotonic(), self.clock.monotonic())

    # ---- the camera ------------------------------------------------------------------------------------

    @rule(
        name=st.sampled_from(["main", "sub"]),
        key=st.booleans(),
        sizes=st.lists(st.integers(0, 900), min_size=1, max_size=12),
        lost=st.sets(st.integers(0, 11), max_size=4),
        backwards=st.booleans(),
        flush=st.booleans(),
    )
    def frame(self, name: str, key: bool, sizes: list[int], lost: set[int], backwards: bool, flush: bool) -> None:
        stream, timestamp = self.streams[name], int(self.clock.monotonic() * 90_000) + 7
        packets = []
        for index, size in enumerate(sizes):
            unit = KEY if key and index == 0 else SLICE
            content = unit + f"{name}{stream.ssrc}:{stream.sequence}".encode() + bytes(size)
            # 0: a packet of padding, by which some cameras measure their link; it has a number like any other
            packets.append(stream.packet(timestamp, index == len(sizes) - 1, content if size else b""))
        stream.gone += [packet for index, packet in enumerate(packets) if index in lost]
        came = [packet for index, packet in enumerate(packets) if index not in lost]
        self._run(lambda: self._arrive(*(reversed(came) if backwards else came)), flush=flush)

    @rule(
        name=st.sampled_from(["main", "sub"]), index=st.integers(0, 20), how=st.sampled_from(["late", "apart", "both"])
    )
    def what_was_lost_comes(self, name: str, index: int, how: str) -> None:
        stream = self.streams[name]
        if not stream.gone:
            return
        packet = stream.gone.pop(index % len(stream.gone))
        ways = {"late": [packet], "apart": [stream.repair(packet)], "both": [stream.repair(packet), packet]}[how]
        self._run(lambda: self._arrive(*ways))

    @rule(name=st.sampled_from(["main", "sub"]), back=st.integers(0, 40))
    def a_repair_that_nobody_needs(self, name: str, back: int) -> None:
        stream = self.streams[name]
        content = (stream.sequence - back & 0xFFFF).to_bytes(2, "big") + b"\x41 other bytes"
        missing = {packet[2:4] for packet in stream.gone}
        if content[:2] in missing:
            return
        padded = stream.repair(bytes(2) + content[:2] + bytes(16) + content[2:])
        self._run(lambda: self._arrive(padded))

    @initialize()
    def it_begins(self) -> None:
        for name in ("main", "sub"):
            self.frame(name, key=True, sizes=[100, 50, 70, 70], lost=set(), backwards=False, flush=True)

    @rule(name=st.sampled_from(list(MIDS)), chance=st.integers(0, 4))
    def another_source(self, name: str, chance: int) -> None:
        if chance == 0:
            self.streams[name] = self._stream(name)

    @rule(count=st.integers(1, 3))
    def sound(self, count: int) -> None:
        stream, timestamp = self.streams["sound"], int(self.clock.monotonic() * 48_000)
        packets = [stream.packet(timestamp + 960 * n, marker=False, payload=b"opus%d" % n) for n in range(count)]
        self._run(lambda: self._arrive(*packets))

    # ---- the viewers -----------------------------------------------------------------------------------

    @rule(
        who=st.integers(0, 3),
        layer=st.sampled_from(["main", "sub"]),
        looks=st.sampled_from([True, True, True, False]),
        listens=st.booleans(),
    )
    def wish(self, who: int, layer: str, looks: bool, listens: bool) -> None:
        viewer = self.viewers[who]
        viewer.choice.ask(layer)
        viewer.looks, viewer.listens = looks, listens
        self._run(lambda: viewer.refresh(self.clock.monotonic()))

    @rule(who=st.integers(0, 3), backs=st.lists(st.integers(0, 60), min_size=1, max_size=20))
    def nack(self, who: int, backs: list[int]) -> None:
        viewer = self.viewers[who]
        assert viewer.video is not None
        ssrc = viewer.video.plan.ssrc
        sent = sorted(number for owner, number in wire(viewer).sealed if owner == ssrc)
        numbers = {(sent[-1 - back % len(sent)] if sent else back) & 0xFFFF for back in backs}
        never_sent = (sent[-1] + 1 if sent else 7) & 0xFFFF
        compound = feedback.nack(9, ssrc, sorted(numbers | {never_sent}))
        self._run(lambda: viewer.on_feedback(compound, self.clock.monotonic()))

    @rule(who=st.integers(0, 3), is_full=st.booleans())
    def socket(self, who: int, is_full: bool) -> None:
        wire(self.viewers[who]).is_full = is_full

    @rule(seconds=st.sampled_from([0.003, 0.04, 0.5, 1.0]), ticks=st.booleans())
    def time_passes(self, seconds: float, ticks: bool) -> None:
        self.clock.move(seconds)
        for _ in range(4):
            self.clock.move(0.003)
            self._run(lambda: None)
        if ticks:
            self._run(self._tick)

    def _tick(self) -> None:
        now = self.clock.monotonic()
        self.inlet.report(now)
        self.inlet.serve(now)
        self._refresh()
        for viewer in self.viewers:
            viewer.report(now, 1.0)

    # ---- what holds ------------------------------------------------------------------------------------

    @invariant()
    def nobody_misses_what_came(self) -> None:
        for viewer in self.viewers:
            for track in viewer.tracks:
                source = track.attached
                if source is None or source is not track.source or track in source._waiting or track._queue:
                    continue  # it is sent nothing, waits for its way in, or is on its way in
                assert missed(track, wire(viewer)) == []

    @invariant()
    def who_does_not_look_is_sent_nothing(self) -> None:
        for viewer in self.viewers:
            if not viewer.looks and viewer.video is not None:
                assert viewer.video.attached is None and not viewer.video._queue
        looking = sum(viewer.looks for viewer in self.viewers)
        assert all(forwarder.watchers <= 2 * looking for forwarder in self.feed.video.values())

    def teardown(self) -> None:
        self.inlet.close()
        for viewer in self.viewers:
            viewer.close()
        self.loop.close()


def wire(viewer: Outlet) -> Wire:
    return cast(Wire, cast(Any, viewer.peer))


def missed(track: OutTrack, sealed_for: Wire) -> list[int]:
    """What the source has, from the viewer's way in on, and the viewer was not sent."""
    stretch = track._numbering.current
    assert stretch is not None
    cache, shift = stretch.source.cache, stretch.sequence_shift
    newest = cache.newest if cache.newest is not None else -1
    return [
        number
        for number in range(stretch.starts_at - shift, newest + 1)
        if cache.get(number) is not None and (track.plan.ssrc, number + shift) not in sealed_for.sealed
    ]


TestForwarding = Forwarding.TestCase
TestForwarding.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
