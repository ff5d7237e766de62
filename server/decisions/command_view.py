"""What stood on the screen on which somebody decided: its tiles with their states and ages, the alerts outstanding. Pure.

The screen itself tells it, since nobody else knows: a picture's age is measured from the frames that it decoded. What it
tells is a claim of that browser's, kept as it came; who it was, and when, the server knows by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from server.errors import BadRequest
from server.units.unit import DEVICE_ID

MOST_TILES = 25  # the largest wall
MOST_ALERTS = 100  # the most urgent; a tray with more is a flood, of which nobody sees the end
PAGES = ("console", "wall", "phone")
LAYERS = ("main", "sub")
# As a tile says it (static/js/state/liveness.js); `rewind`: the pane that looks back, beside the living picture.
STATES = ("live", "late", "frozen", "offline", "notrec", "connecting", "unlinked", "paused", "rewind")
ALERT_ID = re.compile(r"[A-Za-z0-9-]{1,40}")
TIMES = (0.0, 4e9)  # Unix seconds
OLDEST_S = 1e6  # a picture of eleven days ago: no page stands open for so long
BAD_VIEW = "bad-view"  # the refusal's kind: whoever decides asks again without the view

FIELDS = {
    "view": ("at", "page", "tiles", "alerts"),
    "tiles": ("tile", "device_id", "layer", "state", "age_s"),
    "alerts": ("id", "priority", "since"),
}


@dataclass(frozen=True, slots=True)
class TileSeen:
    """One tile. `tile`: its key, 0 for the pane beside the wall; `age_s`: of the picture on it; None: none was there."""

    tile: int
    device_id: str
    layer: str | None
    state: str
    age_s: float | None


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """One outstanding alert, as that screen had it; `since` (Unix seconds) it has needed somebody."""

    id: str
    priority: int
    since: float


@dataclass(frozen=True, slots=True)
class CommandView:
    """A screen at one moment (`at`, Unix seconds by the server's clock as that screen knew it)."""

    at: float
    page: str
    tiles: tuple[TileSeen, ...]
    alerts: tuple[AlertSeen, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is told and kept."""
        told = asdict(self)
        return {**told, "tiles": list(told["tiles"]), "alerts": list(told["alerts"])}


def command_view(given: object) -> CommandView | None:
    """What a request tells of the screen; None where it tells nothing. Raises BadRequest (BAD_VIEW) that names the field."""
    if given is None:
        return None
    view = _object(given, "view", "view")
    return CommandView(
        _number(view["at"], "view.at", *TIMES),
        _one_of(view["page"], "view.page", PAGES),
        tuple(_tile(one, f"view.tiles[{n}]") for n, one in enumerate(_list(view["tiles"], "view.tiles", MOST_TILES))),
        tuple(
            _alert(one, f"view.alerts[{n}]") for n, one in enumerate(_list(view["alerts"], "view.alerts", MOST_ALERTS))
        ),
    )


def _tile(given: object, where: str) -> TileSeen:
    tile = _object(given, where, "tiles")
    layer, age = tile["layer"], tile["age_s"]
    return TileSeen(
        _whole(tile["tile"], f"{where}.tile", 0, MOST_TILES),
        _name(tile["device_id"], f"{where}.device_id", DEVICE_ID),
        None if layer is None else _one_of(layer, f"{where}.layer", LAYERS),
        _one_of(tile["state"], f"{where}.state", STATES),
        None if age is None else _number(age, f"{where}.age_s", 0.0, OLDEST_S),
    )


def _alert(given: object, where: str) -> AlertSeen:
    alert = _object(given, where, "alerts")
    return AlertSeen(
        _name(alert["id"], f"{where}.id", ALERT_ID),
        _whole(alert["priority"], f"{where}.priority", 1, 3),
        _number(alert["since"], f"{where}.since", *TIMES),
    )


def _refusal(where: str, expected: str) -> BadRequest:
    return BadRequest(f"{where}: expected {expected}", kind=BAD_VIEW)


def _object(given: object, where: str, which: str) -> Mapping[str, Any]:
    """With exactly its fields."""
    fields = FIELDS[which]
    if not isinstance(given, dict) or given.keys() != set(fields):
        raise _refusal(where, f"an object of {', '.join(fields)}")
    return given


def _list(given: object, where: str, most: int) -> list[Any]:
    if not isinstance(given, list) or len(given) > most:
        raise _refusal(where, f"a list of at most {most}")
    return given


def _one_of(given: object, where: str, known: tuple[str, ...]) -> str:
    if not isinstance(given, str) or given not in known:
        raise _refusal(where, f"one of {', '.join(known)}")
    return given


def _name(given: object, where: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise _refusal(where, "an id")
    return given


def _number(given: object, where: str, least: float, most: float) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
        raise _refusal(where, f"a number from {least:g} to {most:g}")
    return float(given)


def _whole(given: object, where: str, least: int, most: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise _refusal(where, f"a whole number from {least} to {most}")
    return given
