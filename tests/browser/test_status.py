"""The engineers' page, with a real camera that streams: its bit rate, no complaint of axe, and no false life."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.browser.test_access import AXE, violations
from tests.installation import Camera, Installation, Server

RATE = re.compile(r"^\d+(\.\d+)?\s[kM]bit/s$")
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(sum), 500);
})"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et17(cast: Cast, start_camera: Callable[..., Camera]) -> Camera:
    """A camera that records and shows its picture."""
    return await start_camera(cast.et17, "--recording", "on", "--size", "320x180").shows()


async def test_an_engineer_sees_what_a_camera_sends_and_that_a_lost_server_is_not_live(
    screen: Screen, installation: Installation, server: Server, et17: Camera
) -> None:
    installation.add_person("byrne", "engineer", "J. Byrne")
    page = await screen.sign_in("byrne")
    await page.wait_for_url("**/status")
    await expect(page.get_by_role("link", name="Live")).to_have_count(0)  # an engineer sees nobody's picture
    row = page.locator("camera-table tbody tr").filter(has_text="ET17")
    await expect(row.locator(".c-main")).to_have_text(RATE)
    await row.get_by_role("button", name="ET17").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"\?camera="))
    graph = page.locator("#camera status-graph").first
    await expect(graph.locator(".of").first).to_have_text(RATE)
    await expect(graph.locator("path.look-1")).to_have_attribute("d", re.compile(r"^M[\d. ]+L"))
    await expect(page.locator("process-table").get_by_text("1 camera ·")).to_be_visible()

    await page.get_by_label("Moment shown").press("ArrowLeft")
    await expect(page.locator("time-slider output")).to_have_text(re.compile(r"\d\d:\d\d:\d\d, \d+ s ago"))
    await page.get_by_role("button", name="Now").click()
    await expect(page.locator("time-slider output")).to_have_text("now")
    for theme in ("dark", "light"):
        await expect(page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
        assert await violations(screen, Path(AXE).read_text()) == ""
        await page.get_by_role("button", name="Theme").click()
    assert await page.evaluate(SHIFTS) < 0.05

    screen.allowed.append(r"ERR_|Failed to load resource")
    server.kill()
    await expect(page.locator("link-banner")).to_contain_text("LINK LOST")
    await expect(page.locator("#totals b").first).to_have_text("–")
