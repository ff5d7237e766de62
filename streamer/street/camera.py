"""The pin-hole camera on the officer's chest: from town metres to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.pose import Pose

EYE_M = 1.38  # a body-worn camera sits at chest height
NEAR_M = 0.3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """One frame's camera: `f` and `horizon` in pixels; `forward` and `right` are unit vectors east, north."""

    x: float
    y: float
    forward: tuple[float, float]
    right: tuple[float, float]
    width: int
    height: int
    f: float
    horizon: float

    @classmethod
    def of(cls, pose: Pose, width: int, height: int, bob_px: float = 0.0) -> View:
        """About 84° wide, as body-worn cameras are."""
        heading = math.radians(pose.heading_deg)
        sin, cos = math.sin(heading), math.cos(heading)
        return cls(pose.x, pose.y, (sin, cos), (cos, -sin), width, height, width * 0.555, height * 0.45 + bob_px)

    def to_camera(self, points: Floats) -> tuple[Floats, Floats]:
        """(metres to the right, metres ahead) of N×2 town points."""
        dx, dy = points[..., 0] - self.x, points[..., 1] - self.y
        return dx * self.right[0] + dy * self.right[1], dx * self.forward[0] + dy * self.forward[1]

    def pixel(self, side: float, ahead: float, up: float) -> tuple[float, float]:
        """Where a point `up` metres over the ground shows."""
        scale = self.f / max(ahead, NEAR_M)
        return self.width / 2 + side * scale, self.horizon + (EYE_M - up) * scale
