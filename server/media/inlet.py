"""A camera's media coming in: which packet is which track, repair upwards, reports, key-frame requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from server.clock import Clock
from server.media import feedback, rtx
from server.media.cadence import Cadence
from server.media.figures import LayerCounts
from server.media.forwarder import Forwarder
from server.media.live import GIVEN_UP_AFTER_S
from server.media.loss import MAX_NACKS_PER_ROUND, LossTracker
from server.media.packet import Header, PacketError, canonical, extension_value, parse_header
from server.media.peer import Peer
from server.media.round_trip import RoundTrip
from server.media.track import VIDEO
from server.media.uplink_feedback import UplinkFeedback

log = structlog.get_logger(__name__)

OWN_SSRC = 1  # the sender of our reports; receivers need none of their own
MAX_SOURCES = 64  # SSRCs of one session: libsrtp keeps each, and goes through all for each packet (16 µs for 5,000)
# A picture that stood still for so long, and lost so many packets meanwhile (on its way to a new mapped address, say),
# begins anew: to repeat them would cost as much as a key frame, and they would come too late.
OUTAGE_S, OUTAGE_PACKETS = 0.5, 16
REPAIR_S = 0.015  # how often missing packets are looked at while there are any
KEY_FRAME_S = 0.25  # how often a key frame that does not come is looked at
REMEMBERED_REFERENCES = 4  # one is sent each second, and told back with the next sender report
USUAL_PACKET = 1200  # bytes, of a source that sent none yet


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """What an m-line of the camera's offer announces. `repairs` are pairs: the SSRC of a stream, of its repairs."""

    kind: str
    layer: str
    codec: str
    clock_rate: int
    payload_type: int
    mid: str
    ssrcs: tuple[int, ...]
    repair_type: int | None = None
    repairs: tuple[tuple[int, int], ...] = ()
    tells_round_trip: bool = False
    sends_again: bool = False  # sound: what a NACK asks for; of a picture everybody does


class Source:
    """One SSRC of the camera, and the track that it feeds."""

    __slots__ = ("bytes", "cadence", "forwarder", "loss", "lost", "nacks", "packets", "plan", "plis", "ssrc")

    def __init__(self, plan: TrackPlan, ssrc: int, round_trip: RoundTrip) -> None:
        self.plan = plan
        self.ssrc = ssrc
        self.loss = LossTracker(
            plan.clock_rate,
            repairs=plan.kind == VIDEO or plan.sends_again,
            repairs_apart=plan.repair_type is not None,
            round_trip=round_trip,
        )
        self.forwarder = Forwarder(plan.kind, plan.layer, plan.codec, plan.clock_rate)
        self.packets = 0
        self.bytes = 0
        self.lost = 0.0
        self.cadence = Cadence()
        self.nacks = 0
        self.plis = 0

    def is_heard(self, now: float) -> bool:
        """Else its camera is away: a key frame asked for now would be no answer to its return, and hold back the one that is."""
        before = self.forwarder.last_packet_at
        return before is not None and now - before < OUTAGE_S

    def counted(self, now: float) -> LayerCounts:
        """All that it counted. Sound has no freezes: an encoder sends nothing for silence (DTX)."""
        seen = self.cadence if self.plan.kind == VIDEO else Cadence()
        return LayerCounts(
            packets=self.packets,
            bytes=self.bytes,
            frames=self.cadence.frames,
            recovered=self.loss.recovered,
            abandoned=self.loss.abandoned,
            nacks=self.nacks,
            plis=self.plis,
            freezes=seen.freezes(now),
            frozen_s=seen.frozen_s(now),
        )


