"""A replay in real Chromium: true recordings of four cameras on one clock, opened for a reason and for nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import time
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from server.database import Database
from server.recording.verifier import main as verify
from tests.browser.barcode import READER
from tests.browser.conftest import Cast
from tests.browser.replaying import OFFSETS_S, WATCH, address, apart_each_second, entered, moment, opened, ready, shown
from tests.browser.screen import Screen
from tests.browser.test_access import AXE, CONTROLS, FOCUSED, violations
from tests.browser.test_status import SHIFTS
from tests.fakes.incident import ARMED_S, SAFE_S, SEEN_S, TOLD_S, Officer, lay_incident
from tests.fakes.recordings import SEGMENT_S, WIDTH, Film, Laid, Wish, lay, usual_film, vp8_film
from tests.installation import Camera, Installation, Server
from tests.patience import until

SECONDS = 30.0
GAP_S = (16.0, 20.0)  # of the fourth camera, in its media time
STOPS = 150
MIDDLE_PX = 6
# Buttons and links that do not lie within the band.
STAND_OUT = """(place) => {
  const band = place.closest(".band").getBoundingClientRect();
  return [...place.querySelectorAll("a.btn, summary, button")].filter((one) => {
    const { top, bottom, left, right } = one.getBoundingClientRect();
    return top < band.top || bottom > band.bottom || left < band.left || right > band.right;
  }).map((one) => one.textContent);
}"""
OFF_CENTRE = """(mark) => {
  const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
  const [[x, y], [left, top]] = [mark.querySelector(".sym") ?? mark, mark.closest("replay-map")]
    .map((one) => middle(one.getBoundingClientRect()));
  return Math.hypot(x - left, y - top);
}"""
PLAYED_S = 8.0
APART_MS, SEEK_S = 40.0, 2.0  # a picture; the bars


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laid(installation: Installation) -> list[Laid]:
    """Four recordings of one incident of an hour ago; the fourth has a gap."""
    base = float(int(time.time()) - 3600)
    films = {layer: usual_film(SECONDS, layer) for layer in ("main", "sub")}
    names = (("ET17", "Marsh"), ("ET22", "Lindqvist"), ("ET09", "Bello"), ("ET26", "Hughes"))
    lost = tuple(range(int(GAP_S[0] / SEGMENT_S), int(GAP_S[1] / SEGMENT_S)))
    made = []
    for (call_sign, name), offset in zip(names, OFFSETS_S, strict=True):
        wearer = {"name": f"PC {name}", "collar_number": "0417", "person_id": name}
        without = lost if call_sign == "ET26" else ()
        wish = Wish(f"{call_sign.lower()}-cam", call_sign, base + offset, wearer, without=without)
        made.append(lay(installation.folder, wish, films))
    database = Database(str(installation.folder / "watchroom.db"))
    officers = [Officer(one.device_id, call_sign) for one, (call_sign, _) in zip(made, names, strict=True)]
    try:
        await database.migrate()
        await lay_incident(database, officers, base, SECONDS)
    finally:
        await database.close()
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(installation: Installation, laid: list[Laid]) -> AsyncIterator[Server]:
    """It finds the recordings when it starts."""
    with Server(installation) as program:
        yield await program.serve()


@pytest.fixture
def base(laid: list[Laid]) -> float:
    """When the incident began."""
    return laid[0].base


async def test_a_recording_is_found_and_a_link_opens_its_second(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await screen.sign_in("hale", "/replay")
    await expect(page.locator("recording-list li")).to_have_count(4)
    await page.get_by_label("Alert").select_option("taser.armed")
    await expect(page.locator("recording-list li")).to_have_count(1)
    await expect(page.locator("#standing")).to_be_hidden()  # no export stands
    await page.get_by_role("link", name="TASER armed").click()  # the incident: every camera while it stood
    await expect(page).to_have_url(re.compile(r"alert=alert-et17-cam"))
    await expect(page.locator("recording-list li")).to_have_count(4)
    await expect(page.locator("#rule")).to_contain_text("within 250 m of where it was raised")
    await page.get_by_role("button", name="Every camera of that time").click()
    await expect(page).to_have_url(re.compile("cameras=all"))
    await expect(page.locator("#rule")).to_contain_text("Every camera that recorded while")
    await expect(page.get_by_label("Alert")).to_have_value("alert-et17-cam")
    asked = []

    async def too_early(route: Route) -> None:
        """The first time its seconds are not on the disk yet."""
        asked.append(route.request.url)
        await (route.fulfill(json={"recordings": [], "next": None}) if len(asked) == 1 else route.continue_())

    await page.route("**/api/recordings?*", too_early)
    await page.goto(f"{screen.url}/replay?alert=alert-et17-cam&open=yes")  # as the console's list of closed ones has it
    await page.wait_for_url(re.compile(rf"/replay/{laid[0].id},.*t="))
    assert len(asked) == 2
    await page.unroute("**/api/recordings?*")
    await expect(page.get_by_role("dialog", name="Why do you open this?")).to_be_visible()
    await page.goto(f"{screen.url}/replay?alert=alert-et17-cam")
    await page.get_by_label("Alert").select_option("")
    await page.get_by_label("Officer or call sign").fill("lindqvist")
    await expect(page.locator("recording-list li")).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"officer=lindqvist"))
    await page.get_by_role("link", name="Open: ET22").click()
    await expect(page.get_by_role("dialog", name="Why do you open this?")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await page.wait_for_url("**/replay")

    await entered(page, screen.url + address(laid, base + 9.2))
    assert abs(await moment(page) - (base + 9.2) % 86_400) < 0.05
    await expect(page.locator("replay-tile")).to_have_count(4)
    for seen in await shown(page):
        assert seen is not None and abs(seen - 9.2) < 0.1
    await expect(page.locator("replay-tile.a1")).to_contain_text("ARMED")
    await expect(page.locator(".band")).to_contain_text("Reason: Debrief: 0412")
    await page.reload()
    await ready(page)  # the tab keeps its view: nobody is asked twice
    assert abs(await moment(page) - (base + 9.2) % 86_400) < 0.05


async def test_four_cameras_keep_one_clock(screen: Screen, laid: list[Laid], base: float) -> None:
    """The bars are the issue's. What is shown while the clock stands is exact on any machine, to a picture. How soon, and how far
    apart while it runs, is worse on a loaded one: one seek of four, and three seconds of seven, may miss (the p95 is
    `tests.bench replay`'s). With three busy processes on two cores: 0.56 s at most, and 7 ms.
    """
    page = await opened(screen, address(laid, base + 3))
    took = []
    for into in (11.0, 5.2, 13.6, 7.4):
        at = datetime.fromtimestamp(base + into, UTC).strftime("%H:%M:%S.%f")[:-3]
        await page.locator("replay-transport .big").fill(at)
        began = time.monotonic()
        await page.keyboard.press("Enter")
        await until(partial(are_at, page, into), "all four show that moment", 20)
        took.append(time.monotonic() - began)
    await page.keyboard.press("Space")
    await page.evaluate(WATCH)
    await asyncio.sleep(PLAYED_S)
    apart = sorted(apart_each_second(await page.evaluate("window.seen")))
    print(f"seeks of four {sorted(took)}; apart each second {[round(one) for one in apart]} ms")
    assert sorted(took)[-2] <= SEEK_S
    assert len(apart) >= PLAYED_S / 2
    assert median(apart) <= APART_MS


async def are_at(page: Page, into: float) -> bool:
    """Whether the picture of each of the four, by its barcode, is the one of that moment: none is a whole picture off."""
    seen = await shown(page)
    return len(seen) == 4 and all(one is not None and abs(one - into) * 1000 <= APART_MS for one in seen)


async def test_a_gap_is_shown_as_a_gap_with_its_reason(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + OFFSETS_S[3] + GAP_S[0] + 1.5))
    tile = page.locator("replay-tile").nth(3)
    await expect(tile.locator(".plate")).to_have_text(re.compile(r"GAP\s*gap 4\.0 s: camera away"))
    await expect(tile.locator("video")).to_be_hidden()
    await expect(page.locator("replay-timeline rect.gap title")).to_have_text(["gap 4.0 s: camera away"])
    await page.keyboard.press("ArrowRight")
    await ready(page)
    await expect(tile.locator(".plate")).to_be_hidden()
    after = (await shown(page))[3]
    assert after is not None and abs(after - (OFFSETS_S[3] + GAP_S[0] + 6.5)) < 0.1


async def test_everything_is_done_from_the_keyboard(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + 5, 0, 1))
    start = base % 86_400
    row = page.locator("replay-events li.now")
    await page.keyboard.press("j")
    await expect(row).to_contain_text("TASER armed, ET17")
    assert abs(await moment(page) - start - ARMED_S - TOLD_S) < 0.05
    await page.keyboard.press("k")
    await expect(row).to_contain_text("TASER drawn, ET17")
    await page.keyboard.press(".")
    await page.keyboard.press(".")
    assert abs(await moment(page) - start - 4.28) < 0.02
    await page.keyboard.press("[")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("]")
    await expect(page.locator("replay-transport .marks")).to_have_text(re.compile(r"^In .+, out .+$"))
    await page.keyboard.press("2")
    await expect(page.get_by_role("button", name="2 Sound of ET22")).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate("[...document.querySelectorAll('video')].map((one) => one.muted)") == [True, False]
    await page.keyboard.press(">")
    await expect(page.get_by_role("button", name="2×", exact=True)).to_have_attribute("aria-pressed", "true")
    await expect(page).to_have_url(re.compile(r"rate=2.*sound=et22-cam|sound=et22-cam.*rate=2"))
    await expect(page.locator("replay-timeline text").filter(has_text="Decisions")).to_have_count(1)
    await page.keyboard.press("+")
    await page.keyboard.press("+")
    await expect(page).to_have_url(re.compile("zoom="))
    shown_then = page.locator("replay-timeline text.m")
    times = await shown_then.all_text_contents()
    await page.reload()
    await ready(page)
    await expect(shown_then).to_have_text(times)  # a link opens the same stretch
    before = await moment(page)
    await page.keyboard.press("Space")
    await until(lambda: _past(page, before + 1), "the clock goes on", 20)
    await page.keyboard.press("Space")
    missing = set(await page.evaluate(CONTROLS))
    for _ in range(STOPS):
        await page.keyboard.press("Tab")
        missing.discard(await page.evaluate(FOCUSED))
    assert not missing


async def _past(page: Page, at: float) -> bool:
    return await moment(page) > at


async def test_at_speed_the_small_layer_is_played(screen: Screen, laid: list[Laid], base: float) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    page = await opened(screen, address(laid, base + 3, 0))
    assert not any("/sub" in url for url in asked)
    await page.get_by_role("button", name="8×").click()
    await until(lambda: any("/sub/" in url for url in asked), "the small layer is asked for", 20)
    await page.keyboard.press("Space")
    start = base % 86_400
    await until(lambda: _past(page, start + 20), "it runs", 30)


async def test_the_map_shows_what_was_known_then(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + ARMED_S + 2))
    mark = page.locator('.marks [data-device-id="et17-cam"]')
    await expect(mark).to_have_attribute("aria-label", re.compile(r"priority 1, TASER armed.*position 1 s old"))
    await expect(page.locator("replay-map .mapmode")).to_have_text("REPLAY")
    before = await mark.evaluate("(one) => getComputedStyle(one).transform")
    at = datetime.fromtimestamp(base + SAFE_S + 7, UTC).strftime("%H:%M:%S")
    await page.locator("replay-transport .big").fill(at)
    await page.keyboard.press("Enter")
    await expect(mark).to_have_attribute("aria-label", re.compile(r"^(?!.*TASER).*position 1 s old"))
    assert await mark.evaluate("(one) => getComputedStyle(one).transform") != before


async def test_the_map_follows_an_officer(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + 3))
    mark = page.locator(f'replay-map .marks [data-device-id="{laid[1].device_id}"]')
    await expect(mark).to_be_attached()

    async def off_centre() -> float:
        """How far its marker is from the map's middle (px)."""
        return float(await mark.evaluate(OFF_CENTRE))

    await page.get_by_label("Follow").select_option(label="ET22")
    await expect(page).to_have_url(re.compile(rf"follow={laid[1].device_id}"))

    async def goes_to(at: float) -> None:
        await page.locator("replay-transport .big").fill(datetime.fromtimestamp(base + at, UTC).strftime("%H:%M:%S"))
        await page.keyboard.press("Enter")
        await ready(page)

    for at in (5, 14, 25):  # wherever the officer was by then
        await goes_to(at)
        await until(off_centre_is_small(off_centre), "the officer is in the middle", 20)
    await page.reload()  # a link shows it as it was
    await ready(page)
    await expect(page.get_by_label("Follow")).to_have_value(laid[1].device_id)
    await until(off_centre_is_small(off_centre), "the officer is in the middle", 20)
    await page.get_by_label("Follow").select_option("")
    await expect(page).not_to_have_url(re.compile("follow="))
    await goes_to(5)
    assert await off_centre() > 2 * MIDDLE_PX  # nobody is followed: the officer walks, and the map stays


def off_centre_is_small(off_centre: Callable[[], Awaitable[float]]) -> Callable[[], Awaitable[bool]]:
    """To be waited for: half a marker's size."""

    async def small() -> bool:
        return await off_centre() < MIDDLE_PX

    return small


@pytest.mark.parametrize("how", ["pressed", "J", "link"])
async def test_who_goes_to_an_event_sees_what_it_brought_about(
    screen: Screen, laid: list[Laid], base: float, how: str
) -> None:
    """Not the state before: tile, map and list say armed, priority 1, also for whoever opens its address."""
    page = await opened(screen, address(laid, base + 5))
    mark = page.locator('.marks [data-device-id="et17-cam"]')
    await expect(mark).to_have_attribute("aria-label", re.compile("priority 2, TASER drawn"))
    armed = page.locator("replay-events li").filter(has_text="TASER armed, ET17")
    if how == "J":
        await page.keyboard.press("j")
    else:
        await armed.get_by_role("button").click()
    await expect(armed).to_have_class(re.compile("now"))
    if how == "link":
        await expect(page).to_have_url(re.compile(r"t=[^&]*\d\.\d{3}Z"))
        await page.reload()
        await ready(page)
    await expect(armed).to_have_class(re.compile("a1"))
    await expect(mark).to_have_attribute("aria-label", re.compile("priority 1, TASER armed"))
    await expect(mark).to_have_class(re.compile(r"\ba1\b"))
    await expect(page.locator("replay-tile.a1")).to_contain_text("ARMED")
    await expect(page.locator("replay-tile.a2")).to_have_count(0)


async def test_a_decision_shows_again_what_stood_on_the_screen(screen: Screen, laid: list[Laid], base: float) -> None:
    """Each tile at the moment that its picture was of, however old it was then; by key, by its row, by its mark, by a link."""
    page = await opened(screen, address(laid, base + SEEN_S + 2))
    view, tiles = page.locator("command-view"), page.locator("command-tile")
    await expect(view).to_be_hidden()
    await page.keyboard.press("c")
    await expect(view).to_be_visible()
    assert abs(await moment(page) - base % 86_400 - SEEN_S - TOLD_S) < 0.05
    at = datetime.fromtimestamp(base + SEEN_S, UTC).strftime("%H:%M:%S")
    await expect(view.locator(".what")).to_have_text(f"{at} · Acknowledged, D. Okafor: TASER armed · on a console")
    await expect(tiles.locator(".cs")).to_have_text(["ET17", "ET26", "ET99"])
    await expect(tiles.locator(".layer")).to_have_text(["main", "sub", "sub"])
    await expect(tiles.locator(".at")).to_have_text(["LIVE 0.3 s", "FROZEN 6 s", "LATE 2.4 s"])
    for number in range(3):
        for part in (".cs", ".layer", ".at"):
            await expect(tiles.nth(number).locator(part)).to_be_in_viewport(ratio=1)
    await expect(tiles.nth(2).locator(".plate")).to_contain_text("NO RECORDING")
    await expect(tiles.locator(".plate:visible")).to_have_count(1)
    armed = datetime.fromtimestamp(base + ARMED_S, UTC).strftime("%H:%M:%S")
    await expect(view.locator(".then li")).to_have_text([re.compile(rf"Priority 1.*ET17 TASER armed.*since {armed}")])
    wanted = [SEEN_S - 0.05 - 0.31, SEEN_S - 0.05 - 6.5]
    await until(lambda: _shows(page, wanted), "each picture is of its moment", 30)
    assert await page.evaluate(OVERLAPS) == []
    assert await violations(screen, Path(AXE).read_text()) == ""
    await expect(page).to_have_url(re.compile("command=1"))
    await page.reload()
    await ready(page)
    await expect(tiles.locator(".at")).to_have_text(["LIVE 0.3 s", "FROZEN 6 s", "LATE 2.4 s"])

    await page.keyboard.press("j")  # heard of what the next decision was; that came from no screen
    await expect(view).to_contain_text("What stood on the screen was not told.")
    await expect(tiles).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(view).to_be_hidden()
    await page.locator("replay-timeline .tick.decides").first.click()
    await expect(tiles).to_have_count(3)
    await page.get_by_role("button", name="Close C").click()
    await expect(view).to_be_hidden()
    await page.get_by_role("button", name=re.compile("^Command view, .*Acknowledged")).click()
    await expect(tiles).to_have_count(3)
    for width, height in ((1366, 768), (320, 640), (683, 384)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
    await page.locator("replay-events").get_by_role("button").first.click()  # before any decision
    await expect(view).to_be_hidden()
    await page.keyboard.press("c")
    await expect(page.locator("room-notice")).to_have_text("No decision before this.")


# The media time in the barcode of each picture of a command view, in seconds.
SEEN = f"""() => {{
  const read = {READER};
  return [...document.querySelectorAll("command-tile:not(.absent) video")].map((video) => read(video));
}}"""


# Tiles of which one lies over another, or whose caption is not within it.
OVERLAPS = """() => {
  const all = [...document.querySelectorAll("command-tile")].map((one) => [one.getBoundingClientRect(),
    one.querySelector(".cap").getBoundingClientRect(), one.getAttribute("aria-label")]);
  return all.flatMap(([box, cap, name], index) => [
    ...(cap.bottom > box.bottom + 1 ? [`${name}: its caption`] : []),
    ...all.slice(index + 1).filter(([other]) => box.bottom > other.top + 1 && box.right > other.left + 1
      && other.bottom > box.top + 1 && other.right > box.left + 1).map(([, , other]) => `${name} and ${other}`),
  ]);
}"""


async def _shows(page: Page, wanted: list[float]) -> bool:
    """Whether they are of these moments, after the incident's beginning: of ET17 and of ET26."""
    words: list[int | None] = await page.evaluate(SEEN)
    if None in words or len(words) != len(wanted):
        return False
    shown_ = [(word or 0) / 1000 + offset for word, offset in zip(words, (OFFSETS_S[0], OFFSETS_S[3]), strict=True)]
    return all(abs(one - other) <= 0.06 for one, other in zip(shown_, wanted, strict=True))


async def test_it_is_for_everybody_s_eyes_and_hands(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + ARMED_S + 1))
    source = Path(AXE).read_text()
    for theme in ("dark", "light"):
        await expect(page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
        assert await violations(screen, source) == ""
        await page.get_by_role("button", name="Theme").click()
    assert await page.evaluate(SHIFTS) < 0.05
    for width, height in ((1366, 768), (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        over = (
            "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
        )
        assert await page.evaluate(over) == [0, 0], width
    for width, height in ((320, 640), (683, 384)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width


async def test_the_decision_to_keep_is_made_where_it_is_seen(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + 5, 1))
    keep = page.get_by_role("button", name=re.compile("^Kept"))
    await expect(keep).to_have_text(re.compile("Kept until"))
    await keep.click()
    form = page.get_by_role("dialog", name="Keep")
    await form.get_by_label("Category").select_option("evidential")
    await form.get_by_label("Tag").fill("use of force")
    await form.get_by_label("Why").fill("case 0412")
    await form.get_by_role("button", name="Keep it so").click()
    await expect(keep).to_have_text(re.compile("Kept, review"))
    await expect(keep).to_have_attribute("title", "Tags: use of force")
    await page.reload()
    await expect(keep).to_have_text(re.compile("Kept, review"))


async def test_what_lies_between_in_and_out_is_taken_out_and_proves_itself(
    screen: Screen, installation: Installation, laid: list[Laid], base: float, tmp_path: Path
) -> None:
    page = await opened(screen, address(laid, base + 5, 0, 1))
    await page.keyboard.press("[")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("]")
    await page.get_by_role("button", name="Export").click()
    form = page.get_by_role("dialog", name="Export")
    await expect(form).to_contain_text("From in to out")
    await form.get_by_label("Why").fill("CPS, case 0412")
    await form.get_by_role("button", name="Make the bundle").click()
    way = page.get_by_role("link", name=re.compile("Save bundle"))
    await expect(way).to_be_visible()
    for name in ("Six names and what they were of, as of a large incident, with its beginning and its end", ""):
        await page.locator("#what").evaluate("(one, more) => one.append(more)", name)
        assert await page.locator("replay-export").evaluate(STAND_OUT) == []
    async with page.expect_download() as started:
        await way.click()
    bundle = tmp_path / "bundle.zip"
    await (await started.value).save_as(bundle)
    assert verify([str(bundle)]) == 0
    await page.get_by_text("More", exact=True).click()
    await expect(page.get_by_text(hashlib.sha256(bundle.read_bytes()).hexdigest())).to_be_visible()
    film = page.get_by_role("link", name=re.compile("Only the film of ET22"))
    url = str(await film.get_attribute("href"))
    played: Any = await page.evaluate(PLAYED, url)
    assert played["ended"] > 0.5 and played["width"] == WIDTH
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    assert {f"clips/{laid[index].id}/clip.json" for index in (0, 1)} <= set(names)
    assert sum(name.startswith("playable/") for name in names) == 2

    await page.goto(screen.url + "/replay")
    standing = page.locator("export-list li")
    await expect(standing).to_have_count(1)
    await expect(standing).to_contain_text(re.compile(r"Insp\. Hale.*CPS, case 0412.*ET17, ET22.*SHA-256", re.S))
    await standing.get_by_role("button", name="Save again").click()
    await page.get_by_label("Why").fill("the defence")
    async with page.expect_download() as again:
        await page.get_by_role("button", name="Save the bundle").click()
    copy = tmp_path / "copy.zip"
    await (await again.value).save_as(copy)
    assert copy.read_bytes() == bundle.read_bytes()
    with closing(sqlite3.connect(installation.folder / "watchroom.db", timeout=20)) as database:
        rows = database.execute("SELECT why FROM audit WHERE what = 'share.export' ORDER BY seq").fetchall()
    assert rows[-1] == ("the defence",)


async def test_who_may_not_look_sees_no_page_and_no_picture(
    browser: Browser, server: Server, installation: Installation, screen: Screen, laid: list[Laid], base: float
) -> None:
    installation.add_person("byrne", "engineer", "J. Byrne")
    path = address(laid, base + 3, 0)
    page = await opened(screen, path)
    picture = await page.evaluate(
        "() => performance.getEntriesByType('resource').map((one) => one.name).find((name) => name.endsWith('.m4s'))"
    )
    assert await page.evaluate(STATUS, picture) == 200
    for name, status in (("byrne", 403), ("okafor", 404)):
        async with Screen(browser, server.url) as other:
            other.allowed.append(r"status of 40[34]")
            theirs = await other.sign_in(name, "/settings")
            answer = await theirs.goto(server.url + path)
            assert answer is not None and answer.status == (403 if status == 403 else 200)
            assert await theirs.evaluate(STATUS, picture) == status, name
    stranger: Any = await page.evaluate("(url) => fetch(url, {credentials: 'omit'}).then((one) => one.status)", picture)
    screen.allowed.append(r"status of 401")
    assert stranger == 401  # although this browser has it in its cache


# A file of its own, from its beginning to its end, as any page would play it.
PLAYED = """async (url) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(await (await fetch(url)).blob());
  await video.play();
  video.currentTime = Math.max(0, video.duration - 0.5);
  await new Promise((resolve) => video.addEventListener("ended", resolve, { once: true }));
  return { ended: video.currentTime, width: video.videoWidth };
}"""
STATUS = "(url) => fetch(url, {cache: 'no-store'}).then((one) => one.status)"


async def test_a_bookmark_is_found_again_by_whoever_comes_next(
    screen: Screen, second_screen: Screen, laid: list[Laid], base: float
) -> None:
    page = await opened(screen, address(laid, base + 6.5, 2))
    await page.keyboard.press("b")
    await page.get_by_label("Words").fill("hand to the belt")
    await page.get_by_role("button", name="Set the bookmark").click()
    row = page.locator("replay-events li").filter(has_text="hand to the belt, Insp. Hale")
    await expect(row).to_have_count(1)
    await expect(page.locator("replay-timeline .tick.bookmark")).to_have_count(1)
    other = await opened(second_screen, address(laid, base + 5, 2, 3), "okafor")
    await other.keyboard.press("j")
    await expect(other.locator("replay-events li.now")).to_contain_text("hand to the belt")
    assert abs(await moment(other) - (base + 6.5) % 86_400) < 0.05


async def test_under_the_pointer_lies_the_picture_of_that_moment(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + 5))
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await expect(page.locator("replay-timeline image")).not_to_have_count(0)
    glance = page.locator("replay-glance")
    await expect(glance).to_be_hidden()
    gap = await page.locator("replay-timeline rect.gap").bounding_box()
    assert gap is not None
    await page.mouse.move(gap["x"] + gap["width"] / 2, gap["y"] + 4)
    await expect(glance).to_contain_text("gap 4.0 s: camera away")
    await page.mouse.move(gap["x"] - 60, gap["y"] + 4)
    picture = glance.locator("img")
    await expect(picture).to_be_visible()
    await until(lambda: picture.evaluate("(one) => one.complete && one.naturalWidth"), "the picture is there", 20)
    assert await picture.evaluate("(one) => [one.naturalWidth, one.naturalHeight]") == [320, 180]
    await expect(glance).to_contain_text(re.compile(r"ET26\s*\d\d:\d\d:\d\d"))
    await page.mouse.move(200, 200)
    await expect(glance).to_be_hidden()


async def test_the_list_shows_pictures_to_who_says_why(
    screen: Screen, installation: Installation, laid: list[Laid]
) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    page = await screen.sign_in("hale", "/replay")
    await expect(page.locator("recording-list li")).to_have_count(4)
    await expect(page.locator("recording-list img")).to_have_count(0)
    await page.get_by_role("button", name="Pictures").click()
    await page.get_by_label("Reference or remark").fill("case 4711")
    await page.get_by_role("button", name="Show the pictures").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(re.compile("^Reason: choose one"))
    await page.get_by_role("dialog").get_by_label("Reason", exact=True).select_option("Debrief")
    await page.get_by_role("button", name="Show the pictures").click()
    loaded = "() => [...document.querySelectorAll('recording-list img')].filter((one) => one.naturalWidth).length"
    await until(lambda: _all_of(page, loaded, 4), "the pictures are there", 30)
    await page.reload()
    await until(lambda: _all_of(page, loaded, 4), "they are there again", 30)
    with closing(sqlite3.connect(installation.folder / "watchroom.db", timeout=20)) as database:
        rows = database.execute("SELECT subject_id, why FROM audit WHERE what = 'view.thumbnail'").fetchall()
    assert sorted(rows) == sorted((one.id, "Debrief: case 4711") for one in laid)  # a line each, not one a look
    assert not any("4711" in address for address in asked)  # addresses stand in logs
    await page.get_by_role("button", name="Pictures").click()
    await expect(page.locator("recording-list img")).to_have_count(0)


async def _all_of(page: Page, counted: str, wanted: int) -> bool:
    return bool(await page.evaluate(counted) == wanted)


async def test_twenty_times_is_twenty_times(screen: Screen, laid: list[Laid], base: float) -> None:
    page = await opened(screen, address(laid, base + 3, 0))
    await page.get_by_role("button", name="20×").click()
    await expect(page.locator("replay-transport .note")).to_have_text("a picture every 4 s")
    await page.keyboard.press("Space")
    start = base % 86_400
    await until(lambda: _past(page, start + 27), "it runs", 30)
    last = (await shown(page))[0]
    assert last is None or last > 15  # the picture went with the clock


async def test_a_new_priority_1_is_seen_above_a_replay(
    screen: Screen, cast: Cast, start_camera: Callable[..., Camera], laid: list[Laid], base: float
) -> None:
    page = await opened(screen, address(laid, base + 5, 0))
    await expect(page.locator("status-line.calm")).to_be_visible()
    camera = start_camera(cast.et22, "--recording", "on", "--size", "320x180")
    await camera.shows()
    await camera.press("taser.armed")
    line = page.locator("status-line.p1")
    await expect(line).to_contain_text("TASER armed, ET22")
    await expect(page.locator(".band")).to_contain_text("REPLAY")
    await line.get_by_role("link", name="Go to live").click()
    await expect(screen.alert("TASER armed")).to_be_visible()
    await camera.press("taser.safe")


async def test_what_was_recorded_as_vp8_plays_too(screen: Screen, installation: Installation, base: float) -> None:
    screen.allowed.append("404.*/retention")  # laid under a running server, it has no row
    made = lay(installation.folder, Wish("et31-cam", "ET31", base, None), {"main": vp8_film(20.0)})
    page = await opened(screen, address([made], base + 5))
    tile = page.locator("replay-tile")
    await expect(tile.locator(".plate")).to_be_hidden()
    await page.keyboard.press("Space")
    await until(lambda: _past(page, base % 86_400 + 8), "it plays", 30)
    at = "() => { const one = document.querySelector('video'); return [one.videoWidth, one.currentTime]; }"
    width, position = await page.evaluate(at)
    assert width == 320
    assert abs(position - 10 - (await moment(page) - base % 86_400)) < 1
    await page.keyboard.press("Space")
    await page.locator("replay-transport .big").fill(datetime.fromtimestamp(base + 16, UTC).strftime("%H:%M:%S"))
    await page.keyboard.press("Enter")
    await ready(page)
    assert abs((await page.evaluate(at))[1] - 26) < 0.1


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_sound_that_begins_later_is_heard_and_the_picture_goes_on_over_its_beginning(
    screen: Screen, installation: Installation, base: float, codec: str
) -> None:
    screen.allowed.append("404.*/retention")  # laid under a running server, it has no row
    films, before = ({"main": film_of(codec, sound=sound)} for sound in (True, False))
    made = lay(installation.folder, Wish(f"et33-{codec}", "ET33", base, silent=4), films, before=before)
    page = await opened(screen, address([made], base + 3))
    tile = page.locator("replay-tile")
    await page.keyboard.press("1")
    await page.keyboard.press("Space")
    start = base % 86_400
    await until(lambda: _past(page, start + 12), "it plays over the beginning of the sound", 40)
    await page.keyboard.press("Space")
    await ready(page)
    await expect(tile.locator(".plate")).to_be_hidden()
    assert await page.evaluate("document.querySelector('video').webkitAudioDecodedByteCount") > 0
    await page.locator("replay-transport .big").fill(datetime.fromtimestamp(base + 2, UTC).strftime("%H:%M:%S"))
    await page.keyboard.press("Enter")
    await ready(page)
    await page.keyboard.press("Space")
    await until(lambda: _past(page, start + 4), "and from before it again", 40)
    await expect(tile.locator(".plate")).to_be_hidden()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda data: data[:-200] + bytes(byte ^ 0x5A for byte in data[-200:-100]) + data[-100:],
    "truncated": lambda data: data[: len(data) // 2],
    "recorded": lambda data: data[:600] + bytes(len(data) - 600),  # so it was sealed: its hash is right
}


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("how", DAMAGE)
async def test_a_damaged_segment_is_told_left_out_and_what_follows_plays(
    screen: Screen, installation: Installation, base: float, codec: str, how: str
) -> None:
    screen.allowed += ["404.*/retention", "status of 409 .*/(pieces|files)/"]
    whole = film_of(codec)
    broken = DAMAGE[how](whole.segments[3])
    film = replace(whole, segments=(*whole.segments[:3], broken, *whole.segments[4:])) if how == "recorded" else whole
    made = lay(installation.folder, Wish(f"et34-{codec}-{how}", "ET34", base), {"main": film})
    if how != "recorded":
        (installation.folder / "recordings" / made.id / "main" / "000004.m4s").write_bytes(broken)
    page = await opened(screen, address([made], base + 3))
    plate = page.locator("replay-tile .plate")
    await expect(plate).to_be_hidden()
    await page.keyboard.press("Space")
    words = (
        "^NOT PLAYEDmain/000004.m4s is what was recorded, but" if how == "recorded" else "^DAMAGED.*(SHA-256|cannot)"
    )
    await expect(plate).to_have_text(re.compile(words, re.S))
    start = base % 86_400
    assert start + 5.5 < await moment(page) < start + 8.5
    await until(lambda: _past(page, start + 11), "it plays on behind it", 40)
    await page.keyboard.press("Space")
    await ready(page)
    await expect(plate).to_be_hidden()
    assert await page.evaluate("document.querySelector('video').currentTime") > 0


def film_of(codec: str, *, sound: bool = True) -> Film:
    return usual_film(20.0, "main", sound) if codec == "h264" else vp8_film(20.0, sound)
