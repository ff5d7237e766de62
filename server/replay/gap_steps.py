"""Which gaps are worth a step from event to event: neighbours are one, and a moment that leaves pictures is none. Pure.

The lane shows each. Over a link that loses one packet in a hundred nearly every two seconds are declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.replay.footage import HOLE_S, Gap, Placed

LEAST_S = 1.0  # a shorter one that leaves pictures is a line in the lane alone
NEAR_S = 1.0  # nearer than this, two are one
NEAR_SEEN_S = 10.0  # the same where both leave pictures


@dataclass(frozen=True, slots=True)
class GapStep:
    """Gaps for one reason, one after the other; `start` and `end` Unix seconds; `seen`: there are pictures all the same."""

    gaps: tuple[Gap, ...]
    seen: bool

    @property
    def start(self) -> float:
        """When the first begins."""
        return self.gaps[0].start

    @property
    def end(self) -> float:
        """When the last is over."""
        return max(gap.end for gap in self.gaps)


def gap_steps(gaps: Iterable[Gap], segments: Sequence[Placed]) -> list[GapStep]:
    """The steps of one camera's gaps; `segments`: of the layer that is shown, in order of time."""
    found: list[GapStep] = []
    for gap in sorted(gaps, key=lambda one: one.start):
        step = GapStep((gap,), _leaves_pictures(gap, segments))
        last = found[-1] if found else None
        if last is not None and _is_near(last, step):
            found[-1] = GapStep((*last.gaps, gap), last.seen)
        else:
            found.append(step)
    return [one for one in found if not one.seen or one.end - one.start >= LEAST_S]


def _is_near(last: GapStep, step: GapStep) -> bool:
    same = (last.seen, last.gaps[-1].why) == (step.seen, step.gaps[0].why)
    return same and step.start - last.end <= (NEAR_SEEN_S if step.seen else NEAR_S)


def _leaves_pictures(gap: Gap, segments: Sequence[Placed]) -> bool:
    shown = sum(max(0.0, min(one.end, gap.end) - max(one.at, gap.start)) for one in segments if one.pictures)
    return shown > 0 and gap.end - gap.start - shown < HOLE_S
