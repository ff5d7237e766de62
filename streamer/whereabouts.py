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
from streamer.pose import Colleague, Pose
from streamer.scenario import Officer
from streamer.scenario_path import Place
from streamer.scenario_stage import OfficerPart, Stage
from streamer.town import Town, TownError

SIGHT_M = 90.0


def _is_seen(officer: Officer, by: OfficerPart) -> bool:
    """Somebody else, and not indoors while this one is out, or the other way round."""
    return officer is not by.officer and (officer.view == "indoor") is (by.officer.view == "indoor")


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
        self._colleagues: list[tuple[int, OfficerPart]] = []  # with which of the shift it is
        if config.scenario is not None:
            stage = Stage(config.scenario, town)
            me = self.part = stage.part(config.call_sign)
            shift = enumerate(config.scenario.officers)
            self._colleagues = [(who, stage.part(one.call_sign)) for who, one in shift if _is_seen(one, me)]
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

    def others(self) -> tuple[Colleague, ...]:
        """For the picture: which other officers of the scenario are in sight now, in the town's metres."""
        if self.part is None or self.route is not None:
            return ()
        at = self.scenario_time(self._wall())
        with self._lock:
            me = self.part.place(at)
            found = [(who, one.officer, one.place(at)) for who, one in self._colleagues]
        return tuple(
            Colleague(place.x, place.y, place.heading_deg, place.speed_mps, officer.view == "vehicle", who)
            for who, officer, place in found
            if me.distance_to(place.x, place.y) < SIGHT_M
        )

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
