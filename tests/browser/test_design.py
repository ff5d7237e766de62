"""The living sheet: axe in both themes, what flashes, forced colours, alarms' contrast, sizes, overlaps, clipping."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.legible import SAID, unreadable
from tests.browser.screen import SIZE, Screen
from tests.browser.test_access import AXE, violations
from tests.installation import Installation, Server

FEED_STATES = {"live", "late", "frozen", "offline", "notrec", "connecting", "paused", "unlinked", "empty"}
WIDTHS = (320, 683, 1366, 1600, 1920, 2560, 3840)
LEAST_TARGET = 32  # px
SPECIMENS = {"scope": ".specimen .shown", "named": ".specimen"}
FORMS = ("Ask why", "Set a bookmark", "Make an export", "Keep it", "Tag it")
OPENED = (("Keys", "help-dialog"), ("Unit menu", "unit-menu"), *((name, "form-sheet") for name in FORMS))

STATES = """() => [...document.querySelectorAll("section.theme")].map((theme) =>
  [...theme.querySelectorAll(".specimen")].map((one) => one.dataset.state))"""

# Who flashes for ever: its symbol, the beat in ms, and whether what it stands in waits for somebody.
FLASHING = """() => document.getAnimations().filter((one) => one.effect.getTiming().iterations === Infinity)
  .map(({effect}) => ({
    symbol: effect.target.matches(".pri, .sym"),
    beat: effect.getTiming().duration,
    waits: effect.target.closest(".alert.un, .mk.unseen, .status.p1:has(.flash)") !== null,
  }))"""
WAITING = """() => document.querySelectorAll(".alert.un .pri, .mk.unseen .sym").length"""

# Words in an alarm's colours, against the ground that is painted behind them.
ALARM_WORDS = """() => {
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) =>
    0.2126 * channel(red / 255) + 0.7152 * channel(green / 255) + 0.0722 * channel(blue / 255);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    const [red, green, blue, seen = 1] = numbers(getComputedStyle(element).backgroundColor);
    if (seen === 1) return [red, green, blue];
    const behind = ground(element.parentElement);
    return [red, green, blue].map((value, at) => value * seen + behind[at] * (1 - seen));
  };
  const found = [];
  for (const place of document.querySelectorAll(
    ".alert.a1 .hd, .alert.a2.un .hd, .status.p1, .tile:is(.a1, .a2) .cap, .mk:is(.a1, .a2) .lb, .esc, .late .at"))
    for (const one of place.querySelectorAll("*")) {
      const says = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!says || one.closest("svg, .pri, .sr") || !one.checkVisibility()) continue;
      const [dark, light] = [luminance(numbers(getComputedStyle(one).color)), luminance(ground(one))]
        .sort((a, b) => a - b);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < (one.matches(".key") ? 4.5 : 7)) found.push(`${one.className} ${one.textContent}: ${ratio.toFixed(2)}`);
    }
  return found;
}"""

TARGETS = """(least) => [...document.querySelectorAll("section.theme :is(button, input, textarea, a[href])")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}))
  .map((one) => [one, one.closest(".box, .search, label.switch") ?? one])
  .filter(([, target]) => Math.min(target.offsetWidth, target.offsetHeight) < least)
  .map(([one, target]) => `${one.className} ${one.innerText}: ${target.offsetWidth} × ${target.offsetHeight}`)"""

# Where the system gives all colours, each state of a group has a frame, an outline or a fill of its own.
APART = (
    ('[data-state="Live"] .tile', '[data-state="Late"] .tile', '[data-state="Priority 1"] .tile'),
    ('[data-state="Live"] .tile', '[data-state="Selected"] .tile'),
    ('[data-state="Calm"] .status', '[data-state="Waits"] .status', '[data-state="Red"] .status'),
    (".u:not(.h, .a1, .a2, [aria-selected=true])", ".u.a1", ".u.a2", ".u[aria-selected=true]"),
    (".rcp .on", ".rcp .wait", ".rcp li:not(.on, .wait, .late)"),
    (".life .on::before", ".life li:not(.on)::before"),
    (".meter i.on", ".meter i:not(.on)"),
)
LOOKS = """(groups) => groups.filter((group) => {
  const looks = group.map((selector) => {
    const [found, pseudo] = selector.split("::");
    const style = getComputedStyle(document.querySelector(found), pseudo && `::${pseudo}`);
    return ["borderLeftStyle", "borderLeftWidth", "borderTopStyle", "borderTopWidth", "outlineStyle", "outlineWidth",
      "backgroundColor"].map((one) => style[one]).join();
  });
  return new Set(looks).size < looks.length;
})"""


# What is left of each when all colours are grey: words without their figures, symbols and outlines, strokes and frames.
# In a group no two may be the same.
GREY = """(groups) => {
  const drawn = (one) => {
    const style = getComputedStyle(one);
    const words = [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join(" ")
      .replace(/[A-Z]{2}\\w*\\d+|[\\d.:,]+/g, "#").trim();
    const shape = one instanceof SVGElement
      ? [one.getAttribute("d"), one.getAttribute("href"), one.getAttribute("r"), style.strokeDasharray,
         style.fill === "none", style.stroke === "none"] : [];
    const edges = ["borderTopStyle", "borderTopWidth", "outlineStyle", "outlineWidth"].map((name) => style[name]);
    const before = getComputedStyle(one, "::before");
    const dot = before.content === "none" ? [] : [before.width, before.height, before.borderRadius, before.backgroundColor === "rgba(0, 0, 0, 0)"];
    return JSON.stringify([one.localName, words, ...shape, ...edges, ...dot]);
  };
  const look = (root) => [root, ...root.querySelectorAll("*")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".sr")).map(drawn).join();
  const theme = document.querySelector("section.theme");
  return groups.flatMap((group) => {
    const found = group.flatMap((selector) => {
      const one = theme.querySelector(selector);
      return one ? [[selector, look(one)]] : [[selector, null]];
    });
    return found.flatMap(([selector, seen], index) => {
      if (seen === null) return [`${selector} is not on the sheet`];
      const twin = found.slice(0, index).find(([, other]) => other === seen);
      return twin ? [`${selector} looks like ${twin[0]}`] : [];
    });
  });
}"""


def _states(names: str, element: str) -> tuple[str, ...]:
    return tuple(f'[data-state="{name}"] {element}' for name in names.split(" | "))


TOLD_APART = (
    _states(
        "Live | Late | Frozen | Offline | Not recording | Asked | Not streaming | Elsewhere | No reason | Connecting | Paused"
        " | No link | Reduced | Not kept | Priority 1 | Priority 2 | Selected | Pinned, with sound | Free",
        ".tile",
    ),
    _states(
        "Priority 1 | Priority 1, escalated | Priority 1, acknowledged | Priority 1, cleared | Priority 1, over"
        " | Priority 2 | Watch me | Priority 2, acknowledged | Priority 2, cleared | Priority 3 | Priority 3, acknowledged",
        ".alert",
    ),
    (
        *(f"command-tile.{state}" for state in ("late", "frozen", "offline", "notrec", "connecting", "paused")),
        "command-tile.live:not(.absent)",
        "command-tile.live.absent",
        "command-tile.unlinked",
        "command-tile.rewind",
    ),
    _states("Command view | Command view, of one | Command view, no picture | Command view, not told", "command-view"),
    _states("Calm | Waits | Red", ".status"),
    _states("Graphs | Graphs, stale", "graph-strip"),
    _states("What is wrong | Nothing is wrong", "problem-list"),
    _states("LINK LOST | Notice", ".banner-place > *"),
    (".rcp .on", ".rcp .wait", ".rcp li:not(.on, .wait, .late)"),
    (".u:not(.h, .a1, .a2, .old, [aria-selected=true])", ".u.a1", ".u.a2", ".u.old", ".u[aria-selected=true]"),
    (
        '.mk[aria-label^="ET22"]',  # recording, selected
        '.mk[aria-label^="ET28"]',  # buffering
        '.mk[aria-label^="ET09"]',  # off
        '.mk[aria-label^="ET31"]',  # past its validity
        ".mk.a1",
        ".mk.a2",
        ".mk.count",
    ),
)


@pytest.fixture(scope="module")
def installation(installation: Installation) -> Installation:
    """Of somebody who develops."""
    installation.options = ("--development",)
    return installation


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def still(browser: Browser, server: Server) -> AsyncIterator[Screen]:
    """The sheet of somebody who wants no motion, so that nothing blinks under what measures; loaded once."""
    async with Screen(browser, server.url, reduced_motion="reduce") as opened:
        await sheet(opened)
        yield opened


async def sheet(screen: Screen) -> Page:
    """The sheet, once every picture on it is in its state."""
    page = await screen.sign_in_by_hand("hale", "/design")  # one of its tiles is to be heard
    await expect(page.locator("feed-tile")).not_to_have_count(0)
    await expect(page.locator("feed-tile:not([data-ready])")).to_have_count(0)
    await expect(page.locator(".marks [role=button]")).not_to_have_count(0)
    return page


async def test_every_state_is_on_the_sheet_in_both_themes_and_axe_finds_nothing(still: Screen) -> None:
    page = still.page
    dark, light = await page.evaluate(STATES)
    assert dark == light
    assert len(dark) > 60
    for theme in ("dark", "light"):
        tiles = page.locator(f'section.theme[data-theme="{theme}"] feed-tile')
        shown = set(" ".join(await tiles.evaluate_all("(all) => all.map((one) => one.className)")).split())
        assert FEED_STATES - shown == set()
        then = page.locator(f'section.theme[data-theme="{theme}"] command-tile')
        told = set(" ".join(await then.evaluate_all("(all) => all.map((one) => one.className)")).split())
        assert (FEED_STATES - {"empty"} | {"rewind", "absent"}) - told == set()  # what a decision tells of a screen
    told_then = page.locator("command-tile .at .w")
    assert (
        await told_then.evaluate_all("(all) => all.filter((one) => !one.checkVisibility()).map((one) => one.innerText)")
        == []
    )
    axe = Path(AXE).read_text()
    assert await violations(still, axe) == ""
    for nth in (0, 1):
        for words, opened in OPENED:
            await page.get_by_role("button", name=words, exact=True).nth(nth).click()
            await expect(page.locator(f"{opened} button").first).to_be_visible()
            await expect(page.locator(f"{opened} button").first).to_be_visible()
            assert await violations(still, axe, opened) == ""
            await page.keyboard.press("Escape")


@pytest_asyncio.fixture(loop_scope="session")
async def moving(still: Screen) -> AsyncIterator[Page]:
    """The sheet of somebody who minds no motion: to load it anew costs as much as all that is looked for."""
    await still.page.emulate_media(reduced_motion="no-preference")
    yield still.page
    await still.page.emulate_media(reduced_motion="reduce")


@pytest_asyncio.fixture(loop_scope="session")
async def forced(still: Screen) -> AsyncIterator[Page]:
    """The sheet where the system gives all colours."""
    await still.page.emulate_media(forced_colors="active")
    yield still.page
    await still.page.emulate_media(forced_colors="none")


async def test_only_what_nobody_has_acknowledged_flashes_once_a_second(moving: Page) -> None:
    page = moving
    found: list[dict[str, Any]] = await page.evaluate(FLASHING)
    assert len(found) >= await page.evaluate(WAITING) > 10
    assert [one for one in found if one != {"symbol": True, "beat": 1000, "waits": True}] == []


async def test_nothing_flashes_for_who_wants_no_motion(still: Screen) -> None:
    page = still.page
    assert await page.evaluate(WAITING) > 10
    assert await page.evaluate("() => document.getAnimations().length") == 0


async def test_an_alarms_words_have_seven_to_one(still: Screen) -> None:
    page = still.page
    assert await page.evaluate(ALARM_WORDS) == []


@pytest.mark.parametrize("density", ["", "large"])
async def test_no_words_are_clipped_or_lie_over_others_at_any_width(still: Screen, density: str) -> None:
    page = still.page
    await page.evaluate("(density) => { document.documentElement.dataset.density = density; }", density)
    found = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 1000})
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        found += [f"{width}: {line}" for line in await unreadable(page, **SPECIMENS)]
        wide = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{width}: the page is {wide} px too wide")
    await page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})
    await page.evaluate("() => { document.documentElement.dataset.density = ''; }")
    assert not found, "\n".join(["", *found])


# A pane's head is one line in the column that a console of this width gives it.
PANE_HEADS = """() => [...document.querySelectorAll("rewind-pane")].flatMap((pane) => {
  pane.style.width = "18rem";
  const [head, line] = [pane.querySelector(".ph"), pane.querySelector(".at")];
  const found = head.offsetHeight > 1.9 * line.offsetHeight + 10 ? [`${head.innerText}: ${head.offsetHeight} px`] : [];
  pane.style.width = "";
  return found;
})"""


async def test_a_rewind_s_head_is_one_line_also_on_a_small_laptop(still: Screen) -> None:
    assert await still.page.evaluate(PANE_HEADS) == []


async def test_forced_colours_leave_every_state_its_own_frame(forced: Page) -> None:
    assert await forced.evaluate("() => matchMedia('(forced-colors: active)').matches")
    assert await forced.evaluate(LOOKS, APART) == []


async def test_every_target_is_large_enough(still: Screen) -> None:
    page = still.page
    assert await page.evaluate(TARGETS, LEAST_TARGET) == []


async def test_every_state_is_told_apart_without_colour(still: Screen) -> None:
    assert await still.page.evaluate(GREY, TOLD_APART) == []


# Of a wall of 25 on the smallest desk, of 16, of nine in both densities, and of nine on larger desks; px.
TILE_WIDTHS = (96, 130, 167, 186, 217, 260, 305)
SMALL_ONES = "section.theme[data-theme=dark] .tiles-sheet"
AS_WIDE = """([theme, width]) => [...document.querySelectorAll("section.theme")][theme].querySelectorAll(".tiles-sheet .slot")
  .forEach((one) => { one.style.width = width ? `${one.querySelector(".tile.large") ? 2 * width + 8 : width}px` : ""; })"""


@pytest.mark.parametrize("density", ["", "large"])
async def test_a_tile_says_its_state_its_age_and_its_alarm_in_whole_words_however_narrow_it_is(
    still: Screen, density: str
) -> None:
    page = still.page
    await page.evaluate("(density) => { document.documentElement.dataset.density = density; }", density)
    found = []
    for width in TILE_WIDTHS:
        if density and width < 110:
            continue  # such a wall has no tile as narrow: larger type leaves it fewer pictures
        await page.evaluate(AS_WIDE, [0, width])
        await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found += [f"{width}: {line}" for line in await page.evaluate(SAID, SMALL_ONES)]
        found += [f"{width}: {line}" for line in await unreadable(page, f"{SMALL_ONES} feed-tile")]
    await page.evaluate(AS_WIDE, [0, 0])
    await page.evaluate("() => { document.documentElement.dataset.density = ''; }")
    assert not found, "\n".join(["", *found])
