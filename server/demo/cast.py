"""Who takes part in the demo: the scenario's officers, as many as there shall be cameras. Pure."""

from __future__ import annotations

from dataclasses import replace

from streamer.scenario import Officer, Scenario

EXTRA_NAMES = ("Price", "Silva", "Barr", "Ismail", "Kerr", "Lewis", "Mensah", "Oakes", "Tan", "Webb")

LARGE = "640x360"  # of the main picture, where the machine has the cores to draw it; else the camera's own 512x288
LARGE_FROM_CORES, CAMERAS_A_CORE = 4, 2


def picture_size(cameras: int, cores: int) -> str:
    """How large `cameras` cameras draw their main picture on a machine of `cores`; "": as they would by themselves."""
    return LARGE if cores >= LARGE_FROM_CORES and cameras <= CAMERAS_A_CORE * cores else ""


def cast(scenario: Scenario, cameras: int) -> list[Officer]:
    """`cameras` officers whose cameras run: the scenario's own first, then further ones who walk the same rounds the other way.

    Unless fewer are asked for than the scenario has: behind them those whose cameras are off. They send their position
    alone, which costs next to nothing, until the scenario or control has them record.

    >>> len([officer for officer in cast(scenario, 9) if runs(officer)])
    9
    """
    own = [officer for officer in scenario.officers if runs(officer)]
    if cameras < len(own):
        return own[:cameras]
    further = [_extra(own[number % len(own)], own[0], number) for number in range(cameras - len(own))]
    return [*own, *further, *(officer for officer in scenario.officers if not runs(officer))]


def runs(officer: Officer) -> bool:
    """Whether the officer's camera draws pictures from its start."""
    return officer.recording != "off"


def extended(scenario: Scenario, cameras: int) -> str:
    """TOML for the further officers, to be appended to the scenario's file; empty when there are none."""
    own = {officer.call_sign for officer in scenario.officers}
    return "".join(_table(officer) for officer in cast(scenario, cameras) if officer.call_sign not in own)


def _extra(like: Officer, first: Officer, number: int) -> Officer:
    return replace(
        like,
        call_sign=f"XT{number + 51:02d}",
        collar_number=f"{2001 + number}",
        name=f"PC {EXTRA_NAMES[number % len(EXTRA_NAMES)]}",
        patrol=tuple(reversed(like.patrol)),
        speed_mps=round(like.speed_mps * (0.8 + 0.05 * (number % 8)), 2),
        recording="recording",
        view=first.view,  # on foot, whoever's round it is
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
