"""A force's own streets: a PMTiles file, read by ranges and drawn by the same style as the fictional town."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.browser.screen import Screen
from tests.fakes.map_file import write_map
from tests.installation import ROOT, Installation, Server
from tests.patience import until

TOWN = ROOT / "static" / "town" / "estuary.geojson"
PAINTED = ("sea", "urban", "bld", "park", "s", "a", "text")  # each of these is seen in the middle of the town
ALONG_A_STREET = ("bld", "s", "text")
LEAST_PIXELS = 40
COLOURS = """(keys) => keys.map((key) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = getComputedStyle(document.querySelector(".ground")).getPropertyValue(`--map-${key}`).trim();
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
})"""
FOUND = "() => document.querySelector('incident-map .found').getAttribute('d')"


@pytest.fixture(scope="module")
def installation(installation: Installation) -> Installation:
    """Of a force that has brought its own map."""
    file = installation.folder / "county.pmtiles"
    write_map(TOWN, file)
    (installation.folder / "watchroom.toml").write_text(f'[basemap]\nkind = "pmtiles"\npath = "{file}"\n')
    return installation


async def unpainted(page: Page, keys: Sequence[str] = PAINTED) -> list[str]:
    """Which of the style's colours are not in the map as it is seen."""
    wanted = dict(zip(keys, await page.evaluate(COLOURS, list(keys)), strict=True))
    picture = Image.open(io.BytesIO(await page.locator("incident-map").screenshot())).convert("RGB")
    seen = picture.getcolors(picture.width * picture.height) or []

    def pixels(colour: list[int]) -> int:
        wanted = np.array(colour)
        return sum(count for count, one in seen if np.abs(np.array(one) - wanted).max() <= 2)

    return [key for key, colour in wanted.items() if pixels(colour) < LEAST_PIXELS]


async def test_a_map_file_is_drawn_in_both_themes_names_whose_it_is_and_its_streets_are_found(
    drawing: Browser, server: Server
) -> None:
    async with Screen(drawing, server.url) as screen:
        page = await screen.console()
        await page.set_viewport_size({"width": 1920, "height": 1080})  # where several names stand whole
        await expect(page.locator("incident-map .credit")).to_have_text("Estuary Surveyors © 2026")

        async def painted() -> bool:
            return not await unpainted(page)

        await page.get_by_role("button", name="Zoom in").click()
        await until(painted, "the streets are drawn", 60)
        await page.get_by_role("button", name="Theme").click()
        await expect(page.locator('html[data-theme="light"]')).to_be_attached()
        await until(painted, "the streets are drawn by day", 60)

        await page.keyboard.press("/")
        await page.keyboard.type("elm street")
        await expect(page.locator("#nowhere")).to_have_text(
            "No such name in the part of the map that is loaded: zoom out, or move the map"
        )
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await page.keyboard.type("market row")
        await expect(page.get_by_role("option", name="Market Row street")).to_be_visible()
        await page.keyboard.press("Enter")
        await until(lambda: page.evaluate(FOUND), "the street is marked")

        async def street_painted() -> bool:
            return not await unpainted(page, ALONG_A_STREET)

        await until(street_painted, "the map goes there and is drawn", 60)
