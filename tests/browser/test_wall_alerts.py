"""The alerts in a wall's rail, where nobody scrolls: each is whole or counted, and what is urgent in them stays."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_kiosk import HALF_SEEN, HD, LAID, WHOLE_CARDS, wall
from tests.installation import Installation, Server

LIST_HEIGHT = "document.querySelector('alert-tray .cards').getBoundingClientRect().height"
# The tray with alerts of these kinds, raised so many seconds ago.
SHOW_ALERTS = """async (told) => {
  await customElements.whenDefined("alert-tray");
  const {NOW, alert, named, room} = await import("/static/js/sheet/facts.js");
  const tray = document.querySelector("alert-tray");
  const alerts = told.map(([kind, ago], at) => alert(kind, named("ET22"), {id: `${kind}-${at}`, raised_at: NOW - ago}));
  const facts = {room: room(alerts), me: null, mayAct: false, mayLookBack: false, linked: true, busy: new Set(),
    sightings: new Map(), chosen: null, now: NOW};
  tray.shownByTheServer ??= tray.show.bind(tray);
  tray.show = () => tray.shownByTheServer(facts);
  tray.show();
}"""
# Of the card in that place the list shows so much, and nothing of those under it.
LIST_SHOWS = """([place, part]) => {
  const list = document.querySelector("alert-tray .cards");
  const {top, height} = list.children[place].getBoundingClientRect();
  Object.assign(list.style, {flex: "none", boxSizing: "border-box", height: `${top + part * height - list.getBoundingClientRect().top}px`});
}"""
HOUR_OLD = [["taser.drawn", 3600 - at] for at in range(25)]  # no flood; the newest stands first


@pytest.fixture(scope="module")
def token(installation: Installation) -> str:
    """Of a person who may only look."""
    installation.add_person("wall-b", "display", "FCR wall B")
    return installation.token("wall-b")


@asynccontextmanager
async def rail(browser: Browser, server: Server, token: str) -> AsyncIterator[Page]:
    """A wall of nine whose alerts the test tells."""
    async with wall(browser, server, HD) as screen:
        await screen.page.goto(f"{server.url}/wall/9?kiosk=1#token={token}")
        await expect(screen.page.locator("wall-grid:visible, wall-rest:not(.starting):visible").first).to_be_visible()
        await screen.page.evaluate("() => document.fonts.ready")  # by other letters nothing is measured
        yield screen.page


async def test_on_a_wall_alerts_that_came_and_went_leave_no_card_hidden(
    browser: Browser, server: Server, token: str
) -> None:
    async with rail(browser, server, token) as page:
        line = page.locator("alert-tray .below")
        await page.evaluate(SHOW_ALERTS, HOUR_OLD[:2])
        await expect(page.locator("alert-card")).to_have_count(2)
        # they fit exactly: not a pixel is left for what else may come
        await page.evaluate("""() => { const tray = document.querySelector("alert-tray");
          tray.style.maxHeight = `${tray.getBoundingClientRect().height}px`; }""")
        room = await page.evaluate(LIST_HEIGHT)
        for many in (3, 25):
            await page.evaluate(SHOW_ALERTS, HOUR_OLD[:many])
            await expect(line).to_contain_text(f"{many - 2} more below")
            assert await page.evaluate(LIST_HEIGHT) == room, "the line takes nothing from the list"
            assert await page.evaluate(WHOLE_CARDS) == 2
        await page.evaluate(SHOW_ALERTS, HOUR_OLD[:2])
        await expect(line).to_be_hidden()
        assert await page.evaluate(WHOLE_CARDS) == 2
        assert await page.evaluate(HALF_SEEN) == []


async def test_on_a_wall_a_card_pushed_from_the_first_place_is_whole_or_counted(
    browser: Browser, server: Server, token: str
) -> None:
    async with rail(browser, server, token) as page:
        line = page.locator("alert-tray .below")
        await page.evaluate(SHOW_ALERTS, HOUR_OLD[:2])
        await page.evaluate(LIST_SHOWS, [0, 0.95])
        await expect(line).to_contain_text("1 more below")  # the first is told whatever its room
        # in one go: between both nothing is drawn, so that no threshold is crossed
        push = f"async (told) => {{ await ({SHOW_ALERTS})(told); ({LIST_SHOWS})([1, 0.7]); }}"
        await page.evaluate(push, HOUR_OLD[:3])
        await expect(line).to_contain_text("2 more below")
        assert await page.evaluate(WHOLE_CARDS) == 1
        await page.evaluate(SHOW_ALERTS, HOUR_OLD[:1])
        await expect(line).to_be_hidden()


async def test_in_a_flood_a_wall_still_says_that_nobody_has_acknowledged(
    browser: Browser, server: Server, token: str
) -> None:
    async with rail(browser, server, token) as page:
        first = page.locator("alert-card").first
        for ago in (9, 65):  # of a minute that it may wait
            await page.evaluate(SHOW_ALERTS, [["taser.armed", ago], *[["taser.drawn", ago]] * 11])
            await expect(page.locator("alert-tray .flood")).to_be_visible()
            await expect(first.locator(".since")).to_contain_text(f"{ago // 60}:{ago % 60:02d}")
            await expect(first.locator(".acks")).to_be_hidden()
            await expect(first.locator(".bd")).to_be_visible(visible=ago > 60)
        await expect(first.locator(".esc")).to_have_text(re.compile("Nobody has acknowledged this for"))
        # … and of each that is in sight, not only of the first
        await page.evaluate(SHOW_ALERTS, [["taser.armed", 65], ["emergency", 70], *[["taser.drawn", 65]] * 10])
        await page.wait_for_function(f"() => {WHOLE_CARDS} >= 2")  # a second one is in sight
        second = page.locator("alert-card.a1").nth(1).locator(".esc")
        await expect(second).to_be_in_viewport(ratio=1)
        assert await second.evaluate("(one) => getComputedStyle(one, '::after').content") == '"Not acknowledged, 01:10"'
        assert await page.evaluate(HALF_SEEN) == []
        assert await first.evaluate("(one) => getComputedStyle(one.querySelector('.esc')).fontSize !== '0px'")
        await expect(first.locator(".esc")).to_be_in_viewport(ratio=1)
        found = await page.evaluate(LAID)
        assert [one for one in found["wrong"] if "outside of ALERT-TRAY" not in one] == []
