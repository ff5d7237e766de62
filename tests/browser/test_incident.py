"""From the officer's hand to every console, and back: alerts and advice with a real camera process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Cast
from tests.browser.forced_layout import forced_layouts
from tests.browser.screen import Screen
from tests.installation import Camera
from tests.patience import until


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et17(cast: Cast, start_camera: Callable[..., Camera]) -> Camera:
    """A camera that waits for its officer's hand."""
    return await start_camera(cast.et17).shows()


async def test_an_armed_taser_is_seen_by_all_and_acknowledged_by_one(
    screen: Screen, second_screen: Screen, et17: Camera
) -> None:
    page = await screen.console("hale")
    await second_screen.console("okafor")
    await expect(screen.tile(1).locator(".cap .cs")).to_have_text("")
    await et17.press("taser.drawn")
    await expect(screen.alert("TASER drawn")).to_contain_text("ET17")
    await et17.press("taser.armed")
    for each in (screen, second_screen):
        await expect(each.alert("TASER armed")).to_have_class(re.compile(r"\ba1\b.*\bun\b"))
        await expect(each.page.locator("status-line")).to_contain_text("TASER armed, ET17")
        await expect(each.page.locator('alert-tray [role="alert"]')).to_contain_text("Priority 1. TASER armed, ET17")
        await expect(each.page.locator("#waiting")).to_contain_text("1")
    # drawn starts the recording by itself, so the picture comes to the alert's tile
    await screen.is_in_state(1, "live")
    await screen.pictures_come(1)
    await expect(screen.tile(1).locator(".cap .tag")).to_have_text("ARMED")
    await page.keyboard.press("a")
    for each in (screen, second_screen):
        await expect(each.alert("TASER armed").locator(".life li.on").nth(1)).to_contain_text("Insp. Hale")
        await expect(each.page.locator("#waiting")).to_be_hidden()
    await expect(second_screen.alert("TASER armed").locator(".acks")).to_contain_text("Insp. Hale")
    raised = screen.alert("TASER armed").get_by_role("link", name="Replay of TASER armed, ET17")
    await expect(raised).to_have_attribute("href", re.compile(r"^/replay\?alert=.*&open=yes$"))
    await expect(second_screen.alert("TASER armed").get_by_role("link", name="Replay of")).to_have_count(1)
    await et17.says("Insp. Hale has seen your alert: taser armed.")
    await et17.press("taser.safe")
    await expect(screen.alert("TASER armed").locator(".life li.on").nth(2)).to_contain_text("Cleared")
    for each in (screen, second_screen):
        await expect(each.tile(1).locator(".cap .tag")).to_have_text("SAFE")
        # the narrow list's symbol tells it, too
        await expect(each.row("ET17").locator(".sign")).to_have_attribute("title", "TASER armed, cleared")
        await expect(each.alert("TASER armed").locator(".since")).to_have_text(re.compile(r"SAFE since \d\d:\d\d:\d\d"))
    await screen.alert("TASER armed").get_by_role("button", name="Resolve").click()
    for each in (screen, second_screen):
        await expect(each.page.locator("alert-tray")).to_contain_text("Nothing needs you")
    async with page.expect_popup() as opening:  # the room stays where it is
        await page.get_by_role("link", name="Replay of TASER armed, ET17").click()
    replay = await opening.value
    await replay.wait_for_url(re.compile(r"/replay/[^?]*-et17.*[?]t="))
    await expect(replay.get_by_role("dialog", name="Why do you open this?")).to_be_visible()


# Every note that is started, in Hz.
NOTES = """window.notes = []; const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.notes.push(this.frequency.value); return start.apply(this, when); };"""


async def test_the_console_says_sound_off_until_a_click_lets_an_alarm_be_heard(screen: Screen, et17: Camera) -> None:
    await screen.page.add_init_script(NOTES)
    page = await screen.console("hale")
    switch = page.locator("sound-switch button")
    await expect(switch).to_have_text("SOUND OFF – click")
    await et17.press("emergency")
    await expect(screen.alert("Emergency button")).to_be_visible()
    await expect(switch).to_have_text("SOUND OFF – click")
    assert await page.evaluate("window.notes") == [], "what cannot be heard is not played"
    await screen.alert("Emergency button").get_by_role("button", name="Resolve").click()
    await expect(switch).to_have_text("SOUND OFF – click")  # until the test tone was heard
    await switch.click()
    await expect(switch).to_have_text("Sound on")
    await until(lambda: page.evaluate("window.notes.includes(523) && window.notes.includes(659)"), "the test tone")
    await et17.press("emergency")
    await until(
        lambda: page.evaluate("window.notes.includes(880) && window.notes.includes(1175)"), "priority 1's notes"
    )
    await screen.alert("Emergency button").get_by_role("button", name="Resolve").click()
    await expect(page.locator("alert-card")).to_have_count(0)


