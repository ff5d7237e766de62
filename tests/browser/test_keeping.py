"""What is deleted next, held and kept by keyboard; and an officer's page of who viewed theirs, on a phone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.screen import Screen
from tests.browser.test_office import said, stands_for_everybody, tab_to
from tests.fakes.recordings import Laid, Wish, lay, usual_film
from tests.installation import Installation, Server

DAY_S = 86_400.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laid(installation: Installation) -> list[Laid]:
    """Two recordings of an officer: one that goes in about four days, and one of today."""
    with closing(sqlite3.connect(installation.folder / "watchroom.db")) as database:
        (person_id,) = database.execute("SELECT id FROM person WHERE name = 'rahman'").fetchone()
    wearer = {"name": "PS Rahman", "collar_number": "0552", "person_id": person_id}
    films = {"main": usual_film(4.0, "main")}
    now = float(int(time.time()))
    return [
        lay(installation.folder, Wish("et52-cam", "ET52", at, wearer), films) for at in (now - 25.5 * DAY_S, now - 3600)
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(installation: Installation, laid: list[Laid]) -> AsyncIterator[Server]:
    """It finds the recordings when it starts."""
    with Server(installation) as program:
        yield await program.serve()


async def test_what_goes_next_is_seen_by_category_held_and_kept_by_keyboard(screen: Screen, laid: list[Laid]) -> None:
    page = await screen.sign_in("hale", "/replay")
    await page.get_by_role("link", name="What is deleted next").click()
    going = page.locator("#going")
    await expect(going.get_by_role("heading")).to_contain_text("Untagged")
    await expect(going.locator("li")).to_have_count(1)
    await expect(going.locator("li")).to_contain_text("in 4 days")
    await stands_for_everybody(screen)
    await going.get_by_role("button", name="Hold").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.type("R v Smith")
    await page.keyboard.press("Enter")
    await expect(going.get_by_text("Nothing goes in this time.")).to_be_visible()
    told = await said(page, f"/api/recordings/{laid[0].id}/retention")
    assert [(hold["kind"], hold["why"]) for hold in told["holds"]] == [("case", "R v Smith")]
    await page.get_by_label("Within").select_option("31")
    await expect(going.locator("li")).to_have_count(1)
    assert "days=31" in page.url
    await going.get_by_role("button", name="Keep").click()
    await page.get_by_role("dialog").get_by_label("Category").select_option("evidential")
    await page.get_by_label("Why").fill("R v Jones")
    await page.get_by_role("button", name="Keep it so").click()
    await expect(going.get_by_text("Nothing goes in this time.")).to_be_visible()
    assert (await said(page, f"/api/recordings/{laid[1].id}/retention"))["category"] == "evidential"


async def test_an_officer_reads_on_a_phone_who_viewed_theirs(screen: Screen, laid: list[Laid]) -> None:
    page = await screen.sign_in("hale", f"/replay/{laid[1].id}")
    await page.get_by_role("dialog").get_by_label("Reason", exact=True).select_option("Debrief")
    await page.get_by_label("Reference or remark").fill("debrief 0412")
    await page.get_by_role("button", name="Open the replay").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.goto("about:blank")
    await page.context.clear_cookies()
    await page.set_viewport_size({"width": 360, "height": 740})
    await screen.sign_in("rahman", "/settings")
    await tab_to(page, "See who")
    await page.keyboard.press("Enter")
    row = page.locator("viewing-list li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("Insp. Hale, inspector")
    await expect(row).to_contain_text("Watched your recording of")
    await expect(row).to_contain_text("debrief 0412")
    await stands_for_everybody(screen)
