"""What gives a replay its pictures, in real Chromium: when it is replaced, and when the browser's player breaks off."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.replaying import address, opened
from tests.browser.screen import Screen
from tests.fakes.recordings import Laid, Wish, lay, vp8_film
from tests.installation import Installation, Server
from tests.patience import until

LOST = (5, 6)  # a gap of 4 s behind the tenth second
IN_THE_GAP = 10 + 11.0  # in the media, whose times begin 10 s before the first picture
CLOCK_S = 31  # far behind it

# A source of pieces whose answer is under way when it is destroyed, and comes then: what it told afterwards.
REPLACED = """async ([playlist, late]) => {
  const { PieceSource } = await import("/static/js/elements/replay-pieces.js");
  const list = await (await fetch(playlist)).text();
  const [told, real] = [[], window.fetch];
  const listen = (name) => () => told.push(name);
  const parts = { learn: listen("learn"), fail: listen("fail"), unfit: listen("unfit"), leaveOut: listen("leave out"),
                  again: listen("again"), broke: listen("broke") };
  let [begin, release] = [];
  const begun = new Promise((resolve) => (begin = resolve));
  const released = new Promise((resolve) => (release = resolve));
  const slow = (words, status) => new Response(new ReadableStream({ async start(stream) {
    begin();
    await released;
    stream.enqueue(new TextEncoder().encode(words));
    stream.close();
  }}), { status });
  window.fetch = async (url) => {
    const isPiece = String(url).includes("/pieces/");
    if (isPiece) return slow('{"detail": "its SHA-256 is another"}', 409);
    return late === "list" ? slow(list, 200) : new Response(list);
  };
  try {
    const source = new PieceSource(document.createElement("video"), playlist, 0, parts, new Map());
    await begun;
    await new Promise((resolve) => setTimeout(resolve)); // the source has its answer, and waits for what stands in it
    source.destroy();
    told.length = 0;
    release();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return told;
  } finally {
    window.fetch = real;
  }
}"""

# A picture stands there, and all that is read ahead of it (20 s) has come: what breaks off is this picture.
SHOWN = """() => {
  const { buffered, currentTime, duration, readyState } = document.querySelector("replay-tile video");
  return readyState >= 2 && buffered.end(buffered.length - 1) + 0.1 >= Math.min(currentTime + 20, duration);
}"""

# The browser's player breaks off, where it is or at a position in the media.
BREAKS_OFF = """(at) => {
  const video = document.querySelector("replay-tile video");
  if (at !== null) video.currentTime = at;
  video.dispatchEvent(new Event("error"));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laid(installation: Installation) -> list[Laid]:
    """A recording in VP8, which is played piece by piece, with a gap."""
    wish = Wish("et31-cam", "ET31", float(int(time.time()) - 3600), without=LOST)
    return [lay(installation.folder, wish, {"main": vp8_film(40.0)})]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seldom_keyed(installation: Installation) -> list[Laid]:
    """One in which the camera sent a key frame every 6 s: two of three pieces begin on none."""
    wish = Wish("et32-cam", "ET32", float(int(time.time()) - 3600))
    return [lay(installation.folder, wish, {"main": vp8_film(40.0, keyed_every=3)})]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def broken(installation: Installation) -> list[Laid]:
    """The same, and its piece of 8 s is not what was recorded: that of 10 s needs it."""
    wish = Wish("et33-cam", "ET33", float(int(time.time()) - 3600))
    one = lay(installation.folder, wish, {"main": vp8_film(40.0, keyed_every=3)})
    (installation.folder / "recordings" / one.id / "main" / "000005.m4s").write_bytes(b"another")
    return [one]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(
    installation: Installation, laid: list[Laid], seldom_keyed: list[Laid], broken: list[Laid]
) -> AsyncIterator[Server]:
    """It finds the recordings when it starts."""
    with Server(installation) as program:
        yield await program.serve()


async def played(screen: Screen, laid: list[Laid], at: float) -> tuple[Page, list[str]]:
    """The page at that second, and the addresses that it asks for."""
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    page = await opened(screen, address(laid, laid[0].base + at))
    await until(lambda: pieces(asked), "it plays piece by piece")
    await until(lambda: page.evaluate(SHOWN), "a picture of a piece is shown")
    return page, asked


def pieces(asked: list[str]) -> list[int]:
    """The numbers of the segments that were asked for as pieces."""
    return [int(found[1]) for url in asked if (found := re.search(r"/pieces/.*/(\d+)\.m4s", url))]


def anew(asked: list[str]) -> list[str]:
    """What a new source asked for: it reads the playlist first, and the one before, whose recording has ended, never again.

    Until then the one before goes on reading ahead, a piece at a time.
    """
    lists = [at for at, url in enumerate(asked) if ".m3u8" in url]
    return asked[lists[0] :] if lists else []


@pytest.mark.parametrize("late", ["list", "refusal"])
async def test_what_a_replaced_source_still_awaits_is_nobody_s(screen: Screen, laid: list[Laid], late: str) -> None:
    page, asked = await played(screen, laid, 3)
    playlist = next(url for url in asked if ".m3u8" in url)
    await page.goto(f"{screen.url}/replay")  # where nothing else plays
    assert await page.evaluate(REPLACED, [playlist, late]) == []


async def test_what_breaks_off_where_no_piece_is_goes_on_at_the_clock_s_moment(
    screen: Screen, laid: list[Laid]
) -> None:
    page, asked = await played(screen, laid, CLOCK_S)
    asked.clear()
    await page.evaluate(BREAKS_OFF, IN_THE_GAP)
    await until(lambda: pieces(anew(asked)), "it plays anew")
    assert pieces(anew(asked))[0] == CLOCK_S // 2 + 1 - len(LOST)
    await expect(page.locator("replay-tile .plate")).to_be_hidden()


async def test_what_is_whole_and_not_decoded_here_is_not_called_damaged(screen: Screen, laid: list[Laid]) -> None:
    page, _ = await played(screen, laid, 3)
    await page.evaluate(BREAKS_OFF, None)
    await expect(page.locator("replay-tile .plate")).to_have_text("NOT PLAYED HEREthis browser cannot decode it")


async def test_a_piece_that_begins_on_no_key_frame_is_played_behind_those_that_it_needs(
    screen: Screen, seldom_keyed: list[Laid]
) -> None:
    page, asked = await played(screen, seldom_keyed, 22.5)  # keyed are those of 0, 6, 12 s …: this one needs two others
    await expect(page.locator("replay-tile .plate")).to_be_hidden()
    await expect(page.locator("replay-tile.awaits")).to_have_count(0)
    count = len(asked)
    await page.wait_for_timeout(1500)  # seven looks
    assert pieces(asked[count:]) == [], "nothing is asked for without end"


async def test_what_needs_a_piece_that_is_left_out_says_so_and_asks_for_it_no_more(
    screen: Screen, broken: list[Laid]
) -> None:
    screen.allowed.append("status of 409 .*/(pieces|files)/")
    page, asked = await played(screen, broken, 7)
    told = "NOT PLAYED HEREit begins between key frames, and the one before it is not to be had"
    plate = page.locator("replay-tile .plate")
    for at, words in ((8.5, re.compile("^DAMAGED")), (10.5, told)):
        await page.locator("replay-transport .big").fill(_time(broken[0].base + at))
        await page.keyboard.press("Enter")
        await expect(plate).to_have_text(words)
    assert pieces(asked).count(5) == 1 and pieces(asked).count(6) <= 2
    await page.locator("replay-transport .big").fill(_time(broken[0].base + 12.5))
    await page.keyboard.press("Enter")
    await expect(plate).to_be_hidden()
    await expect(page.locator("replay-tile.awaits")).to_have_count(0)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:12]
