"""Replay in Chromium: the spread of four cameras' pictures at 1×, how long a seek takes, pictures when it runs fast.

Four true recordings of 720p, which began at different moments, on one clock. At speed the small layer plays (640×360, ten
pictures a second, so that it can carry the barcode).

Spread: how far the four cameras' pictures on screen are behind the page's clock, over each second, the first to the last.
The browser says which picture came on screen when (requestVideoFrameCallback's mediaTime). A single moment tells less: a
picture stands for 40 ms, those of the four do not begin together, and a page that is drawn 15 times a second by the
processor shows now the one, now the other of two that are due, so that four in step to the millisecond read as up to two
pictures apart. Such readings are told too, by the browser's word and, as the check of it, by the barcodes in the pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from tests.bench.figures import Figure, tell
from tests.browser.replaying import GLASS, OFFSETS_S, WATCH, Seen, address, apart_each_second, opened, shown
from tests.browser.screen import FLAGS, Screen
from tests.fakes.recordings import SEGMENT_S, Laid, Wish, film, lay
from tests.installation import Installation, Server
from tests.local_servers import chromium
from tests.patience import until

DESK = {"width": 1920, "height": 1080}
SIZES = {"main": (1280, 720), "sub": (640, 360)}
RATES = (4, 8, 20)
SETTLE_S = 3.0
SAMPLE_S = 0.1
NEAR_S = 0.1  # two pictures of the small layer: the seek has come to its moment
STEADY_S = 0.5  # real seconds for which nothing is counted when a rate begins
BACK_S = 3600.0  # since when they were recorded
SPREAD_MS, SEEK_S, WAIT_MS, BEHIND_S = 40.0, 2.0, 500.0, 0.5

# Every picture that comes on screen, by when it does (milliseconds of the page's clock), for each camera.
COUNT = """() => {
  window.pictures = [...document.querySelectorAll("replay-tile video")].map((video) => {
    const times = [];
    const next = () => video.requestVideoFrameCallback((now) => { times.push(now); next(); });
    next();
    return times;
  });
}"""
# The page's clock as it stands there (seconds of the day), and the pictures of the same moment.
BOTH = f"""() => {{
  const [hours, minutes, seconds] = document.querySelector("replay-transport .big").value.split(":").map(Number);
  return {{now: performance.now(), clock: hours * 3600 + minutes * 60 + seconds, shown: ({GLASS})()}};
}}"""


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench replay", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="at 1× [30]")
    parser.add_argument("--seeks", type=int, default=12, help="[12]")
    parser.add_argument("--fast-seconds", type=float, default=6.0, help="at each of the higher rates [6]")
    options = parser.parse_args(argv)
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    expect.set_options(timeout=60_000)
    length = max(options.seconds + 10, max(RATES) * (options.fast_seconds + STEADY_S + 1)) + 10
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="watchroom-bench-")))
        installation = Installation(folder / "data")
        installation.add_person("hale", "inspector", "Insp. Hale")
        laid = _lay(installation, length)
        server = await closing.enter_context(Server(installation)).serve()
        playwright = await closing.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=FLAGS)
        closing.push_async_callback(browser.close)
        screen = await closing.enter_async_context(Screen(browser, server.url, viewport=DESK))
        page = await opened(screen, address(laid, laid[0].base + 3))
        figures = await _spreads(page, options.seconds)
        figures.append(await _seeks(page, laid[0].base, length, options.seeks))
        await page.evaluate(COUNT)
        for rate in RATES:
            figures += await _fast(page, laid[0].base, rate, options.fast_seconds)
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "cameras": len(laid)}
    return tell("replay", figures, {**about, "main": SIZES["main"], "sub": SIZES["sub"], "recorded_s": round(length)})


def _lay(installation: Installation, length: float) -> list[Laid]:
    """The same film four times: it is the moments that differ."""
    films = {layer: film(length, layer, _paint(size)) for layer, size in SIZES.items()}
    base = float(int(time.time()) - BACK_S)
    names = ("ET17", "ET22", "ET09", "ET26")
    wishes = [Wish(f"{name.lower()}-cam", name, base + offset) for name, offset in zip(names, OFFSETS_S, strict=True)]
    return [lay(installation.folder, wish, films) for wish in wishes]


def _paint(size: tuple[int, int]) -> Any:
    """Coarse blocks that move: a picture that must be decoded, not a grey one."""
    width, height = size
    blocks = np.random.default_rng(1).integers(60, 200, (height // 8, width // 8, 3), dtype=np.uint8)
    street = np.kron(blocks, np.ones((8, 8, 1), dtype=np.uint8))
    return lambda at: Image.fromarray(np.roll(street, int(at * 60), axis=1))


async def _spreads(page: Page, seconds: float) -> list[Figure]:
    """How far the four pictures on screen are apart while they play: told by the browser, then read from them."""
    await page.keyboard.press("Space")
    await asyncio.sleep(SETTLE_S)
    await page.evaluate(WATCH)
    await asyncio.sleep(seconds)
    seen = await page.evaluate("window.seen")
    read, until_ = [], time.monotonic() + seconds / 3
    while time.monotonic() < until_:
        words = [one for one in await shown(page) if one is not None]
        if len(words) == len(OFFSETS_S):
            read.append((max(words) - min(words)) * 1000)
        await asyncio.sleep(SAMPLE_S)
    await page.keyboard.press("Space")
    return [
        Figure("spread", "four at 1×, over a second, first to last", "ms", apart_each_second(seen), "p95", SPREAD_MS),
        Figure("moments", "  at single moments", "ms", _apart_at_moments(seen), "p95", None),
        Figure("barcodes", "  the same by the barcodes", "ms", read, "p95", None),
    ]


def _apart_at_moments(seen: Sequence[Seen]) -> list[float]:
    """Of each time at which pictures came: how far the four that then stand there are apart, in milliseconds."""
    stands: dict[int, float] = {}
    spreads = []
    for _, came in groupby(sorted(seen), key=lambda one: one[0]):
        stands |= {camera: media + OFFSETS_S[camera] for _, camera, media in came}
        if len(stands) == len(OFFSETS_S):
            spreads.append((max(stands.values()) - min(stands.values())) * 1000)
    return spreads


async def _seeks(page: Page, base: float, length: float, count: int) -> Figure:
    """From the typed moment to all four pictures of it, forward and back over the whole recording."""
    took = []
    for number in range(count):
        into = 5 + (number * 0.618 % 1) * (length - 2 * SEGMENT_S - 10)  # by the golden section: never where it was
        await _type(page, base + into)
        began = time.monotonic()
        await page.keyboard.press("Enter")
        await until(partial(_stands, page, into), "the moment is there", 60)
        took.append(time.monotonic() - began)
    return Figure("seek", "seek of four", "s", took, "p95", SEEK_S)


async def _stands(page: Page, into: float) -> bool:
    seen = await shown(page)
    return len(seen) == len(OFFSETS_S) and all(one is not None and abs(one - into) < NEAR_S for one in seen)


async def _type(page: Page, at: float) -> None:
    text = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
    await page.locator("replay-transport .big").fill(text)


async def _fast(page: Page, base: float, rate: int, seconds: float) -> list[Figure]:
    """How often a picture comes, and how far clock and pictures are from where they must be."""
    await page.get_by_role("button", name=f"{rate}×", exact=True).click()
    await _type(page, base + 5)
    await page.keyboard.press("Enter")
    await until(lambda: _near(page, 5.0), "the first moment is there", 60)
    await page.keyboard.press("Space")
    await asyncio.sleep(STEADY_S)
    samples = [await page.evaluate(BOTH)]
    while samples[-1]["now"] - samples[0]["now"] < seconds * 1000:
        await asyncio.sleep(SAMPLE_S)
        samples.append(await page.evaluate(BOTH))
    await page.keyboard.press("Space")
    first, last = samples[0]["now"], samples[-1]["now"]
    counted = [[at for at in times if first <= at <= last] for times in await page.evaluate("window.pictures")]
    lasted = (last - first) / 1000
    waits = [after - before for times in counted for before, after in zip([first, *times], [*times, last], strict=True)]
    drifts = [abs((one["clock"] - samples[0]["clock"]) / rate - (one["now"] - first) / 1000) for one in samples]
    behind = [
        abs(one["clock"] - base % 86_400 - word - offset) / rate
        for one in samples
        for word, offset in zip(one["shown"], OFFSETS_S, strict=True)
        if word is not None
    ]
    fewest = min(len(times) for times in counted) / lasted
    return [
        Figure(f"fast{rate}_pictures", f"{rate}×: pictures of the slowest camera", "1/s", [fewest], "value", None),
        Figure(f"fast{rate}_wait", f"{rate}×: from a picture to the next", "ms", waits, "p95", WAIT_MS),
        Figure(f"fast{rate}_clock", f"{rate}×: clock off the true one", "s", drifts, "p95", BEHIND_S),
        Figure(f"fast{rate}_behind", f"{rate}×: picture off the clock, real", "s", behind, "p95", BEHIND_S),
    ]


async def _near(page: Page, into: float) -> bool:
    seen = await shown(page)
    return all(one is not None and abs(one - into) < 1 for one in seen)
