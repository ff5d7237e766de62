"""Looking back while live goes on: a real camera, the real recorder, the growing recording beside the living picture."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.installation import Camera, Installation
from tests.patience import until

RECORDED = "() => fetch('/api/recordings').then((one) => one.json()).then(({recordings: [one]}) => one ? one.to - one.from : 0)"
SHOWS = """() => {
  const video = document.querySelector("rewind-pane video");
  return video && video.readyState >= 3 ? video.currentTime : 0;
}"""
SEEKED = """() => {
  const video = document.querySelector("rewind-pane video");
  return video.readyState >= 3 && !video.seeking;
}"""
LATEST_S = 30.0
COUNTED_S = 5.0
KEPT_UP = 0.5  # of the pictures that came before; with time to spare it is all of them: tests.bench rewind


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et17(cast: Cast, start_camera: Callable[..., Camera]) -> Camera:
    """It records from the first test that looks back at it on."""
    return await start_camera(cast.et17, "--recording", "on", "--size", "320x180").shows()


async def _recorded(page: Page) -> bool:
    return float(await page.evaluate(RECORDED)) > 8


async def test_the_last_seconds_are_seen_again_while_the_live_picture_goes_on(screen: Screen, et17: Camera) -> None:
    assert et17.exit_code is None
    page = await screen.console()
    await screen.is_in_state(1, "live")
    await until(lambda: _recorded(page), "something is recorded", 60)
    alone = await screen.pictures_a_second(1, COUNTED_S)

    pane = page.locator("rewind-pane")
    await expect(pane).to_be_hidden()
    began = time.monotonic()
    await page.keyboard.press("r")
    screen.allowed.append("403.*/api/replays")  # the refusal that becomes the question
    question = page.get_by_role("dialog")  # of whoever said nothing at sign-in: once, and kept until they sign out
    await question.get_by_label("On duty as").fill("Duty inspector")
    await question.get_by_role("button", name="Keep it").click()
    await until(lambda: page.evaluate(SHOWS), "the rewound picture plays", LATEST_S)
    await expect(question).to_have_count(0)
    print(f"rewound picture after {time.monotonic() - began:.2f} s")
    await expect(pane.locator(".behind")).to_have_text(re.compile(r"^\d+ s behind"))
    await expect(pane.locator(".at")).to_have_text(re.compile(r"^REWIND \d\d:\d\d:\d\d$"))
    await screen.is_in_state(1, "live")

    async def goes_on() -> bool:
        beside = await screen.pictures_a_second(1, COUNTED_S)
        print(f"live pictures a second: {alone:.1f} alone, {beside:.1f} beside the rewind")
        return beside >= KEPT_UP * alone

    await until(goes_on, "the live picture goes on as before", 60)

    before = float(await page.evaluate(SHOWS))
    further = "(before) => document.querySelector('rewind-pane video').currentTime > before + 1"
    await until(lambda: page.evaluate(further, before), "it goes on", LATEST_S)
    await pane.get_by_role("button", name="Catch up 2×").click()
    await expect(pane.locator(".behind")).to_have_text(re.compile(r"^[0-7] s behind"), timeout=60_000)
    await screen.is_in_state(1, "live")
    await pane.get_by_role("button", name="Close the rewind").click()
    await expect(pane).to_be_hidden()
    rows = await page.evaluate("() => fetch('/api/recordings').then((one) => one.json())")
    assert rows["recordings"][0]["open"]


async def test_one_goes_further_back_by_ten_seconds_and_by_dragging(screen: Screen, et17: Camera) -> None:
    page = await screen.console()
    await screen.is_in_state(1, "live")
    recorded = RECORDED.replace("api/recordings", f"api/recordings?device={et17.device_id}")

    async def long_enough() -> bool:
        return float(await page.evaluate(recorded)) > 50

    await until(long_enough, "fifty seconds are recorded", 90)
    pane = page.locator("rewind-pane")
    screen.allowed.append("403.*/api/replays")
    await page.keyboard.press("r")
    await page.get_by_role("dialog").get_by_label("On duty as").fill("Duty inspector")
    await page.get_by_role("button", name="Keep it").click()
    await until(lambda: page.evaluate(SHOWS), "the rewound picture plays", LATEST_S)

    async def moved(least: float, most: float, act: Callable[[], Awaitable[None]]) -> None:
        """The picture itself stands so many seconds elsewhere once it has been done, by the media's own time."""
        await pane.get_by_role("button", name="Pause").click()
        before = await standing(page)
        await act()
        await until(lambda: page.evaluate(SEEKED), "the picture of that moment is there", LATEST_S)
        now = await standing(page)
        assert least <= now - before <= most, (before, now)
        await pane.get_by_role("button", name="Play").click()

    await moved(-10.6, -9.4, pane.get_by_role("button", name="−10 s").click)
    slider = pane.get_by_role("slider", name="Seconds behind live")

    async def drag() -> None:
        box = await slider.bounding_box()
        assert box is not None
        at = float(await slider.input_value())
        x, y = box["x"] + box["width"] * (1 + at / 120), box["y"] + box["height"] / 2
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * (1 - 6 / 120), y, steps=4)
        await page.mouse.up()

    await moved(15, 60, drag)  # from some 40 s behind to six
    await expect(pane.locator(".behind")).to_have_text(re.compile(r"^\d s behind"))
    await screen.is_in_state(1, "live")
    await screen.pictures_come(1)
    await pane.get_by_role("button", name="Close the rewind").click()