async def test_of_two_operators_at_once_one_wins_and_both_see_who(
    screen: Screen, second_screen: Screen, et17: Camera
) -> None:
    for each in (screen, second_screen):
        each.allowed.append("409")
    await screen.console("hale")
    await second_screen.console("okafor")
    await et17.press("emergency")
    both = (screen, second_screen)
    for each in both:
        await expect(each.alert("Emergency button")).to_be_visible()
    await asyncio.gather(*(each.page.keyboard.press("a") for each in both))
    winners = []
    for each in both:
        acknowledged = each.alert("Emergency button").locator(".life li.on").nth(1)
        await expect(acknowledged).to_contain_text(re.compile("Hale|Okafor"))
        winners.append((await acknowledged.inner_text()).split(",")[0])
    assert winners[0] == winners[1], "both consoles name the same person"
    await screen.page.keyboard.press("d")  # nothing has cleared it: a second press is asked for
    await expect(screen.page.locator("room-notice")).to_contain_text("Press D again to resolve: Emergency button, ET17")
    await screen.page.keyboard.press("n")
    await expect(screen.page.locator("room-notice")).to_contain_text("Press N again to mark false")
    await screen.page.keyboard.press("n")
    for each in both:
        await expect(each.page.locator("alert-tray")).to_contain_text("Nothing needs you")


# What the line at the tray's foot lies over, and what is cut off of the second card's head.
COVERED = """() => {
  const [line, list] = [".below", ".cards"].map((one) => document.querySelector(`alert-tray ${one}`).getBoundingClientRect());
  const head = document.querySelectorAll("alert-card")[1].querySelector(".who2 b").getBoundingClientRect();
  return [line.height > 0 ? Math.max(0, list.bottom - line.top) : 0, Math.max(0, Math.round(head.bottom - list.bottom))];
}"""


async def test_the_second_alert_says_what_and_who_on_the_smallest_desk(screen: Screen, et17: Camera) -> None:
    page = await screen.console("hale")
    for what in ("emergency", "watch_me"):
        await et17.press(what)
    await expect(page.locator("alert-card")).to_have_count(2)
    await expect(page.get_by_role("button", name="1 more below, 1 to acknowledge")).to_be_visible()

    async def is_whole() -> bool:
        return bool(await page.evaluate(COVERED) == [0, 0])

    await until(is_whole, "both cards have come to rest, and nothing lies over them")
    await et17.press("watch_cancel")
    for left in (1, 0):
        await page.locator('alert-card [data-act="resolve"]').first.click()
        await expect(page.locator("alert-card")).to_have_count(left)
    await expect(page.locator("alert-tray")).to_contain_text("Nothing needs you")
    await expect(page.locator("alert-card")).to_have_count(0)
    how = page.locator(".lately .mut.cut")
    await expect(how.first).to_have_text("resolved, Insp. Hale")
    assert await how.evaluate_all("(all) => all.every((one) => one.scrollWidth <= one.clientWidth)")


# The alarm's words that are cut, and what the sound's button lies over.
NARROW = """() => {
  const [words, brand, sound] = ["status-line b", ".brand", "sound-switch"].map((one) => document.querySelector(one));
  const [mark, button] = [brand.getBoundingClientRect(), sound.getBoundingClientRect()];
  return [Math.max(0, words.scrollWidth - words.clientWidth), Math.max(0, Math.min(mark.right, button.right) - Math.max(mark.left, button.left))];
}"""


async def test_the_narrowest_page_says_what_is_up_in_whole_words(screen: Screen, et17: Camera) -> None:
    page = await screen.console("hale")
    await page.set_viewport_size({"width": 320, "height": 640})
    await et17.press("taser.armed")
    await expect(screen.alert("TASER armed")).to_be_visible()
    assert await page.evaluate(NARROW) == [0, 0]
    await et17.press("taser.safe")
    await screen.alert("TASER armed").get_by_role("button", name="Resolve").click()
    await expect(page.locator("alert-card")).to_have_count(0)


