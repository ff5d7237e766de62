"""The server's disk is full: every tile and the line say so, also beside a priority 1; live goes on, and recording by itself later."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from server.recording.library import Library
from server.recording.verifier import main as verify
from tests.browser.screen import SIZE, Screen
from tests.installation import Camera, CameraKey, Installation, Server
from tests.patience import until
from tests.small_disk import fill, small_disk

TOLD_S = 2.0  # reliability.md R6: from the first write that was refused to the alert
SMALL = ("--recording", "on", "--size", "320x180")
LONG_S = 60.0

BOXES = """() => [...document.querySelectorAll("status-line, .slot feed-tile")].map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return [x, y, width, height];
})"""
# Nothing of what stands beside the alert's words is cut off, or lies outside the line.
IN_WHOLE = """(line) => {
  const [beside, whole] = [line.querySelector(".beside"), line.getBoundingClientRect()];
  const { left, right, top, bottom } = beside.getBoundingClientRect();
  return beside.scrollWidth <= beside.clientWidth && left >= whole.left && right <= whole.right
    && top >= whole.top && bottom <= whole.bottom;
}"""


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of 96 MB."""
    with small_disk(tmp_path_factory.mktemp("small") / "disk", "96m") as place:
        yield place


@pytest.fixture(scope="module")
def installation(disk: Path) -> Installation:
    """All that the server keeps lies on it."""
    made = Installation(disk / "data")
    made.add_person("hale", "inspector", "Insp. Hale")
    return made


@pytest.fixture(scope="module")
def keys(installation: Installation) -> list[CameraKey]:
    """Registered before the server runs."""
    return [installation.add_camera(*one, "0417") for one in (("ET17", "PC Marsh"), ("ET22", "PC Lindqvist"))]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(installation: Installation, keys: list[CameraKey]) -> AsyncIterator[Server]:
    """It records into it."""
    assert len(keys) == 2
    with Server(installation) as program:
        yield await program.serve()


def segments(installation: Installation) -> dict[str, int]:
    """How many are on disk, by the camera whose they are."""
    library = Library(installation.folder / "recordings")
    found = [library.entries(one) for one in library.ids()]
    return {one[0]["call_sign"]: sum(entry["kind"] == "segment" for entry in one) for one in found if one}


async def grown(installation: Installation) -> None:
    """Wait until two more segments of each of two cameras are there."""
    before = segments(installation)

    def more() -> bool:
        now = segments(installation)
        return len(now) == 2 and all(count >= before.get(name, 0) + 2 for name, count in now.items())

    await until(more, "two more segments of each camera are on disk", LONG_S)


def refused_at(server: Server) -> float:
    """When the first write was refused, by the server's own log (Unix seconds)."""
    line = next(line for line in server.printed.splitlines() if "cannot be recorded" in line)
    stamp = re.search(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line)
    assert stamp, line
    return datetime.fromisoformat(stamp[0]).timestamp()


def alerts(installation: Installation) -> list[tuple[float, float | None]]:
    """When it was told that a camera is not recorded, and when that this is over, by the server's own rows."""
    with closing(sqlite3.connect(installation.folder / "watchroom.db")) as database:
        bodies = [json.loads(body) for (body,) in database.execute("SELECT body FROM alert ORDER BY seq")]
    return [(one["raised_at"], one["cleared_at"]) for one in bodies if one["kind"] == "recording.failing"]


async def boxes(page: Page) -> list[Any]:
    """Where the line and the tiles stand."""
    found: list[Any] = await page.evaluate(BOXES)
    return found


async def test_a_full_disk_is_told_on_every_tile_and_on_the_line_beside_a_priority_1(
    screen: Screen, server: Server, installation: Installation, disk: Path, keys: list[CameraKey]
) -> None:
    with ExitStack() as closing_:
        cameras = [closing_.enter_context(Camera(key, server.url, *SMALL)) for key in keys]
        for camera in cameras:
            camera.start()
        page = await screen.console()
        for tile in (1, 2):
            await screen.is_in_state(tile, "live", LONG_S)
        await grown(installation)
        line, before = page.locator("status-line"), await boxes(page)
        told = page.locator(".why.unkept:visible", has_text="NOT RECORDING")
        silent = page.locator(".slot feed-tile", has_text="LIVE").filter(has_not=told)
        tiles = await silent.count()  # the first shows one of the two once more
        assert (await told.count(), tiles) in ((0, 2), (0, 3))

        ballast = fill(disk)
        await expect(line.locator("b").first).to_have_text("NOT RECORDING.", timeout=LONG_S * 1000)
        await expect(line).to_have_class(re.compile(r"\bp1\b"))
        await expect(silent).to_have_count(0)
        await expect(told).to_have_count(tiles)
        await expect(screen.alert("Not recorded")).to_have_count(2)
        assert await boxes(page) == before
        for tile in (1, 2):
            await screen.pictures_come(tile)

        await cameras[0].press("taser.armed")  # alerts go on, and what is most urgent has the line
        await expect(line.locator("b").first).to_have_text("TASER armed, ET17")
        await expect(line.locator(".beside")).to_have_text("NOT RECORDING ×2")
        for size in ({"width": 1920, "height": 1080}, SIZE):
            await page.set_viewport_size({"width": size["width"], "height": size["height"]})
            assert await line.evaluate(IN_WHOLE), size
        await expect(silent).to_have_count(0)
        await expect(told).to_have_count(tiles)
        assert (await boxes(page))[0] == before[0]
        for tile in (1, 2):
            await screen.pictures_come(tile)
        assert min(raised for raised, _ in alerts(installation)) - refused_at(server) <= TOLD_S

        ballast.unlink()
        await expect(told).to_have_count(0, timeout=LONG_S * 1000)
        await expect(line.locator(".beside")).to_have_count(0)
        await expect(line.locator("b").first).to_have_text("TASER armed, ET17")
        await grown(installation)
        await until(lambda: all(cleared for _, cleared in alerts(installation)), "the alerts are cleared", LONG_S)
        for camera in cameras:
            camera.stop()
    await page.goto("about:blank")  # it would complain of a server that is gone
    server.stop()
    assert verify([str(installation.folder / "recordings")]) in (0, 3)  # whole as far as they go; they are still open
