"""The fault table of a camera's link (R1 to R4), each fault done to a running scene and told in figures.

The tests do it for a few seconds and look whether it works at all; `python3 -m tests.bench links` does it for long, and
compares the figures with the bars.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Error

from tests.browser.screen import Screen
from tests.links.kept import Kept, Recordings
from tests.links.link_model import Conditions
from tests.links.scene import FPS, Scene, Shown, Viewer, shown_by
from tests.patience import until
from tests.raw_console import RawConsole

USUAL_S = 1 / FPS
# A mobile network's own delay: no repair is quicker than the way there and back.
CALM = Conditions(delay_s=0.02)
SETTLE_S = 1.0
LOOK_S = 0.05
PRESSES = 4
SAMPLE_S = 2.0  # how often to ask the camera what it sent


@dataclass(frozen=True)
class Stretch:
    """What one viewer saw in a stretch of time. `share` of the pictures that the camera sent (of main, and of sub
    where it gave up main) were decoded.
    """

    viewer: str
    seconds: float
    share: float
    longest_gap_s: float
    frozen_share: float


@dataclass(frozen=True)
class Seen:
    """What came of a stretch of time: at each viewer, and on the server's disk."""

    viewers: list[Stretch]
    kept: Kept


class Watching:
    """Who watches the camera: an aiortc viewer, and a console in Chromium. It is recorded, too."""

    def __init__(self, scene: Scene, viewer: Viewer, screen: Screen) -> None:
        self.scene = scene
        self.viewer = viewer
        self.screen = screen
        self.recordings = Recordings(scene.installation.folder)

    async def shown(self) -> dict[str, Shown]:
        """By viewer: when pictures were shown, so far."""
        return {"aiortc": self.viewer.shown, "Chromium": await shown_by(self.screen)}

    async def decoded(self) -> dict[str, int]:
        """By viewer: pictures so far."""
        try:
            chromium = int((await self.screen.figures(1))["decoded"])
        except Error:  # the tile changes just now
            chromium = 0
        return {"aiortc": self.viewer.pictures, "Chromium": chromium}

    async def sent(self) -> Counter[str]:
        """By layer: pictures that the camera has sent so far."""
        return Counter((await self.scene.camera.state())["sent"])

    async def look(self, seconds: float) -> Seen:
        """Watch for a while, whatever the link is like now."""
        before, sent, start = await self.decoded(), await self.sent(), time.time()
        meant, sent_before = 0, sent
        while (left := start + seconds - time.time()) > 0:
            await asyncio.sleep(min(SAMPLE_S, left))
            now_sent = await self.sent()
            meant += (now_sent - sent)["main"] or (now_sent - sent)["sub"]
            sent = now_sent
        end, after = time.time(), await self.decoded()
        found = []
        for viewer, shown in (await self.shown()).items():
            seen = shown.within(start, end)
            frozen = sum(seen.freezes(USUAL_S, end)) / (end - start)
            share = (after[viewer] - before[viewer]) / max(1, meant)
            found.append(Stretch(viewer, end - start, share, max(seen.gaps(end), default=end - start), frozen))
        pictures = sent - sent_before
        return Seen(found, await self.recordings.kept(start, end, pictures["main"] + pictures["sub"]))

    async def word(self) -> str:
        """What the tile says: LIVE, LATE, FROZEN …"""
        return await self.screen.tile(1).locator(".at .w").inner_text()

    async def both_have_pictures(self, since: float, within_s: float = 30.0) -> dict[str, float]:
        """By viewer: how long after `since` (Unix time) the first new picture was shown."""

        async def back() -> dict[str, float] | None:
            first = {
                name: next((at for at in shown.times if at > since), None)
                for name, shown in (await self.shown()).items()
            }
            return (
                {name: at - since for name, at in first.items() if at is not None}
                if None not in first.values()
                else None
            )

        found: dict[str, float] = await until(back, "both viewers have pictures again", within_s)
        return found


