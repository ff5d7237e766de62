"""An officer's own phone as the camera: the page in a browser with Chromium's fake camera and microphone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.screen import Screen
from tests.installation import Server
from tests.patience import until

PHONE = {
    "viewport": {"width": 412, "height": 915},
    "has_touch": True,
    "is_mobile": True,
    # whoever names some refuses all others
    "permissions": ["camera", "microphone", "geolocation", "screen-wake-lock"],
    "geolocation": {"latitude": 51.3601, "longitude": 1.0302, "accuracy": 6},
}
HOLD_MS = 1200
BELOW_THE_FOLD = "(one) => one.getBoundingClientRect().bottom - one.closest('.middle').getBoundingClientRect().bottom"


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, server: Server) -> AsyncIterator[Screen]:
    """The officer's phone, signed in and linked."""
    async with Screen(browser, server.url, **PHONE) as opened:
        await opened.sign_in("rahman", "/camera")
        await expect(opened.page.locator("#link")).to_have_text("linked")
        yield opened


async def test_theme_and_settings_stand_whole_beside_an_advice_on_a_short_phone(screen: Screen, phone: Screen) -> None:
    await screen.console()
    mobile = phone.page
    await mobile.set_viewport_size({"width": 360, "height": 640})
    await mobile.get_by_role("button", name="Start recording").click()
    await expect(mobile.locator("#state")).to_have_text("Recording")
    await screen.row("ET52").click()
    await screen.advise("Ambulance is two minutes away")
    await expect(mobile.locator("#advice")).to_have_text("Ambulance is two minutes away")
    for name in ("Light, for the sun", "Settings"):
        place = mobile.locator(".own .btn").filter(has_text=name)
        assert await place.evaluate(BELOW_THE_FOLD) <= 0, name


async def test_advice_answer_and_who_watches_stand_whole_on_a_short_phone(screen: Screen, phone: Screen) -> None:
    page = await screen.console()
    mobile = phone.page
    await mobile.set_viewport_size({"width": 360, "height": 640})
    await mobile.get_by_role("button", name="Emergency").click(delay=HOLD_MS)
    await expect(screen.alert("Emergency button")).to_contain_text("ET52")
    await page.keyboard.press("a")
    await expect(mobile.locator("#told")).to_contain_text("acknowledged by Insp. Hale")
    await screen.advise("Stay back, hold the doorway. ET22 is with you in a minute.")
    await expect(mobile.locator("#advice")).to_contain_text("hold the doorway")
    await expect(mobile.locator("#watch-names")).to_contain_text("Insp. Hale")
    for part in ("#said", "#heard", "#told", ".wt:has(#watch-head)", ".wt:has(#place)", "#emergency"):
        place = mobile.locator(part)
        await expect(place).to_be_in_viewport(ratio=1)
        if part != "#emergency":
            assert await place.evaluate(BELOW_THE_FOLD) <= 0, part
    await mobile.get_by_role("button", name="Stop recording").click()  # too short: why it goes on is in sight, too
    await expect(mobile.locator("#hint")).to_contain_text("old")
    assert await mobile.locator("#hint").evaluate(BELOW_THE_FOLD) <= 0
    await screen.alert("Emergency button").get_by_role("button", name="Resolve").click()
    await expect(screen.alert("Emergency button")).to_have_count(0)


async def test_a_phone_is_a_camera(screen: Screen, phone: Screen) -> None:
    page = await screen.console()
    mobile = phone.page
    await mobile.get_by_role("button", name="Watch me").click()  # one press: recording, picture, and the request
    await expect(screen.alert("Watch me")).to_contain_text("ET52")
    await expect(mobile.locator("#state")).to_have_text("Recording")
    await expect(mobile.locator("#link")).to_have_text("live")
    await screen.row("ET52").click()
    await screen.is_in_state(1, "live")
    await screen.pictures_come(1, more=10)
    await expect(page.locator('.marks [role="button"]').filter(has_text="ET52")).to_be_attached()
    await expect(mobile.locator("#watch-names")).to_contain_text("Insp. Hale")

    await page.keyboard.press("a")
    await expect(mobile.locator("#told")).to_contain_text("acknowledged by Insp. Hale")
    await screen.advise("Ambulance is two minutes away")
    await expect(mobile.locator("#advice")).to_have_text("Ambulance is two minutes away")
    proven = page.locator("advice-composer .msg").last.locator(".rcp li.on")
    await expect(proven).to_contain_text(["Sent", "Delivered", "Shown"])
    await mobile.get_by_role("button", name="Heard").click()
    await expect(proven).to_contain_text(["Sent", "Delivered", "Shown", "Acknowledged"])


