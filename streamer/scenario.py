"""A scenario file: who is on shift, where each patrols, what is done when, and what must come of it.

TOML, read with `parse`. Times are seconds of scenario time (0 is the scenario's start); distances metres.

    title = "Night shift"            town = "estuary"
    hour = "dusk" | "night", weather = "dry" | "rain": one sky over the town, for every drawn picture
    [[officer]]                      call_sign, collar_number, name, patrol = [stops], speed_mps, respond_mps,
                                     battery_pct, recording = "recording" | "buffering" | "off", heard_after_s,
                                     view = "foot" | "vehicle" | "indoor"
    [[inject]]                       at = 8.0, unit = "ET14", do = "watch_me", and what that `do` needs (see NEEDS)
    [repeat]                         from = 240.0, every = 240.0, and [[repeat.inject]] with `at` inside one round
    [colleague]                      who answers what nobody else answers: name, after_s, away_s, says, says_after_s,
                                     closes_after_s

A stop of a patrol is a street's name (its middle), two names joined by " / " (their crossing), or [lon, lat].
An inject may carry `expect`, a list of {alert | activity | tile | near | closed = "...", within = seconds}.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from streamer.errors import ScenarioError
from streamer.street.look import HOURS, VIEWS, WEATHERS, preset_of

RecordingState = Literal["recording", "buffering", "off"]
Stop = str | tuple[float, float]
Value = str | int | float | bool

EXPECTED_WHATS = ("alert", "activity", "tile", "near", "closed")


@dataclass(frozen=True)
class Need:
    """One parameter of an inject: its type, its range if it is a number, and whether it may be left out."""

    of: type
    low: float = 0.0
    high: float = 86_400.0
    optional: bool = False


_SECONDS = {"seconds": Need(float, low=0.1)}
NEEDS: Mapping[str, Mapping[str, Need]] = {
    "watch_me": {},
    "watch_cancel": {},
    "emergency": {},
    "taser.drawn": {},
    "taser.armed": {},
    "taser.trigger": {},
    "taser.arc": {},
    "taser.safe": {},
    "record": {},
    "record_stop": {},
    "stream_on": {},
    "stream_off": {},
    "heard": {},
    "halt": {},
    "resume": {},
    "respond": {"to": Need(str)},
    "battery": {"pct": Need(int, high=100)},
    "gps.lost": _SECONDS,
    "net.degrade": _SECONDS | {"loss": Need(float, high=1.0, optional=True), "stalled": Need(bool, optional=True)},
}


@dataclass(frozen=True)
class Expectation:
    """What an end-to-end test looks for after an inject, and within how many seconds."""

    what: str
    value: str
    within_s: float
    priority: int | None = None


@dataclass(frozen=True)
class Inject:
    """One thing that one unit does, or that happens to it, at scenario time `at` (seconds)."""

    at: float
    unit: str
    do: str
    params: Mapping[str, Value] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()

    def number(self, name: str, default: float = 0.0) -> float:
        """The parameter `name` as a number."""
        return float(self.params.get(name, default))

    def text(self, name: str) -> str:
        """The parameter `name` as text; empty if it is not there."""
        return str(self.params.get(name, ""))


@dataclass(frozen=True)
class Officer:
    """One officer on shift. Speeds in metres a second: on patrol, and on the way to a colleague.

    `heard_after_s`: so long after advice is shown the officer presses *heard*; 0: only when told to.
    `view`: from where a drawn picture is seen (foot, vehicle, indoor).
    """

    call_sign: str
    collar_number: str
    name: str
    patrol: tuple[Stop, ...]
    speed_mps: float = 1.4
    respond_mps: float = 3.5
    battery_pct: int = 90
    recording: RecordingState = "recording"
    heard_after_s: float = 0.0
    view: str = VIEWS[0]


@dataclass(frozen=True)
class Repeat:
    """Injects that come again for ever: round k holds each of them at `first_at + k * every_s + inject.at`."""

    first_at: float
    every_s: float
    injects: tuple[Inject, ...]


@dataclass(frozen=True)
class Colleague:
    """A simulated operator, for who only looks on. Times in seconds.

    An alert that nobody has acknowledged for `after_s` is acknowledged; `says_after_s` later the officer of a priority 1
    is told `says`; `closes_after_s` after its cause is gone it is resolved. After each act of a person the colleague does
    nothing for `away_s`.
    """

    name: str
    says: str
    after_s: float = 25.0
    away_s: float = 120.0
    says_after_s: float = 6.0
    closes_after_s: float = 10.0


@dataclass(frozen=True)
class Scenario:
    """A whole shift; `injects` in order of time."""

    title: str
    town: str
    officers: tuple[Officer, ...]
    injects: tuple[Inject, ...]
    repeat: Repeat | None = None
    colleague: Colleague | None = None
    hour: str = HOURS[0]
    weather: str = WEATHERS[0]

    def preset(self, officer: Officer) -> str:
        """How the street is drawn for an officer: under the town's one sky, from where they see it."""
        return preset_of(self.hour, self.weather, officer.view)

    def officer(self, call_sign: str) -> Officer:
        """The officer of that call sign. Raises ScenarioError."""
        for officer in self.officers:
            if officer.call_sign == call_sign:
                return officer
        known = ", ".join(officer.call_sign for officer in self.officers)
        raise ScenarioError("call sign", f"one of {known}; got {call_sign!r}")


