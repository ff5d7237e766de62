"""The drawn street map's names in a real Chromium: they stand whole, on a small desk, too."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.screen import Screen
from tests.installation import Server
from tests.patience import until

# The one map of the page, which it keeps to itself: whoever asks it for its zoom next is the one.
CATCH = """async () => {
  const { Map } = await import("maplibre-gl");
  const zoomOf = Map.prototype.getZoom;
  Map.prototype.getZoom = function () { window.streets = this; return zoomOf.call(this); };
}"""
# Names that are drawn on the map's very edge (1 px), or under its buttons; and how many there are in sight.
NAMES = """() => {
  const map = window.streets, {clientWidth: width, clientHeight: height} = map.getContainer();
  const layers = map.getStyle().layers.map(({id}) => id).filter((id) => id.endsWith("-name"));
  const within = (left, top, right, bottom) => [...new Set(
    map.queryRenderedFeatures([[left, top], [right, bottom]], {layers}).map(({properties}) => properties.name))];
  const cut = [within(0, 0, 1, height), within(width - 1, 0, width, height), within(0, 0, width, 1),
    within(0, height - 1, width, height), within(width - 46, 8, width - 8, 116)].flat();
  return {cut, seen: within(0, 0, width, height).length};
}"""


# How many metres lie between the ends of the scale's bar as it is seen, and how many it says.
BAR = """() => {
  const map = window.streets, ground = map.getContainer(), {left, width} = ground.getBoundingClientRect();
  const bar = document.querySelector(".map .scale i").getBoundingClientRect();
  const [from, to] = [bar.left, bar.right].map((x) => map.unproject([(x - left) * ground.offsetWidth / width, 10]));
  const [, count, unit] = document.querySelector(".map .scale span").textContent.match(/([\\d.]+) (k?m)/);
  return {measured: from.distanceTo(to), said: Number(count) * (unit === "km" ? 1000 : 1),
    letters: parseFloat(getComputedStyle(document.querySelector(".map .scale")).fontSize) * width / ground.offsetWidth};
}"""


async def resting(page: Page) -> dict[str, Any]:
    """Once the map is drawn and moves no more."""
    await page.evaluate("() => new Promise((done) => setTimeout(done, 500))")
    await until(lambda: page.evaluate("() => window.streets?.loaded() && !window.streets.isMoving()"), "it rests", 60)
    found: dict[str, Any] = await page.evaluate(NAMES)
    return found


async def whole(page: Page) -> bool:
    """Whether no name stands across the map's edge, or under its buttons."""
    return bool((await resting(page))["cut"] == [])


async def test_no_name_is_cut_by_the_map_s_edge_or_lies_under_its_buttons(drawing: Browser, server: Server) -> None:
    async with Screen(drawing, server.url, viewport={"width": 1366, "height": 768}) as screen:
        page = await screen.console()
        await expect(page.locator("incident-map canvas")).to_be_visible()
        await page.evaluate(CATCH)
        for turn, (act, key) in enumerate((("Zoom in", ""), ("", "ArrowRight"), ("", "ArrowDown"), ("Theme", ""))):
            if act:
                await page.get_by_role("button", name=act).click()
            else:
                await page.locator("incident-map canvas").focus()
                await page.keyboard.press(key)
            await until(partial(whole, page), f"names stand whole after {act or key}", 30)
            assert (await resting(page))["seen"] >= 3, f"streets have their names ({turn})"


async def test_the_scale_is_true_also_where_the_map_is_drawn_larger(drawing: Browser, server: Server) -> None:
    for width, height, grows in ((1366, 768, 1), (2560, 1440, 1.25)):
        async with Screen(drawing, server.url, viewport={"width": width, "height": height}) as screen:
            page = await screen.console()
            await expect(page.locator("incident-map canvas")).to_be_visible()
            await page.evaluate(CATCH)
            await resting(page)
            found = await page.evaluate(BAR)
            assert found["measured"] == pytest.approx(found["said"], rel=0.04), f"at {width}"
            assert found["letters"] == pytest.approx(12.5 * grows, abs=0.2), "as large as other small print"
