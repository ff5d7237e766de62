"""Where the officer is and what the camera shows of itself: the inputs of the street picture and its sound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pose:
    """Metres east and north of the town's anchor; degrees clockwise from north; metres per second."""

    x: float
    y: float
    heading_deg: float
    speed_mps: float = 0.0


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is burnt into the picture, and whether the TASER is in the officer's hands."""

    call_sign: str
    collar_number: str
    battery_pct: int
    recording: bool
    taser_drawn: bool
    device_id: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """Another officer who truly is near: town metres, degrees clockwise from north, metres per second; `who` of the shift."""

    x: float
    y: float
    heading_deg: float
    speed_mps: float
    in_vehicle: bool = False
    who: int = 0
