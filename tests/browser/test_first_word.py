"""Before the server has told a page of the room the page tells nobody that all is calm, that none are there, or that none watch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, Route, WebSocketRoute, expect

from tests.browser.screen import SHIFTS, Screen
from tests.installation import Installation, Server
from tests.patience import until

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# What a page may only say of a room that it knows, read without respect to case.
CLAIMS = re.compile(
    r"calm|first start|nothing (needs|waits|has|urgent|is recording)|no camera|no alert|no unit|none yet|nobody|free"
    r"|connect the first|select a unit|pick a unit|view only|0 of 0|\b0 in 10|on duty, 0|ready for duty|^\s*0\s*$",
    re.IGNORECASE | re.MULTILINE,
)
TRUE = re.compile(r"Units on duty")  # a head, which counts nobody


KEYS_LIE = """() => [...document.querySelectorAll("console-foot .ks .k")]
  .map((one) => [one.offsetLeft, one.offsetTop])"""


class Held:
    """What the server says first on a page's channel is held back; with `all_of_it` the beats are, too."""

    def __init__(self, *, all_of_it: bool = False) -> None:
        self._all = all_of_it
        self._released = False
        self._waiting: list[tuple[WebSocketRoute, str | bytes]] = []

    async def relay(self, channel: WebSocketRoute) -> None:
        """A channel that the page opens."""
        server = channel.connect_to_server()
        first = True

        def heard(message: str | bytes) -> None:
            nonlocal first
            if not self._released and (first or self._all):
                self._waiting.append((channel, message))
            else:
                channel.send(message)
            first = False

        server.on_message(heard)

    @property
    def holds(self) -> bool:
        """Something has been held back."""
        return bool(self._waiting)

    def release(self) -> None:
        """The answer comes, late."""
        self._released = True
        for channel, message in self._waiting:
            channel.send(message)


async def claims(page: Page) -> list[str]:
    """Which words on the page say something definite of the room, those for readers and in fields among them."""
    words = await page.evaluate(
        """() => [document.body.innerText, ...[...document.querySelectorAll("[aria-label], [placeholder], [title]")]
          .filter((one) => one.checkVisibility())
          .flatMap((one) => [one.ariaLabel, one.getAttribute("placeholder"), one.title])].filter(Boolean).join("\\n")"""
    )
    return [found.group() for found in CLAIMS.finditer(TRUE.sub("", str(words)))]


@pytest_asyncio.fixture(loop_scope="session")
async def in_hand(browser: Browser, server: Server) -> AsyncIterator[Screen]:
    """A phone's browser."""
    async with Screen(browser, server.url, **PHONE) as opened:
        yield opened


async def opened_unknown(screen: Screen, held: Held, path: str, person: str = "hale") -> Page:
    """The page, with a channel that works and has told nothing."""
    await screen.page.add_init_script(SHIFTS)
    await screen.page.route_web_socket("**/api/console*", held.relay)
    return await screen.sign_in(person, path)


@pytest.mark.parametrize("layout", ["4", "9", "25"])
async def test_a_console_that_knows_nothing_says_that_it_connects(screen: Screen, layout: str) -> None:
    held = Held()
    page = await opened_unknown(screen, held, f"/?layout={layout}&t2=unknown-cam")
    line = page.locator("status-line.connecting")
    await expect(line).to_contain_text("Connecting to the server.")
    await expect(line).to_have_attribute("aria-live", "polite")
    await page.wait_for_timeout(3500)  # longer than a lost link takes: the server answers, and has told nothing
    await expect(line).to_be_visible()
    await expect(page.locator("link-banner")).to_be_hidden()
    assert await claims(page) == []
    drawn = len(await page.evaluate("window.shifts"))
    held.release()
    await expect(page.locator("status-line")).to_contain_text(re.compile("Calm|Nothing|NOT RECORDING"))
    await expect(page.locator("status-line")).to_have_attribute("aria-live", "polite")  # it is heard what has come
    await expect(page.locator("alert-tray .allclear")).to_contain_text("Nothing needs you")
    await expect(page.locator("unit-list .u:not(.h)")).to_have_count(2)
    assert (await page.evaluate("window.shifts"))[drawn:] == [], "what the answer brings moves nothing"


