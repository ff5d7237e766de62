"""Who takes part in the demo: the scenario's officers, as many as there shall be cameras. Pure."""

from __future__ import annotations

from dataclasses import replace

from streamer.scenario import Officer, Scenario

EXTRA_NAMES = ("Doyle", "Hughes", "Rahman", "Chen", "Nowak", "Adeyemi", "Okoye", "Price", "Silva", "Grant")

LARGE = "640x360"  # of the main picture, where the machine has the cores to draw it; else the camera's own 512x288
LARGE_FROM_CORES, CAMERAS_A_CORE = 4, 2


def picture_size(cameras: int, cores: int) -> str:
    """How large `cameras` cameras draw their main picture on a machine of `cores`; "": as they would by themselves."""
    return LARGE if cores >= LARGE_FROM_CORES and cameras <= CAMERAS_A_CORE * cores else ""


def cast(scenario: Scenario, cameras: int) -> list[Officer]:
    """`cameras` officers: the scenario's own first, then further ones who walk the same rounds the other way.

    >>> len(cast(scenario, 9))
    9
    """
    own = list(scenario.officers[:cameras])
    return own + [_extra(scenario, number) for number in range(cameras - len(own))]


def extended(scenario: Scenario, cameras: int) -> str:
    """TOML for the further officers, to be appended to the scenario's file; empty when there are none."""
    extra = cast(scenario, cameras)[len(scenario.officers) :]
    return "".join(_table(officer) for officer in extra)


def _extra(scenario: Scenario, number: int) -> Officer:
    like = scenario.officers[number % len(scenario.officers)]
    return replace(
        like,
        call_sign=f"XT{number + 51:02d}",
        collar_number=f"{2001 + number}",
        name=f"PC {EXTRA_NAMES[number % len(EXTRA_NAMES)]}",
        patrol=tuple(reversed(like.patrol)),
        speed_mps=round(like.speed_mps * (0.8 + 0.05 * (number % 8)), 2),
        recording="recording",
        view=scenario.officers[0].view,  # on foot, whoever's round it is
    )


def _table(officer: Officer) -> str:
    stops = ", ".join(f'"{stop}"' if isinstance(stop, str) else f"[{stop[0]}, {stop[1]}]" for stop in officer.patrol)
    return (
        f'\n[[officer]]\ncall_sign = "{officer.call_sign}"\ncollar_number = "{officer.collar_number}"\n'
        f'name = "{officer.name}"\npatrol = [{stops}]\n'
        f"speed_mps = {officer.speed_mps}\nrespond_mps = {officer.respond_mps}\n"
        f"battery_pct = {officer.battery_pct}\nheard_after_s = {officer.heard_after_s}\n"
        f'view = "{officer.view}"\n'
    )
