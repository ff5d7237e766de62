"""One kind of media going out to one viewer: one numbering whatever feeds it, repairs, paced joins."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from server.clock import Clock
from server.media import feedback
from server.media.forwarder import Forwarder
from server.media.packet import timestamp_of
from server.media.packet_cache import Entry
from server.media.peer import Peer
from server.media.renumbering import Progress, Renumbering, Stretch
from server.media.repairs import Repairs
from server.media.run import Run, make_runs
from server.media.send_plan import SendPlan
from server.media.track import VIDEO, UpTrack
from server.media.unison import Sent, Unison

# 8 packets each 2 ms are about 38 Mbit/s: a 45 kB key frame takes 10 ms, and an unpaced one cost retransmissions.
PACE_PACKETS = 8
PACE_S = 0.002
MAX_QUEUE = 1500  # packets; a viewer for whom more piles up starts again at a key frame
LayerKey = tuple[str, str]  # kind and layer
LONGEST_PAUSE_S = 600  # seconds: a camera that comes back is never longer away than a feed lives


class OutTrack:
    """A DownTrack: one of the viewer's m-lines. `on_enter` hears of each new source, after its first packets.

    `ask_camera` has the camera's key-frame requests looked at.
    """

    takes_holes = False
    __slots__ = (
        *("_ask_camera", "_clock", "_counts", "_numbering", "_octets_before", "_on_enter", "_payload_type", "_queue"),
        *("_is_fed", "_repairs", "_sent_alone", "_sent_of", "_timer", "_unison", "attached", "bytes_per_s", "peer"),
        "plan",
    )

    def __init__(
        self,
        plan: SendPlan,
        peer: Peer,
        clock: Clock,
        counts: Counter[str],
        on_enter: Callable[[float], None],
        ask_camera: Callable[[], None],
    ) -> None:
        self.plan = plan
        self.peer = peer
        self._clock = clock
        self._counts = counts
        self._numbering: Renumbering[UpTrack] = Renumbering(plan.first_sequence, 0)
        self._queue: deque[Entry] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._payload_type: int | None = None
        self._repairs = Repairs(plan, self._numbering, peer.send_run, counts)
        self._on_enter = on_enter
        self._ask_camera = ask_camera
        self.attached: Forwarder | None = None
        self._is_fed = False  # by `source`: not before the first packet, nor after `detach`
        self._sent_alone = Sent()  # with what a unison sent before it joined, taken off
        self._sent_of: dict[LayerKey, Sent] = {}  # up to the change to the present source
        self._unison: Unison | None = None
        self.bytes_per_s = 0.0
        self._octets_before = 0

    @property
    def source(self) -> UpTrack | None:
        """Where the packets come from now, None before the first."""
        stretch = self._numbering.current
        return stretch.source if stretch is not None else None

    @property
    def sent(self) -> Sent:
        """All that it was sent."""
        return self._sent_alone + self._unison.sent if self._unison is not None else self._sent_alone

    @property
    def sent_of(self) -> dict[LayerKey, Sent]:
        """The same by the layer that it came from."""
        source = self.source
        if source is None:
            return {}
        key = source.kind, source.layer
        before = self._sent_of.get(key, Sent())
        return self._sent_of | {key: before + (self.sent - sum(self._sent_of.values(), Sent()))}

    @property
    def progress(self) -> Progress:
        """How far its numbers have come."""
        return self._numbering.progress

    @property
    def stretch(self) -> Stretch[UpTrack] | None:
        """Which of its numbers are being sent, None before the first packet."""
        return self._numbering.current

    @property
    def queued(self) -> int:
        """Packets that wait for their turn."""
        return len(self._queue)

    def attach(self, forwarder: Forwarder, now: float) -> None:
        """Take packets from `forwarder`: from a key frame on, and from the present source until then."""
        if self.attached is forwarder:
            return
        if self.attached is not None and self.attached is not self.source:
            self.attached.remove(self)
        self.attached = forwarder
        if not self._is_fed:
            forwarder.add(self, now)
        elif self.source is not forwarder:
            forwarder.add_at_key_frame(self)

    def detach(self) -> None:
        """Take no more packets, until the next `attach`."""
        self._stop_pacing()
        for up in (self.attached, self.source):
            if isinstance(up, Forwarder):
                up.remove(self)
        self.attached = None
        self._is_fed = False

    # ---- packets ---------------------------------------------------------------------------------------

    def enter(self, up: UpTrack, entries: Sequence[Entry], now: float) -> None:
        """See DownTrack."""
        before = self.source
        if isinstance(before, Forwarder) and before is not up:
            before.remove(self)
        self._stop_pacing()
        self._fill_up()
        self._sent_of = self.sent_of
        self._is_fed = True
        sequence, packet = entries[0]
        timestamp = timestamp_of(packet)
        if before is None:
            self._numbering.start_at(*up.start.first(sequence, timestamp))
        self._numbering.begin(up, sequence, timestamp, self._elapsed_ticks(up, timestamp))
        self._payload_type = self.plan.payload_types.get(up.codec)
        if len(entries) > PACE_PACKETS:
            self._queue.extend(entries)
            self._pace()
        else:
            self.send_alone(make_runs(entries))
        self._on_enter(now)

    def _fill_up(self) -> None:
        """What is missing of the stretch that ends now is not sent any more, and a receiver would wait for it (aiortc: until
        128 others have come, 16 s of a poor uplink's sub layer): packets without content stand there from now on.
        """
        stretch = self._numbering.current
        if stretch is None or not isinstance(stretch.source, Forwarder) or stretch.source.kind != VIDEO:
            return
        shift, following = stretch.sequence_shift, self._numbering.progress.following
        fillers = stretch.source.fillers(stretch.starts_at - shift, following - shift)
        for number, packet in fillers:
            self._repairs.keep(number + shift, packet)
        if fillers:
            self.send_alone(make_runs(fillers))

    def _elapsed_ticks(self, up: UpTrack, timestamp: int) -> int:
        """How long after the last picture sent this one was taken, by the clocks of both sources."""
        stretch = self._numbering.current
        if stretch is None:
            return 0
        last = (self._numbering.last_timestamp - stretch.timestamp_shift) & 0xFFFFFFFF
        then, at = stretch.source.clock.received_at(last), up.clock.received_at(timestamp)
        if then is None or at is None:
            return 1
        return int(min(max(at - then, 0.0), LONGEST_PAUSE_S) * self.plan.clock_rate)

    def deliver(self, up: UpTrack, runs: Sequence[Run], now: float) -> None:
        """See DownTrack."""
        if not self._queue:
            self.send_alone(runs)
            self._unite(up)
            return
        for run in runs:
            self._queue.extend(run.entries)
        if len(self._queue) > MAX_QUEUE:
            self._counts["queue_overflow"] += 1
            self._stop_pacing()
            # From here on the picture could not be decoded. If another layer is waited for as well, the first wins.
            up.add_at_key_frame(self)
            self._ask_camera()

    def complete(self, up: UpTrack, entries: Sequence[Entry]) -> None:
        """See DownTrack."""
        stretch = self._numbering.current
        if stretch is None or stretch.source is not up:
            return
        behind = self._numbering.progress.following - stretch.sequence_shift
        missed = [entry for entry in entries if entry[0] < behind]
        if missed:
            self.send_alone(make_runs(missed))

    def _pace(self) -> None:
        self._timer = None
        entries = [self._queue.popleft() for _ in range(min(PACE_PACKETS, len(self._queue)))]
        self.send_alone(make_runs(entries))
        if self._queue:
            self._timer = asyncio.get_running_loop().call_later(PACE_S, self._pace)

    def _stop_pacing(self) -> None:
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def send_alone(self, runs: Sequence[Run]) -> None:
        """To this viewer; what lies in its numbers, and can be sent."""
        stretch, payload_type = self._numbering.current, self._payload_type
        if stretch is None or payload_type is None:
            self._counts["codec_not_taken"] += 1
            return
        for run in runs:
            if not self._numbering.takes(run.lowest, run.newest, run.newest_timestamp):
                self._send_admitted(run)
            elif self.peer.send_run(run, payload_type, self.plan.ssrc, stretch.sequence_shift, stretch.timestamp_shift):
                self._sent_alone.add(run)

    def _send_admitted(self, run: Run) -> None:
        """A late packet from before this stretch must not go out: its number is another packet's."""
        admitted = [entry for entry in run.entries if self._numbering.admits(entry[0])]
        self._counts["before_stretch"] += len(run.entries) - len(admitted)
        if admitted:
            self.send_alone(make_runs(admitted))

    def _unite(self, up: UpTrack) -> None:
        """Be served with those who see the same numbers."""
        stretch, payload_type = self._numbering.current, self._payload_type
        if stretch is not None and payload_type is not None:
            shifts = stretch.sequence_shift, stretch.timestamp_shift
            up.unite(self, (self.peer.overhead, payload_type, self.plan.ssrc, *shifts))

    def join(self, unison: Unison) -> None:
        """See Member."""
        self._unison = unison
        self._sent_alone -= unison.sent
        self._numbering.progress = unison.progress

    def leave(self) -> None:
        """See Member."""
        self._sent_alone, self._unison = self.sent, None
        self._numbering.progress = replace(self._numbering.progress)

    def note_unsent(self, run: Run) -> None:
        """See Member."""
        self._sent_alone.take_off(run)

    def repair(self, sequences: Sequence[int], now: float) -> None:
        """The viewer misses these."""
        self._repairs.answer(sequences, now, self.bytes_per_s)

    # ---- reports ---------------------------------------------------------------------------------------

    def measure(self, seconds: float) -> None:
        """Once a second: the rate at which this track is sent."""
        octets = self.sent.octets
        self.bytes_per_s = (octets - self._octets_before) / seconds
        self._octets_before = octets

    def sender_report(self, wall: float, *, by_camera: bool) -> feedback.SenderReport | None:
        """Our report for the moment `wall`, on the camera's clock or on ours; None while nothing is sent."""
        stretch = self._numbering.current
        sent = self.sent
        if stretch is None or not sent.packets or self.attached is None:
            return None
        clock = stretch.source.clock
        timestamp = clock.timestamp_at(wall)
        if timestamp is None:
            return None
        at = clock.captured_at(timestamp) if by_camera else wall
        shown = (timestamp + stretch.timestamp_shift) & 0xFFFFFFFF
        ntp = feedback.ntp_from_unix(at if at is not None else wall)
        return feedback.SenderReport(self.plan.ssrc, ntp, shown, sent.packets, sent.payload)

    def clock_reading(self) -> dict[str, float | int | None] | None:
        """The newest timestamp as the viewer sees it, and when that picture was captured and received."""
        stretch = self._numbering.current
        if stretch is None:
            return None
        shown = self._numbering.last_timestamp
        timestamp = (shown - stretch.timestamp_shift) & 0xFFFFFFFF
        return {
            "rtp_timestamp": shown,
            "clock_rate": self.plan.clock_rate,
            "captured_at": stretch.source.clock.captured_at(timestamp),
            "received_at": stretch.source.clock.received_at(timestamp),
        }
