"""The replay of a recording that still grows, while the camera uploads what the server missed: never another moment's picture."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.browser.barcode import READER
from tests.browser.conftest import Cast
from tests.browser.replaying import entered
from tests.browser.screen import Screen
from tests.installation import Camera, Installation, Server
from tests.patience import until
from tests.server.test_backfill import Ground, missed

OFF_S = 6.0
APART_S = 0.3  # of the camera's clock to the server's, which the replay places by arrival
BARCODE = ("--recording", "on", "--size", "640x360", "--bitrate", "500000", "--barcode")

# What the tile says, and the moment in the barcode of its picture; null where none is to be seen.
TILE = f"""() => {{
  const [tile, read] = [document.querySelector("replay-tile"), {READER}];
  const [video, plate] = [tile.querySelector("video"), tile.querySelector(".plate")];
  const seen = getComputedStyle(video).visibility === "visible" && video.readyState > 1;
  return [plate.hidden ? "" : plate.innerText, seen ? read(video) : null];
}}"""


async def test_what_is_uploaded_while_it_grows_is_shown_at_its_moment_or_nothing_is(
    screen: Screen, server: Server, installation: Installation, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    ground = Ground(installation.folder)
    camera = start_camera(cast.et17, *BARCODE)
    await ground.grows(4)
    server.kill()
    began = time.time()
    await missed(camera, OFF_S)
    await server.serve()
    await ground.grows(1)
    begin = ground.library.entries(ground.recording)[0]["epoch"]
    page = await screen.sign_in("hale", "/replay")
    await entered(page, f"{screen.url}/replay/{ground.recording}?t={_utc(begin + 1)}")
    for into in (2.0, OFF_S - 1.5):
        at = began + into
        await page.locator("replay-transport .big").fill(f"{_utc(at)[11:23]}")
        await page.keyboard.press("Enter")

        async def is_right(at: float = at) -> bool:
            said, word = await page.evaluate(TILE)
            return word is not None and not said and _apart(word, at) < APART_S

        # The upload may still be under way: until it is there nothing is shown, and then it is, without a new page.
        await asyncio.sleep(1.0)
        await until(is_right, "the picture of that moment", 60)
        await asyncio.sleep(1.0)
        said, word = await page.evaluate(TILE)
        assert not said and _apart(word, at) < APART_S


def _apart(word: int, at: float) -> float:
    return abs((word - round(at * 1000) + 2**31) % 2**32 - 2**31) / 1000


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
