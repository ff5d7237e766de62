"""Looking back in the console while live goes on: until the picture plays, the live tile beside it, a catch-up join.

A real server, a real camera that records, a console in Chromium with its living tile. `R` opens the pane half a minute
back: the time until it plays. The pictures that come on screen in the live tile are counted for so many seconds before it
and while it is open. Then an alert: the 30 seconds before it, until its own second is shown, and on until the console says that one is
live, both within 8 s of the press (mission.md, N19; live goes on meanwhile, so that they are seen a little faster than at 4×). All of it twice: with a recording that has just begun, and with one that has gone on for hours.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from server.recording.segment import recording_id
from tests.bench.figures import Figure, tell
from tests.browser.screen import FLAGS, Screen
from tests.installation import Camera, Installation, Server
from tests.local_servers import chromium
from tests.patience import until
from tests.server.recording.recordings import journal

SIZE = "1280x720"
OPEN_S, JOIN_S, BACK_S, KEPT_UP = 1.5, 8.0, 30.0, 0.9
SEGMENT_S = 2.0
SPARE_S = 12.0  # beyond the half minute that is looked back at
STOOD_S = 60.0  # the hours end so long before the camera comes: it is the same recording, with a gap in it
LONG_S = 120.0

RECORDED = "() => fetch('/api/recordings').then((one) => one.json()).then(({recordings: [one]}) => one ? one.to : 0)"
# When the rewound picture stands there and moves, by the page's clock; the press came `since` then.
PLAYS = """async () => {
  const began = performance.now();
  document.querySelector('[data-tile="1"] .tool.back').click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const video = document.querySelector("rewind-pane video");
    if (video?.readyState >= 3 && !video.paused && video.currentTime > 0) break;
    if (performance.now() - began > 60_000) throw new Error("the rewind does not play");
  }
  return (performance.now() - began) / 1000;
}"""


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench rewind", description=__doc__)
    parser.add_argument("--times", type=int, default=8, help="that the pane is opened [8]")
    parser.add_argument("--seconds", type=float, default=10.0, help="for which live pictures are counted [10]")
    parser.add_argument("--hours", type=float, default=8.0, help="that the long recording has gone on [8]")
    return asyncio.run(_run(parser.parse_args(argv)))


async def _run(options: argparse.Namespace) -> int:
    expect.set_options(timeout=60_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=FLAGS)
        figures = await _measure(browser, options, 0.0) + await _measure(browser, options, options.hours)
        await browser.close()
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "size": SIZE, "hours": options.hours}
    return tell("rewind", figures, about)


async def _measure(browser: Browser, options: argparse.Namespace, hours: float) -> list[Figure]:
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="watchroom-bench-")))
        installation = Installation(folder / "data")
        installation.add_person("hale", "inspector", "Insp. Hale")
        key = installation.add_camera("ET17", "PC Marsh", "0417")
        if hours:
            began = time.time() - STOOD_S - hours * 3600
            name = recording_id(began, key.device_id, "00000000")
            journal(installation.folder / "recordings", int(hours * 3600 / SEGMENT_S), name, key.device_id, began)
        server = await closing.enter_context(Server(installation)).serve()
        camera = closing.enter_context(Camera(key, server.url, "--recording", "on", "--size", SIZE))
        camera.start()
        screen = await closing.enter_async_context(Screen(browser, server.url))
        page = await screen.console()
        await screen.is_in_state(1, "live", LONG_S)
        came = time.time()
        await until(lambda: _is_recorded(page, came + BACK_S + SPARE_S), "a minute is recorded", LONG_S)
        alone = await screen.pictures_a_second(1, options.seconds)
        screen.allowed.append("403.*/api/replays")  # that is what the question follows
        await _says_why(page)
        opened = [await _opened(page) for _ in range(options.times)]
        await page.evaluate(PLAYS)
        beside = await screen.pictures_a_second(1, options.seconds)
        await _shut(page)
        shown, joined = await _joined(screen, camera.press)
    what = f"a recording of {hours:g} h" if hours else "a young recording"
    name = f"hours{hours:g}" if hours else "young"
    print(f"{what}: live pictures a second {alone:.1f} alone, {beside:.1f} beside the rewind", flush=True)
    return [
        Figure(f"{name}_open", f"R until it plays, {what}", "s", opened, "p95", OPEN_S),
        Figure(
            f"{name}_live", "  live pictures beside it, of those before", "", [beside / alone], "value", KEPT_UP, True
        ),
        Figure(f"{name}_join", "  30 s before an alert, until they are shown", "s", [shown], "value", JOIN_S),
        Figure(f"{name}_joined", "  and until one is live", "s", [joined], "value", JOIN_S),
    ]


async def _is_recorded(page: Page, until_: float) -> bool:
    return float(await page.evaluate(RECORDED)) > until_


async def _says_why(page: Page) -> None:
    """Who looks back for the first time is asked on which duty: once, and not measured."""
    await page.locator('[data-tile="1"] .tool.back').click()
    await page.get_by_role("dialog").get_by_label("On duty as").fill("Duty inspector")
    await page.keyboard.press("Enter")
    await expect(page.locator("rewind-pane")).to_be_visible()
    await _shut(page)


async def _opened(page: Page) -> float:
    took = float(await page.evaluate(PLAYS))
    await _shut(page)
    return took


async def _shut(page: Page) -> None:
    pane = page.locator("rewind-pane")
    await pane.get_by_role("button", name="Close the rewind").click()
    await expect(pane).to_be_hidden()


async def _joined(screen: Screen, press: Callable[[str], Awaitable[None]]) -> tuple[float, float]:
    """From the request for the seconds before an alert until the alert's own second is shown, and until one is live."""
    alerted = time.time()
    await press("taser.armed")
    card = screen.alert("TASER armed")
    await card.get_by_role("button", name="The 30 s before it").click()
    began = time.monotonic()
    at = screen.page.locator("rewind-pane .at")

    async def is_shown() -> bool:
        hours, minutes, seconds = map(int, (await at.text_content() or "REWIND 0:0:0").split()[-1].split(":"))
        return (hours * 3600 + minutes * 60 + seconds - alerted) % 86_400 < 3600  # not the day before it

    await until(is_shown, "the alert is shown", LONG_S)
    shown = time.monotonic() - began
    await expect(screen.page.locator("room-notice")).to_have_text("ET17: you are live.")
    return shown, time.monotonic() - began
