"""The console of a very busy night: 200 units with real uplinks, long names, 25 alerts; nothing clipped, nothing moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Cast
from tests.browser.legible import SAID, unreadable
from tests.browser.screen import Screen
from tests.fakes.crowd import Crowd
from tests.installation import Camera, Installation, Server
from tests.raw_console import RawConsole

UNITS, ALERTS = 200, 25
TRIES = 5
LONG_NAMES = [
    ("ETXX1207", "PC Featherstonehaugh-Wolstenholme"),
    ("ETXX1208", "T/A/Det. Ch. Supt. Bartholomew O’Shaughnessy-Ravenscroft"),
    ("WWWW8888", "Wachtmeister Donaudampfschifffahrtsgesellschaftskapitän"),
]
KINDS = ("taser.drawn", "watch.requested", "battery.low", "emergency.pressed", "taser.armed")
LARGE = {"width": 1920, "height": 1080}

SIZES = (
    {"width": 1366, "height": 768},
    {"width": 1600, "height": 900},
    LARGE,
    {"width": 2560, "height": 1440},
    {"width": 3840, "height": 2160},
)
SCOPES = (
    ".who, status-line, .health, .nav, .map-panel .ph, unit-list, .wh, .slot,"
    " alert-tray, advice-composer, activity-list, console-foot"
)

# Where everything stands that an alert must not move; what is under a tile's picture; panels that lie over each other.
PLACES = """() => Object.fromEntries([...document.querySelectorAll(".top > *, .nav, .side > *, .slot, .wh, room-tape, .lane, .foot")]
  .filter((one) => one.checkVisibility())
  .map((one, index) => [`${index} ${one.localName} ${one.dataset.tile ?? ""}`, JSON.stringify(one.getBoundingClientRect())]))"""
FAULTS = """() => {
  const found = [];
  const boxes = [...document.querySelectorAll(".top, .nav, .side > *, .slot, .wh, room-tape, .lane > *, .foot")]
    .filter((one) => one.checkVisibility()).map((one) => [one, one.getBoundingClientRect()]);
  const name = (one) => `${one.localName}.${one.className}${one.dataset.tile ?? ""}`;
  boxes.forEach(([one, a], index) => {
    if (a.width < 1 || a.height < 1) found.push(`${name(one)} has no size`);
    if (a.left < -1 || a.top < -1 || a.right > innerWidth + 1 || a.bottom > innerHeight + 1)
      found.push(`${name(one)} leaves the screen`);
    for (const [other, b] of boxes.slice(index + 1)) {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 3.5 && high > 3.5) found.push(`${name(one)} lies over ${name(other)}: ${wide} × ${high}`);
    }
  });
  for (const picture of document.querySelectorAll("feed-tile:not(.empty) .pic")) {
    const {left, top, width, height} = picture.getBoundingClientRect();
    if (Math.abs(width / height - 16 / 9) > 0.02) found.push(`a picture of ${width} × ${height}`);
    for (const x of [0.05, 0.5, 0.95])
      for (const y of [0.05, 0.5, 0.95])
        if (!picture.contains(document.elementFromPoint(left + width * x, top + height * y)))
          found.push(`something lies over the picture of ${name(picture.closest(".slot"))}`);
  }
  const [scale, marks] = [document.querySelector(".map .scale"), document.querySelector(".map .marks")];
  if (!(scale.compareDocumentPosition(marks) & Node.DOCUMENT_POSITION_FOLLOWING) || scale.parentElement !== marks.parentElement)
    found.push("the map's scale lies over the labels");
  const buttons = document.querySelector(".mapctl").getBoundingClientRect();
  for (const label of document.querySelectorAll(".mk:is(.a1, .a2) .lb, .mk.rim .arrow")) {
    const box = label.getBoundingClientRect();
    const wide = Math.min(box.right, buttons.right) - Math.max(box.left, buttons.left);
    const high = Math.min(box.bottom, buttons.bottom) - Math.max(box.top, buttons.top);
    if (wide > 5 && high > 5) // into its letters: its plate reaches 6 px further
      found.push(`${label.textContent || "a flag"} lies under the map's buttons`);
  }
  const told = document.querySelector("status-line.p1 .sec");
  const [most, edge] = [document.createRange(), document.querySelector("status-line .cut").getBoundingClientRect().right];
  const end = told?.textContent.match(/nobody has acknowledged/);
  if (told && !end) found.push("the status line does not say that nobody has acknowledged");
  if (end) {
    most.setStart(told.firstChild, end.index);
    most.setEnd(told.firstChild, end.index + end[0].length);
    if (most.getBoundingClientRect().right > Math.min(edge, told.getBoundingClientRect().right) + 1)
      found.push("the status line is cut before it says that nobody has acknowledged");
  }
  for (const one of document.querySelectorAll("button, a[href], input, textarea")) {
    if (!one.checkVisibility({visibilityProperty: true}) || one.matches(".skip")) continue;
    const {offsetWidth, offsetHeight} = one.closest(".search, .box") ?? one;
    if (Math.min(offsetWidth, offsetHeight) < 32)
      found.push(`a target of ${offsetWidth} × ${offsetHeight}: ${one.ariaLabel || one.innerText}`);
  }
  return found;
}"""


# What a desk must have in sight at every size, whatever stands in the room: each with something in it.
NAMED = {
    "the status line": "status-line",
    "the navigation": ".nav a",
    "the map": ".map-panel .map",
    "the units": "unit-list .u:not(.h)",
    "the wall": "feed-wall .slot",
    "the alerts": "alert-tray",
    "advice": "advice-composer .adv",
    "activity": "activity-list, .latest",
    "the tape": "room-tape svg > *",
    "the keys": "console-foot .ks .k",
    "a hint": "console-foot hint-line .cut",
    "whether a camera records": "feed-tile:not(.empty) .rec",
}
IN_SIGHT = """(named) => Object.entries(named).filter(([, selector]) => ![...document.querySelectorAll(selector)].some((one) => {
  const {left, top, right, bottom, width, height} = one.getBoundingClientRect();
  return one.checkVisibility({visibilityProperty: true, opacityProperty: true}) && width >= 8 && height >= 8
    && left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
})).map(([name]) => name)"""


@pytest.fixture(scope="module")
def installation(installation: Installation) -> Installation:
    """With an admin, who registers the crowd."""
    installation.add_person("adeyemi", "admin", "Sgt Adeyemi")
    return installation


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowd(installation: Installation, server: Server) -> AsyncIterator[Crowd]:
    """Everybody is out; the first eight record, though none has a picture to send."""
    plain = [(f"ET{number:03d}", f"PC {number:03d}") for number in range(UNITS - len(LONG_NAMES))]
    async with RawConsole(server.url, "adeyemi") as desk, Crowd(desk) as walking:
        await walking.join([*LONG_NAMES, *plain], recording=8)
        yield walking


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def living(cast: Cast, start_camera: Callable[..., Camera]) -> list[str]:
    """Two cameras with pictures; their device ids."""
    for key in (cast.et17, cast.et22):
        await start_camera(key, "--recording", "on", "--size", "320x180").shows()
    return [cast.et17.device_id, cast.et22.device_id]


@pytest_asyncio.fixture(loop_scope="session")
async def busy(browser: Browser, server: Server, crowd: Crowd, living: list[str]) -> AsyncIterator[Screen]:
    """A large desk that sees them all, two of them in living pictures."""
    async with Screen(browser, server.url, viewport=LARGE, reduced_motion="reduce") as screen:
        screen.allowed.append(r"/whep/")  # what has no picture has none
        await screen.console()
        first, second = living
        await screen.page.goto(f"{server.url}/?layout=9&tiles=2.{first}~3.{second}")
        await expect(screen.page.get_by_text(f"{UNITS + len(living)} on duty, 10 recording")).to_be_visible()
        for tile in (2, 3):
            await screen.is_in_state(tile, "live", within_s=60)
        yield screen


async def faults_here(page: Page) -> list[str]:
    """At this size. A busy machine draws so large a page late, and for a while it looks like a lost link, or an old
    picture: what was measured meanwhile is measured again.
    """
    linked = page.locator("body:not(.link-lost) hint-line:not([hidden])")
    pictures = page.locator("feed-tile:is(.live, .late)").first
    for _ in range(TRIES):
        await expect(linked).to_be_visible(timeout=60_000)
        await expect(pictures).to_be_visible(timeout=60_000)
        lines = [*await page.evaluate(FAULTS), *await unreadable(page, SCOPES)]
        lines += await page.evaluate(SAID, ".slot")
        lines += [f"{name} is not in sight" for name in await page.evaluate(IN_SIGHT, NAMED)]
        if not lines or (await linked.is_visible() and await pictures.is_visible()):
            break
    return lines


async def faults(page: Page, when: str) -> list[str]:
    """What is wrong at each size, in both densities."""
    found = []
    for density in ("", "large"):
        await page.evaluate("(density) => { document.documentElement.dataset.density = density; }", density)
        for size in SIZES:
            await page.set_viewport_size({"width": size["width"], "height": size["height"]})
            await page.evaluate("() => new Promise((done) => setTimeout(done, 300))")  # the wall fits its tiles
            found += [f"{when}, {size['width']} {density}: {line}" for line in await faults_here(page)]
    await page.evaluate("() => { document.documentElement.dataset.density = ''; }")
    await page.set_viewport_size({"width": LARGE["width"], "height": LARGE["height"]})
    return found


async def test_nothing_is_clipped_covered_or_moved_by_two_hundred_units_and_twenty_five_alerts(
    busy: Screen, crowd: Crowd
) -> None:
    page = busy.page
    found = await faults(page, "calm")
    await page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    before: dict[str, Any] = await page.evaluate(PLACES)
    for number, walker in enumerate(crowd.walkers[:ALERTS]):
        await walker.signal(KINDS[number % len(KINDS)])  # type: ignore[arg-type]
    await expect(page.locator("alert-card")).to_have_count(ALERTS)
    await expect(page.locator(".flood")).to_be_visible()
    after: dict[str, Any] = await page.evaluate(PLACES)
    assert {place: (was, after.get(place)) for place, was in before.items() if after.get(place) != was} == {}
    found += await faults(page, "alarmed")
    assert not found, "\n".join(["", *found])
