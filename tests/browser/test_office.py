"""An admin's pages by keyboard alone, their result read from the server; and what axe says of them in both themes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.screen import Screen
from tests.browser.test_access import AXE, fits, violations
from tests.installation import Installation, Server, password_of

NARROW, DESK = {"width": 320, "height": 640}, {"width": 1366, "height": 768}
PHONES = ({"width": 360, "height": 740}, {"width": 390, "height": 844}, {"width": 430, "height": 932})
FOCUS = "() => document.activeElement.ariaLabel || document.activeElement.innerText || document.activeElement.id"
# A field is one line high, also where its form is a column.
TALL = """() => [...document.querySelectorAll("input.in")].filter((one) => one.offsetHeight > 60).map((one) => one.outerHTML)"""
# What stands at the end of a panel's head ends where the rows under it do, and nothing stands over the page's edge.
RAGGED = """() => [...document.querySelectorAll(".panel > .ph")].flatMap((head) => {
  const last = [...head.children].filter((one) => one.checkVisibility() && one.getBoundingClientRect().width).at(-1);
  const gap = last ? head.getBoundingClientRect().right - last.getBoundingClientRect().right : 12;
  return gap < 11.5 ? [`${last.localName} “${last.textContent.trim()}” stands ${gap} px from its panel's edge`] : [];
})"""
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select")].filter((one) => {
  const {width, height} = one.getBoundingClientRect();
  return one.checkVisibility() && !one.matches(".skip") && (width < 32 || height < 32);
}).map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def admin(installation: Installation) -> str:
    """An admin's name."""
    installation.add_person("adeyemi", "admin", "Sgt Adeyemi")
    return "adeyemi"


async def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on the control that is called so."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if str(await page.evaluate(FOCUS)).strip() == words:
            return
    pytest.fail(f"Tab does not reach {words!r}")


async def said(page: Page, path: str) -> dict[str, Any]:
    """What the API answers to the page's own session."""
    answer = await page.context.request.get(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}{path}")
    found: dict[str, Any] = await answer.json()
    return found


