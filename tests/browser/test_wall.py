"""The wall and the map, with the pictures and positions of two real camera processes."""

from __future__ import annotations

import asyncio
import math
import re
import signal
from collections.abc import Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.conftest import Cast
from tests.browser.screen import SHIFTS, Screen
from tests.installation import Camera, Installation, Server
from tests.patience import until

MAIN, SUB = 640, 320


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et17(cast: Cast, start_camera: Callable[..., Camera]) -> Camera:
    """A camera that records and shows its picture."""
    return await start_camera(cast.et17, "--recording", "on", "--size", f"{MAIN}x360").shows()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et22(cast: Cast, start_camera: Callable[..., Camera], et17: Camera) -> Camera:
    """Another."""
    return await start_camera(cast.et22, "--recording", "on", "--size", f"{MAIN}x360").shows()


async def has_width(screen: Screen, tile: int, width: int) -> None:
    """Wait until the frames that the tile decodes are so wide."""

    async def wide() -> bool:
        return bool((await screen.figures(tile))["width"] == width)

    # long: on a machine that cannot keep up the server first sends the small picture, and says so
    await until(wide, f"tile {tile} decodes frames {width} px wide", 60)


async def test_pictures_live_on_every_tile_sub_in_the_grid_and_main_where_one_looks(
    screen: Screen, et17: Camera, et22: Camera
) -> None:
    await screen.console()
    for tile in (1, 2, 3):
        await screen.is_in_state(tile, "live")
        await expect(screen.tile(tile).locator(".at b")).to_have_text(re.compile(r"^\d+(\.\d)? s$"))
        await screen.pictures_come(tile)
    await has_width(screen, 1, MAIN)
    await has_width(screen, 2, SUB)
    await screen.tile(3).locator(".pic").dblclick()  # enlarged: main, in the running session
    await has_width(screen, 3, MAIN)
    await screen.page.keyboard.press("Escape")
    await has_width(screen, 3, SUB)


async def test_units_are_sent_to_tiles_by_drag_click_and_keyboard(screen: Screen, et17: Camera, et22: Camera) -> None:
    page = await screen.console()
    await screen.row("ET22").click()  # a click: the large tile
    await expect(screen.tile(1).locator(".cap .cs")).to_have_text("ET22")
    # one feed on two tiles: each says so, and the large one says why
    await expect(screen.tile(1).locator(".nm")).to_have_text("0688 PC Lindqvist · selected · also on 3")
    await expect(screen.tile(3).locator(".nm")).to_have_text("on 1")
    await screen.row("ET17").focus()
    await page.keyboard.press("5")  # a digit: that tile
    await expect(screen.tile(5).locator(".cap .cs")).to_have_text("ET17")
    await screen.pictures_come(5)
    await screen.row("ET22").drag_to(screen.tile(8))
    await expect(screen.tile(8).locator(".cap .cs")).to_have_text("ET22")
    await screen.is_in_state(8, "live")
    mark = page.locator(f'.marks [data-device-id="{et17.device_id}"]')
    await mark.drag_to(screen.tile(4))  # its marker is as good as its row
    await expect(screen.tile(4).locator(".cap .cs")).to_have_text("ET17")
    await screen.tile(8).get_by_role("button", name="menu, ET22").click()  # and without a drag: the menu
    await page.get_by_role("group", name="Send to tile").get_by_role("menuitem", name="6", exact=True).click()
    await expect(screen.tile(6).locator(".cap .cs")).to_have_text("ET22")
    await page.reload()  # the address keeps the wall
    await expect(screen.tile(6).locator(".cap .cs")).to_have_text("ET22")
    await expect(screen.tile(4).locator(".cap .cs")).to_have_text("ET17")


async def test_the_marker_moves_with_the_officer(screen: Screen, et17: Camera) -> None:
    await screen.console()
    first = await screen.place_on_map(et17.device_id)

    async def moved() -> bool:
        return math.dist(first, await screen.place_on_map(et17.device_id)) > 4

    await until(moved, "the marker has moved on the map")
    await expect(screen.row("ET17").locator(".fx").last).to_have_text(re.compile(r"^[0-4](\.\d)? s$"))


async def test_the_street_map_is_drawn_where_the_browser_has_webgl(
    drawing: Browser, server: Server, et17: Camera
) -> None:
    async with Screen(drawing, server.url) as screen:
        page = await screen.console()
        await expect(page.locator("incident-map canvas")).to_be_visible()
        await screen.place_on_map(et17.device_id)
        await page.get_by_role("button", name="Theme").click()
        await expect(page.locator('html[data-theme="light"]')).to_be_attached()
        await expect(page.locator("incident-map canvas")).to_be_visible()