async def test_no_key_at_the_foot_moves_when_the_link_is_there(screen: Screen) -> None:
    await screen.page.set_viewport_size({"width": 1920, "height": 1080})
    held = Held(all_of_it=True)
    page = await opened_unknown(screen, held, "/")
    await expect(page.locator("console-foot .proof")).to_contain_text("Connecting")
    await until(lambda: held.holds, "the server has told something")
    before = await page.evaluate(KEYS_LIE)
    await expect(page.locator("hint-line")).to_be_hidden()
    held.release()
    await expect(page.locator("hint-line")).to_be_visible()
    assert await page.evaluate(KEYS_LIE) == before, "the newcomer's line had its place from the start"


async def test_a_pocket_that_knows_nothing_says_that_it_connects(in_hand: Screen) -> None:
    held = Held()
    page = await opened_unknown(in_hand, held, "/pocket")
    await expect(page.locator("status-line.connecting")).to_contain_text("Connecting to the server.")
    await page.wait_for_timeout(1000)
    assert await claims(page) == []
    await page.get_by_role("button", name="Write").click()
    assert await claims(page) == []
    held.release()
    await expect(page.locator("status-line.calm")).to_be_visible()


@pytest.mark.parametrize("layout", ["9", "1+5"])
async def test_a_wall_that_knows_nothing_says_that_it_starts(screen: Screen, layout: str) -> None:
    held = Held()
    page = await opened_unknown(screen, held, f"/wall/{layout}?kiosk=1")
    await expect(page.locator("wall-rest")).to_contain_text("Starting")
    await page.wait_for_timeout(1000)
    assert await claims(page) == []
    held.release()
    await expect(page.locator("wall-rest")).not_to_contain_text("Starting")


async def test_a_console_that_never_hears_the_server_says_so_and_no_last_that_came(screen: Screen) -> None:
    held = Held(all_of_it=True)
    page = await opened_unknown(screen, held, "/")
    line = page.locator("status-line")
    await expect(line).to_contain_text("Connecting to the server.")
    await expect(line).to_contain_text("Link to the server lost. Nothing has come yet.")
    await expect(page.locator("link-banner")).to_contain_text("LINK LOST")
    assert await claims(page) == []
    held.release()
    await expect(page.locator("link-banner")).to_be_hidden()
    await expect(line).to_contain_text(re.compile("Calm|Nothing"))


async def test_an_officer_is_not_told_that_nobody_watches_before_the_server_has_said_so(in_hand: Screen) -> None:
    held = Held(all_of_it=True)
    await in_hand.page.route_web_socket("**/uplink/*", held.relay)
    page = await in_hand.sign_in("rahman", "/camera")
    await until(lambda: held.holds, "the server has told the phone, and nothing has come")
    await page.wait_for_timeout(1000)
    await expect(page.locator("#watch-head")).to_have_text("Not known yet who watches you")
    await expect(page.locator("#link")).to_have_text("joining")
    assert await claims(page) == []
    held.release()
    await expect(page.locator("#watch-head")).to_have_text("Nobody watches you now")
    await expect(page.locator("#link")).to_have_text("linked")


@pytest.fixture(scope="module")
def admin(installation: Installation) -> str:
    """An admin's name."""
    installation.add_person("adeyemi", "admin", "Sgt Adeyemi")
    return "adeyemi"


# Each list, what asks for it, and what stands in it when the answer has come.
LISTS = [
    ("/people", "**/api/people", "people-list", "Sgt Adeyemi"),
    ("/devices", "**/api/devices", "device-list", "ET17"),
    ("/audit", "**/api/audit?*", "audit-table", "Sgt Adeyemi"),
    ("/settings", "**/api/tokens", "token-list", "None. A script"),
    ("/status", "**/api/status?*", ".all-cameras", "No camera has sent"),
]