CAPS = """() => [...document.querySelectorAll("alert-card .acts > .main .key, status-line .btn .key")]
  .map((one) => getComputedStyle(one, "::before").content.replaceAll('"', "").trim() + one.textContent)"""


async def test_who_writes_is_told_which_keys_acknowledge_and_they_do(screen: Screen, et17: Camera) -> None:
    page = await screen.console("hale")
    for box in ("Call sign", "Write to"):
        await page.get_by_placeholder(box).focus()
        await et17.press("emergency")
        await expect(screen.alert("Emergency button")).to_be_visible()
        assert await page.evaluate(CAPS) == ["EscA", "EscA"]
        key = page.locator("alert-card .acts > .main .key")
        assert await key.evaluate("(one) => one.scrollHeight <= one.clientHeight + 1")  # in one line
        await page.keyboard.press("Escape")
        assert await page.evaluate(CAPS) == ["noneA", "noneA"]
        await page.keyboard.press("a")
        await expect(screen.alert("Emergency button").locator(".life li.on").nth(1)).to_contain_text("Insp. Hale")
        await screen.alert("Emergency button").get_by_role("button", name="Resolve").click()
        await expect(page.locator("alert-card")).to_have_count(0)


async def test_an_alert_waits_for_no_layout(screen: Screen, et17: Camera) -> None:
    page = await screen.console("hale")
    await screen.row("ET17").click()  # the keyboard is in the list
    await expect(page.locator("incident-map .scale")).to_be_visible()
    for _ in range(3):  # the first finds a page that is still being filled: the map measures each text once
        async with forced_layouts(page) as asked:
            await et17.press("emergency")
            await expect(screen.alert("Emergency button")).to_be_visible()
        await screen.alert("Emergency button").get_by_role("button", name="Resolve").click()
        await expect(page.locator("alert-card")).to_have_count(0)
    assert asked == []


async def test_alerts_further_down_are_told_of(screen: Screen, et17: Camera) -> None:
    page = await screen.console("hale")
    below = page.get_by_role("button", name="more below")
    await expect(below).to_be_hidden()
    for what in ("emergency", "taser.armed", "watch_me"):
        await et17.press(what)
    await expect(below).to_have_text(re.compile(r"[12] more below, [12] to acknowledge"))
    for _ in range(10):  # a page that is late in drawing tells of a card that has come into sight for a moment more
        if await below.is_visible():
            await below.click()
            await page.wait_for_timeout(200)
    await expect(below).to_be_hidden()
    await et17.press("taser.safe")
    while await page.locator("alert-card").count():
        await page.locator('alert-card [data-act="resolve"]').first.click()
        await page.wait_for_timeout(200)
    await expect(page.locator("alert-tray")).to_contain_text("Nothing needs you")


async def test_advice_shows_how_far_it_came(screen: Screen, et17: Camera) -> None:
    page = await screen.console()
    await screen.row("ET17").click()
    await page.keyboard.press("t")
    await page.get_by_role("button", name="Hold, contain").click()
    await page.keyboard.type(". Two units are on their way to you.")
    await page.keyboard.press("Enter")
    message = page.locator("advice-composer .msg").last
    proven = message.locator(".rcp li.on")
    await expect(message).to_contain_text("Hold, contain. Two units are on their way to you.")
    await et17.says("ADVICE from Insp. Hale: Hold, contain. Two units are on their way to you.")
    await expect(proven).to_contain_text(["Sent", "Delivered"])
    await expect(message).to_contain_text("Not shown")  # it went to a file: nobody says that an officer has seen it
    await et17.press("heard")
    await expect(proven).to_contain_text(["Sent", "Delivered", "Shown", "Acknowledged"])


async def test_the_officer_is_told_who_watches(screen: Screen, et17: Camera) -> None:
    page = await screen.console()
    await screen.is_in_state(1, "live")
    await screen.is_in_state(2, "live")  # on two tiles, and yet one person
    await expect(screen.row("ET17").locator(".fx").first).to_have_text("1")
    told = "1 person watches you: Insp. Hale (inspector)"
    await et17.says(told)
    await page.goto(f"{screen.url}/sign-in")  # the page goes, and the watching ends with it
    told_before = et17.printed.rindex(told)
    await until(lambda: "Nobody watches you now." in et17.printed[told_before:], "the officer is told of the end")