async def test_the_phones_cry_for_help(screen: Screen, phone: Screen) -> None:
    page = await screen.console()
    await phone.page.get_by_role("button", name="Emergency").click(delay=HOLD_MS)
    await expect(screen.alert("Emergency button")).to_contain_text("ET52")
    await expect(phone.page.locator("#emergency-word")).to_have_text("Emergency sent")
    await screen.is_in_state(1, "live")
    await page.keyboard.press("a")
    await expect(phone.page.locator("#told")).to_contain_text("Emergency: acknowledged by Insp. Hale")


# Asks as the page does, and keeps what the browser gave.
HELD = """() => { const real = WakeLock.prototype.request; document.held = [];
  WakeLock.prototype.request = async function (kind) {
    const lock = await real.call(this, kind); document.held.push(lock); return lock; }; }"""


async def test_the_screen_stays_on_while_the_camera_does_and_the_way_out_waits(phone: Screen) -> None:
    page = phone.page
    phone.allowed.append("status of 404 .*/media/sessions/")  # the server ended it first: the camera had said so
    await page.evaluate(HELD)
    settings = page.get_by_role("link", name="Settings")
    await expect(settings).to_be_visible()
    await page.get_by_role("button", name="Light, for the sun").click()
    await expect(page.locator("html[data-theme=light]")).to_be_attached()
    await page.get_by_role("button", name="Start recording").click()
    await expect(page.locator("#state")).to_have_text("Recording")
    await until(lambda: page.evaluate("() => document.held.some((lock) => !lock.released)"), "the screen is kept on")
    await expect(settings).to_be_hidden()  # a page that is left takes the camera with it
    await page.get_by_role("button", name="Stop recording").click(delay=2 * HOLD_MS)
    await page.get_by_role("button", name="Turn off").click()
    await until(lambda: page.evaluate("() => document.held.every((lock) => lock.released)"), "the screen may go dark")
    await settings.click()
    await expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    await expect(page.get_by_role("link", name="Camera")).to_be_visible()


async def test_a_short_touch_is_no_cry_for_help(phone: Screen) -> None:
    await phone.page.get_by_role("button", name="Emergency").click()
    await expect(phone.page.locator("#hint")).not_to_be_empty()
    await expect(phone.page.locator("#emergency-word")).to_have_text("Emergency")


async def test_what_was_touched_does_not_stay_lit(phone: Screen) -> None:
    record, watch = phone.page.locator("#record"), phone.page.locator("#watch")
    await record.click()  # by a pointer, which stays there as a finger's place does
    await expect(phone.page.locator("#state")).to_have_text("Recording")
    usual = await watch.evaluate("(one) => getComputedStyle(one).backgroundColor")
    await expect(record).to_have_css("background-color", usual)


async def test_an_advice_with_markup_is_only_text_on_the_phone(screen: Screen, phone: Screen) -> None:
    page = await screen.console()
    await screen.row("ET52").click()
    await screen.advise('<img src=x onerror="window.ran=1">')
    await expect(phone.page.locator("#advice")).to_have_text('<img src=x onerror="window.ran=1">')
    assert await phone.page.evaluate("window.ran") is None
    assert await page.evaluate("window.ran") is None


async def test_the_camera_and_the_console_can_be_put_on_the_home_screen(screen: Screen, phone: Screen) -> None:
    await screen.console()
    for where, name in ((phone, "Watchroom camera"), (screen, "Watchroom")):
        tools = await where.page.context.new_cdp_session(where.page)
        found = await tools.send("Page.getAppManifest")
        assert json.loads(found["data"])["name"] == name
        assert found["errors"] == []
        refused = (await tools.send("Page.getInstallabilityErrors"))["installabilityErrors"]
        # a profile of a test is off the record, where nothing may be installed
        assert [one["errorId"] for one in refused if one["errorId"] != "in-incognito"] == []
