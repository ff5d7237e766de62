"""The console in an inspector's hand: the alert first, its picture, and the answer under the thumb."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.browser.test_access import AXE, fits, violations
from tests.installation import Camera, Installation, Server

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SIZES = ((360, 640), (390, 844), (430, 932))
LEAST_TARGET = 48  # px: for gloves
SMALL = """(least) => [...document.querySelectorAll("button, a[href], textarea, .u:not(.h)")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".map"))
  .map((one) => one.closest(".box") ?? one)
  .filter((one) => one.offsetHeight < least || one.offsetWidth < least)
  .map((one) => `${one.className} ${one.innerText}: ${one.offsetWidth} × ${one.offsetHeight}`)"""


async def lies_in_the_hand(screen: Screen) -> None:
    """No scrolling at any size of phone, every target large, nothing for axe to say in both themes."""
    page, axe = screen.page, Path(AXE).read_text()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        assert await fits(page) == {"wide": 0, "high": 0}, width
        assert await page.evaluate(SMALL, LEAST_TARGET) == [], width
    await page.set_viewport_size({"width": 390, "height": 844})
    for theme in ("light", "dark"):
        await page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        assert await violations(screen, axe) == "", theme


async def is_in_thumb_reach(page: Page, name: str, least: int) -> None:
    """In the lower half of the smallest screen, whole, and large enough to be hit while walking."""
    button = page.get_by_role("button", name=name)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await expect(button).to_be_in_viewport(ratio=1)
        box = await button.bounding_box()
        assert box is not None and box["y"] > height / 2 and box["height"] >= least, (width, box)


async def test_an_inspector_on_a_phone_answers_an_alert_with_one_hand(
    browser: Browser, server: Server, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    camera = await start_camera(cast.et17, "--recording", "on", "--size", "320x180").shows()
    async with Screen(browser, server.url, **PHONE) as screen:
        page = await screen.sign_in("hale")
        await page.wait_for_url("**/pocket")
        await expect(page.locator("status-line")).to_contain_text("Calm")
        await expect(page.get_by_role("option")).to_contain_text(["ET17", "ET22"])
        await lies_in_the_hand(screen)

        await camera.press("taser.armed")
        await expect(page.locator("alert-card .what")).to_have_text("TASER armed")
        await expect(page.locator("feed-tile .cap .cs")).to_have_text("ET17")
        await expect(page.locator("feed-tile .at .w")).to_have_text("LIVE")
        await is_in_thumb_reach(page, "Acknowledge", 64)
        await lies_in_the_hand(screen)
        await page.get_by_role("button", name="Acknowledge").tap()
        await expect(page.locator(".life .on")).to_contain_text(["Raised", "Acknowledged"])

        await page.get_by_role("button", name="Write").tap()
        await page.get_by_label("Advice to the officer").fill("Two units are with you in a minute")
        await lies_in_the_hand(screen)
        await page.get_by_role("button", name="Send", exact=True).tap()
        await expect(page.locator(".msg").last.locator(".rcp li.on")).to_contain_text(["Sent", "Delivered"])

        await camera.press("taser.safe")
        await page.get_by_role("button", name="Alert").tap()
        await page.get_by_role("button", name="Resolve").tap()
        await expect(page.locator("status-line")).to_contain_text("Calm for")


async def test_who_asks_for_the_whole_console_on_a_phone_has_it(browser: Browser, server: Server) -> None:
    async with Screen(browser, server.url, **PHONE) as screen:
        page = await screen.sign_in("okafor")
        await page.wait_for_url("**/pocket")
        await page.get_by_role("link", name="Whole console").tap()
        await expect(page.locator("feed-wall")).to_be_attached()
        await page.goto(f"{server.url}/")
        await expect(page.locator("feed-wall")).to_be_attached()
        await expect(page).not_to_have_url(f"{server.url}/pocket")


async def test_a_narrow_desk_stays_at_its_desk(browser: Browser, server: Server) -> None:
    narrow = {"viewport": {"width": 341, "height": 192}, "screen": {"width": 1366, "height": 768}}  # at 400 % zoom
    async with Screen(browser, server.url, **narrow) as screen:
        page = await screen.sign_in("okafor")
        await expect(page.locator("feed-wall")).to_be_attached()


async def test_a_camera_that_is_off_is_asked_for_its_picture_too(
    browser: Browser, server: Server, installation: Installation, start_camera: Callable[..., Camera]
) -> None:
    key = installation.add_camera("ET99", "PC Chen", "0771")
    await start_camera(key, "--recording", "off", "--stream", "off", "--before", "0", "--size", "320x180").state()
    async with Screen(browser, server.url, **PHONE) as screen:
        page = await screen.sign_in("hale")
        await page.get_by_role("option", name="ET99").tap()
        await page.get_by_role("button", name="Ask ET99 to record").tap()  # to record, and to stream
        await expect(page.locator("feed-tile .at .w")).to_have_text("LIVE", timeout=40_000)
