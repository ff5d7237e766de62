"""One SSRC of a camera: what its offer announced of it, the track that it feeds, and what it counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from server.media.cadence import Cadence
from server.media.figures import LayerCounts
from server.media.forwarder import Forwarder
from server.media.loss import LossTracker
from server.media.round_trip import RoundTrip
from server.media.track import VIDEO

OUTAGE_S = 0.5  # without a packet: the camera is away, or its link stands


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """What an m-line of the camera's offer announces, or one encoding of it (`rid`, see simulcast.py).

    `repairs` are pairs: the SSRC of a stream, of its repairs.
    """

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
    rid: str | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells it from the camera's others: mid and rid."""
        return self.mid, self.rid


class Source:
    """An SSRC, and the track that it feeds."""

    __slots__ = ("bytes", "cadence", "forwarder", "loss", "lost", "nacks", "packets", "pixels", "plan", "plis", "ssrc")

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
        self.pixels: int | None = None  # of its first key frame, where it is one encoding of several
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
