"""Plays one officer's part: does what the scenario says when its time has come, through the very same presses."""

from __future__ import annotations

from streamer.controls import Kit
from streamer.errors import PressError
from streamer.gps import SimulatedGps
from streamer.link import Link
from streamer.scenario import Inject, Scenario
from streamer.scenario_stage import MOVES, OfficerPart
from streamer.scenario_timeline import Timeline

LATE_S = 2.0  # a camera that starts a moment late still does what was due; older things it only takes as having been
LOOK_EVERY_S = 0.5  # at battery, feet and the end of a degraded link
DRAIN_PCT_PER_S = 1 / 240  # a full battery lasts nearly seven hours


class Player:
    """One part. `step` is called again and again with the scenario's time."""

    def __init__(self, scenario: Scenario, part: OfficerPart, kit: Kit, link: Link, gps: SimulatedGps | None) -> None:
        self._part = part
        self._kit = kit
        self._link = link
        self._gps = gps
        self._timeline = Timeline.of(scenario, part.officer.call_sign)
        self._done_until: float | None = None
        self._battery = (0.0, float(part.officer.battery_pct))  # (since when, percent then)
        self._link_until = self._gps_until = 0.0

    def step(self, now: float) -> float:
        """Do what is due at scenario time `now` (seconds). Returns the seconds after which to call again."""
        if self._done_until is None:
            self._done_until = min(-1.0, now)
            self._kit.muted = True
            self._do_until(now - LATE_S)
            self._kit.muted = False
        self._do_until(now)
        self._condition(now)
        coming = self._timeline.next_after(self._done_until)
        return LOOK_EVERY_S if coming is None else max(0.0, min(LOOK_EVERY_S, coming - now))

    def _do_until(self, until: float) -> None:
        assert self._done_until is not None  # `step` has set it
        if until <= self._done_until:
            return
        for inject in self._timeline.between(self._done_until, until):
            self._do(inject)
        self._done_until = until

    def _do(self, inject: Inject) -> None:
        until = inject.at + inject.number("seconds")
        if inject.do in MOVES:
            return  # the stage moves the feet
        if inject.do == "net.degrade":
            self._link_until = until
            self._link.impair(inject.number("loss"), bool(inject.params.get("stalled")))
        elif inject.do == "gps.lost":
            self._gps_until = until
        elif inject.do == "battery":
            self._battery = (inject.at, inject.number("pct"))
        else:
            self._press(inject.do)

    def _press(self, what: str) -> None:
        try:
            self._kit.press(what)
        except PressError as error:
            # as with a person: the hand presses, the kit says why not, and the story goes on
            self._kit.said(str(error))

    def _condition(self, now: float) -> None:
        if (self._link.loss or self._link.stalled) and now >= self._link_until:
            self._link.impair(0.0, False)
        if self._gps is not None:
            self._gps.lost = now < self._gps_until
        since, percent = self._battery
        self._kit.set_battery(max(1, round(percent - max(0.0, now - since) * DRAIN_PCT_PER_S)))
        self._kit.set_feet(self._part.doing(now).value)
        self._kit.set_signal(self._link.bars_pct)
