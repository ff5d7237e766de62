"""The drawn street map's names in a real Chromium: they stand whole, on a small desk, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.installation import Camera, Server
from tests.patience import until

# The one map of the page, which it keeps to itself: whoever asks it for its zoom next is the one.
CATCH = """async () => {
  const { Map } = await import("maplibre-gl");
  const zoomOf = Map.prototype.getZoom;
  Map.prototype.getZoom = function () { window.streets = this; return zoomOf.call(this); };
}"""
# Names that are drawn on the map's very edge (1 px), under its buttons or its scale; and how many there are in sight.
NAMES = """() => {
  const map = window.streets, {clientWidth: width, clientHeight: height} = map.getContainer();
  const layers = map.getStyle().layers.map(({id}) => id).filter((id) => id.endsWith("-name"));
  const within = (left, top, right, bottom) => [...new Set(
    map.queryRenderedFeatures([[left, top], [right, bottom]], {layers}).map(({properties}) => properties.name))];
  const {left, top, width: wide} = map.getContainer().getBoundingClientRect(), grows = wide / width || 1;
  const scale = document.querySelector(".map .scale").getBoundingClientRect();
  const [from, to] = [[scale.left - left, scale.top - top], [scale.right - left, scale.bottom - top]]
    .map(([x, y]) => [x / grows, y / grows]);
  const cut = [within(...from, ...to), within(0, 0, 1, height), within(width - 1, 0, width, height), within(0, 0, width, 1),
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
    """Whether no name stands across the map's edge, or under its buttons or its scale."""
    return bool((await resting(page))["cut"] == [])


# The map is moved until a name of a quarter would stand on its scale.
NAME_ON_SCALE = """() => {
  const map = window.streets;
  const named = map.queryRenderedFeatures({layers: map.getStyle().layers.map(({id}) => id).filter((id) => id.endsWith("-name"))})
    .find(({geometry}) => geometry.type === "Point");
  const {x, y} = map.project(named.geometry.coordinates);
  map.panBy([x - 60, y - map.getContainer().clientHeight + 17], {animate: false});
  return named.properties.name;
}"""


async def test_no_name_lies_under_the_map_s_scale(drawing: Browser, server: Server) -> None:
    async with Screen(drawing, server.url, viewport={"width": 1366, "height": 768}) as screen:
        page = await screen.console()
        await expect(page.locator("incident-map canvas")).to_be_visible()
        await page.evaluate(CATCH)
        await resting(page)
        assert await page.evaluate(NAME_ON_SCALE)
        await until(partial(whole, page), "names give way to the scale", 30)


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


# Names and streets that are drawn where a unit's disc or label stands: of each, only its letters' boxes are asked.
UNDER = """() => {
  const map = window.streets, ground = map.getContainer(), {left, top, width} = ground.getBoundingClientRect();
  const scale = width / ground.offsetWidth || 1;
  const layers = map.getStyle().layers.map(({id}) => id).filter((id) => id.endsWith("-name"));
  const found = [];
  for (const one of document.querySelectorAll(".marks .mk :is(.lb, .disc)")) {
    const box = one.getBoundingClientRect();
    if (!box.width) continue;
    const [from, to] = [[box.left + 3, box.top + 3], [box.right - 3, box.bottom - 3]].map(([x, y]) => [(x - left) / scale, (y - top) / scale]);
    for (const {properties} of map.queryRenderedFeatures([from, to], {layers})) found.push(properties.name);
  }
  return found;
}"""


# Amid the letters of a quarter's name, and back and forth over a metre.
OLD_TOWN = """<gpx version="1.1" creator="tests" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="51.358653" lon="1.030863"><time>2026-01-01T00:00:00Z</time></trkpt>
<trkpt lat="51.358662" lon="1.030863"><time>2026-01-01T01:00:00Z</time></trkpt>
</trkseg></trk></gpx>"""


async def test_names_give_way_to_units_and_their_labels(
    drawing: Browser, server: Server, cast: Cast, start_camera: Callable[..., Camera], tmp_path: Path
) -> None:
    (tmp_path / "route.gpx").write_text(OLD_TOWN)
    camera = start_camera(cast.et17, "--gps", f"route:{tmp_path / 'route.gpx'}")
    async with Screen(drawing, server.url, viewport={"width": 1366, "height": 768}) as screen:
        page = await screen.console()
        await expect(page.locator("incident-map canvas")).to_be_visible()
        await page.evaluate(CATCH)
        await screen.place_on_map(camera.device_id)
        for _ in range(2):
            await page.get_by_role("button", name="Zoom out").click()

        async def is_clear() -> bool:
            return bool((await resting(page))["seen"] >= 1 and await page.evaluate(UNDER) == [])

        await until(is_clear, "names stand beside the unit and its label", 30)


# A browser that cannot draw the street map: it has the town as plain lines.
WITHOUT_GL = """{ const real = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...given) {
    return kind.startsWith("webgl") ? null : real.call(this, kind, ...given); }; }"""
# The names that are kept, and what lies over their letters: units and their labels, the scale, the map's own names.
KEPT = """() => [...document.querySelectorAll(".map .under .street")].map((one) => {
  const long = one.getComputedTextLength(), matrix = one.getScreenCTM(), {left, top, right, bottom} = document.querySelector(".map").getBoundingClientRect();
  const over = new Set();
  for (let at = 0; at <= 8; at += 1) {
    const {x, y} = new DOMPoint((at / 8 - 0.5) * (long - 6), 0).matrixTransform(matrix);
    if (x < left || x > right || y < top || y > bottom) over.add("the map's edge");
    for (const thing of document.querySelectorAll(".map .marks .mk :is(.lb, .disc), .map .scale, .mapctl")) {
      const box = thing.getBoundingClientRect();
      if (box.width && x > box.left && x < box.right && y > box.top && y < box.bottom) over.add(thing.textContent || thing.className);
    }
    const map = window.streets;
    if (map) {
      const ground = map.getContainer(), {left: x0, top: y0, width} = ground.getBoundingClientRect(), grows = width / ground.offsetWidth;
      const layers = map.getStyle().layers.map(({id}) => id).filter((id) => id.endsWith("-name"));
      for (const {properties} of map.queryRenderedFeatures([(x - x0) / grows, (y - y0) / grows], {layers})) over.add(properties.name);
    }
  }
  return [one.textContent, ...over];
})"""


@pytest.fixture(scope="module")
def et22(cast: Cast, start_camera: Callable[..., Camera], tmp_path_factory: pytest.TempPathFactory) -> Camera:
    """One that stands in the old town, amid its streets."""
    route = tmp_path_factory.mktemp("route") / "route.gpx"
    route.write_text(OLD_TOWN.replace("51.3586", "51.3592").replace("1.030863", "1.032489"))  # in Harbour Street
    return start_camera(cast.et22, "--gps", f"route:{route}")


@pytest.mark.parametrize("has_gl", [True, False])
async def test_the_street_of_an_alert_keeps_its_name_beside_mark_and_label(
    drawing: Browser, server: Server, et22: Camera, has_gl: bool
) -> None:
    async with Screen(drawing, server.url, viewport={"width": 1366, "height": 768}) as screen:
        if not has_gl:
            await screen.page.add_init_script(WITHOUT_GL)
        page = await screen.console()
        await expect(page.locator(f"incident-map {'canvas' if has_gl else 'svg.plot'}")).to_be_visible()
        if has_gl:
            await page.evaluate(CATCH)
        await screen.place_on_map(et22.device_id)
        await et22.press("emergency")
        # another test's unit may stand on this map, which then opens there
        await screen.alert("Emergency button").get_by_role("button", name="Show ET22 on the map").click()
        for turn in range(3):  # as the map opens; then from further away, where everything stands closer
            kept = page.locator(".map .under .street").first
            await expect(kept).not_to_be_empty()
            await expect(screen.alert("Emergency button")).to_contain_text(await kept.text_content() or "no name")

            async def is_read() -> bool:
                found = await page.evaluate(KEPT)
                return bool(found) and all(len(one) == 1 for one in found)

            await until(is_read, f"nothing lies over the name ({turn}): {await page.evaluate(KEPT)}", 30)
            await page.get_by_role("button", name="Zoom out").click()
        await screen.alert("Emergency button").get_by_role("button", name="Resolve").click()
        await expect(page.locator("alert-card")).to_have_count(0)