def parse(text: str) -> Scenario:
    """A scenario from TOML. Raises ScenarioError that names the field and what was expected there."""
    try:
        root = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError("file", f"TOML; {error}") from error
    table = _Table(root, "")
    officers = tuple(_officer(part) for part in table.tables("officer", at_least=1))
    units = [officer.call_sign for officer in officers]
    for position, unit in enumerate(units):
        if unit in units[:position]:
            raise ScenarioError(f"officer[{position}].call_sign", f"a call sign used once; {unit} stands twice")
    injects = tuple(_inject(part, units) for part in table.tables("inject"))
    repeat = _repeat(table.table("repeat"), units) if "repeat" in root else None
    scenario = Scenario(
        title=table.text("title"),
        town=table.text("town"),
        officers=officers,
        injects=tuple(sorted(injects, key=lambda inject: inject.at)),
        repeat=repeat,
        colleague=_colleague(table.table("colleague")) if "colleague" in root else None,
        hour=table.choice("hour", HOURS, default=HOURS[0]),
        weather=table.choice("weather", WEATHERS, default=WEATHERS[0]),
    )
    table.nothing_else()
    return scenario


class _Table:
    """One TOML table that is being read: knows its place, for the error, and which keys were taken."""

    def __init__(self, body: Mapping[str, Any], place: str) -> None:
        self.body = body
        self.place = place
        self._taken: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _left_out(self, key: str) -> bool:
        self._taken.add(key)
        return key not in self.body

    def _take(self, key: str, expected: str) -> Any:
        self._taken.add(key)
        if key not in self.body:
            raise ScenarioError(self.at(key), f"{expected}; it is missing")
        return self.body[key]

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and self._left_out(key):
            return default
        value = self._take(key, "text")
        if not isinstance(value, str) or not value.strip():
            raise ScenarioError(self.at(key), f"text that is not empty; got {value!r}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        if default is not None and self._left_out(key):
            return default
        expected = f"a number from {low:g} to {high:g}"
        value = self._take(key, expected)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ScenarioError(self.at(key), f"{expected}; got {value!r}")
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self.number(key, low, high, default)
        if value != int(value):
            raise ScenarioError(self.at(key), f"a whole number from {low} to {high}; got {value:g}")
        return int(value)

    def choice(self, key: str, among: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in among:
            raise ScenarioError(self.at(key), f"one of {', '.join(among)}; got {value!r}")
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key, "true or false")
        if not isinstance(value, bool):
            raise ScenarioError(self.at(key), f"true or false; got {value!r}")
        return value

    def table(self, key: str) -> _Table:
        value = self._take(key, "a table")
        if not isinstance(value, dict):
            raise ScenarioError(self.at(key), f"a table; got {value!r}")
        return _Table(value, self.at(key))

    def tables(self, key: str, at_least: int = 0) -> list[_Table]:
        self._taken.add(key)
        value = self.body.get(key, [])
        if not isinstance(value, list) or len(value) < at_least or not all(isinstance(one, dict) for one in value):
            raise ScenarioError(self.at(key), f"a list of tables, at least {at_least}")
        return [_Table(one, f"{self.at(key)}[{position}]") for position, one in enumerate(value)]

    def many(self, key: str, read: Callable[[Any, str], Any], at_least: int) -> list[Any]:
        value = self._take(key, f"a list of at least {at_least}")
        if not isinstance(value, list) or len(value) < at_least:
            raise ScenarioError(self.at(key), f"a list of at least {at_least}; got {value!r}")
        return [read(one, f"{self.at(key)}[{position}]") for position, one in enumerate(value)]

    def nothing_else(self) -> None:
        unknown = sorted(set(self.body) - self._taken)
        if unknown:
            known = ", ".join(sorted(self._taken))
            raise ScenarioError(self.at(unknown[0]), f"one of the fields known here ({known})")


def _officer(table: _Table) -> Officer:
    officer = Officer(
        call_sign=table.text("call_sign"),
        collar_number=table.text("collar_number"),
        name=table.text("name"),
        patrol=tuple(table.many("patrol", _stop, at_least=2)),
        speed_mps=table.number("speed_mps", 0.2, 40.0, default=1.4),
        respond_mps=table.number("respond_mps", 0.2, 40.0, default=3.5),
        battery_pct=table.whole("battery_pct", 0, 100, default=90),
        recording=cast(RecordingState, table.choice("recording", get_args(RecordingState), default="recording")),
        heard_after_s=table.number("heard_after_s", 0.0, 600.0, default=0.0),
        view=table.choice("view", VIEWS, default=VIEWS[0]),
    )
    table.nothing_else()
    return officer


def _stop(value: Any, place: str) -> Stop:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, (int, float)) for one in value):
        lon, lat = float(value[0]), float(value[1])
        if -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0:
            return (lon, lat)
    raise ScenarioError(place, f"a street's name, 'One Street / Other Street', or [lon, lat]; got {value!r}")


