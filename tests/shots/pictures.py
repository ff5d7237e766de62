"""Makes the README's pictures from the real program: `python3 -m tests.shots`.

The demo plays its scenario with simulated cameras; Chromium looks at it as an operator and as an officer would.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Geolocation, Page, TimeoutError, async_playwright, expect

from server.demo.play import BUILT_IN
from tests.browser.screen import REPLAY_READY, WEBGL_FLAGS, Screen
from tests.installation import ROOT, Program
from tests.local_servers import chromium
from tests.patience import until
from tests.shots.packing import packed_film, packed_picture
from tests.shots.phone_view import write_street

FOLDER = ROOT / "static" / "readme"
LARGE = {"width": 1920, "height": 1080}
PLACE: Geolocation = {"latitude": 51.3601, "longitude": 1.0302, "accuracy": 6.0}
PHONE = {
    "viewport": {"width": 412, "height": 892},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "permissions": ["camera", "microphone", "geolocation"],
    "geolocation": PLACE,
}
CAMERAS = 6  # on from the start
LIVING_TILES = 9  # with the two cameras that come on, and tile 1, which shows one of them again
WALL_TILES = 6
ICON_SIDES = (192, 512)
FILM_WIDTH = 1120
FILM_MOST_S = 150.0  # the first minute and what ends it: until all is calm again
FILM_EVERY_MS = 1000  # as often as a machine manages beside eight cameras
FILM_FASTER, FILM_LAST_MS = 2, 4000
PATIENCE_MS = 120_000.0
GLANCES = (0.62, 0.7, 0.54, 0.46)  # of the timeline's width
NO_STILL = r"status of 404 .*/stills/"  # of a second in a gap there is none
FRESH = """() => [...document.querySelectorAll("feed-tile.live .cap .at b")]
  .every((age) => parseFloat(age.textContent) <= 0.5)"""
COLLEAGUE_WAITS = "after_s = 25.0"  # a machine that draws slowly is answered for before its picture is taken
LATER = re.compile(r"^\[\[inject\]\]\nat = (?:1[1-9]|2\d)\d\.\d\n(?:(?!\[).*\n)*", re.MULTILINE)  # after 110 s


def main(argv: Sequence[str]) -> int:
    """Make all pictures; returns the exit code. There are no options."""
    if argv:
        print("python3 -m tests.shots takes no options", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    asyncio.run(_make())
    return 0


SETTLE_MS = 2000  # a tile that has just become LIVE is painted with its next picture, and a layer's first is coarse


async def _make() -> None:
    """The film has a run of its own: made beside the other pictures it overloads two cores, and leaves gaps in the replay."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright, _seen_by_phone() as film:
        browser = await playwright.chromium.launch(
            executable_path=chromium(),
            chromium_sandbox=False,
            args=[*WEBGL_FLAGS, "--hide-scrollbars", f"--use-file-for-fake-video-capture={film}"],
        )
        await _icons(browser)
        async with _demo() as (link, _):
            await _film(browser, link)
        async with _demo() as (link, password):
            await _console(browser, link, password)
            url = link.split("/sign-in")[0]
            await _sign_in(browser, url)
            await _phone(browser, url, password)
        await browser.close()


@asynccontextmanager
async def _seen_by_phone() -> AsyncIterator[str]:
    """The file that plays in place of the phone's camera."""
    with tempfile.NamedTemporaryFile(suffix=".y4m") as film:
        await asyncio.to_thread(write_street, Path(film.name), time.time())
        yield film.name


@asynccontextmanager
async def _demo() -> AsyncIterator[tuple[str, str]]:
    """The demo from its beginning, in which nobody answers for a machine that draws slowly, and nothing comes after the
    incident; its link and its password.
    """
    arguments = ["-m", "server", "demo", "--no-browser", "--port", "0", "--cameras", str(CAMERAS)]
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as scenario, Program("demo", arguments) as demo:
        text = BUILT_IN.read_text()
        assert COLLEAGUE_WAITS in text
        assert LATER.search(text)
        scenario.write(LATER.sub("", text.replace(COLLEAGUE_WAITS, "after_s = 600.0")))
        scenario.flush()
        demo.arguments += ["--scenario", scenario.name]
        demo.start()
        await demo.says("An officer's own phone")
        link = re.search(r"^Console: (\S+)$", demo.printed, re.MULTILINE)
        password = re.search(r"password (\S+)$", demo.printed, re.MULTILINE)
        assert link is not None, demo.printed
        assert password is not None, demo.printed
        yield link[1], password[1]


