"""Finding an incident in real Chromium: who was there then, drawn by hand and by keys; and what was said of it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from server.database import Database
from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.browser.test_access import AXE, violations
from tests.browser.test_office import stands_for_everybody, tab_to
from tests.fakes.incident import TOWN, Officer, lay_incident
from tests.fakes.recordings import Laid, Wish, lay, usual_film
from tests.installation import Installation, Server

SECONDS = 10.0
EAST = 0.0009  # from one officer's street to the next
NORTH = 0.0007  # where they are while it is recorded: half a minute's walk


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laid(installation: Installation) -> list[Laid]:
    """Three officers, each in a street of their own, an hour ago."""
    base = float(int(time.time()) - 3600)
    films = {"main": usual_film(SECONDS, "main")}
    officers = [Officer(f"{name.lower()}-cam", name) for name in ("ET17", "ET22", "ET09")]
    made = [
        lay(installation.folder, Wish(one.device_id, one.call_sign, base + index), films)
        for index, one in enumerate(officers)
    ]
    database = Database(str(installation.folder / "watchroom.db"))
    try:
        await database.migrate()
        await lay_incident(database, officers, base, SECONDS)
    finally:
        await database.close()
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(installation: Installation, laid: list[Laid]) -> AsyncIterator[Server]:
    """It finds the recordings when it starts."""
    with Server(installation) as program:
        yield await program.serve()


def when(laid: list[Laid]) -> str:
    """From and to of that quarter of an hour, as the address has them."""
    start, end = (datetime.fromtimestamp(laid[0].base + by, UTC) for by in (-300, 600))
    return f"from={start:%Y-%m-%dT%H:%M:%S}&to={end:%Y-%m-%dT%H:%M:%S}"


def place(east_of: float, radius_m: int) -> str:
    """A circle in the street of one of them."""
    return f"area=circle:{TOWN[1] + east_of * EAST},{TOWN[0] + NORTH},{radius_m}"


async def call_signs(page: Page, *expected: str) -> None:
    """Wait until the list names these, in this order."""
    await expect(page.locator("recording-list .cs")).to_have_text(list(expected))


def asked(page: Page) -> dict[str, list[str]]:
    """What stands in the address."""
    return parse_qs(urlsplit(page.url).query)


async def test_an_address_opens_the_search_again_with_its_place(screen: Screen, laid: list[Laid]) -> None:
    page = await screen.sign_in("hale", "/replay")
    await call_signs(page, "ET09", "ET22", "ET17")
    await page.goto(f"{screen.url}/replay?{when(laid)}&{place(1, 30)}")
    await call_signs(page, "ET22")
    await expect(page.locator("recording-list .there")).to_have_text(re.compile(r"^There \d\d:\d\d:\d\d to "))
    await expect(page.locator("area-map .area-words")).to_have_text("Searched: within 30 m of a place")
    await expect(page.locator("area-map .area-outline rect")).to_have_count(1)
    await page.get_by_role("button", name="No place").click()
    await call_signs(page, "ET09", "ET22", "ET17")
    assert "area" not in asked(page)


async def test_a_place_is_drawn_by_hand(screen: Screen, laid: list[Laid]) -> None:
    page = await screen.sign_in("hale", "/replay")
    await page.goto(f"{screen.url}/replay?{when(laid)}&{place(0, 30)}")
    await call_signs(page, "ET17")
    outline = page.locator("area-map .area-outline rect")
    await expect(outline).to_have_count(1)
    before = await outline.bounding_box()
    assert before is not None
    await page.get_by_role("button", name="Rectangle").click()
    await expect(page.get_by_role("button", name="Rectangle")).to_have_attribute("aria-pressed", "true")
    left, top = before["x"] - 12, before["y"] - 12
    await page.mouse.move(left, top)
    await page.mouse.down()
    await page.mouse.move(left + 60, top + 60, steps=4)
    await page.mouse.move(left + before["width"] + 24, top + before["height"] + 24, steps=4)
    await page.mouse.up()
    await expect(page.locator("area-map .area-words")).to_have_text(re.compile(r"^Searched: \d+ m by \d+ m$"))
    await call_signs(page, "ET17")
    assert asked(page)["area"][0].startswith("rect:")
    await page.reload()
    await call_signs(page, "ET17")


async def test_a_place_is_taken_by_keyboard_alone(screen: Screen, laid: list[Laid]) -> None:
    page = await screen.sign_in("hale", "/replay")
    await call_signs(page, "ET09", "ET22", "ET17")
    await tab_to(page, "Place")
    await page.keyboard.press("Enter")
    await expect(page.locator("area-map .scale")).to_contain_text(re.compile(r"\d k?m"))  # the ground is laid
    await tab_to(page, "Radius in metres")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("2000")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await call_signs(page, "ET09", "ET22", "ET17")
    await expect(page.locator("area-map .area-words")).to_have_text("Searched: within 2.0 km of a place")
    await expect(page).to_have_url(re.compile("area="))
    found = asked(page)
    assert found["area"][0].startswith("circle:") and found["from"] and found["to"]  # the last day
    await tab_to(page, "What the map shows")
    await page.keyboard.press("Enter")
    await expect(page.locator("area-map .area-words")).to_have_text(re.compile(r" by "))
    assert await violations(screen, Path(AXE).read_text()) == ""
    await stands_for_everybody(screen)


async def test_a_place_that_is_asked_for_before_the_map_is_drawn_is_taken_when_it_is(
    drawing: Browser, server: Server, laid: list[Laid]
) -> None:
    async with Screen(drawing, server.url) as screen:
        page = await screen.sign_in("hale", "/replay")
        await call_signs(page, "ET09", "ET22", "ET17")
        may_come = asyncio.Event()

        async def late(route: Route) -> None:
            await may_come.wait()
            await route.continue_()

        await page.route("**/maplibre-gl*", late)
        await page.get_by_role("button", name="Place").click()
        await page.get_by_label("Radius in metres").fill("2000")
        await page.get_by_role("button", name="Round the cross").click()
        words = page.locator("area-map .area-words")
        await expect(words).to_have_text("Waits for the map: taken as soon as it is drawn.")
        assert "area" not in asked(page)
        may_come.set()
        await expect(words).to_have_text("Searched: within 2.0 km of a place")
        await expect(page).to_have_url(re.compile("area=circle"))


async def test_what_was_said_of_a_recording_finds_it(screen: Screen, laid: list[Laid]) -> None:
    screen.allowed.append("status of 40[03]")
    page = await screen.sign_in("hale", "/replay")
    csrf = await page.locator('meta[name="csrf-token"]').get_attribute("content")
    headers = {"X-CSRF-Token": csrf or "", "Origin": screen.url}
    path = f"{screen.url}/api/recordings/{laid[1].id}"
    for what, body in (("tags", {"tag": "arrest", "why": "custody"}), ("notes", {"text": "Dog unit came late"})):
        assert (await page.context.request.post(f"{path}/{what}", data=body, headers=headers)).status == 201
    await page.get_by_role("searchbox", name="Tag").fill("arrest")
    await call_signs(page, "ET22")
    await page.get_by_role("searchbox", name="Tag").fill("")
    await page.get_by_label("Case, incident or words").fill("dog late")
    await call_signs(page, "ET22")
    assert asked(page) == {"text": ["dog late"]}
    await page.get_by_label("Case, incident or words").fill("")
    await page.get_by_role("searchbox", name="Tag").fill("<script>")
    await expect(page.locator("#about")).to_have_text(re.compile("^Not shown: tag: expected 1 to 40 letters"))


async def test_recordings_of_the_question_before_are_marked_until_the_answer_comes(
    screen: Screen, laid: list[Laid]
) -> None:
    page = await screen.sign_in("hale", "/replay")
    await call_signs(page, "ET09", "ET22", "ET17")
    found, sign = page.locator("recording-list"), page.locator("recording-list .cs").first
    await expect(found).to_have_attribute("aria-busy", "false")
    plain, at = await sign.evaluate("(one) => getComputedStyle(one).color"), await sign.bounding_box()
    answered = asyncio.Event()

    async def wait(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/api/recordings?*", wait)
    await page.get_by_label("Officer or call sign").fill("ET22")
    await expect(found).to_have_attribute("aria-busy", "true")
    assert await sign.evaluate("(one) => getComputedStyle(one).color") != plain
    assert await sign.bounding_box() == at
    answered.set()
    await call_signs(page, "ET22")
    await expect(found).to_have_attribute("aria-busy", "false")


async def test_an_officer_is_not_offered_what_was_said(screen: Screen, laid: list[Laid]) -> None:
    page = await screen.sign_in("rahman", "/replay")
    await expect(page.get_by_text("Nothing that was recorded fits this.")).to_be_visible()
    await expect(page.get_by_label("Case, incident or words")).to_have_count(0)
    await expect(page.get_by_label("Officer or call sign")).to_be_visible()


async def test_a_taser_s_log_is_brought_in_refused_and_its_clock_set(
    screen: Screen, tmp_path: Path, cast: Cast
) -> None:
    screen.allowed.append("status of 400")
    page = await screen.sign_in("hale", "/replay")
    await page.get_by_role("link", name="TASER logs").click()
    now = time.time()
    stamps = [datetime.fromtimestamp(now - by, UTC).strftime("%Y-%m-%d %H:%M:%S") for by in (600, 590)]
    log, wrong = tmp_path / "X2900.csv", tmp_path / "wrong.csv"
    log.write_text(f"GMT Time,Event,Duration\n{stamps[0]},Armed,\n{stamps[1]},Trigger,5\n")
    wrong.write_text(f"GMT Time,Event,Duration\n{stamps[0]},Armed,soon\n")
    await page.get_by_label("Camera of the officer").select_option(label="ET17, PC Marsh")
    await page.get_by_label("Why", exact=True).fill("debrief 0412")
    await page.get_by_label("File, as its maker").set_input_files(wrong)
    await page.get_by_role("button", name="Bring it in").click()
    await expect(page.get_by_role("alert")).to_have_text(
        "Not kept. Row 2, column “Duration”: expected seconds; found “soon”."
    )
    await page.get_by_label("File, as its maker").set_input_files(log)
    await page.get_by_role("button", name="Bring it in").click()
    row = page.locator("taser-list li")
    await expect(row).to_contain_text("2 of 2 events")
    await expect(row).to_contain_text("not matched with any signal")
    await row.get_by_role("button", name="Set the clock").click()
    await page.get_by_label("Seconds ahead").fill("12.5")
    await page.get_by_label("Why").last.fill("the radio's time signal")
    await page.get_by_role("button", name="Set it").click()
    await expect(row).to_contain_text("Weapon's clock 12.5 s ahead, set by Insp. Hale: the radio's time signal")
    assert await violations(screen, Path(AXE).read_text()) == ""
    await stands_for_everybody(screen)
