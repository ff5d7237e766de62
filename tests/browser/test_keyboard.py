"""The keyboard's way through the pages: in the page's order, to every control, and always seen where it is."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.browser.test_access import CONTROLS, NAMED
from tests.installation import Installation, Server

MOST_STOPS = 150
DESK, SMALL = {"width": 1366, "height": 768}, {"width": 1000, "height": 540}

# What has the focus: its name, whether it follows what had it before, whether a frame round it is seen, and whether
# it is in sight with nothing over it.
STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const name = (NAMED)(one);
  const before = window.stopped;
  window.stopped = one;
  // a date is one control with several stops
  const isAfter = !before?.isConnected || before === one || Boolean(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  let framed = false;
  for (let at = one, steps = 0; at && steps < 3 && !framed; at = at.parentElement, steps += 1) {
    const {outlineStyle, outlineWidth} = getComputedStyle(at);
    framed = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  }
  const {left, top, width, height} = one.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + Math.min(height / 2, 20)];
  const over = document.elementFromPoint(x, y);
  const place = one.closest("label") ?? one;
  const seen = over !== null && (place.contains(over) || over.contains(one));
  return {name, isAfter, framed, seen, over: over?.outerHTML.slice(0, 80)};
}""".replace("NAMED", NAMED)
BEGIN = """() => {
  const page = document.documentElement;
  page.tabIndex = -1;
  page.focus();
  page.removeAttribute("tabindex");
  window.stopped = undefined;
}"""


@pytest.fixture(scope="module")
def admin(installation: Installation, cast: Cast) -> str:
    """Who may see every page but the camera's."""
    installation.add_person("adeyemi", "admin", "Sgt Adeyemi")
    return "adeyemi"


async def way(page: Page) -> list[dict[str, Any]]:
    """Every stop of Tab, from the page's beginning until it leaves the page or comes back."""
    await page.evaluate(BEGIN)
    missing = set(await page.evaluate(CONTROLS))
    assert missing
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(STOP)
        if (
            stop is None
        ):  # the page's end; or what had the focus was just drawn anew, and the next press goes on from there
            await page.keyboard.press("Tab")
            stop = await page.evaluate(STOP)
        if stop is None or (not stop["isAfter"] and len(stops) > 1):
            break
        stops.append(stop)
    missing -= {stop["name"] for stop in stops}
    assert not missing, f"not reached by Tab: {sorted(missing)}"
    return stops


RAILED = (
    "/",
    "/status",
    "/people",
    "/settings",
    "/devices",
    "/audit",
    "/replay",
    "/taser-logs",
    "/retention",
    "/viewings",
)


@pytest.mark.parametrize("path", [*RAILED, "/pocket"])
async def test_tab_reaches_every_control_in_the_pages_order_and_its_frame_is_seen(
    screen: Screen, admin: str, path: str
) -> None:
    page = await screen.sign_in("rahman" if path == "/viewings" else admin, path)  # each sees their own
    await page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    if path in RAILED:
        await expect(page.locator("room-clock")).not_to_be_empty()
    stops = await way(page)
    if path in RAILED:
        assert stops[0]["name"].startswith("To the ")  # past header and rail in one press
    faults = [stop for stop in stops if not (stop["framed"] and stop["seen"])]
    assert not faults, "\n".join(["", *map(str, faults)])


@pytest.mark.parametrize("path", ["/", "/status", "/audit"])
async def test_no_bar_that_stays_covers_what_has_the_focus_on_a_small_screen(
    screen: Screen, admin: str, path: str
) -> None:
    page = await screen.sign_in(admin, path)
    await page.set_viewport_size({"width": SMALL["width"], "height": SMALL["height"]})
    await expect(page.locator("room-clock")).not_to_be_empty()
    faults = [stop for stop in await way(page) if not (stop["framed"] and stop["seen"])]
    assert not faults, "\n".join(["", *map(str, faults)])
    await page.keyboard.press("Shift+Tab")  # and back, towards the bar
    back = []
    for _ in range(12):
        await page.keyboard.press("Shift+Tab")
        back.append(await page.evaluate(STOP))
    assert [stop for stop in back if stop and not stop["seen"]] == []


async def test_the_officers_page_by_keyboard(screen: Screen) -> None:
    await screen.page.context.grant_permissions(["camera", "microphone", "geolocation"])
    page = await screen.sign_in("rahman", "/camera")
    await expect(page.locator("#link")).to_have_text("linked")
    assert [stop for stop in await way(page) if not (stop["framed"] and stop["seen"])] == []


async def test_the_page_without_a_rail(screen: Screen) -> None:
    page = screen.page
    await page.goto(f"{screen.url}/sign-in")
    await expect(page.get_by_text("answers in")).to_be_visible()
    assert [stop for stop in await way(page) if not (stop["framed"] and stop["seen"])] == []


# How the rail's links are painted: whether each is the page one is on, and its field.
FIELDS = """() => [...document.querySelectorAll(".nav a")].map((one) =>
  [one.matches("[aria-current=page]"), getComputedStyle(one).backgroundColor])"""


@pytest.mark.parametrize("path", ["/people", "/replay", "/status"])
async def test_the_rail_marks_the_page_one_is_on_in_forced_colours(
    browser: Browser, server: Server, admin: str, path: str
) -> None:
    async with Screen(browser, server.url, forced_colors="active") as forced:
        page = await forced.sign_in(admin, path)
        await expect(page.locator("room-clock")).not_to_be_empty()
        fields = await page.evaluate(FIELDS)
        here = [colour for current, colour in fields if current]
        assert len(here) == 1
        assert here[0] not in [colour for current, colour in fields if not current]
