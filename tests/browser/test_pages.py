"""Every page there is, for everybody: axe in both themes, in the system's own colours, on a desk and on 320 px."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import sentinel

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from server.console.pages import Pages
from tests.browser.screen import SIZE, Screen
from tests.browser.test_access import AXE, fits, violations
from tests.installation import Installation, Server

NARROW = {"width": 320, "height": 640}
# Each route of the pages, as somebody opens it.
ADDRESSES = {
    "/": "/?whole=1",
    "/pocket": "/pocket",
    "/wall/waiting": "/wall/waiting",
    "/wall/{layout}": "/wall/1+5",
    "/camera": "/camera",
    "/replay": "/replay",
    "/replay/{recordings}": "/replay/none",
    "/taser-logs": "/taser-logs",
    "/retention": "/retention",
    "/viewings": "/viewings",
    "/status": "/status",
    "/people": "/people",
    "/devices": "/devices",
    "/audit": "/audit",
    "/settings": "/settings",
}
LAID_OUT = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
OFFICERS = {"/camera", "/viewings"}  # an admin is no camera, and is viewed by nobody


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(browser: Browser, installation: Installation, server: Server) -> AsyncIterator[dict[str, Screen]]:
    """An admin and an officer, each signed in once."""
    installation.add_person("adeyemi", "admin", "Sgt Adeyemi")
    async with Screen(browser, server.url) as admin, Screen(browser, server.url) as officer:
        for screen, name in ((admin, "adeyemi"), (officer, "rahman")):
            screen.allowed.append("status of 404")  # a replay that there is not
            await screen.sign_in(name, "/settings")
        yield {"admin": admin, "officer": officer}


def test_no_page_is_missing_from_the_list() -> None:
    pages = Pages(sentinel.templates, sentinel.allow, sentinel.signed_in, sentinel.variables)
    assert {route.path for route in pages.routes(development=False)} == ADDRESSES.keys()


@pytest.mark.parametrize("route", ADDRESSES)
async def test_every_page_is_for_everybody_in_both_themes_and_forced_colours_wide_and_narrow(
    people: dict[str, Screen], route: str
) -> None:
    screen = people["officer" if route in OFFICERS else "admin"]
    page, axe = screen.page, Path(AXE).read_text()
    faults = []
    for theme in ("dark", "light"):
        await page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})
        await page.evaluate("(theme) => localStorage.setItem('watchroom.theme', theme)", theme)
        await page.goto(screen.url + ADDRESSES[route])
        await expect(page.locator("h1").first).to_be_attached()
        # a page that nobody has signed in on has the installation's theme, not this browser's
        await page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        await page.evaluate("document.fonts.ready.then(() => true)")
        # axe takes the page's own colours for what is drawn in the system's
        for colours, left_out in (("none", ()), ("active", ("color-contrast",))):
            await page.emulate_media(forced_colors=colours)  # type: ignore[arg-type]
            for size in (SIZE, NARROW):
                await page.set_viewport_size({"width": size["width"], "height": size["height"]})
                await page.evaluate(LAID_OUT)  # what a page does on a resize is done
                wide = (await fits(page))["wide"]
                found = [await violations(screen, axe, left_out=left_out), f"{wide} px too wide" if wide > 0 else ""]
                faults += [f"{theme}, forced {colours}, {size['width']}: {one}" for one in found if one]
    await page.emulate_media(forced_colors="none")
    assert not faults, "\n".join(["", *faults])
