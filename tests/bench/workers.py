"""A media worker that dies: from SIGKILL to its camera's next picture in Chromium, with another worker beside it and alone.

With two workers the camera goes to the other one; an only one is started again first. Expected: at most 3 s.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.bench.figures import Figure, tell
from tests.browser.screen import FLAGS, Screen
from tests.browser.worker_loss import seconds_away, worker_of
from tests.installation import Camera, Installation, Server
from tests.local_servers import chromium

BACK_S = 3.0
LONGEST_S = 60.0  # something is wrong then
TILE = 1  # shows the unit that is selected
STEADY_S = 12.0  # between kills: the camera's back-off begins anew after a connection of 10 s
ALONE_STEADY_S = 31.0  # a worker that dies sooner is not started again at once


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench workers", description=__doc__)
    parser.add_argument("--kills", type=int, default=6, help="of one of two workers [6]")
    parser.add_argument("--kills-alone", type=int, default=3, help="of an only worker, half a minute apart [3]")
    return asyncio.run(_run(parser.parse_args(argv)))


async def _run(options: argparse.Namespace) -> int:
    async with AsyncExitStack() as closing:
        playwright = await closing.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=FLAGS)
        closing.push_async_callback(browser.close)
        moved = await _measure(browser, 2, options.kills, STEADY_S)
        again = await _measure(browser, 1, options.kills_alone, ALONE_STEADY_S)
    figures = [
        Figure("moved", "one of two workers killed: picture back", "s", moved, "p95", BACK_S),
        Figure("started_again", "the only worker killed: picture back", "s", again, "p95", BACK_S),
    ]
    return tell("workers", figures, {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)})


async def _measure(browser: Browser, workers: int, kills: int, steady_s: float) -> list[float]:
    """Seconds without a picture, each time that the worker which has the camera is killed."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="watchroom-bench-")))
        installation = Installation(folder / "data", ["--media-workers", str(workers)])
        key = installation.add_camera("ET17", "PC Marsh", "17")
        installation.add_person("hale", "inspector", "Insp. Hale")
        installation.add_person("reed", "engineer", "Reed")
        token = installation.token("reed")
        server = await closing.enter_context(Server(installation)).serve()
        camera = closing.enter_context(Camera(key, server.url, "--recording", "on"))
        await camera.start().shows()
        screen = await closing.enter_async_context(Screen(browser, server.url))
        await screen.console("hale")
        screen.allowed.append(r"status of (404|503)")  # the lost session is asked for, its worker may be gone by then
        await screen.row(key.call_sign).click()
        found = []
        for number in range(kills):
            await screen.is_in_state(TILE, "live", within_s=60)
            await asyncio.sleep(steady_s)
            # A worker is back within a second: the camera may have returned to the same one.
            worker = await worker_of(server.url, token, key.device_id)
            found.append(await asyncio.wait_for(seconds_away(screen.page, TILE, server, worker), LONGEST_S))
            print(f"… {workers} workers, kill {number + 1}: {found[-1]:.2f} s", flush=True)
    return found
