"""Local metres around an anchor ↔ WGS84 degrees, good to centimetres within a few kilometres."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

_A = 6_378_137.0  # WGS84 semi-major axis, metres
_E2 = 6.694_379_990_141e-3  # first eccentricity squared


@dataclass(frozen=True, slots=True)
class Projection:
    """Tangent plane at (`lat`, `lon`): x metres east, y metres north (radii of curvature of WGS84)."""

    lat: float
    lon: float
    _metres_per_lat: float = field(init=False, repr=False)
    _metres_per_lon: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sin, cos = math.sin(math.radians(self.lat)), math.cos(math.radians(self.lat))
        w = math.sqrt(1 - _E2 * sin * sin)
        object.__setattr__(self, "_metres_per_lat", math.radians(_A * (1 - _E2) / w**3))
        object.__setattr__(self, "_metres_per_lon", math.radians(_A / w * cos))

    def to_local(self, lat: float, lon: float) -> tuple[float, float]:
        """(x east, y north) in metres."""
        return ((lon - self.lon) * self._metres_per_lon, (lat - self.lat) * self._metres_per_lat)

    def to_wgs84(self, x: float, y: float) -> tuple[float, float]:
        """(lat, lon) in degrees."""
        return (self.lat + y / self._metres_per_lat, self.lon + x / self._metres_per_lon)
