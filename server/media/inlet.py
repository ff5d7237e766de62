"""A camera's media coming in: packets to their tracks, repair upwards, reports, key-frame requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from server.clock import Clock
from server.media import feedback, rtx
from server.media.figures import LayerCounts
from server.media.forwarder import Forwarder
from server.media.live import GIVEN_UP_AFTER_S
from server.media.loss import MAX_NACKS_PER_ROUND
from server.media.packet import Header, PacketError, canonical, parse_header
from server.media.peer import Peer
from server.media.round_trip import RoundTrip
from server.media.source import OUTAGE_S, Source, TrackPlan
from server.media.sources import MAX_SOURCES, NameExtensions, Sources
from server.media.track import VIDEO
from server.media.uplink_feedback import UplinkFeedback

OWN_SSRC = 1  # the sender of our reports; receivers need none of their own
# A picture that stood still for OUTAGE_S, and lost so many packets meanwhile (on its way to a new mapped address, say),
# begins anew: to repeat them would cost as much as a key frame, and they would come too late.
OUTAGE_PACKETS = 16
REPAIR_S = 0.015  # how often missing packets are looked at while there are any
KEY_FRAME_S = 0.25  # how often a key frame that does not come is looked at
REMEMBERED_REFERENCES = 4  # one is sent each second, and told back with the next sender report
USUAL_PACKET = 1200  # bytes, of a source that sent none yet


class Inlet:
    """`on_track` is called when a track has its first packet (or a new SSRC); `on_dirty` when one must be flushed."""

    def __init__(
        self,
        plans: list[TrackPlan],
        names: NameExtensions,
        clock: Clock,
        on_track: Callable[[Forwarder], None],
        on_dirty: Callable[[Forwarder], None],
        uplink: UplinkFeedback | None = None,
    ) -> None:
        self.uplink = uplink or UplinkFeedback()
        self._clock = clock
        self._on_track = on_track
        self._on_dirty = on_dirty
        self._timer: asyncio.TimerHandle | None = None
        self.round_trip = RoundTrip()
        self._sources = Sources(plans, names, self.round_trip)
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
        return self._sources.active

    @property
    def past(self) -> dict[tuple[str, str], LayerCounts]:
        """By kind and layer: what sources counted that were replaced."""
        return self._sources.past

    @property
    def totals(self) -> Counter[str]:
        """All that was counted, packets and bytes of every source included."""
        return self.counts + self._sources.totals

    # ---- packets ---------------------------------------------------------------------------------------

    def on_media(self, packet: memoryview, now: float, arrived: float) -> None:
        """A decrypted RTP packet (of the receive buffer: it is copied here). See PeerOwner."""
        try:
            header = parse_header(packet)
        except PacketError:
            self.counts["rtp_malformed"] += 1
            return
        uplink = self.uplink
        uplink.note_packet(packet, header.payload_start, arrived)
        if arrived >= uplink.due_at:
            self._tell_uplink(header.ssrc, arrived)
        source = self._sources.known(header)
        if source is None:
            source = self._unknown(packet, header, now)
            if source is None:
                return
        if self._sources.wants_sizes:
            source = self._sources.by_size(source, packet, header, now)
        loss, forwarder = source.loss, source.forwarder
        sequence = loss.received(header.sequence, now)
        if sequence is None:
            self.counts["rtp_not_needed"] += 1
            return
        # An empty one goes on too: Chromium measures the uplink with packets of padding, which have numbers as others.
        source.packets += 1
        source.bytes += len(packet)
        # Only the first packet of a picture tells when it came: the others wait behind it (so does libwebrtc's jitter).
        timestamp = header.timestamp
        if timestamp != source.cadence.timestamp and sequence == loss.highest:
            loss.note_transit(timestamp, now)
            forwarder.clock.note_packet(timestamp, self._clock.wall())
            source.cadence.note_frame(timestamp, now)
        before = forwarder.last_packet_at
        if before is None or now - before > OUTAGE_S:
            self._take_first(source, sequence, packet, header, now)
        elif forwarder.push(sequence, canonical(packet, header), now):
            self._on_dirty(forwarder)
        if loss.needs_a_look:
            self._serve_soon(REPAIR_S)

    def _unknown(self, packet: memoryview, header: Header, now: float) -> Source | None:
        """A packet of an SSRC that feeds no track yet: the source that it begins, None if there is nothing more to do."""
        if self._sources.are_too_many(header.ssrc) and self.peer is not None:
            self.peer.close(f"it has used up {MAX_SOURCES} sources")
        elif self._sources.is_repair(header):
            self._on_repair(packet, header, now)
        else:
            source = self._sources.found(packet, header, now)
            if source is not None:
                self.uplink.begin()
                return source
            self.counts["rtp_of_no_track"] += 1
        return None

    def _take_first(self, source: Source, sequence: int, packet: memoryview, header: Header, now: float) -> None:
        """The first packet of a source, or after a pause."""
        forwarder = source.forwarder
        is_new = forwarder.last_packet_at is None
        if not is_new and source.plan.kind == VIDEO:
            self._after_outage(source, sequence)
        forwarder.push(sequence, canonical(packet, header), now)
        self._on_dirty(forwarder)
        if is_new:
            self._on_track(forwarder)
            if forwarder.key_frames.is_pending:
                # A recorder waits, unless this is a key frame: the next tick may be 1 s away. What has come is flushed
                # before the timer runs, so that nobody asks for what is there.
                self._serve_soon(0.0)

    def _on_repair(self, packet: memoryview, header: Header, now: float) -> None:
        """A packet of a retransmission stream (RFC 4588): the original joins its own stream, late."""
        source = self._sources.repaired(packet, header)
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

    def _after_outage(self, source: Source, sequence: int) -> None:
        """A pause in which nothing was lost needs nothing."""
        if sequence - (source.forwarder.cache.newest or 0) > OUTAGE_PACKETS:
            source.loss.give_up()
            source.loss.take_abandoned()
            source.forwarder.start_again()
            self._serve_soon(0.0)

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
        elif isinstance(one, feedback.SenderReport) and (source := self._sources.of_ssrc(one.ssrc)) is not None:
            source.forwarder.clock.note_report(one, self._clock.wall())

    # ---- what the camera is asked for ------------------------------------------------------------------

    def serve(self, now: float) -> None:
        """Ask for what is missing and for key frames, as far as it is due."""
        peer = self.peer
        if peer is None or not peer.is_ready:
            return
        again = waits = False
        for source in self._sources.active:
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
            if (
                source.loss.highest is None
            ):  # it has changed its layer: a report on nothing says that its counts run back
                continue
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
        pictures, heard_of, expected, missed = [], [], 0, 0
        active = self._sources.active
        for source in active:
            if source.plan.kind == VIDEO:
                loss = source.loss
                pictures.append(source.ssrc)
                if loss.highest is not None:
                    heard_of.append((source.ssrc, loss.figures()))
                    expected, missed = expected + loss.expected, missed + loss.missed
        receipt = self.uplink.receipt(OWN_SSRC, heard_of, now)
        if receipt is not None:
            peer.send_feedback(receipt)
        about = next(iter(pictures), None) or next((one.ssrc for one in active), heard)
        for packet in self.uplink.news(OWN_SSRC, about, pictures, expected, missed, now):
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