class Inlet:
    """`on_track` is called when a track has its first packet (or a new SSRC); `on_dirty` when one must be flushed."""

    def __init__(
        self,
        plans: list[TrackPlan],
        mid_extension: int | None,
        clock: Clock,
        on_track: Callable[[Forwarder], None],
        on_dirty: Callable[[Forwarder], None],
        uplink: UplinkFeedback | None = None,
    ) -> None:
        self.uplink = uplink or UplinkFeedback()
        self._plans = plans
        self._repair_types = {plan.repair_type for plan in plans if plan.repair_type is not None}
        self._mid_extension = mid_extension
        self._clock = clock
        self._on_track = on_track
        self._on_dirty = on_dirty
        self._sources: dict[int, Source] = {}
        self._active: dict[str, Source] = {}  # by mid
        self.past: dict[tuple[str, str], LayerCounts] = {}  # by kind and layer: of sources that were replaced
        self._ssrcs: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.round_trip = RoundTrip()
        self._references: dict[int, float] = {}
        self._nack_budget = feedback.NackBudget()
        self._bytes_per_s = 0.0
        self._reported_at: float | None = None
        self._bytes_reported = 0
        self.counts: Counter[str] = Counter()
        self.peer: Peer | None = None

    @property
    def sources(self) -> list[Source]:
        """The SSRCs that feed tracks now."""
        return list(self._active.values())

    @property
    def totals(self) -> Counter[str]:
        """All that was counted, packets and bytes of every source included."""
        packets, size = sum(one.packets for one in self.sources), sum(one.bytes for one in self.sources)
        return self.counts + Counter(camera_packets=packets, camera_bytes=size)

    # ---- packets ---------------------------------------------------------------------------------------

    def on_media(self, packet: memoryview, now: float, arrived: float | None = None) -> None:
        """A decrypted RTP packet (of the receive buffer: it is copied here). See PeerOwner."""
        arrived = now if arrived is None else arrived
        try:
            header = parse_header(packet)
        except PacketError:
            self.counts["rtp_malformed"] += 1
            return
        self.uplink.note_packet(packet, arrived)
        if self.uplink.is_due(arrived):
            self._tell_uplink(header.ssrc, arrived)
        source = self._sources.get(header.ssrc)
        if source is None or source.plan.payload_type != header.payload_type:
            self._ssrcs.add(header.ssrc)
            if len(self._ssrcs) > MAX_SOURCES and self.peer is not None:
                self.peer.close(f"it has used up {MAX_SOURCES} sources")
                return
            if header.payload_type in self._repair_types:
                self._on_repair(packet, header, now)
                return
            source = self._find_source(packet, header)
            if source is None:
                self.counts["rtp_of_no_track"] += 1
                return
        sequence = source.loss.received(header.sequence, now)
        if sequence is None:
            self.counts["rtp_not_needed"] += 1
            return
        # An empty one goes on too: Chromium measures the uplink with packets of padding, which have numbers as others.
        self._take(source, sequence, packet, header, now)

    def _take(self, source: Source, sequence: int, packet: memoryview, header: Header, now: float) -> None:
        source.packets += 1
        source.bytes += len(packet)
        # Only the first packet of a picture tells when it came: the others wait behind it (so does libwebrtc's jitter).
        if header.timestamp != source.cadence.timestamp and sequence == source.loss.highest:
            source.loss.note_transit(header.timestamp, now)
            source.forwarder.clock.note_packet(header.timestamp, self._clock.wall())
            source.cadence.note_frame(header.timestamp, now)
        before = source.forwarder.last_packet_at
        if before is not None and now - before > OUTAGE_S and source.plan.kind == VIDEO:
            self._after_outage(source, sequence)
        source.forwarder.push(sequence, canonical(packet, header), now)
        if before is None:
            self._on_track(source.forwarder)
        self._on_dirty(source.forwarder)
        if source.loss.needs_a_look:
            self._serve_soon(REPAIR_S)

    def _on_repair(self, packet: memoryview, header: Header, now: float) -> None:
        """A packet of a retransmission stream (RFC 4588): the original joins its own stream, late."""
        source = self._repaired_source(packet, header)
        if source is None:
            self.counts["rtx_of_no_track"] += 1
            return
        source.bytes += len(packet)
        self.counts["rtx_received"] += 1
        try:
            inner = rtx.original(packet, header)
        except PacketError:  # Chromium measures the link with packets of padding
            self.counts["rtx_empty"] += 1
            return
        sequence = source.loss.repaired(inner.sequence, now)
        if sequence is None:
            self.counts["rtx_not_needed"] += 1
            return
        source.packets += 1
        source.forwarder.push(sequence, canonical(packet, inner), now)
        self._on_dirty(source.forwarder)

    def _repaired_source(self, packet: memoryview, header: Header) -> Source | None:
        """By a=ssrc-group:FID (RFC 5576), else by its mid, else by its payload type."""
        declared = {repair: ssrc for plan in self._plans for ssrc, repair in plan.repairs}
        if header.ssrc in declared:
            return self._sources.get(declared[header.ssrc])
        fitting = [plan for plan in self._plans if plan.repair_type == header.payload_type]
        plan_found = self._plan_among(fitting, packet)
        return self._active.get(plan_found.mid) if plan_found is not None else None

    def _after_outage(self, source: Source, sequence: int) -> None:
        """A pause in which nothing was lost needs nothing."""
        if sequence - (source.forwarder.cache.newest or 0) > OUTAGE_PACKETS:
            source.loss.give_up()
            source.loss.take_abandoned()
            source.forwarder.start_again()
            self._serve_soon(0.0)

    def _find_source(self, packet: memoryview, header: Header) -> Source | None:
        """A new SSRC: by a=ssrc, else by its mid (RFC 8843 section 9.2), else by its payload type."""
        plan = self._plan_of(packet, header)
        if plan is None:
            return None
        before = self._active.get(plan.mid)
        if before is not None:
            self._sources.pop(before.ssrc, None)
            self.counts["camera_packets"] += before.packets
            self.counts["camera_bytes"] += before.bytes
            key = (plan.kind, plan.layer)
            self.past[key] = self.past.get(key, LayerCounts()) + before.counted(self._clock.monotonic())
            log.info("camera changed its source", layer=plan.layer, kind=plan.kind)
        source = Source(plan, header.ssrc, self.round_trip)
        self._sources[header.ssrc] = source
        self._active[plan.mid] = source
        return source

    def _plan_of(self, packet: memoryview, header: Header) -> TrackPlan | None:
        fitting = [plan for plan in self._plans if plan.payload_type == header.payload_type]
        declared = next((plan for plan in fitting if header.ssrc in plan.ssrcs), None)
        return declared or self._plan_among(fitting, packet)

    def _plan_among(self, fitting: list[TrackPlan], packet: memoryview) -> TrackPlan | None:
        if self._mid_extension is not None:
            mid = extension_value(packet, self._mid_extension)
            if mid is not None:
                return next((plan for plan in fitting if plan.mid.encode() == mid), None)
        undeclared = [plan for plan in fitting if not plan.ssrcs]
        return undeclared[0] if len(undeclared) == 1 else None

    # ---- the camera's reports --------------------------------------------------------------------------

    def on_feedback(self, compound: bytes, now: float) -> None:
        """Sender reports, and what tells the round trip."""
        try:
            found = feedback.parse(compound)
        except feedback.FeedbackError:
            self.counts["rtcp_malformed"] += 1
            return
        for one in found:
            self._hear(one, now)

    def _hear(self, one: feedback.Feedback, now: float) -> None:
        if isinstance(one, feedback.ReceiverDelay) and one.last_reference in self._references:
            self.counts["round_trips_told"] += 1
            self.round_trip.note(now - self._references.pop(one.last_reference) - one.delay / 65536)
        elif isinstance(one, feedback.SenderReport) and one.ssrc in self._sources:
            self._sources[one.ssrc].forwarder.clock.note_report(one, self._clock.wall())

    # ---- what the camera is asked for ------------------------------------------------------------------

    def serve(self, now: float) -> None:
        """Ask for what is missing and for key frames, as far as it is due."""
        peer = self.peer
        if peer is None or not peer.is_ready:
            return
        again = waits = False
        for source in self._active.values():
            missing = self._due(source, now) if source.loss.needs_a_look else []
            if missing:
                self.counts["nack_sent"] += len(missing)
                source.nacks += len(missing)
                peer.send_feedback(feedback.compound(OWN_SSRC, feedback.nack(OWN_SSRC, source.ssrc, missing)))
            if source.plan.kind == VIDEO and source.is_heard(now) and source.forwarder.key_frames.is_due(now):
                self.counts["pli_sent"] += 1
                source.plis += 1
                peer.send_feedback(feedback.compound(OWN_SSRC, feedback.picture_loss(OWN_SSRC, source.ssrc)))
            waits = waits or (source.forwarder.key_frames.is_pending and source.forwarder.watchers > 0)
            again = again or source.loss.needs_a_look
        if again or waits:
            self._serve_soon(REPAIR_S if again else KEY_FRAME_S)

    def _due(self, source: Source, now: float) -> list[int]:
        """What to ask for now, within the budget: a repair is taken to be as large as the source's mean packet."""
        size = max(1, source.bytes // source.packets) if source.packets else USUAL_PACKET
        affordable = int(self._nack_budget.left(now, self._bytes_per_s) / size)
        due = source.loss.due(now, self.round_trip.retry_s, min(MAX_NACKS_PER_ROUND, affordable))
        lost = source.loss.take_abandoned()
        if source.plan.kind != VIDEO:
            lost = []  # a receiver of sound waits for none of it
        if lost and max(lost) > (source.forwarder.way_in or 0):
            source.forwarder.start_again()  # nobody can decode what follows, up to a key frame
        elif lost:
            source.forwarder.fill(lost, now)
        self._nack_budget.spend(len(due) * size)
        return due

    def _serve_soon(self, seconds: float) -> None:
        if self._timer is None or self._timer.when() - asyncio.get_running_loop().time() > seconds:
            self._cancel_timer()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timer)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        self.serve(self._clock.monotonic())

    def report(self, now: float) -> None:
        """Once a second: receiver report."""
        peer, sources = self.peer, self.sources
        if peer is None or not peer.is_ready or not sources:
            return
        self._note_given_up(now)
        blocks = []
        for source in sources:
            figures = source.loss.report()
            source.lost = figures.fraction_lost / 256
            blocks.append((source.ssrc, figures, *self._echo(source)))
        packet = feedback.receiver_report(OWN_SSRC, blocks)
        if any(source.plan.tells_round_trip for source in sources):
            packet += self._reference(now)
        peer.send_feedback(packet)
        self._nack_budget.left(now, self._bytes_per_s)  # what was earned until now was earned at the rate until now
        self._bytes_per_s = (self._received_bps(sources, now) or 0.0) / 8

    def _note_given_up(self, now: float) -> None:
        """A picture's layer that is silent while another flows stands still for nobody: its viewers see the other."""
        heard = {one: one.forwarder.last_packet_at or 0.0 for one in self.sources if one.plan.kind == VIDEO}
        silent = [one for one, at in heard.items() if now - at > GIVEN_UP_AFTER_S]
        if len(silent) < len(heard):
            for source in silent:
                source.cadence.give_up(now)

    def _reference(self, now: float) -> bytes:
        """Our time, for the camera to tell back: its round trip is known before the first packet is lost."""
        ntp = feedback.ntp_from_unix(self._clock.wall())
        self._references[ntp >> 16 & 0xFFFFFFFF] = now
        if len(self._references) > REMEMBERED_REFERENCES:
            del self._references[next(iter(self._references))]
        return feedback.receiver_reference(OWN_SSRC, ntp)

    def _tell_uplink(self, heard: int, now: float) -> None:
        """What has come, REMB when the estimate has changed; or when each packet came (transport-cc), be they of sound alone."""
        peer = self.peer
        if peer is None or not peer.is_ready:
            return
        video = [source for source in self.sources if source.plan.kind == VIDEO]
        ssrc = next((one.ssrc for one in [*video, *self.sources]), heard)
        receipt = self.uplink.receipt(OWN_SSRC, [(one.ssrc, one.loss.figures()) for one in video], now)
        if receipt is not None:
            peer.send_feedback(receipt)
        expected, missed = sum(one.loss.expected for one in video), sum(one.loss.missed for one in video)
        for packet in self.uplink.news(OWN_SSRC, ssrc, [one.ssrc for one in video], expected, missed, now):
            self.counts["uplink_told"] += 1
            peer.send_feedback(feedback.compound(OWN_SSRC, packet))

    def _received_bps(self, sources: list[Source], now: float) -> float | None:
        total = sum(source.bytes for source in sources)
        before, self._reported_at = self._reported_at, now
        received, self._bytes_reported = total - self._bytes_reported, total
        if before is None or now <= before or received < 0:
            return None
        return received * 8 / (now - before)

    def _echo(self, source: Source) -> tuple[int, int]:
        """LSR and DLSR (RFC 3550 section 6.4.1), by which the camera knows its round trip."""
        clock = source.forwarder.clock
        if clock.reported_at is None:
            return 0, 0
        return clock.last_sender_report, max(0, int((self._clock.wall() - clock.reported_at) * 65536))

    def close(self) -> None:
        """No more timers."""
        self._cancel_timer()
