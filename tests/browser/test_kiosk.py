"""The wall on a screen that nobody touches: legible at its distance, and back by itself after every outage."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.browser.test_access import AXE, violations
from tests.installation import Camera, Installation, Server, password_of
from tests.patience import until

SMALL = ("--recording", "on", "--size", "320x180")
UHD = {"width": 3840, "height": 2160}
HD = {"width": 1920, "height": 1080}
# What is cut off, stands outside of what holds it, or over its neighbour; and how large the words are that must be read.
LAID = """() => {
  const wrong = [];
  // the box of a small caption's word lies under the whole line: what counts is where its letters stand
  const box = (one) => { if (!one.matches(".tile:not(.large) .cap .w")) return one.getBoundingClientRect();
    const range = document.createRange(); range.selectNodeContents(one);
    const [{top, height}, {left, width}] = [one.getBoundingClientRect(), range.getBoundingClientRect()];
    return new DOMRect(left, top, width, height); };
  const seen = (one) => one.checkVisibility({visibilityProperty: true}) && box(one).width > 0;
  const all = (what) => [...document.querySelectorAll(what)].filter(seen);
  const name = (one) => `${one.tagName}.${one.className} "${one.textContent.slice(0, 24)}" of ${one.closest("feed-tile")?.className}`;
  const inside = (one, holder) => { const [a, b] = [box(one), box(holder)];
    if (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1)
      wrong.push(`${name(one)} stands outside of ${name(holder)}`); };
  const apart = (ones) => ones.forEach((one, index) => ones.slice(index + 1).forEach((other) => {
    const [a, b] = [box(one), box(other)];
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
      wrong.push(`${name(one)} stands over ${name(other)}`); }));
  const whole = (one) => { const {display, overflowY} = getComputedStyle(one);
    if (display === "inline") return;
    const low = overflowY !== "visible" && one.scrollHeight > one.clientHeight + 2;
    if (low || one.scrollWidth > one.clientWidth + 1) wrong.push(`${name(one)} is cut off`); };
  for (const tile of all("feed-tile:not(.empty)")) {
    const told = tile.matches(".large") ? [".facts", ".at"] : [".tag", ".why", ".rec", ".eyes", ".w", ".at b"];
    const parts = [".cs", ...told].map((what) => tile.querySelector(`.cap ${what}`)).filter(seen);
    parts.forEach((one) => { inside(one, tile); whole(one); });
    apart(parts);
    apart([tile.querySelector(".pic"), tile.querySelector(".cap")]);
  }
  apart(all("feed-tile"));
  apart(all(".stage, .rail > *"));
  const cards = all("alert-card");
  cards.forEach((one) => inside(one, document.querySelector("alert-tray")));
  [...all(".rail > *:not(#map)"), ...all("room-clock b, alert-card .hd, alert-card .what, wall-facts > *, wall-rest")]
    .forEach(whole);
  all(".rail > *, feed-tile").forEach((one) => inside(one, document.body));
  const sizes = (what) => [...new Set(all(what).map((one) => getComputedStyle(one).fontSize))];
  const fitted = all("feed-tile video").every((one) => getComputedStyle(one).objectFit === "contain");
  return {wrong, fitted, call: sizes("feed-tile:not(.large) .cap .cs"), age: sizes("feed-tile .cap .at b"),
    small: sizes("wall-facts"), wide: document.documentElement.scrollWidth - innerWidth,
    high: document.documentElement.scrollHeight - innerHeight};
}"""

# With the longest call sign that is allowed, and the next one's in other letters.
LONG_SIGNS = """() => {
  const [one, other] = document.querySelectorAll("feed-tile:not(.empty) .cap .cs");
  [one.textContent, other.textContent] = ["GWYNEDD-WRECSAM-0041", "دورية-القحطاني-الشمال"];
}"""

# The tray of a room with 25 alerts, told by the sheet's own facts once and left so.
TWENTY_FIVE = """async () => {
  const [{alert, named, room}, tray] = [await import("/static/js/sheet/facts.js"), document.querySelector("alert-tray")];
  const kinds = ["taser.armed", "emergency", "taser.drawn", "watch.request", "camera.lost"];
  const alerts = Array.from({length: 25}, (_, at) =>
    alert(kinds[at % 5], named(["ET17", "ET14", "ETXX1207"][at % 3]), {id: `a${at}`}));
  const now = alerts[0].raised_at + 9;
  const facts = {room: room(alerts), mayAct: false, mayLookBack: false, linked: true, busy: new Set(), sightings: new Map(), chosen: null, now};
  const show = tray.show.bind(tray);
  tray.show = () => show(facts);
}"""


# What a wall may have beside each other: raised, acknowledged and cleared, of each priority, the graver on top.
EVERY_CARD = """async (state) => {
  await customElements.whenDefined("alert-tray");
  const {ACKNOWLEDGED, CLEARED, LONG, LONG_WORDS, alert, named, room} = await import("/static/js/sheet/facts.js");
  const tray = document.querySelector("alert-tray");
  const more = {raised: {}, acknowledged: ACKNOWLEDGED, cleared: CLEARED, over: {...ACKNOWLEDGED, ...CLEARED, state: "acknowledged"}}[state];
  const alerts = [["watch.request", named("ET22")], ["battery.low", named("ET28")], ["taser.drawn", LONG, LONG_WORDS]]
    .map(([kind, of, long]) => alert(kind, of, {...long, ...more}));
  const facts = {room: room(alerts), me: null, mayAct: false, mayLookBack: false, linked: true, busy: new Set(),
    sightings: new Map(), chosen: null, now: alerts[0].raised_at + 9};
  tray.shownByTheServer ??= tray.show.bind(tray);
  tray.show = () => tray.shownByTheServer(facts);
  tray.show();
}"""


WHOLE_CARDS = "[...document.querySelectorAll('alert-card')].filter((one) => one.checkVisibility({visibilityProperty: true})).length"
# Cards that are cut by the rail's last line, or by the end of their list.
HALF_SEEN = """() => {
  const top = document.querySelector("alert-tray .below").getBoundingClientRect().top;
  const end = document.querySelector("alert-tray .cards").getBoundingClientRect().bottom;
  return [...document.querySelectorAll("alert-card")].filter((one) => one.checkVisibility({visibilityProperty: true}))
    .filter((one) => one.getBoundingClientRect().bottom > Math.min(top, end) + 1).map((one) => one.textContent.slice(0, 30));
}"""


@pytest.fixture(scope="module")
def token(installation: Installation) -> str:
    """Of a person who may only look."""
    installation.add_person("wall-a", "display", "FCR wall A")
    return installation.token("wall-a")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cameras(cast: Cast, server: Server, start_camera: Callable[..., Camera]) -> list[Camera]:
    """Two that record and show their pictures."""
    return [await start_camera(key, *SMALL).shows() for key in (cast.et17, cast.et22)]


@asynccontextmanager
async def wall(browser: Browser, server: Server, size: dict[str, int]) -> AsyncIterator[Screen]:
    """A display with nobody before it."""
    async with Screen(browser, server.url, viewport=size, screen=size) as screen:
        screen.allowed.append("Failed to load resource")
        yield screen


async def lies_well(page: Page) -> dict[str, Any]:
    """Nothing is cut off or covered; returns the sizes."""
    found: dict[str, Any] = await page.evaluate(LAID)
    assert found["wrong"] == []
    assert (found["wide"], found["high"], found["fitted"]) == (0, 0, True)
    return found


async def test_a_wall_with_nothing_to_show_says_so_and_who_is_on_duty(
    browser: Browser, server: Server, token: str
) -> None:
    async with wall(browser, server, HD) as screen:
        page = screen.page
        await page.goto(f"{server.url}/wall/1+5?kiosk=1#token={token}")  # by the sign-in page, where nobody types
        await expect(page.locator("wall-rest")).to_contain_text("Nothing is recording")
        await expect(page.locator("wall-rest li")).to_contain_text(["ET17", "ET22"])
        await expect(page.locator("status-line")).to_contain_text("Calm")
        await expect(page.locator("wall-grid")).to_be_hidden()
        await lies_well(page)
        assert await violations(screen, Path(AXE).read_text()) == ""
        await page.goto(f"{server.url}/wall/8?dist=far")
        await expect(page.get_by_text("one of 1, 4, 9")).to_be_visible()
        await expect(page.get_by_text("metres from the screen to the eye")).to_be_visible()


async def test_call_signs_and_ages_are_as_large_as_their_distance_asks(
    browser: Browser, server: Server, token: str, cameras: list[Camera]
) -> None:
    async with wall(browser, server, UHD) as screen:
        page = screen.page
        await page.goto(f"{server.url}/wall/9?kiosk=1&dist=3.3&diag=98#token={token}")
        for tile in (1, 2):
            await screen.is_in_state(tile, "live", within_s=60)
        found = await lies_well(page)
        # 3300 mm x 0.0064 / 0.565 mm / 0.668 = 55.96 px
        assert found["call"] == found["age"] == ["55.96px"]
        # in one go: a second later the tile says who it is
        found = await page.evaluate(f"() => {{ ({LONG_SIGNS})(); return ({LAID})(); }}")
        assert [one for one in found["wrong"] if "is cut off" not in one] == []
        # a place without a camera is not a dead screen: it says so, in letters as large as the rail's
        free = screen.tile(3).locator(".free > span")
        await expect(free).to_have_text("free")
        await expect(free).to_have_css("font-size", f"{55.96 * 0.64:.4f}px")
        assert await page.evaluate("getComputedStyle(document.body).cursor") == "none"
        assert await page.locator("button:visible, a:visible, dialog[open], nav").count() == 0
        assert await violations(screen, Path(AXE).read_text()) == ""


async def test_the_alert_has_the_large_tile_and_a_wall_comes_back_after_the_server_was_away(
    browser: Browser, server: Server, token: str, cameras: list[Camera]
) -> None:
    async with wall(browser, server, HD) as screen:
        screen.allowed += ["ERR_CONNECTION", "WebSocket connection"]
        page = screen.page
        await page.goto(f"{server.url}/wall/1+5?kiosk=1#token={token}")
        await screen.is_in_state(1, "live", within_s=60)
        await expect(screen.tile(1).locator(".cap .cs")).to_have_text("ET17")
        await cameras[1].press("taser.armed")
        await expect(screen.alert("TASER armed")).to_contain_text("ET22")
        await expect(screen.tile(1).locator(".cap .cs")).to_have_text("ET22")
        await expect(screen.tile(1)).to_have_class(re.compile(r"\ba1\b"))
        await expect(screen.tile(2).locator(".cap .cs")).to_have_text("ET17")  # they changed places
        for tile in (1, 2):
            await screen.is_in_state(tile, "live", within_s=60)
        found = await lies_well(page)
        assert found["call"] == found["age"] and 40 < float(found["call"][0][:-2]) < 46  # 3 m, 55 inches: 45.3 px

        await page.evaluate("document.body.dataset.before = 'the outage'")
        server.kill()
        banner = page.locator("link-banner")
        await expect(banner).to_contain_text("LINK LOST")
        await expect(page.locator("feed-tile .at .w", has_text="LIVE")).to_have_count(0)
        await expect(screen.tile(1).locator(".at .w")).to_have_text(re.compile("NO LINK|FROZEN|OFFLINE"))
        await expect(banner).to_contain_text(re.compile(r"for (1[1-9]|[2-9]\d) s"))  # long enough to load anew
        await server.serve()
        await expect(page.locator("body:not([data-before])")).to_be_attached(timeout=60_000)
        await expect(screen.tile(1).locator(".cap .cs")).to_have_text("ET22")
        for tile in (1, 2):
            await screen.is_in_state(tile, "live", within_s=60)
        await expect(banner).to_be_hidden()
        await cameras[1].press("taser.safe")
        card = screen.alert("TASER armed")
        await expect(card.locator(".since")).to_have_text(re.compile(r"SAFE\s+since\s+\d\d:\d\d:\d\d"))
        await lies_well(page)


async def test_a_wall_whose_sign_in_ended_says_so_and_goes_on_when_somebody_signs_in(
    browser: Browser, server: Server, cameras: list[Camera]
) -> None:
    async with wall(browser, server, HD) as screen:
        screen.allowed.append("WebSocket connection")
        page = await screen.sign_in("okafor", "/wall/4?kiosk=1")
        await screen.is_in_state(1, "live", within_s=60)
        await page.evaluate("""async () => {
          const csrf = document.querySelector('meta[name="csrf-token"]').content;
          await fetch("/api/session", {method: "DELETE", headers: {"X-CSRF-Token": csrf}});
        }""")
        await expect(page.locator("wall-rest")).to_contain_text("Signed out")
        await expect(page.locator("wall-rest")).to_contain_text("Press Enter")
        await expect(page.locator("feed-tile video:visible")).to_have_count(0)
        await lies_well(page)
        await page.evaluate(
            "(body) => fetch('/api/session', {method: 'POST', headers: {'Content-Type': 'application/json'}, body})",
            f'{{"name": "okafor", "password": "{password_of("okafor")}"}}',
        )
        await screen.is_in_state(1, "live", within_s=60)


async def test_a_display_comes_back_after_a_night_without_power(
    browser: Browser, server: Server, token: str, cameras: list[Camera]
) -> None:
    async with wall(browser, server, HD) as screen:
        page = screen.page
        await page.goto(f"{server.url}/wall/9?kiosk=1#token=wr_api_{'x' * 43}")  # revoked, say
        await expect(page.get_by_text("token is not accepted")).to_be_visible()
        address = f"{server.url}/wall/9?kiosk=1&dist=2&diag=40#token={token}"
        for _ in range(2):  # each time without a cookie, as after a night
            await page.context.clear_cookies()
            await page.goto("about:blank")
            await page.goto(address)
            await screen.is_in_state(1, "live", within_s=60)
            await expect(page).to_have_url(address)


async def test_a_display_that_boots_while_the_server_is_down_waits_for_it(
    browser: Browser, server: Server, token: str, cameras: list[Camera]
) -> None:
    async with wall(browser, server, HD) as screen:
        screen.allowed += ["ERR_", "WebSocket connection"]
        page = screen.page
        address = f"{server.url}/wall/9?kiosk=1&theme=light#token={token}"
        await page.goto(address)
        await screen.is_in_state(1, "live", within_s=60)
        kept = (
            "async () => (await (await caches.open('watchroom-waiting')).keys()).map(({url}) => new URL(url).pathname)"
        )
        await until(
            lambda: page.evaluate("() => navigator.serviceWorker.controller !== null"), "the worker has the page"
        )
        assert "/wall/waiting" in await page.evaluate(kept)
        await page.goto("about:blank")
        server.kill()
        await page.goto(address)
        await expect(page.get_by_role("heading", name="Waiting for the server")).to_be_visible()
        await expect(page.locator("#line")).to_contain_text("No answer since")
        await expect(page.locator("html[data-theme=light]")).to_be_attached()
        assert await violations(screen, Path(AXE).read_text()) == ""
        assert [one for one in await page.evaluate(kept) if one.startswith(("/api/", "/wall/9"))] == []
        await server.serve()
        await screen.is_in_state(1, "live", within_s=60)
        await expect(page).to_have_url(address)


@pytest.mark.parametrize("size", [HD, UHD])
async def test_twenty_five_alerts_stand_on_a_wall_without_covering_anything(
    browser: Browser, server: Server, token: str, cameras: list[Camera], size: dict[str, int]
) -> None:
    async with wall(browser, server, size) as screen:
        page = screen.page
        await page.goto(f"{server.url}/wall/9?kiosk=1&theme=light#token={token}")
        await screen.is_in_state(1, "live", within_s=60)
        await page.evaluate(TWENTY_FIVE)
        await expect(page.locator("alert-card")).to_have_count(25)
        first = page.locator("alert-card").first
        await expect(first).to_be_in_viewport(ratio=1)
        await expect(page.locator("alert-tray .below")).to_be_in_viewport(ratio=1)  # how many stand further down
        assert await page.evaluate(HALF_SEEN) == []
        shown = await page.evaluate(WHOLE_CARDS)
        await expect(page.locator("alert-tray .below")).to_contain_text(f"{25 - shown} more below")
        found = await page.evaluate(LAID)
        assert [one for one in found["wrong"] if "outside of ALERT-TRAY" not in one] == []
        assert (found["wide"], found["high"]) == (0, 0)
        assert await violations(screen, Path(AXE).read_text()) == ""


@pytest.mark.parametrize(
    ("layout", "size", "how"),
    [
        ("9", HD, "&dist=3.3&diag=98"),
        ("1+16", HD, "&dist=2&diag=40"),
        ("1+5", HD, ""),
        ("25", UHD, "&dist=5&diag=55"),
    ],
)
async def test_a_card_in_a_walls_rail_is_whole_in_every_state(
    browser: Browser, server: Server, token: str, layout: str, size: dict[str, int], how: str
) -> None:
    async with wall(browser, server, size) as screen:
        page = screen.page
        await page.goto(f"{server.url}/wall/{layout}?kiosk=1{how}#token={token}")
        await expect(page.locator("wall-grid:visible, wall-rest:not(.starting):visible").first).to_be_visible()
        await page.evaluate("() => document.fonts.ready")  # by other letters nothing is measured
        for state in ("raised", "acknowledged", "cleared", "over"):
            await page.evaluate(EVERY_CARD, state)
            await expect(page.locator("alert-card")).to_have_count(3)
            words = page.locator("alert-card").filter(has_text="ET22").locator(".since")
            await expect(words).to_contain_text("CANCELLED" if state in ("cleared", "over") else ":")
            found = await page.evaluate(LAID)
            # a rail too low for all three says how many stand further down
            assert [one for one in found["wrong"] if "outside of ALERT-TRAY" not in one] == [], state
            narrow = await page.evaluate(
                "[...document.querySelectorAll('alert-card .what')].filter((one) => one.offsetWidth < 4 * parseFloat(getComputedStyle(one).fontSize)).map((one) => one.textContent)"
            )
            assert narrow == [], f"{state}: no title has a letter a line"


async def test_an_upright_wall_of_nine_has_two_columns_and_the_alert_on_top(
    browser: Browser, server: Server, token: str, cameras: list[Camera]
) -> None:
    upright = {"width": HD["height"], "height": HD["width"]}
    async with wall(browser, server, upright) as screen:
        page = screen.page
        await page.goto(f"{server.url}/wall/9?kiosk=1#token={token}")
        await screen.is_in_state(1, "live", within_s=60)
        await lies_well(page)
        boxes = [await screen.tile(number).bounding_box() for number in (1, 2, 3)]
        assert all(boxes)
        (first, second, third) = [box for box in boxes if box]
        assert first["width"] > 1.9 * second["width"] and second["y"] == third["y"] > first["y"]
        await page.set_viewport_size({"width": 1920, "height": 1080})  # somebody turns the screen
        await expect(page.locator("wall-grid")).to_have_css("grid-template-columns", re.compile(r"^(\S+ ){2}\S+$"))