@asynccontextmanager
async def watched(scene: Scene) -> AsyncIterator[Watching]:
    """The scene with both viewers, on a calm link."""
    async with AsyncExitStack() as closing:
        scene.network.change(up=CALM, down=CALM)
        viewer = await closing.enter_async_context(scene.viewer())
        screen = await closing.enter_async_context(scene.console())
        # a picture that is not there for a while is asked for, and the console's browser tells each refusal
        screen.allowed += ["Failed to load resource"]
        yield Watching(scene, viewer, screen)


@dataclass(frozen=True)
class Outage:
    """R1. `told_s`: until the tile no longer said LIVE; `back_s`: from the link's return to the picture's, by viewer."""

    told_s: float
    back_s: dict[str, float]
    sessions: int  # that the camera has made since
    kept: Kept  # from the cut until a moment after the picture's return; what was sent into the cut counts, too


async def camera_off(watching: Watching, off_s: float) -> Outage:
    """R1: the camera's link is cut."""
    scene = watching.scene
    connected, sent = scene.camera.printed.count("Picture reaches control."), await watching.sent()
    scene.network.cut()
    cut_at = time.time()
    told = asyncio.create_task(_until_told(watching, off_s))
    await asyncio.sleep(off_s)
    told_s = await told
    # what was under way when the link was cut is lost; what comes now is new
    scene.network.mend()
    back = await watching.both_have_pictures(max(time.time(), cut_at + off_s))
    sessions = scene.camera.printed.count("Picture reaches control.") - connected
    pictures = await watching.sent() - sent
    kept = await watching.recordings.kept(cut_at, time.time(), pictures["main"] + pictures["sub"], of_each=True)
    return Outage(told_s, back, sessions, kept)


async def _until_told(watching: Watching, within_s: float) -> float:
    start = time.time()
    while time.time() - start < within_s:
        if await watching.word() != "LIVE":
            break
        await asyncio.sleep(LOOK_S)
    return time.time() - start


async def new_address(watching: Watching, seconds: float) -> Seen:
    """R2: the camera is seen by another address from now on."""
    watching.scene.network.rebind()
    return await watching.look(seconds)


async def over(watching: Watching, up: Conditions, down: Conditions, seconds: float, settle_s: float) -> Seen:
    """R3, R4: such a link for a while; the first `settle_s` are not looked at. The link is calm again afterwards."""
    watching.scene.network.change(up=up, down=down)
    await asyncio.sleep(settle_s)
    found = await watching.look(seconds)
    watching.scene.network.change(up=CALM, down=CALM)
    return found


@dataclass(frozen=True)
class Told:
    """What else goes over the link: seconds from the holster to the desk, and how old the position on it became."""

    alerts_s: list[float]
    oldest_fix_s: float


async def telemetry(scene: Scene, desk: RawConsole, presses: int = PRESSES) -> Told:
    """The officer draws and holsters a TASER again and again; the desk resolves each alert."""
    ages: list[float] = []
    watching = asyncio.create_task(_watch_fixes(scene, desk, ages))
    try:
        alerts = [await _alert(scene, desk) for _ in range(presses)]
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return Told(alerts, max(ages, default=0.0))


async def _alert(scene: Scene, desk: RawConsole) -> float:
    known = {body["id"] for body in desk.bodies("alert")}
    pressed = time.time()
    await scene.camera.press("taser.armed")
    alert = await desk.hears("alert", lambda body: body["id"] not in known, "the alert")
    took = time.time() - pressed
    await scene.camera.press("taser.safe")
    await desk.hears("alert", lambda body: body["id"] == alert["id"] and bool(body["cleared_at"]), "its end")
    status, problem = await desk.post(f"/api/alerts/{alert['id']}/resolve")
    assert status == 200, problem
    return took


async def _watch_fixes(scene: Scene, desk: RawConsole, ages: list[float]) -> None:
    while True:
        latest: list[dict[str, Any]] = [
            fix
            for message in desk.messages
            if message["t"] == "latest"
            for fix in message["fixes"]
            if fix["device_id"] == scene.keys[0].device_id
        ]
        if latest:
            ages.append(time.time() - latest[-1]["at"])
        await asyncio.sleep(0.1)
