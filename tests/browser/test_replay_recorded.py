"""Four real cameras, recorded by a real server from different moments on, then replayed: is each picture where it was?

Each burns the time of its capture into its pictures, by the one clock of this machine. Between that and the replay's clock
lie encoder, pacer, WebRTC, sender reports, recorder, journal, playlist and player.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from playwright.async_api import Page

from server.recording.library import Library
from tests.browser.barcode import READER
from tests.browser.conftest import Cast
from tests.browser.replaying import entered, ready
from tests.browser.screen import Screen
from tests.installation import Camera, CameraKey, Installation, Server
from tests.patience import until

CAMERA = ("--recording", "off", "--size", "640x360", "--bitrate", "300000", "--barcode")
FPS = 10
LATER_S = 0.7  # each begins to record so much after the one before
RECORDED_S = 11.0
STOPS_S = (1.3, 3.9, 2.6, 5.2)  # where it stands, after FROM_S
FROM_S = 4.0  # after the last began: what a busy machine sends late at first is made good by 15 ms a segment
PLAYED_S = 5.0
TRUE_MS = 40.0  # the bar for the spread
LONG_S = 60.0

# Of each picture that comes on screen: when (page's ms), its barcode (ms modulo 2^32), and where the replay has it (Unix ms).
WATCH = f"""() => {{
  const read = {READER};
  window.watched = [...document.querySelectorAll("replay-tile")].map((tile) => {{
    const [video, seen] = [tile.querySelector("video"), []];
    const next = () => video.requestVideoFrameCallback((now, {{ mediaTime }}) => {{
      seen.push([now, read(video), (tile.picture.shownAt - video.currentTime + mediaTime) * 1000]);
      next();
    }});
    next();
    return seen;
  }});
}}"""
# The same of the pictures that stand there now: the barcode, and where the replay has it.
STAND = f"""() => {{
  const read = {READER};
  return [...document.querySelectorAll("replay-tile")].map((tile, camera) =>
    [read(tile.querySelector("video")), window.watched[camera].at(-1)?.[2] ?? 0]);
}}"""

# Every so many milliseconds: where each camera stands, in Unix seconds.
POSITIONS = """(every) => { window.positions = [];
  setInterval(() => window.positions.push([...document.querySelectorAll("replay-tile")].map(({ picture }) => picture.shownAt)), every); }"""
LOOK_MS = 50


async def test_each_picture_stands_where_the_camera_took_it(
    screen: Screen, server: Server, installation: Installation, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    """The spread of four that play at 1×, and of pictures that stand; and how far both are from the truth."""
    more = [installation.add_camera(name, f"PC {name}", name[2:]) for name in ("ET31", "ET32")]
    keys = [cast.et17, cast.et22, *more]
    library = Library(installation.folder / "recordings")
    ids, begin = await _recorded(library, keys, [start_camera(key, *CAMERA) for key in keys])
    page = await screen.sign_in("hale", "/replay")
    await entered(page, f"{screen.url}/replay/{','.join(ids)}?t={_utc(begin)}")
    await page.evaluate(WATCH)
    off = [await _off_at(page, begin + into) for into in STOPS_S]
    await _go(page, begin)
    await page.evaluate(WATCH)
    await page.evaluate(POSITIONS, LOOK_MS)
    await page.keyboard.press("Space")
    await asyncio.sleep(PLAYED_S)
    positions: list[list[float]] = [one for one in await page.evaluate("window.positions") if None not in one]
    played = [
        [-_after(word, placed / 1000) for _, word, placed in own if word is not None]
        for own in await page.evaluate("window.watched")
    ]
    # Where each stands at one instant, not when its picture is drawn: a page that is drawn every 33 ms, of pictures that are
    # 100 ms apart, shows the one camera 25 to 80 ms later than the other for as long as it plays, in step to 4 ms.
    apart = [(max(one) - min(one)) * 1000 for one in positions]
    print(
        f"off the true time {[[round(ms) for ms in one] for one in off]} ms, played {[round(median(one)) for one in played]} ms;"
        f" apart {round(median(apart))} ms, at most {round(max(apart))}"
    )
    assert max(abs(ms) for one in off for ms in one) <= TRUE_MS
    assert max(max(one) - min(one) for one in off) <= TRUE_MS
    assert len(positions) >= PLAYED_S * 1000 / LOOK_MS / 2
    assert min(map(len, played)) >= PLAYED_S * FPS / 2
    assert max(abs(median(one)) for one in played) <= TRUE_MS
    assert median(apart) <= TRUE_MS


async def _recorded(library: Library, keys: list[CameraKey], cameras: list[Camera]) -> tuple[list[str], float]:
    """Of each camera in turn the recording, closed and signed; and from when on all four are looked at, in Unix seconds."""
    for camera in cameras:
        await camera.shows()
    for camera in cameras:
        await camera.press("record")
        await asyncio.sleep(LATER_S)
    await asyncio.sleep(RECORDED_S)
    for camera in cameras:
        await camera.press("record_stop")
        await asyncio.sleep(LATER_S / 2)

    def signed() -> bool:
        made = library.ids()
        return len(made) == len(keys) and all(library.manifest(one) for one in made)

    await until(signed, "all are signed", LONG_S)
    for camera in cameras:
        camera.stop()  # the browser needs their share of the machine
    opened = {entry["device_id"]: entry for entry in (library.entries(one)[0] for one in library.ids())}
    ordered = max(float(entry["asked_at"]) for entry in opened.values())
    return [opened[key.device_id]["recording_id"] for key in keys], ordered + FROM_S


async def _off_at(page: Page, at: float) -> list[float]:
    """How much later than it was captured the replay has the picture that each camera shows at that moment, in ms."""
    await _go(page, at)
    found: list[list[Any]] = []

    async def stand() -> bool:
        found[:] = await page.evaluate(STAND)
        return all(word is not None and -1000 / FPS * 2 < placed - at * 1000 < 1000 / FPS for word, placed in found)

    await until(stand, "the four pictures of that moment", LONG_S)
    return [-_after(word, placed / 1000) for word, placed in found]


async def _go(page: Page, at: float) -> None:
    await page.locator("replay-transport .big").fill(_utc(at)[11:23])
    await page.keyboard.press("Enter")
    await ready(page)


def _after(word: int, at: float) -> float:
    """How many milliseconds the barcode's moment is after `at` (Unix seconds)."""
    return (word - at * 1000 + 2**31) % 2**32 - 2**31


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
