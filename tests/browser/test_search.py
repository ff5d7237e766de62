"""The console's search: units in their list, and the streets and places of the map, by keyboard and by pointer."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.screen import Screen
from tests.browser.test_access import AXE, violations
from tests.patience import until

# What is marked on the map: its outline, and whether all of it is in the middle of what is seen.
FOUND = """() => {
  const [map, mark] = ["incident-map", "incident-map .found"].map((one) => document.querySelector(one));
  const {x, y, width, height} = mark.getBBox();
  const isSeen = x > 0 && y > 0 && x + width < map.clientWidth && y + height < map.clientHeight;
  return {outline: mark.getAttribute("d"), size: Math.max(width, height), isSeen};
}"""


async def searched(page: Page, words: str) -> None:
    """Type it in the search's box, from anywhere."""
    await page.keyboard.press("/")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type(words)


async def test_a_street_is_found_by_keyboard_and_the_map_shows_it(screen: Screen) -> None:
    page = await screen.console()
    await expect(page.locator("incident-map .scale")).to_contain_text("m")  # the ground is laid
    await searched(page, "harbour")
    places = page.get_by_role("listbox", name="Streets and places")
    await expect(places.locator(".cut")).to_have_text(["Harbour Office", "Harbour Street", "The Harbour"])
    await expect(places.get_by_role("option", selected=True)).to_contain_text("Harbour Office")  # no unit has that name
    assert await violations(screen, Path(AXE).read_text()) == ""
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox")).to_have_value("Harbour Street")
    await expect(places).to_be_hidden()

    async def shows_the_street() -> bool:
        found = await page.evaluate(FOUND)
        return bool(found["isSeen"] and found["size"] > 200)  # the street is as long as the map is high

    await until(shows_the_street, "the map shows the whole street")
    await searched(page, "fish mar")
    await page.get_by_role("option", name="Fish Market").click()
    await expect(page.get_by_role("combobox")).to_have_value("Fish Market")

    async def rings_the_market() -> bool:
        found = await page.evaluate(FOUND)
        return bool(found["isSeen"] and found["size"] == 68)

    await until(rings_the_market, "a spot has a ring")
    await page.keyboard.press("/")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox")).to_have_value("")
    assert (await page.evaluate(FOUND))["outline"] == ""


async def test_what_was_found_is_offered_again_and_selects_no_unit(screen: Screen) -> None:
    page = await screen.console()
    await expect(page.locator("incident-map .scale")).to_contain_text("m")
    et22 = page.get_by_role("option", name="ET22")
    await et22.click()
    await expect(et22).to_have_attribute("aria-selected", "true")
    await searched(page, "harbour str")
    places = page.get_by_role("listbox", name="Streets and places")
    await expect(places.get_by_role("option", selected=True)).to_contain_text("Harbour Street")
    await page.keyboard.press("Enter")
    await expect(places).to_be_hidden()
    await page.keyboard.press("/")
    await expect(places.get_by_role("option", selected=True)).to_contain_text("Harbour Street")
    await page.keyboard.press("Enter")
    await expect(places).to_be_hidden()
    await page.keyboard.press("/")
    await page.keyboard.press("ArrowUp")  # to the box itself
    await page.keyboard.press("Enter")
    await expect(et22).to_have_attribute("aria-selected", "true")


async def test_what_is_nowhere_is_said_to_be_nowhere(screen: Screen) -> None:
    page = await screen.console()
    await expect(page.locator("incident-map .scale")).to_contain_text("m")
    await searched(page, "elm street")
    await expect(page.get_by_text("No street or place of that name")).to_be_visible()
    assert await violations(screen, Path(AXE).read_text()) == ""
    await expect(page.get_by_role("listbox", name="Streets and places")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox")).to_have_value("elm street")
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("No street or place of that name")).to_have_count(0)