async def test_sound_of_one_tile_at_a_time(screen: Screen, et17: Camera, et22: Camera) -> None:
    page = await screen.console()
    for tile in (2, 3):
        await screen.is_in_state(tile, "live")
        await screen.tile(tile).locator(".pic").click()
        await page.keyboard.press("m")
        await expect(screen.tile(tile).locator("video")).to_have_js_property("muted", False)
        await until(lambda tile=tile: _hears(screen, tile), f"sound comes to tile {tile}")  # type: ignore[misc]
    await expect(screen.tile(2).locator("video")).to_have_js_property("muted", True)
    await until(lambda: _is_silent(screen, 2), "a muted tile is sent no sound")


async def _hears(screen: Screen, tile: int) -> bool:
    before = await screen.sound_packets(tile)
    await asyncio.sleep(0.3)
    return await screen.sound_packets(tile) > before


async def _is_silent(screen: Screen, tile: int) -> bool:
    return not await _hears(screen, tile)


HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", {configurable: true, get: () => state});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_page_that_nobody_sees_pauses_its_pictures_in_their_sessions(
    screen: Screen, et17: Camera, et22: Camera
) -> None:
    page = await screen.console()
    begun: list[str] = []
    for tile in (1, 2, 3):
        await screen.is_in_state(tile, "live")
    page.on("request", lambda request: begun.append(request.url) if "/whep/" in request.url else None)
    await page.evaluate(HIDE, "hidden")
    for tile in (1, 2, 3):
        await screen.is_in_state(tile, "paused")

    async def rests() -> bool:
        before = (await screen.figures(2))["decoded"]
        await asyncio.sleep(0.3)
        return bool((await screen.figures(2))["decoded"] == before)

    await until(rests, "no picture is sent")
    await expect(screen.row("ET22").locator(".fx").first).to_have_text("1")  # who may look any moment is named
    await page.evaluate(HIDE, "visible")
    for tile in (1, 2, 3):
        await screen.is_in_state(tile, "live")
    assert begun == []
    await screen.tile(3).locator(".pic").dblclick()  # enlarged: it covers the others
    await screen.is_in_state(2, "paused")
    await screen.is_in_state(3, "live")
    await page.keyboard.press("Escape")
    await screen.is_in_state(2, "live")


@pytest.mark.parametrize("density", ["", "large"])
async def test_a_wall_of_many_tiles_stands_still_while_it_loads(
    screen: Screen, et17: Camera, et22: Camera, density: str
) -> None:
    page = await screen.console()
    await page.evaluate("(density) => localStorage.setItem('watchroom.density', density)", density)
    await page.add_init_script(SHIFTS)
    for layout in (25, 16):
        await page.goto(f"{screen.url}/?layout={layout}")
        await expect(page.locator("feed-tile")).to_have_count(layout)
        for tile in (1, 2, 3):
            await screen.is_in_state(tile, "live")
        assert await page.evaluate("window.shifts") == []


async def test_a_wall_for_the_room_is_not_seen_before_it_has_its_sizes(screen: Screen, et17: Camera) -> None:
    page = await screen.console()
    await page.add_init_script(SHIFTS)
    await page.goto(f"{screen.url}/wall/25?dist=3&diag=55")
    await screen.is_in_state(1, "live")
    moved = [one for shift in await page.evaluate("window.shifts") for one in shift["moved"]]
    assert [one for one in moved if re.search(r"main\.stage \d|aside\.rail \d", one)] == []


async def test_on_a_wall_for_the_room_late_moves_no_letter(screen: Screen, et17: Camera, et22: Camera) -> None:
    page = await screen.console()
    await page.add_init_script(SHIFTS)
    await page.goto(f"{screen.url}/wall/9?dist=3&diag=55")
    for tile in (1, 2):
        await screen.is_in_state(tile, "live")
    drawn = len(await page.evaluate("window.shifts"))
    et22.send(signal.SIGSTOP)
    try:
        for state in ("late", "frozen"):
            await screen.is_in_state(2, state)
    finally:
        et22.send(signal.SIGCONT)
    await screen.is_in_state(2, "live")
    assert (await page.evaluate("window.shifts"))[drawn:] == []


