"""A replay in a browser: how it is opened, what its clock says, and which moment each picture on screen shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean

from playwright.async_api import Page, expect

from tests.browser.barcode import READER
from tests.browser.screen import REPLAY_READY, Screen
from tests.fakes.recordings import Laid
from tests.patience import until

Seen = tuple[float, int, float]  # when a picture came on screen, of which camera, its time in its recording: seconds

OFFSETS_S = (0.0, 0.37, 0.81, 1.24)  # when each of four cameras began, after the first

# The media time in the barcode of each picture on screen, in seconds.
GLASS = f"""() => {{
  const read = {READER};
  return [...document.querySelectorAll("replay-tile video")].map((video) => {{
    const word = read(video);
    return word === null ? null : word / 1000;
  }});
}}"""

# Every picture that comes on screen: when, of which camera, and its time in its recording, in seconds.
WATCH = """() => {
  window.seen = [];
  [...document.querySelectorAll("replay-tile video")].forEach((video, camera) => {
    const next = () => video.requestVideoFrameCallback((now, {mediaTime}) => {
      window.seen.push([now / 1000, camera, mediaTime]);
      next();
    });
    next();
  });
}"""


def address(laid: Sequence[Laid], at: float, *only: int) -> str:
    """The page of these recordings, at a second."""
    chosen = [laid[index] for index in only] if only else laid
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"/replay/{','.join(one.id for one in chosen)}?t={moment}"


async def opened(screen: Screen, path: str, name: str = "hale") -> Page:
    """Signed in: the page, its reason given, its pictures ready."""
    return await entered(await screen.sign_in(name, "/replay"), screen.url + path)


async def entered(page: Page, url: str) -> Page:
    """The same, of somebody who is in."""
    await page.goto(url)
    await page.get_by_role("dialog").get_by_label("Reason", exact=True).select_option("Debrief")
    await page.get_by_label("Reference or remark").fill("0412")
    await page.get_by_role("button", name="Open the replay").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await ready(page)
    return page


async def ready(page: Page) -> None:
    """Wait until each picture that there is stands on screen."""
    await until(lambda: page.evaluate(REPLAY_READY), "the pictures are there", 30)


async def moment(page: Page) -> float:
    """What the clock on the page says, in seconds of the day."""
    hours, minutes, seconds = (await page.locator("replay-transport .big").input_value()).split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


async def shown(page: Page) -> list[float | None]:
    """The moment that each picture on screen shows, in seconds after the incident's beginning; None where none is."""
    words: list[float | None] = await page.evaluate(GLASS)
    return [None if word is None else word + offset for word, offset in zip(words, OFFSETS_S, strict=False)]


def apart_each_second(seen: Sequence[Seen], began: Sequence[float] = OFFSETS_S) -> list[float]:
    """Of each second in which pictures of all came: how far the cameras are apart on the page's clock, the first to the last, in
    milliseconds. A mean over it: at a single moment a page that is drawn 15 times a second shows either of two pictures.
    `began`: when the time of each camera's pictures is nought, in seconds after the first's.
    """
    lags: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for now, camera, media in seen:
        lags[int(now)][camera].append(now - media - began[camera])
    means = [[fmean(own) for own in cameras.values()] for cameras in lags.values() if len(cameras) == len(began)]
    return [(max(one) - min(one)) * 1000 for one in means[1:-1]]  # the first and the last second are not whole