async def standing(page: Page) -> float:
    """The media time of the picture that stands still in the pane, once it does."""
    seen: list[float] = []

    async def still() -> bool:
        seen.append(float(await page.evaluate(SHOWS)))
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3] > 0

    await until(still, "the rewound picture stands", LATEST_S)
    return seen[-1]


async def test_the_seconds_before_an_alert_are_seen_and_then_one_is_live(
    screen: Screen, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    camera = start_camera(cast.et22, "--recording", "on", "--size", "320x180")
    await camera.shows()
    page = await screen.console()
    recorded = "() => fetch('/api/recordings?device=et22-cam').then((one) => one.json()).then(({recordings: [one]}) => one ? one.to - one.from : 0)"
    recorded = recorded.replace("et22-cam", camera.device_id)

    async def is_recorded() -> bool:
        return float(await page.evaluate(recorded)) > 12

    await until(is_recorded, "something is recorded", 60)
    await camera.press("taser.armed")
    card = screen.alert("TASER armed")
    await expect(card).to_be_visible()
    await screen.is_in_state(1, "live")
    pane = page.locator("rewind-pane")
    await card.get_by_role("button", name="The 30 s before it").click()
    await expect(pane.locator(".behind")).to_have_text(re.compile(r"^\d+ s behind, [4-8](\.\d+)?×"))
    await until(lambda: page.evaluate(SHOWS), "the seconds before it play", LATEST_S)
    await screen.is_in_state(1, "live")
    await screen.pictures_come(1)
    await expect(pane).to_be_hidden(timeout=60_000)
    await expect(page.locator("room-notice")).to_have_text("ET22: you are live.")
    await page.keyboard.press("g")
    await expect(pane).to_be_visible()
    await pane.get_by_role("button", name="Close the rewind").click()
    await camera.press("taser.safe")


async def test_a_camera_that_is_not_recorded_cannot_be_looked_back_at_and_that_is_said(
    screen: Screen, installation: Installation, start_camera: Callable[..., Camera]
) -> None:
    screen.allowed.append(r"status of 404 .*/api/replays")
    await start_camera(installation.add_camera("ET40", "PC Idris", "0455"), "--size", "320x180").shows()
    page = await screen.console()
    await screen.row("ET40").focus()
    await page.keyboard.press("4")
    button = screen.tile(4).locator(".tool.back")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(button).to_have_attribute("title", re.compile("not recorded"))
    await button.dispatch_event("click")
    await expect(page.locator("room-notice")).to_have_text(
        re.compile("ET40 cannot be looked back at. It is not recorded")
    )
    await expect(page.locator("rewind-pane")).to_be_hidden()
