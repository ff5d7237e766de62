"""Which of a camera's packets are which track: by SSRC, by mid, by payload type; and whose repairs they are. Pure but for its log."""

from __future__ import annotations

from collections import Counter

import structlog

from server.media.figures import LayerCounts
from server.media.packet import Header, extension_value
from server.media.round_trip import RoundTrip
from server.media.source import Source, TrackPlan

log = structlog.get_logger(__name__)

MAX_SOURCES = 64  # SSRCs of one session: libsrtp keeps each, and goes through all for each packet (16 µs for 5,000)


class Sources:
    """The sources of one session. `past`, by kind and layer, is what those counted that were replaced."""

    def __init__(self, plans: list[TrackPlan], mid_extension: int | None, round_trip: RoundTrip) -> None:
        self.plans = plans
        self.past: dict[tuple[str, str], LayerCounts] = {}
        self._repair_types = {plan.repair_type for plan in plans if plan.repair_type is not None}
        self._mid_extension = mid_extension
        self._round_trip = round_trip
        self._by_ssrc: dict[int, Source] = {}
        self._active: dict[str, Source] = {}  # by mid
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
        """A new SSRC: by a=ssrc, else by its mid (RFC 8843 section 9.2), else by its payload type."""
        plan = self._plan_of(packet, header)
        if plan is None:
            return None
        before = self._active.get(plan.mid)
        if before is not None:
            self._retire(before, now)
        source = Source(plan, header.ssrc, self._round_trip)
        self._by_ssrc[header.ssrc] = source
        self._active[plan.mid] = source
        return source

    def repaired(self, packet: memoryview, header: Header) -> Source | None:
        """Whose retransmission it is: by a=ssrc-group:FID (RFC 5576), else by its mid, else by its payload type."""
        declared = {repair: ssrc for plan in self.plans for ssrc, repair in plan.repairs}
        if header.ssrc in declared:
            return self._by_ssrc.get(declared[header.ssrc])
        fitting = [plan for plan in self.plans if plan.repair_type == header.payload_type]
        plan_found = self._plan_among(fitting, packet)
        return self._active.get(plan_found.mid) if plan_found is not None else None

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
        return declared or self._plan_among(fitting, packet)

    def _plan_among(self, fitting: list[TrackPlan], packet: memoryview) -> TrackPlan | None:
        if self._mid_extension is not None:
            mid = extension_value(packet, self._mid_extension)
            if mid is not None:
                return next((plan for plan in fitting if plan.mid.encode() == mid), None)
        undeclared = [plan for plan in fitting if not plan.ssrcs]
        return undeclared[0] if len(undeclared) == 1 else None
