"""The README's pages and its scripts against a whole server: with its gate, from another origin, by a real Chromium."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright

from server.app import Watchroom
from server.config import Config
from server.registry import opened
from server.units.unit import RecordMode
from tests.readme import block
from tests.server.media.conftest import until
from tests.server.media.test_chromium import FLAGS

START_S = 60.0  # for a program that is started beside six others


@dataclass
class House:
    """A server, a camera without telemetry, and somebody's token."""

    watchroom: Watchroom
    device_id: str
    values: dict[str, str]

    def filled(self, text: str) -> str:
        """A page with its addresses and tokens."""
        for name in sorted(self.values, key=len, reverse=True):  # TOKEN is a part of WHIP_TOKEN
            text = text.replace(name, self.values[name])
        return text

    async def streams(self) -> None:
        """Wait for the camera's picture."""
        await until(lambda: self.watchroom.engine.feed_state(self.device_id).streaming, START_S)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Serving, on a free port."""
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        async with opened(tmp_path) as registry:  # what the commands of the README do
            person = await registry.access.add_person("achebe", "inspector", None)
            made = await registry.add_camera("CAM1", None, None, RecordMode.ALWAYS, None)
            _, token = await registry.access.add_token(person, "a player")
        url = str(made["whip_url"])
        whep = url.replace("/whip/", "/whep/")
        values = {"WHIP_URL": url, "WHIP_TOKEN": str(made["whip_token"]), "WHEP_URL": whep, "TOKEN": token}
        yield House(watchroom, values["WHIP_URL"].rsplit("/", 1)[1], values)


@pytest.fixture
async def elsewhere(house: House) -> AsyncIterator[str]:
    """Another origin, with the README's pages."""

    def page(text: str) -> web.Response:
        return web.Response(text="<!doctype html>" + house.filled(text), content_type="text/html")

    async def camera(_: web.Request) -> web.Response:
        return page(block("html", "getUserMedia"))

    async def player(_: web.Request) -> web.Response:
        return page(block("html", "<video"))

    app = web.Application()
    app.add_routes([web.get("/camera", camera), web.get("/player", player)])
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def page(chromium_path: str) -> AsyncIterator[Page]:
    """A tab."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, chromium_sandbox=False, args=FLAGS)
        yield await (await browser.new_context()).new_page()
        await browser.close()


async def test_the_pages_of_the_readme_publish_and_play(house: House, elsewhere: str, page: Page) -> None:
    await page.goto(f"{elsewhere}/camera")
    await house.streams()
    player = await page.context.new_page()
    await player.goto(f"{elsewhere}/player")
    await player.wait_for_function("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 20")
    await player.wait_for_function("document.querySelector('video').srcObject.getAudioTracks().length === 1")
    assert await player.evaluate("document.querySelector('video').videoWidth") > 0


@asynccontextmanager
async def script(house: House, holds: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A script of the README, running there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        block("python", holds),
        env=os.environ | house.values,
        cwd=folder,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        _, errors = await process.communicate()
    assert "Traceback" not in errors.decode(), errors.decode()


async def test_the_scripts_of_the_readme_publish_and_play(house: House, tmp_path: Path) -> None:
    async with script(house, "async def publish", tmp_path):
        await house.streams()
        assert house.watchroom.units.unit(house.device_id).recording == "recording"
        async with script(house, "async def watch", tmp_path) as player:
            await asyncio.wait_for(player.wait(), START_S)
    with av.open(str(tmp_path / "seen.mp4")) as film:
        pictures = list(film.decode(video=0))
    assert len(pictures) > 20 and (pictures[-1].width, pictures[-1].height) == (640, 360)