async def _console(browser: Browser, link: str, password: str) -> None:
    """With a priority 1 that nobody has acknowledged, and when all is calm again."""
    async with Screen(browser, link.split("/sign-in")[0], viewport=LARGE) as screen:
        screen.allowed.append(NO_STILL)
        page = screen.page
        await page.goto(link)
        await page.locator("sound-switch button").click()
        await expect(screen.alert("TASER armed")).to_be_visible()
        await expect(screen.tile(1).locator(".cap")).to_contain_text("ET17")
        await expect(page.locator("feed-tile.live")).to_have_count(LIVING_TILES)
        await page.keyboard.press("z")
        await _keep(page, "console-alert.png")
        await page.locator("#theme").click()
        await _keep(page, "console-alert-light.png")
        await page.locator("#theme").click()
        await _pocket(browser, screen.url, password)
        await _answer(screen)
        for theme, name in (("dark", "wall.png"), ("light", "wall-light.png")):
            await page.goto(f"{screen.url}/wall/1+5?kiosk=1&dist=2&diag=55&theme={theme}")
            await expect(page.locator("feed-tile.live")).to_have_count(WALL_TILES)
            await _settled(page)
            await _keep(page, name)
        await page.goto(screen.url)
        await page.locator("sound-switch button").click()
        await expect(page.locator("feed-tile.live")).to_have_count(LIVING_TILES)
        await _keep_calm(page, "console-calm.png")
        await page.locator("#theme").click()
        await _keep_calm(page, "console-calm-light.png")
        await page.locator("#theme").click()
        await _replay(page, screen.url)


async def _keep_calm(page: Page, name: str) -> None:
    """Nothing is open and every picture lives; what comes while a slow machine draws is closed, too."""
    calm = page.locator("status-line.calm")
    while True:
        await _resolve(page)
        await expect(page.locator("feed-tile.live")).to_have_count(LIVING_TILES)
        await _settled(page)
        await _keep(page, name)
        if await calm.is_visible() and await page.locator("feed-tile.live").count() == LIVING_TILES:
            return


async def _resolve(page: Page) -> None:
    """Closes what is open, until the room is calm."""
    calm = page.locator("status-line.calm")
    while not await calm.is_visible():
        try:
            await page.locator('alert-card [data-act="resolve"]').first.click(timeout=3000)
        except TimeoutError:  # it was just closed
            continue


async def _settled(page: Page) -> None:
    """What a new page, or another theme of the map, holds up for a moment is over: every picture is as fresh as usual."""
    await until(lambda: page.evaluate(FRESH), "the pictures are fresh", PATIENCE_MS / 1000)


async def _replay(page: Page, url: str) -> None:
    """The incident again, every camera on one clock, at its gravest alert; and a picture under the pointer."""
    await page.goto(f"{url}/replay")
    row = page.locator("recording-list li").filter(has_text="TASER armed").last
    await row.get_by_role("link", name=re.compile("^Open with")).click()
    await page.get_by_role("dialog").get_by_label("Reason", exact=True).select_option("Debrief")
    await page.get_by_role("button", name="Open the replay").click()
    await expect(page.locator("replay-tile")).not_to_have_count(0)
    await page.locator("replay-events li").filter(has_text="TASER armed").first.get_by_role("button").click()
    await until(lambda: page.evaluate(REPLAY_READY), "the pictures are there", PATIENCE_MS / 1000)
    await expect(page.locator("replay-tile.a1").filter(has_text="ARMED")).not_to_have_count(0)
    # what a busy machine has held up is tried again
    await expect(page.locator("replay-tile").filter(has_text="NOT PLAYED")).to_have_count(0)
    await page.keyboard.press("z")
    await _point_at_a_picture(page)
    await _keep(page, "replay.png")


async def _point_at_a_picture(page: Page) -> None:
    """A busy machine has left gaps, of which there is none."""
    box = await page.locator("replay-timeline").bounding_box()
    assert box is not None
    for share in GLANCES:
        await page.mouse.move(box["x"] + box["width"] * share, box["y"] + 40)
        with suppress(AssertionError):
            await expect(page.locator("replay-glance img")).to_be_visible(timeout=10_000)
            return
    raise AssertionError(f"no picture under the pointer at any of {GLANCES}")


async def _icons(browser: Browser) -> None:
    """The mark as home screens want it: square, with the margin that a maskable icon may lose."""
    mark = (ROOT / "static" / "mark.svg").read_text().replace('rx="4"', "").replace("0 0 20 20", "-2 -2 24 24")
    mark = mark.replace('width="20" height="20"', 'x="-2" y="-2" width="24" height="24"')
    for side in ICON_SIDES:
        page = await browser.new_page(viewport={"width": side, "height": side})
        await page.set_content(f'<body style="margin:0">{mark}</body>')
        await page.screenshot(path=ROOT / "static" / f"mark-{side}.png")
        await page.close()


async def _answer(screen: Screen) -> None:
    """As an inspector does: acknowledge, write, and see the words arrive."""
    page = screen.page
    await page.keyboard.press("a")
    await expect(screen.alert("TASER armed").locator(".life li.on").nth(1)).to_contain_text("Achebe")
    await page.keyboard.press("t")
    await page.keyboard.type("Stay back, hold the doorway. ET22 is with you in a minute.", delay=40)
    await page.keyboard.press("Enter")
    await expect(page.locator("advice-composer .msg").last).to_contain_text("Acknowledged")


