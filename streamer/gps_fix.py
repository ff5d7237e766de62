"""One position as a device saw it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GpsFix:
    """Device time (Unix seconds), degrees WGS84, the 68 % radius in metres, m/s, degrees clockwise from north."""

    at: float
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float | None = None
    heading_deg: float | None = None
