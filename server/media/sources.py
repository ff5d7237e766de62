"""Which of a camera's packets are which track: by SSRC, mid and rid, payload type; and whose repairs they are. Pure but for its log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import structlog

from server.media.figures import LayerCounts
from server.media.keyframe import pixels
from server.media.layer import MAIN, SUB
from server.media.packet import Header, extension_value
from server.media.round_trip import RoundTrip
from server.media.source import Source, TrackPlan

log = structlog.get_logger(__name__)

MAX_SOURCES = 64  # SSRCs of one session: libsrtp keeps each, and goes through all for each packet (16 µs for 5,000)


@dataclass(frozen=True, slots=True)
class NameExtensions:
    """The numbers of the header extensions that name a packet's stream (RFC 8843 section 15, RFC 8852); None: not offered."""

    mid: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None


class Sources:
    """The sources of one session. `past`, by kind and layer, is what those counted that were replaced.

    `wants_sizes`: a picture has two encodings, and nobody knows yet whether the first is the larger one.
    """

    def __init__(self, plans: list[TrackPlan], names: NameExtensions, round_trip: RoundTrip) -> None:
        self.plans = plans
        self.wants_sizes = sum(plan.rid is not None for plan in plans) > 1
        self.past: dict[tuple[str, str], LayerCounts] = {}
        self._repair_types = {plan.repair_type for plan in plans if plan.repair_type is not None}
        self._names = names
        self._round_trip = round_trip
        self._by_ssrc: dict[int, Source] = {}
        self._active: dict[tuple[str, str | None], Source] = {}  # by mid and rid
        self._repairs: dict[
            int, tuple[str, str | None]
        ] = {}  # by the SSRC of the retransmissions, which name it at first
        self._ssrcs: set[int] = set()
        self._replaced: Counter[str] = Counter()

    @property
    def active(self) -> list[Source]:
        """Those that feed tracks now."""
        return list(self._active.values())

    @property
    def totals(self) -> Counter[str]:
        """Packets and bytes, of those that were replaced too."""
        packets, size = sum(one.packets for one in self.active), sum(one.bytes for one in self.active)
        return self._replaced + Counter(camera_packets=packets, camera_bytes=size)

    def of_ssrc(self, ssrc: int) -> Source | None:
        """The source with this SSRC, if it feeds a track."""
        return self._by_ssrc.get(ssrc)

    def known(self, header: Header) -> Source | None:
        """The source of a packet like those before it."""
        source = self._by_ssrc.get(header.ssrc)
        return source if source is not None and source.plan.payload_type == header.payload_type else None

    def are_too_many(self, ssrc: int) -> bool:
        """Whether the camera has used up its SSRCs with this one, whatever it carries."""
        self._ssrcs.add(ssrc)
        return len(self._ssrcs) > MAX_SOURCES

    def is_repair(self, header: Header) -> bool:
        """Whether its payload type is that of retransmissions (RFC 4588)."""
        return header.payload_type in self._repair_types

    def found(self, packet: memoryview, header: Header, now: float) -> Source | None:
        """A new SSRC: by a=ssrc, else by its mid and rid (RFC 8843 section 9.2, RFC 8852), else by its payload type."""
        plan = self._plan_of(packet, header)
        return self._begin(plan, header.ssrc, now) if plan is not None else None

    def by_size(self, source: Source, packet: memoryview, header: Header, now: float) -> Source:
        """The source of this packet, once the sizes of both encodings are judged: the larger one is main.

        In which order they are offered tells nothing sure: WebRTC's defaults have the smallest first, OBS the largest.
        """
        if source.plan.rid is None or source.pixels is not None:
            return source
        source.pixels = pixels(source.plan.codec, packet[header.payload_start : header.payload_end])
        sized = {one.plan.layer: one for one in self.active if one.pixels is not None}
        if len(sized) < 2:
            return source
        self.wants_sizes = False
        if (sized[MAIN].pixels or 0) >= (sized[SUB].pixels or 0):
            return source
        log.info("the camera's smaller encoding was offered first", main=sized[SUB].plan.rid, sub=sized[MAIN].plan.rid)
        for layer, one in ((SUB, sized[MAIN]), (MAIN, sized[SUB])):
            plan = replace(one.plan, layer=layer)
            self.plans = [plan if other.key == plan.key else other for other in self.plans]
            self._begin(plan, one.ssrc, now)
        return self._by_ssrc[source.ssrc]

    def _begin(self, plan: TrackPlan, ssrc: int, now: float) -> Source:
        before = self._active.get(plan.key)
        if before is not None:
            self._retire(before, now)
        source = self._by_ssrc[ssrc] = self._active[plan.key] = Source(plan, ssrc, self._round_trip)
        if before is not None and before.ssrc == ssrc:
            # Only its layer is another: its reports and arrivals hold as before. The next report may be 5 s away, and
            # until then sound and picture would be put together by their arrivals.
            source.forwarder.clock = before.forwarder.clock
        return source

    def repaired(self, packet: memoryview, header: Header) -> Source | None:
        """Whose retransmission it is: by a=ssrc-group:FID (RFC 5576), else by its mid and repaired rid, else by its payload
        type.
        """
        declared = {repair: ssrc for plan in self.plans for ssrc, repair in plan.repairs}
        if header.ssrc in declared:
            return self._by_ssrc.get(declared[header.ssrc])
        fitting = [plan for plan in self.plans if plan.repair_type == header.payload_type]
        plan = self._plan_among(fitting, packet, self._names.repaired_rid)
        if plan is not None and len(self._repairs) < MAX_SOURCES:
            self._repairs[header.ssrc] = plan.key
        key = plan.key if plan is not None else self._repairs.get(header.ssrc)
        return self._active.get(key) if key is not None else None

    def _retire(self, source: Source, now: float) -> None:
        self._by_ssrc.pop(source.ssrc, None)
        self._replaced.update(camera_packets=source.packets, camera_bytes=source.bytes)
        plan = source.plan
        key = (plan.kind, plan.layer)
        self.past[key] = self.past.get(key, LayerCounts()) + source.counted(now)
        log.info("camera changed its source", layer=plan.layer, kind=plan.kind)

    def _plan_of(self, packet: memoryview, header: Header) -> TrackPlan | None:
        fitting = [plan for plan in self.plans if plan.payload_type == header.payload_type]
        declared = next((plan for plan in fitting if header.ssrc in plan.ssrcs), None)
        return declared or self._plan_among(fitting, packet, self._names.rid)

    def _plan_among(self, fitting: list[TrackPlan], packet: memoryview, rid_extension: int | None) -> TrackPlan | None:
        """None also for an encoding that was not taken, and where a packet does not say which it is of."""
        mid, rid = _value(packet, self._names.mid), _value(packet, rid_extension)
        if mid is not None:
            fitting = [plan for plan in fitting if plan.mid.encode() == mid]
        if rid is not None and any(plan.rid is not None for plan in fitting):
            fitting = [plan for plan in fitting if plan.rid is not None and plan.rid.encode() == rid]
        elif mid is None:
            fitting = [plan for plan in fitting if not plan.ssrcs]
        return fitting[0] if len(fitting) == 1 else None


def _value(packet: memoryview, extension: int | None) -> bytes | None:
    return extension_value(packet, extension) if extension is not None else None
