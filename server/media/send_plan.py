"""What a viewer's offer takes of one kind of track, and how its packets are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SendPlan:
    """Payload types by codec. Repairs go out under `repair_ssrc` with the codec's repair type where the offer has
    one (RFC 4588), else as the same bytes again.
    """

    kind: str
    clock_rate: int
    payload_types: Mapping[str, int]
    ssrc: int
    first_sequence: int
    repair_types: Mapping[str, int] = field(default_factory=dict)
    repair_ssrc: int | None = None

    @property
    def ssrcs(self) -> list[int]:
        """All that are announced."""
        return [self.ssrc] if self.repair_ssrc is None else [self.ssrc, self.repair_ssrc]