LATER = """(seconds) => {
  const real = Performance.prototype.now;
  Performance.prototype.now = function () { return real.call(this) + 1000 * seconds; };
}"""


async def test_who_has_not_looked_for_a_minute_watches_no_longer(screen: Screen, et17: Camera, et22: Camera) -> None:
    await screen.sign_in("hale", "/settings")

    async def nobody_watches() -> bool:
        answer = await screen.page.context.request.get(f"{screen.url}/api/units")
        units = (await answer.json())["units"]
        return all(not unit["watchers"] for unit in units)

    # A page gets half a second from Chromium to say that it leaves. One that was too busy for that (the test before closes
    # a wall of 25) is counted, as the same person, until its consent ends after 30 s.
    await until(nobody_watches, "whoever looked in another test is gone", 40)
    page = await screen.console()
    await screen.is_in_state(3, "live")
    await page.evaluate(HIDE, "hidden")
    await screen.is_in_state(3, "paused")
    await page.evaluate(LATER, 61)
    watching = screen.row("ET22").locator(".fx").first
    await expect(watching).to_have_text("0", timeout=20_000)
    await screen.is_in_state(3, "paused")
    await page.evaluate(HIDE, "visible")
    await screen.is_in_state(3, "live")
    await screen.pictures_come(3)
    await expect(watching).to_have_text("1")


async def test_a_tile_off_screen_is_not_watched(screen: Screen, et17: Camera, et22: Camera) -> None:
    page = await screen.console()
    await screen.is_in_state(3, "live")
    await screen.tile(3).get_by_role("button", name="menu, ET22").click()
    await page.get_by_role("menuitem", name="Free this tile").click()
    await expect(screen.tile(3)).to_have_attribute("aria-label", "Tile 3, free")
    await expect(screen.row("ET22").locator(".fx").first).to_have_text("0")


@pytest.mark.parametrize("how", ["stalled", "killed"])
async def test_an_old_picture_never_looks_live_and_the_same_tile_lives_again(
    screen: Screen, et17: Camera, et22: Camera, how: str
) -> None:
    screen.allowed.append(r"Failed to load resource.*40[49]")  # what its tile asks for while the camera is gone
    await screen.console()
    await screen.is_in_state(3, "live")
    if how == "stalled":
        et22.send(signal.SIGSTOP)
        await screen.is_in_state(3, "late")
    else:
        et22.kill()
    await screen.is_in_state(3, "frozen")
    await expect(screen.tile(3).locator(".plate")).to_contain_text("FROZEN")
    await expect(screen.tile(2).locator(".at .w")).to_have_text("LIVE")
    if how == "stalled":
        et22.send(signal.SIGCONT)
    else:
        et22.start()
    await screen.is_in_state(3, "live", within_s=40)
    await screen.pictures_come(3)


async def test_a_camera_that_is_off_has_a_tile_that_says_why_and_asks_for_its_picture(
    screen: Screen, et17: Camera, et22: Camera, installation: Installation, start_camera: Callable[..., Camera]
) -> None:
    key = installation.add_camera("ET99", "PC Chen", "0771")
    await start_camera(key, "--recording", "off", "--stream", "off", "--before", "0").state()
    await screen.console()
    plate = screen.tile(4).locator(".plate")
    await expect(plate).to_contain_text("Live view opens when the camera records")
    await plate.get_by_role("button", name="Ask ET99 to record").click()  # to record, and to stream
    await screen.is_in_state(4, "live", within_s=40)
    await screen.pictures_come(4)


async def test_a_camera_whose_device_is_missing_says_so_before_it_is_asked(
    screen: Screen, et17: Camera, et22: Camera, installation: Installation, start_camera: Callable[..., Camera]
) -> None:
    key = installation.add_camera("ET98", "PC Bello", "0231")
    await start_camera(key, "--recording", "off", "--stream", "off", "--source", "v4l2:/dev/video-none").state()
    page = await screen.console()
    await expect(screen.row("ET98")).to_contain_text("no camera, on patrol")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await expect(screen.row("ET98").get_by_text("no camera, on patrol")).to_be_visible()
    await page.set_viewport_size({"width": 1366, "height": 768})  # no column for it: a symbol, with its words
    await expect(screen.row("ET98").get_by_title("no camera", exact=True)).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("option", name=re.compile("ET98.*no camera"))).to_be_visible()
    plate = page.locator("feed-tile .plate:visible").filter(has_text="ET98 has no camera now")
    await expect(plate.first).to_be_visible()