async def stands_for_everybody(screen: Screen) -> None:
    """Nothing for axe to say, no target under 32 px and nothing beyond the edge, in both themes, wide and narrow."""
    page, axe = screen.page, Path(AXE).read_text()
    for theme in ("dark", "light"):
        await expect(page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
        for size in (NARROW, *PHONES, DESK):
            await page.set_viewport_size({"width": size["width"], "height": size["height"]})
            if size not in PHONES[:2]:  # axe reads long, and asks little of a size
                assert await violations(screen, axe) == ""
            assert await page.evaluate(RAGGED) == []
            assert await page.evaluate(SMALL) == []
            assert await page.evaluate(TALL) == []
            assert (await fits(page))["wide"] <= 0
        await page.get_by_role("button", name="Theme").click()


async def hold(page: Page, words: str, gone: str) -> None:
    """Hold the focused button with Space until it has acted."""
    await tab_to(page, words)
    await page.keyboard.down(" ")
    await expect(page.get_by_text(gone).first).to_be_visible()
    await page.keyboard.up(" ")


async def test_people_are_added_changed_and_switched_off_by_keyboard(screen: Screen, admin: str) -> None:
    screen.allowed.append("status of 400")
    page = await screen.sign_in(admin, "/people")
    await expect(page.get_by_text("D. Okafor")).to_be_visible()

    async def person(name: str) -> dict[str, Any]:
        return next((one for one in (await said(page, "/api/people"))["people"] if one["name"] == name), {})

    await stands_for_everybody(screen)
    await tab_to(page, "Add a person")
    await page.keyboard.press("Enter")
    await page.keyboard.type("price")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Insp. Price")
    await page.keyboard.press("Tab")
    await page.keyboard.type("insp")
    await tab_to(page, "field-password")
    await page.keyboard.type("short")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Password: expected 8 to 1024 characters.")
    await expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert await violations(screen, Path(AXE).read_text()) == ""
    await page.keyboard.type(" and then longer")
    await page.keyboard.press("Enter")
    await expect(page.locator("room-notice")).to_have_text("Insp. Price may sign in as inspector.")
    assert (await person("price"))["role"] == "inspector"

    await tab_to(page, "Change: Insp. Price")
    await page.keyboard.press("Enter")
    await tab_to(page, "field-call_sign")
    await page.keyboard.type("ET09")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert (await person("price"))["call_sign"] == "ET09"

    await tab_to(page, "Sign-in link: Insp. Price")
    await page.keyboard.press("Enter")
    link = await page.get_by_label("Link", exact=True).input_value()
    assert await violations(screen, Path(AXE).read_text()) == ""
    await page.keyboard.press("Escape")
    await expect(page.locator("secret-sheet input")).to_have_count(0)  # it is gone from the page
    guest = await page.context.browser.new_page()  # type: ignore[union-attr]
    await guest.goto(link)
    await expect(guest.locator("body.console")).to_be_attached()
    await guest.close()
    assert (await person("price"))["sessions"] == 1

    await page.get_by_role("searchbox").focus()
    await page.keyboard.type("price")
    await hold(page, "Hold to switch off: Insp. Price", "is switched off: nothing lets them in now")
    gone = await person("price")
    assert gone["revoked_at"] is not None and gone["sessions"] == 0


async def test_others_are_told_why_a_page_is_not_theirs(screen: Screen) -> None:
    screen.allowed.append("status of 403")
    page = await screen.sign_in("hale", "/people")
    await expect(page.get_by_text("This page is for others.")).to_be_visible()
    assert await violations(screen, Path(AXE).read_text()) == ""
    await page.get_by_role("link", name="To your own page").click()
    await expect(page.locator("body.console")).to_be_attached()


async def test_a_camera_is_registered_set_to_record_always_and_revoked_by_keyboard(screen: Screen, admin: str) -> None:
    page = await screen.sign_in(admin, "/devices")
    await expect(page.get_by_text("ET22", exact=True)).to_be_visible()

    async def camera(call_sign: str) -> dict[str, Any]:
        return next((one for one in (await said(page, "/api/devices"))["devices"] if one["call_sign"] == call_sign), {})

    await stands_for_everybody(screen)
    await tab_to(page, "Add a camera")
    await page.keyboard.press("Enter")
    await page.keyboard.type("ET40")
    await page.keyboard.press("Tab")
    await page.keyboard.type("PC Osei")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="ET40 is registered")).to_be_visible()
    assert await violations(screen, Path(AXE).read_text()) == ""
    url = await page.get_by_label("Any WHIP client: address", exact=True).input_value()
    assert url.endswith(f"/whip/{(await camera('ET40'))['device_id']}")
    drawn = await page.locator("img.qr").evaluate("(code) => code.naturalWidth")
    assert drawn > 20  # the page's policy lets the code be seen
    await tab_to(page, "Save the key file")
    async with page.expect_download() as coming:
        await page.keyboard.press("Enter")
    saved = Path(await (await coming.value).path()).read_text()
    assert saved.startswith("-----BEGIN PRIVATE KEY-----")
    await page.keyboard.press("Escape")

    await page.get_by_role("searchbox").focus()
    await page.keyboard.type("osei")
    await tab_to(page, "Always")
    await page.keyboard.press("Enter")
    await expect(page.locator("room-notice")).to_have_text("ET40 records whenever it streams.")
    await expect(page.get_by_role("button", name="Always")).to_have_attribute("aria-pressed", "true")
    assert (await camera("ET40"))["record_mode"] == "always"
    await page.get_by_role("searchbox").focus()
    await hold(page, "Hold to revoke: ET40", "ET40 is revoked")
    assert (await camera("ET40"))["revoked"] is True


async def test_a_token_is_made_once_shown_used_and_revoked_by_keyboard(screen: Screen) -> None:
    page = await screen.sign_in("okafor", "/settings")
    await expect(page.get_by_text("None. A script")).to_be_visible()
    await tab_to(page, "Make a token")
    await page.keyboard.press("Enter")
    await page.keyboard.type("duty report")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Token for duty report")).to_be_visible()
    token = await page.get_by_label("Token", exact=True).input_value()
    assert await violations(screen, Path(AXE).read_text()) == ""
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("in 89 days")).to_be_visible()
    stranger = await page.context.browser.new_context()  # type: ignore[union-attr]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await stranger.request.get(f"{screen.url}/api/units", headers=bearer)).status == 200
    await hold(page, "Hold to revoke: duty report", "is revoked")
    assert (await stranger.request.get(f"{screen.url}/api/units", headers=bearer)).status == 401
    assert (await said(page, "/api/tokens"))["tokens"] == []
    await stranger.close()


async def test_looks_sound_and_keys_are_set_by_keyboard_and_hold_on_the_console(screen: Screen) -> None:
    page = await screen.sign_in("hale", "/settings")
    await stands_for_everybody(screen)
    await page.emulate_media(color_scheme="light")
    await tab_to(page, "As the system")
    await page.keyboard.press("Enter")
    await expect(page.locator('html[data-theme="light"]')).to_be_attached()
    await page.emulate_media(color_scheme="dark")
    await expect(page.locator('html[data-theme="dark"]')).to_be_attached()
    await page.emulate_media(color_scheme="light")
    await tab_to(page, "Large")
    await page.keyboard.press("Enter")
    await tab_to(page, "Priority 1: two notes")
    await page.keyboard.press("Enter")
    await expect(page.locator("#heard")).to_have_text(re.compile("^Priority 1: two notes played at "))
    await tab_to(page, "keys-on")
    await page.keyboard.press("Space")
    await page.goto(f"{screen.url}/")
    await expect(page.locator('html[data-theme="light"][data-density="large"]')).to_be_attached()
    await page.keyboard.press("?")
    await expect(page.get_by_role("checkbox", name="Single keys act")).not_to_be_checked()


