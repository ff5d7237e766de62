"""A viewer's media going out: one numbering for picture, one for sound; repairs, reports, paced joins."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence

from server.clock import Clock
from server.media import feedback
from server.media.forwarder import Forwarder, Run, make_runs
from server.media.layer import LayerChoice
from server.media.live import Feed
from server.media.packet import timestamp_of
from server.media.packet_cache import Entry
from server.media.peer import Peer
from server.media.renumbering import Renumbering
from server.media.repairs import Repairs
from server.media.send_plan import SendPlan
from server.media.track import UpTrack

# 8 packets each 2 ms are about 38 Mbit/s: a 45 kB key frame takes 10 ms, and an unpaced one cost retransmissions.
PACE_PACKETS = 8
PACE_S = 0.002
MAX_QUEUE = 1500  # packets; a viewer for whom more piles up starts again at a key frame
LONGEST_PAUSE_S = 600  # seconds: a camera that comes back is never longer away than a feed lives


class OutTrack:
    """A DownTrack: one of the viewer's m-lines. `on_enter` hears of each new source, after its first packets.

    `ask_camera` has the camera's key-frame requests looked at.
    """

    takes_holes = False
    __slots__ = (
        *("_ask_camera", "_clock", "_counts", "_numbering", "_octets_before", "_on_enter", "_payload", "_payload_type"),
        *("_peer", "_queue", "_repairs", "_timer", "attached", "bytes_per_s", "octets", "packets", "plan"),
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
        self._peer = peer
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
        self.packets = 0
        self.octets = 0
        self._payload = 0
        self.bytes_per_s = 0.0
        self._octets_before = 0

    @property
    def source(self) -> UpTrack | None:
        """Where the packets come from now, None before the first."""
        stretch = self._numbering.current
        return stretch.source if stretch is not None else None

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
        rests = self.attached is None  # nothing was sent yet, or it was detached for a while
        self.attached = forwarder
        if rests:
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

    # ---- packets ---------------------------------------------------------------------------------------

    def enter(self, up: UpTrack, entries: Sequence[Entry], now: float) -> None:
        """See DownTrack."""
        before = self.source
        if isinstance(before, Forwarder) and before is not up:
            before.remove(self)
        self._stop_pacing()
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
            self._send(make_runs(entries))
        self._on_enter(now)

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
            self._send(runs)
            return
        for run in runs:
            self._queue.extend(run.entries)
        if len(self._queue) > MAX_QUEUE:
            self._counts["queue_overflow"] += 1
            self._stop_pacing()
            # From here on the picture could not be decoded. If another layer is waited for as well, the first wins.
            up.add_at_key_frame(self)
            self._ask_camera()

    def _pace(self) -> None:
        self._timer = None
        entries = [self._queue.popleft() for _ in range(min(PACE_PACKETS, len(self._queue)))]
        self._send(make_runs(entries))
        if self._queue:
            self._timer = asyncio.get_running_loop().call_later(PACE_S, self._pace)

    def _stop_pacing(self) -> None:
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, runs: Sequence[Run]) -> None:
        stretch, payload_type = self._numbering.current, self._payload_type
        if stretch is None or payload_type is None:
            self._counts["codec_not_taken"] += 1
            return
        takes, send_run, ssrc = self._numbering.takes, self._peer.send_run, self.plan.ssrc
        for run in runs:
            if not takes(run.lowest, run.newest, run.newest_timestamp):
                self._send_admitted(run)
            elif send_run(run, payload_type, ssrc, stretch.sequence_shift, stretch.timestamp_shift):
                self.packets += run.count
                self.octets += run.octets
                self._payload += run.payload

    def _send_admitted(self, run: Run) -> None:
        """A late packet from before this stretch must not go out: its number is another packet's."""
        admitted = [entry for entry in run.entries if self._numbering.admits(entry[0])]
        self._counts["before_stretch"] += len(run.entries) - len(admitted)
        if admitted:
            self._send(make_runs(admitted))

    def repair(self, sequences: Sequence[int], now: float) -> None:
        """The viewer misses these."""
        self._repairs.answer(sequences, now, self.bytes_per_s)

    # ---- reports ---------------------------------------------------------------------------------------

    def measure(self, seconds: float) -> None:
        """Once a second: the rate at which this track is sent."""
        self.bytes_per_s = (self.octets - self._octets_before) / seconds
        self._octets_before = self.octets

    def sender_report(self, wall: float, *, by_camera: bool) -> feedback.SenderReport | None:
        """Our report for the moment `wall`, on the camera's clock or on ours; None while nothing is sent."""
        stretch = self._numbering.current
        if stretch is None or not self.packets or self.attached is None:
            return None
        clock = stretch.source.clock
        timestamp = clock.timestamp_at(wall)
        if timestamp is None:
            return None
        at = clock.captured_at(timestamp) if by_camera else wall
        shown = (timestamp + stretch.timestamp_shift) & 0xFFFFFFFF
        ntp = feedback.ntp_from_unix(at if at is not None else wall)
        return feedback.SenderReport(self.plan.ssrc, ntp, shown, self.packets, self._payload)

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


