"""The address of a wall: its layout, and where people sit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LAYOUTS = ("1", "4", "9", "16", "25", "1+5", "1+16")
THEMES = ("dark", "light")
DISTANCE_M = (0.5, 50.0)
DIAGONAL_IN = (5.0, 500.0)
# A 55 inch screen on the wall of one room, read from 3 m: what is meant if nothing is said.
USUAL_M = 3.0
USUAL_IN = 55.0
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class WallAddress:
    """What a wall's address asks for: distance in metres, diagonal of the screen in inches; theme "" is the usual one."""

    layout: str
    kiosk: bool
    dist: float
    diag: float
    theme: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One part of an address that cannot be meant."""

    part: str
    given: str
    expected: str


def wall_address(layout: str, query: Mapping[str, str]) -> tuple[WallAddress, list[Fault]]:
    """What is asked for, and what of it was not understood (that part is then the usual)."""
    faults = []
    if layout not in LAYOUTS:
        faults.append(Fault("layout", layout, "one of " + ", ".join(LAYOUTS)))
    kiosk = query.get("kiosk", "0")
    if kiosk not in ("0", "1"):
        faults.append(Fault("kiosk", kiosk, "1 for a screen without pointer and frame, or 0"))
    theme = query.get("theme", "")
    if theme not in ("", *THEMES):
        faults.append(Fault("theme", theme, " or ".join(THEMES)))
        theme = ""
    dist = _number(query, "dist", DISTANCE_M, "metres from the screen to the eye", faults)
    diag = _number(query, "diag", DIAGONAL_IN, "inches from corner to corner of the screen", faults)
    return WallAddress(layout, kiosk == "1", dist or USUAL_M, diag or USUAL_IN, theme), faults


def _number(
    query: Mapping[str, str], part: str, between: tuple[float, float], unit: str, faults: list[Fault]
) -> float | None:
    given = query.get(part)
    if given is None:
        return None
    least, most = between
    if _NUMBER.fullmatch(given) and least <= float(given) <= most:
        return float(given)
    faults.append(Fault(part, given, f"{unit}, from {least:g} to {most:g}, written like 3.3"))
    return None