@pytest.mark.parametrize(("path", "asked", "place", "told"), LISTS)
async def test_a_list_whose_answer_is_late_is_loading_and_not_empty(
    screen: Screen, admin: str, path: str, asked: str, place: str, told: str
) -> None:
    answered = asyncio.Event()

    async def keep(route: Route, request: Request) -> None:
        await answered.wait()
        await route.continue_()

    await screen.page.route(asked, keep)
    page = await screen.sign_in(admin, path)
    await expect(page.locator(place)).to_contain_text("Loading …")
    search = page.locator("#search")
    if await search.count():
        await search.fill(
            "nobody of this name"
        )  # a question to what has not come finds nobody, and says nothing of them
        await expect(page.locator(place)).to_contain_text("Loading …")
        await search.fill("")
    assert not re.search("Nobody|No camera|No row|Nothing|None", await page.locator("main").inner_text())
    answered.set()
    await expect(page.locator(place)).to_contain_text(told)
    await expect(page.locator(f"{place} .awaited:visible", has_text="Loading")).to_have_count(0)


async def test_a_list_that_is_refused_or_has_no_answer_says_which(screen: Screen, admin: str) -> None:
    screen.allowed += ["Failed to load resource"]
    await screen.page.route("**/api/people", lambda route: route.fulfill(status=503, body="{}"))
    page = await screen.sign_in(admin, "/people")
    await expect(page.locator("people-list")).to_contain_text("No answer yet.")
    await expect(page.locator("#about")).to_contain_text(re.compile(r"No answer since [\d:]+: nothing has come yet\."))
    await page.unroute("**/api/people")
    await expect(page.locator("people-list")).to_contain_text("Sgt Adeyemi")
    await page.route("**/api/people", lambda route: route.fulfill(status=403, json={"title": "not for you"}))
    await page.reload()
    await expect(page.locator("people-list")).to_contain_text("Not shown.")
    await expect(page.locator("#about")).to_have_text("Not shown: not for you.")


@pytest_asyncio.fixture(loop_scope="session")
async def unopened(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that has no camera and knows of one admin."""
    new = Installation(tmp_path / "data")
    new.add_person("adeyemi", "admin", "Sgt Adeyemi")
    new.add_person("okafor", "control", "D. Okafor")
    with Server(new) as program:
        yield await program.serve()


# The three ways stand in the wall, each whole; nothing of them is scrolled for.
WAYS = """() => [...document.querySelectorAll("first-steps, first-steps > ol > li")].filter((one) => {
  const [box, wall] = [one.getBoundingClientRect(), document.querySelector("feed-wall").getBoundingClientRect()];
  return one.scrollHeight > one.clientHeight + 1 || box.bottom > wall.bottom + 1 || box.right > wall.right + 1 || box.height < 20;
}).map((one) => `${one.localName} ${one.scrollHeight} in ${one.clientHeight} px: ${one.innerText.slice(0, 30)}`)"""


# What is ready and what is next stands whole beside them, in the usual size of type.
ROWS = """() => { const end = document.querySelector("ready-list").getBoundingClientRect().bottom;
  return [...document.querySelectorAll("ready-list li")].filter((one) => one.getBoundingClientRect().bottom > end + 1
    || [...one.children].some((part) => part.scrollWidth > part.clientWidth + 1 && part.matches(".proof")))
    .map((one) => `cut: ${one.innerText.replaceAll("\\n", " ")}`); }"""


@pytest.mark.parametrize("person", ["adeyemi", "okafor"])
async def test_the_three_ways_to_a_first_camera_are_whole_at_every_size(
    browser: Browser, unopened: Server, person: str
) -> None:
    async with Screen(browser, unopened.url) as screen:
        page = await screen.sign_in(person)
        await expect(page.locator("first-steps li")).to_have_count(3)
        await expect(page.locator("ready-list li")).to_have_count(5)
        found = []
        for density in ("", "large"):
            await page.evaluate("(density) => { document.documentElement.dataset.density = density; }", density)
            for width, height in ((1366, 768), (1600, 900), (1920, 1080), (2560, 1440), (3840, 2160)):
                await page.set_viewport_size({"width": width, "height": height})
                await page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
                found += [f"{width} {density}: {line}" for line in await page.evaluate(WAYS)]
                found += [f"{width}: {line}" for line in await page.evaluate(ROWS) if not density]
        assert not found, "\n".join(["", *found])
