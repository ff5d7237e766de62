"""What an uplink's rate is spent on: sound, then the sub layer, then main; and how large a picture a rate can fill.

A picture with too few bits per pixel breaks up into blocks: it is made smaller, then slower, before that. Each step
makes a key frame, so steps down wait for a second look and steps up for several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Layer = Literal["main", "sub"]

SOUND_BPS = 36_000  # what sound and headers take of an uplink's estimate
LOWEST_MAIN_BPS = 80_000  # less than that shows nothing that the sub layer does not show
LOWEST_SUB_BPS = 50_000  # beside main
LEAST_SUB_BPS = 12_000  # alone, or of the only layer: small, but each picture tells the server how the queue drains
SILENT_BELOW_BPS = 34_000  # of the uplink: a queue of half a second or more is to drain, and sound would stand in it …
AUDIBLE_FROM_BPS = 40_000  # … or both fit
SUB_SHARE = 0.2
RETURN = 1.15  # of what both layers need at least, before main comes back …
RETURN_AFTER_S = 2.0  # … and for so long

LEAST_BITS = 0.06  # per pixel: ultrafast baseline shows blocks below …
LEAST_SHARE = 0.7  # … but whoever planned a picture with less gets it, down to this share of its rate
RISE = 1.3  # of a rung's least rate, before it is stepped up to
FALL_AT_ONCE = 0.7  # of a rung's least rate
FALL_AFTER_S, RISE_AFTER_S = 1.0, 3.0
RISE_AGAIN_AFTER_S = 8.0  # within so long of the last fall, a rise waits as long
RUNGS = ((1.0, 1), (0.75, 1), (0.5, 1), (0.5, 2), (0.375, 2), (0.25, 2), (0.25, 3))  # of the size, of the frame rate
SMALLEST = (160, 90)
SLOWEST_FPS = 5

ROOM = 1.5  # of the rate that is aimed at: what the encoder's buffer is made for
CRAMPED_AFTER_S = 1.5
ROOM_TOO_LARGE = 0.45  # below this share of it a key frame would take a second


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What one layer is to be: pixels, pictures a second, bits a second at most."""

    width: int
    height: int
    fps: int
    bps: int

    @property
    def pixels_per_s(self) -> int:
        """What the bits are spent on."""
        return self.width * self.height * self.fps


def rungs(plan: LayerPlan) -> list[LayerPlan]:
    """The plan and what it shrinks to, each with fewer pixels a second than the one before; `bps` is the least."""
    bits = min(LEAST_BITS, LEAST_SHARE * plan.bps / plan.pixels_per_s)
    found = [_with_least(plan, bits)]
    for size, slower in RUNGS[1:]:
        width, height = (2 * round(size * side / 2) for side in (plan.width, plan.height))
        fps = max(SLOWEST_FPS, -(-plan.fps // slower))
        rung = _with_least(LayerPlan(width, height, fps, plan.bps), bits)
        if width >= SMALLEST[0] and height >= SMALLEST[1] and rung.pixels_per_s < found[-1].pixels_per_s:
            found.append(rung)
    return found


def _with_least(plan: LayerPlan, bits: float) -> LayerPlan:
    return replace(plan, bps=math.ceil(bits * plan.pixels_per_s))


class _Since:
    """For how long a condition has held; a clock that steps back starts anew."""

    def __init__(self) -> None:
        self._since: float | None = None

    def holds(self, condition: bool, at: float, seconds: float) -> bool:
        """Whether `condition` has held for `seconds` until `at`."""
        if not condition or self._since is None or at < self._since:
            self._since = at if condition else None
        return self._since is not None and at - self._since >= seconds


class Ladder:
    """The rung of one layer. Times in seconds of any clock."""

    def __init__(self, plan: LayerPlan) -> None:
        self._rungs = rungs(plan)
        self._rung = 0
        self._room = self._most = plan.bps
        self._low, self._high, self._cramped = _Since(), _Since(), _Since()
        self._fell_at = float("-inf")

    def choose(self, bps: int, at: float) -> LayerPlan:
        """What to encode with `bps` at `at`: as before, unless the rate has left what that is good for.

        The plan's own `bps` is what the encoder's buffer is made for; the rate to aim at is `bps`, or that if it is less.
        """
        before = self._rung
        fit = self._fit(bps)
        low = fit > self._rung
        at_once = low and bps < FALL_AT_ONCE * self._rungs[self._rung].bps
        if at_once or self._low.holds(low, at, FALL_AFTER_S):
            self._rung, self._fell_at = fit, at
        wait = RISE_AGAIN_AFTER_S if 0 <= at - self._fell_at < RISE_AGAIN_AFTER_S else RISE_AFTER_S
        better = self._fit(bps / RISE)
        if self._high.holds(better < self._rung, at, wait):
            self._rung = better
        self._make_room(bps, at, moved=self._rung != before)
        return replace(self._rungs[self._rung], bps=self._room)

    def _fit(self, bps: float) -> int:
        """The first rung that `bps` can fill, else the last."""
        return next((i for i, rung in enumerate(self._rungs) if bps >= rung.bps), len(self._rungs) - 1)

    def _make_room(self, bps: int, at: float, *, moved: bool) -> None:
        most = self._most
        cramped = self._cramped.holds(bps > self._room and self._room < most, at, CRAMPED_AFTER_S)
        if moved or cramped or bps < ROOM_TOO_LARGE * self._room:
            self._room = min(most, round(ROOM * bps))


class Shares:
    """What each layer gets of the uplink. Main is given up when it would get next to nothing, and comes back."""

    def __init__(self, main: LayerPlan, sub: LayerPlan | None) -> None:
        self._main, self._sub = main, sub
        self._least_sub = min(LOWEST_SUB_BPS, sub.bps) if sub else 0
        self._least_alone = min(LEAST_SUB_BPS, (sub or main).bps)
        self._least_main = min(LOWEST_MAIN_BPS, main.bps)
        self._poor, self._rich = _Since(), _Since()
        self._has_main = self.has_sound = True

    def divide(self, bps: int, at: float, needs_main: int | None = None) -> dict[Layer, int]:
        """Bits a second of each layer, 0 for main where it is given up. `needs_main`: main cannot do with less.

        `has_sound` says whether there is room for sound: it is given up last, and only while a queue drains.
        """
        self.has_sound = bps >= (SILENT_BELOW_BPS if self.has_sound else AUDIBLE_FROM_BPS)
        video = max(0, bps - SOUND_BPS)
        sub = self._sub
        if sub is None:
            return {"main": min(self._main.bps, max(self._least_alone, video))}
        least = self._least_sub + max(self._least_main, needs_main or 0)
        if self._has_main and self._poor.holds(
            video < least, at, 0.0 if video < FALL_AT_ONCE * least else FALL_AFTER_S
        ):
            self._has_main = False
        if not self._has_main and self._rich.holds(video >= RETURN * least, at, RETURN_AFTER_S):
            self._has_main = True
        if not self._has_main:
            return {"main": 0, "sub": min(sub.bps, max(self._least_alone, video))}
        for_sub = min(sub.bps, max(self._least_sub, round(video * SUB_SHARE)))
        return {"main": min(self._main.bps, max(self._least_main, video - for_sub)), "sub": for_sub}