class Outlet:
    """A viewer: picture and sound of one feed. `ask_camera` has the camera's key-frame requests looked at."""

    def __init__(
        self, feed: Feed, choice: LayerChoice, cname: str, clock: Clock, ask_camera: Callable[[], None]
    ) -> None:
        self._feed = feed
        self.choice = choice
        self.listens = True  # without, no sound is sent: a muted tile costs nobody 50 packets a second
        self.looks = True  # without, no picture is sent: a hidden tile costs nobody anything
        self._cname = cname
        self._clock = clock
        self._ask_camera = ask_camera
        self.counts: Counter[str] = Counter()
        self.peer: Peer | None = None
        self.video: OutTrack | None = None
        self.audio: OutTrack | None = None
        self.fraction_lost = 0.0
        self._heard: feedback.ReportBlock | None = None
        self._judged: feedback.ReportBlock | None = None
        self.round_trip_s: float | None = None
        self._reports_sent: OrderedDict[int, float] = OrderedDict()

    def plan(self, plans: Sequence[SendPlan], peer: Peer) -> None:
        """The m-lines that the viewer takes."""
        self.peer = peer
        for plan in plans:
            track = OutTrack(plan, peer, self._clock, self.counts, self._report, self._ask_camera)
            if plan.kind == "video":
                self.video = track
            else:
                self.audio = track

    @property
    def tracks(self) -> list[OutTrack]:
        """Those that there are."""
        return [track for track in (self.video, self.audio) if track is not None]

    @property
    def totals(self) -> Counter[str]:
        """All that was counted, packets and bytes included."""
        packets, size = sum(one.packets for one in self.tracks), sum(one.octets for one in self.tracks)
        return self.counts + Counter(viewer_packets=packets, viewer_bytes=size)

    def refresh(self, now: float) -> None:
        """Take what the feed has now: its layer as chosen, its sound. Called when either may have changed."""
        if self.peer is None or not self.peer.is_ready:
            return
        layers = self._feed.flowing(now)
        layer = self.choice.choose(layers)
        forwarder = self._feed.video.get(layer) if layer is not None else None
        if self.video is not None and not self.looks:
            self.video.detach()
        elif self.video is not None and forwarder is not None:
            self.video.attach(forwarder, now)
        if self.audio is not None and not self.listens:
            self.audio.detach()
        elif self.audio is not None and self._feed.audio is not None:
            self.audio.attach(self._feed.audio, now)
        if forwarder is not None and forwarder.key_frames.is_pending:
            self._ask_camera()

    @property
    def layer(self) -> str | None:
        """The layer that is being shown, or was last."""
        source = self.video.source if self.video is not None else None
        return source.layer if source is not None else None

    def on_feedback(self, compound: bytes, now: float) -> None:
        """Reports, NACKs and key-frame requests of the viewer."""
        try:
            found = feedback.parse(compound)
        except feedback.FeedbackError:
            self.counts["rtcp_malformed"] += 1
            return
        for one in found:
            if isinstance(one, feedback.Nack | feedback.KeyFrameRequest | feedback.ReportBlock):
                self._hear(one, now)
            elif isinstance(one, feedback.BandwidthLimit) and self.video is not None and self.looks:
                self.choice.note_limit(one.bits_per_second, self.video.bytes_per_s * 8, now)

    def _hear(self, one: feedback.Nack | feedback.KeyFrameRequest | feedback.ReportBlock, now: float) -> None:
        track = self._track_of(one.ssrc)
        if track is None:
            return
        if isinstance(one, feedback.Nack):
            track.repair(one.sequences, now)
        elif isinstance(one, feedback.KeyFrameRequest):
            self._on_key_frame_request(track)
        else:
            self._on_report(one, track, now)

    def _track_of(self, ssrc: int) -> OutTrack | None:
        return next((track for track in self.tracks if track.plan.ssrc == ssrc), None)

    def _on_key_frame_request(self, track: OutTrack) -> None:
        # a browser asks for one whenever no picture came for a while: of a pause, the camera must not hear
        if track is self.video and track.source is not None and self.looks:
            self.counts["pli_received"] += 1
            track.source.ask_key_frame()
            self._ask_camera()

    def _on_report(self, block: feedback.ReportBlock, track: OutTrack, now: float) -> None:
        if block.last_sender_report in self._reports_sent:
            round_trip = now - self._reports_sent[block.last_sender_report] - block.delay / 65536
            self.round_trip_s = max(0.0, round_trip)
        if track is self.video:
            self._heard = block

    def report(self, now: float, seconds: float) -> None:
        """Once a second: rates, what the viewer lost, sender reports.

        Each other second would be cheaper, and leave sound and picture 0.26 s apart after a change (test_sync).
        """
        for track in self.tracks:
            track.measure(seconds)
        if self.looks:
            self._judge_loss(now)
        self._report(now)

    def _judge_loss(self, now: float) -> None:
        """By the counts of a whole second (RFC 3550 appendix A.3).

        Chromium puts a report beside every NACK: the fraction in one of them is of a few packets, and mostly 0.
        """
        block, before = self._heard, self._judged
        self._judged = block
        if block is None or before is None:
            return
        expected = (block.highest_sequence - before.highest_sequence) & 0xFFFFFFFF
        if 0 < expected < 2**31:
            lost = block.cumulative_lost - before.cumulative_lost
            self.fraction_lost = min(1.0, max(0.0, lost / expected))
            self.choice.note_loss(self.fraction_lost, now)

    def _report(self, now: float) -> None:
        """Sender reports on one clock for both tracks, so that sound and picture keep step.

        Also at once for each new source: until then the viewer dates its pictures by the one before.
        """
        peer = self.peer
        if peer is None or not peer.is_ready:
            return
        wall = self._clock.wall()
        sources = [track.source for track in self.tracks if track.source is not None]
        by_camera = all(source.clock.reported_at is not None for source in sources)
        for track in self.tracks:
            report = track.sender_report(wall, by_camera=by_camera)
            if report is not None:
                self._reports_sent[report.ntp >> 16 & 0xFFFFFFFF] = now
                peer.send_feedback(feedback.sender_report(report, self._cname))
        while len(self._reports_sent) > 8:
            self._reports_sent.popitem(last=False)

    def close(self) -> None:
        """Take nothing more, and say goodbye."""
        if self.peer is not None and self.peer.is_ready and self.tracks:
            self.peer.send_feedback(
                feedback.receiver_report(self.tracks[0].plan.ssrc, [])
                + feedback.goodbye([ssrc for track in self.tracks for ssrc in track.plan.ssrcs])
            )
        for track in self.tracks:
            track.detach()