async def _film(browser: Browser, link: str) -> None:
    """The first minute as an animated picture, told to its end: armed, answered, safe, resolved, calm."""
    async with Screen(browser, link.split("/sign-in")[0], viewport=LARGE) as screen:
        page = screen.page
        await page.goto(link)
        await page.locator("sound-switch button").click()
        acting = asyncio.create_task(_act(screen))
        taken = list[tuple[float, bytes]]()
        began = time.monotonic()
        while not acting.done() and time.monotonic() < began + FILM_MOST_S:
            taken.append((time.monotonic(), await page.screenshot(type="jpeg", quality=90)))
            await page.wait_for_timeout(FILM_EVERY_MS)
        await acting
        taken.append((time.monotonic(), await page.screenshot(type="jpeg", quality=90)))
        await asyncio.to_thread(_wind, taken)


async def _act(screen: Screen) -> None:
    """What an inspector does in the film, at an inspector's pace."""
    page = screen.page
    await expect(screen.alert("TASER armed")).to_be_visible()
    await page.wait_for_timeout(4000)
    await _answer(screen)
    await expect(screen.alert("TASER armed")).to_contain_text("SAFE")
    await page.wait_for_timeout(3000)
    await _resolve(page)
    await page.wait_for_timeout(2000)


def _wind(taken: list[tuple[float, bytes]]) -> None:
    """Each picture lasts until the next one was taken, twice as fast as it was."""
    height = round(FILM_WIDTH * LARGE["height"] / LARGE["width"])
    frames = [
        Image.open(io.BytesIO(one)).convert("RGB").resize((FILM_WIDTH, height), Image.Resampling.LANCZOS)
        for _, one in taken
    ]
    times = [at for at, _ in taken]
    lasts = [round((then - at) * 1000 / FILM_FASTER) for at, then in pairwise(times)] + [FILM_LAST_MS]
    packed, quality = packed_film(frames, lasts)
    (FOLDER / "first-minute.webp").write_bytes(packed)
    told = f"{len(frames)} pictures of {times[-1] - times[0]:.0f} s, {len(packed) // 1000} kB, quality {quality}"
    print(f"first-minute.webp: {told}", flush=True)


async def _sign_in(browser: Browser, url: str) -> None:
    async with Screen(browser, url, viewport={"width": 1440, "height": 900}) as screen:
        await screen.page.goto(f"{url}/sign-in")
        await expect(screen.page.get_by_text("answers in")).to_be_visible()
        await screen.page.get_by_label("Name").fill("achebe")
        await _keep(screen.page, "sign-in.png")


async def _pocket(browser: Browser, url: str, password: str) -> None:
    """The same alert in an inspector's hand."""
    async with Screen(browser, url, **PHONE) as screen:
        await _enter(screen.page, f"{url}/sign-in?next=/pocket", "okafor", password)
        await expect(screen.alert("TASER armed")).to_be_visible()
        await expect(screen.page.locator("feed-tile.live")).to_be_visible()
        await _keep(screen.page, "pocket.png")


async def _enter(page: Page, address: str, name: str, password: str) -> None:
    await page.goto(address)
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def _phone(browser: Browser, url: str, password: str) -> None:
    """As control has written to its officer."""
    async with Screen(browser, url, **PHONE) as screen, Screen(browser, url, viewport=LARGE) as control:
        page = screen.page
        await _enter(page, f"{url}/sign-in?next=/camera", "rahman", password)
        await expect(page.locator("#link")).to_have_text("linked")
        await page.get_by_role("button", name="Start recording").click()
        await expect(page.locator("#link")).to_have_text("live")
        await _enter(control.page, f"{url}/sign-in", "okafor", password)
        await control.row("PS Rahman").click()
        await control.page.keyboard.press("t")
        await control.page.keyboard.type("ET22 is beside you. Armed response told.", delay=40)
        await control.page.keyboard.press("Enter")
        await expect(page.locator("#advice")).to_contain_text("Armed response")
        await expect(page.locator("#watch-names")).to_contain_text("D. Okafor")
        for name, north in (("camera.png", 2e-5), ("camera-light.png", 4e-5)):
            # who is on patrol walks, and Chromium tells of no place twice
            await page.context.set_geolocation({**PLACE, "latitude": PLACE["latitude"] + north})
            await _keep(page, name)
            await page.locator("#theme").tap()


async def _keep(page: Page, name: str) -> None:
    """The page as it stands, with as many colours as fit into the limit."""
    await page.evaluate("document.fonts.ready.then(() => true)")
    await page.wait_for_timeout(SETTLE_MS)
    # what flashes is taken lit
    shot = Image.open(io.BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
    packed, colours = packed_picture(shot)
    (FOLDER / name).write_bytes(packed)
    print(f"{name}: {shot.width}×{shot.height}, {len(packed) // 1000} kB, {colours} colours", flush=True)