async def test_a_key_is_changed_every_cap_follows_and_what_cannot_be_is_said(screen: Screen) -> None:
    page = await screen.sign_in("hale", "/")
    search, kept = page.locator("#search"), page.locator("room-clock")
    cap = page.locator(".search kbd")
    await expect(kept).not_to_be_empty()
    settings = await page.context.new_page()
    await settings.goto(f"{screen.url}/settings")
    keys = settings.locator("key-list").first
    change = keys.get_by_role("button", name="Change the key for: search")
    said = keys.get_by_role("status")
    for key, words in (
        ("a", "Not changed. A is taken: acknowledge the most urgent alert. Give that another key first."),
        ("5", "Not changed. Digits stay as they are: they are for tiles, with Shift for layouts."),
        (
            "Control+k",
            "Not changed. A key alone is needed: those with Ctrl, Alt or the system’s key belong to the browser.",
        ),
        ("Escape", "Nothing is changed."),
        ("p", "P is the key now for: search a call sign, name, street or place."),
    ):
        await change.press("Enter")
        await settings.keyboard.press(key)
        await expect(said).to_have_text(words)
    await expect(keys.locator("li").filter(has_text="search a call sign").locator("kbd")).to_have_text("P")
    await expect(cap).to_have_text("P")  # on the console too, which was open all the time
    await page.bring_to_front()
    await page.locator("feed-wall").click()
    await page.keyboard.press("/")
    await expect(search).not_to_be_focused()
    await page.keyboard.press("p")
    await expect(search).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    help_row = page.get_by_role("dialog").get_by_role("row").filter(has_text="search a call sign")
    await expect(help_row.locator("kbd")).to_have_text("P")
    await page.keyboard.press("Escape")
    await page.reload()
    await expect(cap).to_have_text("P")
    await settings.get_by_role("button", name="Console: keys as delivered").click()
    await expect(cap).to_have_text("/")
    await expect(settings.locator("key-list").nth(1).locator("li")).not_to_have_count(0)


async def test_a_silent_server_is_told_and_what_is_shown_is_not_taken_for_new(
    screen: Screen, admin: str, server: Server
) -> None:
    screen.allowed.append("ERR_|Failed to load resource")
    page = await screen.sign_in(admin, "/devices")
    await expect(page.locator("#about")).to_have_text(re.compile(r"^\d cameras, 0 in touch"))
    server.kill()
    await expect(page.locator("#about")).to_have_text(re.compile(r"^No answer since \d\d:\d\d:\d\d"))
    await expect(page.get_by_text("ET22", exact=True)).to_be_visible()
    await server.serve()
    await expect(page.locator("#about")).to_have_text(re.compile(r"^\d cameras, 0 in touch"))


async def test_one_changes_one_s_own_password_and_goes_on(
    screen: Screen, server: Server, installation: Installation
) -> None:
    screen.allowed += ["status of 403", "status of 401"]
    installation.add_person("silva", "control", "D. Silva")
    page = await screen.sign_in("silva", "/settings")
    words = page.locator("#password-said")

    async def change(current: str, new: str, again: str) -> None:
        for label, text in (("Password of today", current), ("New password", new), ("The new one again", again)):
            await page.get_by_label(label).fill(text)
        await page.keyboard.press("Enter")

    sentence = "a sentence that nobody guesses"
    await change(password_of("silva"), sentence, "another sentence")
    await expect(words).to_contain_text("differ")
    await change("not the password", sentence, sentence)
    await expect(words).to_contain_text("Not changed")
    await expect(page.locator("room-notice")).to_contain_text("the current password is wrong")
    await change(password_of("silva"), sentence, sentence)
    await expect(words).to_contain_text("You were signed in nowhere else")
    await stands_for_everybody(screen)
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in**")
    await page.get_by_label("Name").fill("silva")
    await page.get_by_label("Password", exact=True).fill(sentence)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)


async def test_an_address_with_nothing_behind_it_says_so_in_words(screen: Screen) -> None:
    screen.allowed.append("status of 404")
    page = await screen.sign_in("hale", "/no/such/place?x=1")
    await expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    axe = Path(AXE).read_text()
    for theme in ("light", "dark"):
        await page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        for size in (NARROW, DESK):
            await page.set_viewport_size({"width": size["width"], "height": size["height"]})
            assert (await fits(page))["wide"] <= 0
        assert await violations(screen, axe) == ""
    await page.get_by_role("link", name="To the start").click()
    await expect(page.locator("feed-wall")).to_be_attached()
