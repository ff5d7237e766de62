"""Into the room and out again, through the page."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.browser.screen import Screen
from tests.installation import Server, password_of


async def test_name_and_password_open_the_room_and_sign_out_closes_it(screen: Screen) -> None:
    page = await screen.sign_in_by_hand("hale")
    await expect(page.locator(".nav .me")).to_have_attribute("title", "Insp. Hale, inspector")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in*")
    await page.goto(screen.url)
    await expect(page.get_by_role("heading", name="Start your shift")).to_be_visible()


async def test_a_wrong_password_is_said_and_opens_nothing(screen: Screen) -> None:
    screen.allowed.append("401")
    page = screen.page
    await page.goto(f"{screen.url}/sign-in")
    await page.get_by_label("Name").fill("hale")
    await page.get_by_label("Password", exact=True).fill("not the password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    await expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert await page.context.cookies() == [], "no session was given"


async def test_an_officer_lands_on_the_camera_page_and_may_not_open_the_console(screen: Screen) -> None:
    page = await screen.sign_in_by_hand("rahman")
    await page.wait_for_url("**/camera")
    await expect(page.get_by_role("button", name="Emergency")).to_be_visible()
    await page.goto(screen.url)
    await page.wait_for_url("**/camera")


async def test_the_form_lets_a_browser_in_that_runs_no_script(browser: Browser, server: Server) -> None:
    context = await browser.new_context(java_script_enabled=False)
    try:
        page = await context.new_page()
        await page.goto(f"{server.url}/sign-in")
        await page.get_by_label("Name").fill("hale")
        await page.get_by_label("Password", exact=True).fill(password_of("hale"))
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{server.url}/")
        assert [cookie.get("name") for cookie in await context.cookies()] == ["watchroom_session"]
    finally:
        await context.close()
