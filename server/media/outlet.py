"""A viewer's media going out: picture and sound of one feed, in the layer that is wanted and can be carried."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence

from server.clock import Clock
from server.media import feedback
from server.media.layer import LayerChoice
from server.media.live import Feed
from server.media.out_track import OutTrack
from server.media.peer import Peer
from server.media.send_plan import SendPlan
from server.media.unison import Sent


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
        sent = sum((one.sent for one in self.tracks), Sent())
        return self.counts + Counter(viewer_packets=sent.packets, viewer_bytes=sent.octets)

    def wish(self, *, picture: bool, sound: bool) -> None:
        """What is looked at and listened to from now on; to be followed by `refresh`."""
        if not picture:
            self.choice.forget_evidence()
            self._heard = self._judged = None
        self.listens, self.looks = sound, picture

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
    def takes_its_codec(self) -> bool:
        """False for a viewer who stands black: the camera came back with a codec that the viewer did not offer."""
        attached = self.video.attached if self.video is not None else None
        return self.video is None or attached is None or attached.codec in self.video.plan.payload_types

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
        for track in (self.video, self.audio):
            if track is not None and track.plan.ssrc == ssrc:
                return track
        return None

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
        if track is self.video and self.looks:
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
