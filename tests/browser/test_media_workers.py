"""Two media workers of which one is killed: its camera comes back by itself, and the other's picture never stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser

from tests.browser.screen import Screen
from tests.browser.worker_loss import seconds_away
from tests.installation import Camera, Installation, Server
from tests.patience import until

LONGEST_AWAY_S = 20.0  # on any machine; `python3 -m tests.bench workers` has the bar


async def test_a_killed_worker_costs_its_cameras_a_moment_and_the_others_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "data", ["--media-workers", "2"])
    keys = [installation.add_camera(call_sign, "PC Marsh", call_sign[2:]) for call_sign in ("ET17", "ET18")]
    installation.add_person("hale", "inspector", "Insp. Hale")
    with Server(installation) as server:
        await server.serve()
        with (
            Camera(keys[0], server.url, "--recording", "on") as first,
            Camera(keys[1], server.url, "--recording", "on") as second,
        ):
            for camera in (first, second):
                await camera.start().shows()
            async with Screen(browser, server.url) as screen:
                await screen.console("hale")
                screen.allowed.append(r"status of 404")  # the lost session is asked for
                for number, key in enumerate(keys, 8):
                    await screen.row(key.call_sign).focus()
                    await screen.page.keyboard.press(str(number))
                    await screen.is_in_state(number, "live")
                await _kill_the_worker_of(screen, server, first, second)


async def _kill_the_worker_of(screen: Screen, server: Server, first: Camera, second: Camera) -> None:
    before = await screen.figures(9)
    # the first camera was placed there
    away = await asyncio.wait_for(seconds_away(screen.page, 8, server, "media-1"), LONGEST_AWAY_S)
    await first.says("Picture reaches control.", times=2)
    await screen.is_in_state(8, "live")
    assert 0 < away < LONGEST_AWAY_S
    assert second.printed.count("Picture reaches control.") == 1

    async def goes_on() -> bool:
        return bool((await screen.figures(9))["decoded"] > before["decoded"] + 10)

    await until(goes_on, "the other worker's picture goes on, in the same connection")