def _inject(table: _Table, units: list[str], last_at: float = 1e7) -> Inject:
    at = table.number("at", 0.0, last_at)
    unit = table.choice("unit", tuple(units))
    do = table.choice("do", tuple(NEEDS))
    params = {name: value for name, need in NEEDS[do].items() if (value := _param(table, name, need)) is not None}
    if params.get("to") == unit or (do == "respond" and params["to"] not in units):
        others = ", ".join(one for one in units if one != unit)
        raise ScenarioError(table.at("to"), f"another unit's call sign ({others}); got {params['to']!r}")
    if do == "net.degrade" and not (params.get("loss") or params.get("stalled")):
        raise ScenarioError(table.at("loss"), "a loss above 0, or stalled = true")
    expect = tuple(_expectation(part) for part in table.tables("expect"))
    table.nothing_else()
    return Inject(at, unit, do, params, expect)


def _param(table: _Table, name: str, need: Need) -> Value | None:
    if need.optional and name not in table.body:
        return None
    if need.of is bool:
        return table.flag(name)
    if need.of is str:
        return table.text(name)
    if need.of is int:
        return table.whole(name, int(need.low), int(need.high))
    return table.number(name, need.low, need.high)


def _expectation(table: _Table) -> Expectation:
    named = [what for what in EXPECTED_WHATS if what in table.body]
    if len(named) != 1:
        raise ScenarioError(table.place, f"exactly one of {', '.join(EXPECTED_WHATS)}")
    expectation = Expectation(
        what=named[0],
        value=table.text(named[0]),
        within_s=table.number("within", 0.1, 600.0),
        priority=table.whole("priority", 1, 3) if "priority" in table.body else None,
    )
    table.nothing_else()
    return expectation


def _repeat(table: _Table, units: list[str]) -> Repeat:
    every = table.number("every", 10.0, 86_400.0)
    repeat = Repeat(
        first_at=table.number("from", 0.0, 1e7),
        every_s=every,
        # strictly inside the round, so that rounds never overlap and the order of time is kept
        injects=tuple(sorted((_inject(part, units, every - 1.0) for part in table.tables("inject", 1)), key=_at)),
    )
    table.nothing_else()
    return repeat


def _colleague(table: _Table) -> Colleague:
    colleague = Colleague(
        name=table.text("name"),
        says=table.text("says"),
        after_s=table.number("after_s", 1.0, 3600.0, default=25.0),
        away_s=table.number("away_s", 1.0, 86_400.0, default=120.0),
        says_after_s=table.number("says_after_s", 0.0, 3600.0, default=6.0),
        closes_after_s=table.number("closes_after_s", 0.0, 3600.0, default=10.0),
    )
    table.nothing_else()
    return colleague


def _at(inject: Inject) -> float:
    return inject.at
