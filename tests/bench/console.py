"""The console's main thread: its time a second with 9 living tiles and 200 units, beside an empty room's; layout shift.

One page in one run: first with nobody on duty, then with units that say once a second where they are, then with nine
of them living on the wall. Time is the thread's own processor time, so that other processes cost it nothing. Then the
demo's first minute, in which nothing may move that a person has not moved.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect

from tests.bench.figures import Figure, tell
from tests.bench.load.machine import address
from tests.bench.load.orders import Child
from tests.browser.screen import SHIFTS, WEBGL_FLAGS, Screen
from tests.fakes.crowd import Crowd
from tests.installation import Installation, Program, Server
from tests.local_servers import chromium
from tests.patience import until
from tests.raw_console import RawConsole

DESK = {"width": 1920, "height": 1080}
SETTLE_S = 5.0  # after the last change: what is done once is not what is measured
PARTS = ("TaskDuration", "ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
SHIFTS_OF_MOST = 5


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench console", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="for which each room is measured [20]")
    parser.add_argument("--units", type=int, default=200, help="on duty [200]")
    parser.add_argument("--tiles", type=int, default=9, help="living, tile 1 among them [9]")
    parser.add_argument("--demo-seconds", type=float, default=60.0, help="0 leaves the demo out [60]")
    options = parser.parse_args(argv)
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    expect.set_options(timeout=60_000)
    figures: list[Figure] = []
    async with AsyncExitStack() as closing:
        playwright = await closing.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=WEBGL_FLAGS)
        closing.push_async_callback(browser.close)
        if options.units:
            figures += await _busy(browser, options)
        if options.demo_seconds:
            figures.append(await _demo(browser, options.demo_seconds))
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "units": options.units}
    return tell("console", figures, {**about, "tiles": options.tiles, "seconds": options.seconds})


async def _busy(browser: Browser, options: argparse.Namespace) -> list[Figure]:
    """The same page with nobody, with all units, and with living tiles."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="watchroom-bench-")))
        installation = Installation(folder / "data")
        installation.add_person("hale", "admin", "Insp. Hale")
        installation.add_person("okafor", "control", "D. Okafor")
        server = await closing.enter_context(Server(installation)).serve()
        desk = await closing.enter_async_context(RawConsole(server.url, "hale"))
        screen = await closing.enter_async_context(Screen(browser, server.url, viewport=DESK))
        page = await screen.console("okafor")
        crowd = await closing.enter_async_context(Crowd(desk))
        empty = await _measured(page, options.seconds)
        names = [(f"U{number:03d}", f"PC {number:03d}") for number in range(options.units)]
        await crowd.join(names)
        await expect(page.get_by_text(f"{options.units} on duty")).to_be_visible()
        walking = await _measured(page, options.seconds)
        cameras = await closing.enter_async_context(
            Child("tests.bench.load.publisher", cores=frozenset(os.sched_getaffinity(0)))
        )
        await _living(page, crowd, cameras, options.tiles)
        watching = await _measured(page, options.seconds)
    units = f"{options.units} units at 1 Hz"
    rooms = {"empty": ("nobody on duty", empty), "units": (units, walking)}
    rooms["tiles"] = (f"{units}, {options.tiles} living tiles", watching)
    figures = [
        Figure(f"{name}_{part}", f"{what}: {part.removesuffix('Duration')}", "ms/s", [parts[part]], "value", None)
        for name, (what, parts) in rooms.items()
        for part in PARTS
    ]
    ratio = watching["TaskDuration"] / empty["TaskDuration"]
    return [*figures, Figure("ratio", "the last to the first, whole tasks", "×", [ratio], "value", None)]


async def _living(page: Page, crowd: Crowd, cameras: Child, tiles: int) -> None:
    """As many of the units record, stream, and live on the wall as there shall be tiles; the first stands on tile 1 too."""
    recording = crowd.walkers[: tiles - 1]
    for walker in recording:
        walker.records = True
    await expect(page.get_by_text(f"{len(recording)} recording")).to_be_visible()
    urls = [f"{crowd.url}{walker.welcome.whip_path}" for walker in recording]
    tokens = [walker.welcome.whip_token for walker in recording]
    await cameras.ask("publish", urls=urls, tokens=tokens, host=address(), sub=True)
    await expect(page.locator("feed-tile.live")).to_have_count(tiles)


async def _measured(page: Page, seconds: float) -> dict[str, float]:
    """Milliseconds of the main thread's processor time in each second, by part."""
    tools = await page.context.new_cdp_session(page)
    await tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    await asyncio.sleep(SETTLE_S)
    before, began = await _spent(tools), asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    after, took = await _spent(tools), asyncio.get_running_loop().time() - began
    await tools.detach()
    return {part: (after[part] - before[part]) * 1000 / took for part in PARTS}


async def _spent(tools: CDPSession) -> dict[str, float]:
    """Seconds so far."""
    metrics = (await tools.send("Performance.getMetrics"))["metrics"]
    return {one["name"]: one["value"] for one in metrics}


async def _demo(browser: Browser, seconds: float) -> Figure:
    """Cumulative layout shift of the console from its opening on, over the demo's first minute."""
    with Program("demo", ["-m", "server", "demo", "--no-browser", "--port", "0"]) as demo:
        demo.start()

        def linked() -> re.Match[str] | None:
            return re.search(r"^Console: (\S+)$", demo.printed, re.MULTILINE)

        link = await until(linked, "the demo prints its link", 60)
        async with Screen(browser, link[1].split("/sign-in")[0], viewport=DESK) as screen:
            await screen.page.add_init_script(SHIFTS)
            await screen.page.goto(link[1])
            await asyncio.sleep(seconds)
            shifts: list[dict[str, Any]] = await screen.page.evaluate("window.shifts")
    for shift in sorted(shifts, key=lambda one: -float(one["value"]))[:SHIFTS_OF_MOST]:
        print(f"shift {shift['value']:.4f} after {shift['at']:.1f} s: {'; '.join(shift['moved'])}")
    whole = sum(float(shift["value"]) for shift in shifts)
    return Figure("cls", f"layout shift in the demo's first {seconds:.0f} s", "", [whole], "value", 0.0)
