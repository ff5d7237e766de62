"""Two media workers of which one is killed: its camera comes back by itself, and the other's picture never stops."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from playwright.async_api import Browser

from tests.browser.screen import Screen
from tests.installation import Camera, Installation, Server
from tests.patience import until


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
    async with screen.page.expect_response(lambda answer: "/whep/" in answer.url and answer.status == 201):
        os.kill(_worker_pid(server.pid, "media-1"), signal.SIGKILL)  # the first camera was placed there
        await first.says("Picture reaches control.", times=2)

    async def is_back() -> bool:
        return bool((await screen.figures(8))["decoded"] > 0)

    await until(is_back, "the lost picture is shown again")
    await screen.is_in_state(8, "live")
    assert second.printed.count("Picture reaches control.") == 1

    async def goes_on() -> bool:
        return bool((await screen.figures(9))["decoded"] > before["decoded"] + 10)

    await until(goes_on, "the other worker's picture goes on, in the same connection")


def _worker_pid(server_pid: int, name: str) -> int:
    found = [
        int(pid)
        for task in Path(f"/proc/{server_pid}/task").glob("*/children")
        for pid in task.read_text().split()
        if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(name.encode())
    ]
    assert len(found) == 1, f"{len(found)} workers are called {name}"
    return found[0]
