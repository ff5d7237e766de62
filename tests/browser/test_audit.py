"""The audit's page by keyboard alone, its rows read from the server; a live viewing with its reason; a broken chain."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.browser.test_access import AXE, violations
from tests.browser.test_office import said, stands_for_everybody, tab_to
from tests.installation import Camera, Installation


@pytest.fixture(scope="module")
def auditor(installation: Installation) -> str:
    """An auditor's name."""
    installation.add_person("winter", "auditor", "M. Winter")
    return "winter"


async def rows_of(page: Page, query: str = "") -> list[dict[str, Any]]:
    """What the API tells the page's own session."""
    found: list[dict[str, Any]] = (await said(page, f"/api/audit?{query}"))["rows"]
    return found


async def test_an_auditor_comes_to_their_page_reads_it_and_filters_it_by_keyboard(screen: Screen, auditor: str) -> None:
    screen.allowed.append("status of 40[13]")
    page = await screen.sign_in("okafor")
    assert (await page.context.request.get(f"{screen.url}/api/people")).status == 403
    await page.context.clear_cookies()
    await screen.sign_in(auditor)
    await page.wait_for_url(f"{screen.url}/audit")
    await expect(page.locator("#chain")).to_have_text(re.compile(r"^Chain intact: \d+ rows, checked \d\d:\d\d:\d\d\.$"))
    assert await page.get_by_role("link", name="Live").count() == 0
    refused = page.get_by_role("row").filter(has_text="was refused")
    await expect(refused).to_contain_text("D. Okafor")
    await expect(refused).to_contain_text("the role control does not include administer")
    await stands_for_everybody(screen)

    await tab_to(page, "person")
    await page.keyboard.type("okaf")
    await expect(page.get_by_role("row").filter(has_text="M. Winter")).to_have_count(0)
    await expect(refused).to_have_count(1)
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("What", exact=True)).to_be_focused()
    await page.keyboard.type("Cha")
    await expect(page.get_by_text("No row matches what is asked for.")).to_be_visible()
    await page.keyboard.press("End")
    await expect(refused).to_have_count(1)
    seq = (await rows_of(page, "what=access.refused"))[0]["seq"]
    await tab_to(page, f"All of row {seq}")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("GET /api/people", exact=True)).to_be_visible()
    assert await violations(screen, Path(AXE).read_text()) == ""
    await stands_for_everybody(screen)


# How what stands there looks: whose colour it has, and where.
DIM = """(selector) => { const one = document.querySelector(selector);
  const {left, top, width, height} = one.getBoundingClientRect();
  return {colour: getComputedStyle(one).color, at: [left, top, width, height]}; }"""


async def test_rows_of_the_question_before_are_marked_until_the_answer_comes(screen: Screen, auditor: str) -> None:
    page = await screen.sign_in(auditor)
    table, row = page.locator("audit-table"), 'audit-table [role="row"]:nth-child(1) .c-who .cs'
    await expect(page.locator(row)).to_have_text("M. Winter")
    await expect(table).to_have_attribute("aria-busy", "false")
    plain = await page.evaluate(DIM, row)
    answered = asyncio.Event()

    async def wait(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/api/audit?*", wait)
    await page.get_by_label("What", exact=True).select_option("share")
    await expect(table).to_have_attribute("aria-busy", "true")
    dim = await page.evaluate(DIM, row)
    assert dim["at"] == plain["at"]
    assert dim["colour"] != plain["colour"]
    assert await violations(screen, Path(AXE).read_text()) == ""
    answered.set()
    await expect(table).to_have_attribute("aria-busy", "false")
    await expect(page.get_by_text("No row matches what is asked for.")).to_be_visible()


async def test_an_export_asks_why_and_is_a_row_itself(screen: Screen, auditor: str) -> None:
    page = await screen.sign_in(auditor)
    await expect(page.locator("#chain")).to_have_text(re.compile("^Chain intact"))
    await tab_to(page, "Export")
    await page.keyboard.press("Enter")
    await page.keyboard.type("subject access request 4711")
    async with page.expect_download() as coming:
        await page.keyboard.press("Enter")
    saved = await coming.value
    assert saved.url.startswith(f"{screen.url}/api/audit/export?")  # by the browser itself, past the page's memory
    assert re.fullmatch(r"watchroom-audit-to-\d+\.jsonl", saved.suggested_filename)
    lines = [json.loads(line) for line in Path(await saved.path()).read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[-1]["what"], lines[-1]["why"]) == ("share.audit", "subject access request 4711")
    await expect(page.get_by_role("row").filter(has_text="exported the audit")).to_contain_text("request 4711")


async def test_each_picture_is_a_row_with_its_reason(
    screen: Screen, second_screen: Screen, cast: Cast, auditor: str, start_camera: Callable[..., Camera]
) -> None:
    camera = start_camera(cast.et17)
    await camera.press("record")
    await camera.shows()
    page = screen.page
    await page.goto(f"{screen.url}/sign-in")
    await page.get_by_label("On duty as").fill("control room duty")
    await screen.sign_in_here("okafor")
    await screen.is_in_state(1, "live")
    desk = await second_screen.sign_in(auditor)
    watched = desk.get_by_role("row").filter(has_text="watched live")
    await expect(watched.first).to_contain_text("control room duty")
    await expect(watched.first).to_contain_text("ET17")
    await expect(watched.first).to_contain_text("D. Okafor")
    await camera.press("taser.armed")
    await expect(screen.alert("TASER armed")).to_be_visible()
    await page.reload()
    await screen.is_in_state(1, "live")
    await expect(watched.filter(has_text="alert: TASER armed ET17").first).to_be_visible()


async def test_what_one_is_on_duty_as_is_seen_and_changed_in_the_settings(screen: Screen) -> None:
    await screen.page.goto(f"{screen.url}/sign-in?next=/settings")
    await screen.page.get_by_label("On duty as").fill("control room duty")
    page = await screen.sign_in_here("okafor")
    await expect(page.get_by_label("On duty as")).to_have_value("control room duty")
    await tab_to(page, "duty")
    await page.keyboard.type("hand-over to nights")
    await page.keyboard.press("Enter")
    await expect(page.locator("room-notice")).to_have_text("Pictures get the reason “hand-over to nights” now.")
    assert (await said(page, "/api/session"))["duty"] == "hand-over to nights"
    await page.reload()
    await expect(page.get_by_label("On duty as")).to_have_value("hand-over to nights")


async def test_a_row_that_was_changed_is_named(screen: Screen, auditor: str, installation: Installation) -> None:
    page = await screen.sign_in(auditor)
    await expect(page.locator("#chain")).to_have_text(re.compile("^Chain intact"))
    database = sqlite3.connect(installation.folder / "watchroom.db", timeout=20)
    database.execute("DROP TRIGGER audit_no_update")
    database.execute("UPDATE audit SET why = 'nothing to see' WHERE seq = 3")
    database.commit()
    database.close()
    await tab_to(page, "Check again")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chain")).to_have_text(
        re.compile(
            r"^Row 3: the row's content is not what was written\. Found at \d\d:\d\d:\d\d; rows before it hold\.$"
        )
    )
    await stands_for_everybody(screen)
