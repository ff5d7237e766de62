"""How a simulated receiver errs: as real ones do, slowly and together, worse between tall houses, sometimes not at all.

The error is a first-order Gauss-Markov walk of unit variance on either axis, times a spread that follows the sky:
open, canyon, or none. The accuracy that is told is the 68 % radius of that very spread, so it is honest: about 68 %
of the true errors lie within it (see the tests). All chance comes from the `rng` that is handed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

RADIUS_68 = math.sqrt(-2.0 * math.log(1.0 - 0.68))  # of a round normal error of 1 m on either axis: 1.51 m

CORRELATION_S = 40.0  # an error of now is still 37 % there after so long
OPEN_M = 2.2  # spread on either axis under open sky: accuracy 3.3 m
CANYON_M = 7.0  # between tall houses: 10.6 m
SETTLE_S = 4.0  # from one spread to another
MEAN_OPEN_S, MEAN_CANYON_S, MEAN_LOST_S = 150.0, 20.0, 5.0
LOST_OF_CANYONS = 0.25  # every fourth canyon ends in a moment without a position
SPEED_ERROR_MPS = 0.15
HEADING_ERROR_DEG = 4.0
WHITE = 0.2  # share of the error that is new each second; the rest walks


@dataclass(frozen=True, slots=True)
class Measured:
    """A position as measured: metres east and north, its 68 % radius, m/s and degrees from north."""

    x: float
    y: float
    accuracy_m: float
    speed_mps: float
    heading_deg: float


@dataclass
class GpsErrorModel:
    """One receiver. Call `measure` once a second or so; it returns None while there is no position."""

    rng: Random
    _east: float = field(init=False)
    _north: float = field(init=False)
    _spread: float = field(default=OPEN_M, init=False)
    _sky: str = field(default="open", init=False)
    _left_s: float = field(init=False)

    def __post_init__(self) -> None:
        # starts as if it had run for ever: the first error is as large as any
        self._east, self._north = self.rng.gauss(0, 1), self.rng.gauss(0, 1)
        self._left_s = self.rng.expovariate(1 / MEAN_OPEN_S)

    def measure(self, x: float, y: float, speed_mps: float, heading_deg: float, passed_s: float) -> Measured | None:
        """What the receiver makes of the true place, `passed_s` after the last call; None: no position now."""
        self._move(passed_s)
        if self._sky == "lost":
            return None
        walk, white = math.sqrt(1.0 - WHITE**2), WHITE
        east = walk * self._east + white * self.rng.gauss(0, 1)
        north = walk * self._north + white * self.rng.gauss(0, 1)
        return Measured(
            x=x + east * self._spread,
            y=y + north * self._spread,
            accuracy_m=self._spread * RADIUS_68,
            speed_mps=max(0.0, speed_mps + self.rng.gauss(0, SPEED_ERROR_MPS)) if speed_mps > 0.0 else 0.0,
            heading_deg=(heading_deg + self.rng.gauss(0, HEADING_ERROR_DEG)) % 360.0 % 360.0,
        )

    def _move(self, passed_s: float) -> None:
        kept = math.exp(-passed_s / CORRELATION_S)
        fresh = math.sqrt(1.0 - kept * kept)
        self._east = self._east * kept + fresh * self.rng.gauss(0, 1)
        self._north = self._north * kept + fresh * self.rng.gauss(0, 1)
        self._left_s -= passed_s
        if self._left_s <= 0.0:
            self._change_sky()
        aim = CANYON_M if self._sky == "canyon" else OPEN_M
        self._spread += (aim - self._spread) * (1.0 - math.exp(-passed_s / SETTLE_S))

    def _change_sky(self) -> None:
        if self._sky == "open":
            self._sky, mean = "canyon", MEAN_CANYON_S
        elif self._sky == "canyon" and self.rng.random() < LOST_OF_CANYONS:
            self._sky, mean = "lost", MEAN_LOST_S
        else:
            self._sky, mean = "open", MEAN_OPEN_S
        self._left_s = self.rng.expovariate(1 / mean)
