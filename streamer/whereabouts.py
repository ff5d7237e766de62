"""Where the camera truly is: by its part in a scenario, along a route, or as its receiver last said."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from streamer.config import CameraConfig
from streamer.errors import ConfigError, GpsError
from streamer.gps_fix import GpsFix
from streamer.gps_route import Route, parse_geojson, parse_gpx
from streamer.pose import Pose
from streamer.scenario_path import Place
from streamer.scenario_stage import OfficerPart, Stage
from streamer.town import Town, TownError


def read_town(path: Path) -> Town:
    """The town in a GeoJSON file. Raises ConfigError."""
    try:
        return Town.from_geojson(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TownError) as error:
        raise ConfigError(f"The town {path} cannot be read: {error}.") from error


def read_route(path: Path) -> Route:
    """The route in a GPX or GeoJSON file. Raises GpsError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GpsError(f"The route {path} cannot be read: {error}.") from error
    try:
        return parse_gpx(text) if path.suffix.lower() == ".gpx" else parse_geojson(text)
    except GpsError as error:
        raise GpsError(f"{path}: {error}") from error


class Whereabouts:
    """The true place at a wall time, in metres of the town (the drawn street) and for the simulated receiver.

    Asked by the picture's thread and by the event loop: `lock` keeps the scenario's legs in order.
    """

    def __init__(
        self, config: CameraConfig, town: Town, wall: Callable[[], float], lock: AbstractContextManager[object]
    ) -> None:
        self.part: OfficerPart | None = None
        self.route: Route | None = None
        self.start_at = config.start_at if config.start_at is not None else wall()
        self._town = town
        self._wall = wall
        self._lock = lock
        self._last: Pose = Pose(*town.nodes[0], 0.0)
        if config.scenario is not None:
            self.part = Stage(config.scenario, town).part(config.call_sign)
        if config.gps.startswith("route:"):
            self.route = read_route(Path(config.gps.removeprefix("route:")))

    @property
    def simulated(self) -> tuple[Callable[[float], Place], Callable[[float, float], tuple[float, float]]] | None:
        """(place at a wall time, its metres to degrees), if the receiver is to be simulated."""
        if self.route is not None:
            return self._on_route, self.route.to_wgs84
        if self.part is not None:
            return self._in_part, self._town.to_wgs84
        return None

    def pose(self) -> Pose:
        """For the picture: now, in the town's metres."""
        if self.part is not None and self.route is None:
            place = self._in_part(self._wall())
            return Pose(place.x, place.y, place.heading_deg, place.speed_mps)
        if self.route is not None:
            place = self._on_route(self._wall())
            x, y = self._town.to_local(*self.route.to_wgs84(place.x, place.y))
            return Pose(x, y, place.heading_deg, place.speed_mps)
        return self._last

    def heard(self, fix: GpsFix) -> None:
        """A fix of a real receiver: the drawn street follows it."""
        x, y = self._town.to_local(fix.lat, fix.lon)
        heading = self._last.heading_deg if fix.heading_deg is None else fix.heading_deg
        self._last = Pose(x, y, heading, fix.speed_mps or 0.0)

    def scenario_time(self, at: float) -> float:
        """Seconds of scenario time at a wall time."""
        return at - self.start_at

    def _in_part(self, at: float) -> Place:
        assert self.part is not None  # asked only of a part
        with self._lock:
            return self.part.place(self.scenario_time(at))

    def _on_route(self, at: float) -> Place:
        assert self.route is not None  # asked only of a route
        return self.route.place(max(0.0, self.scenario_time(at)))
