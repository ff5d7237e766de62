"""One Chromium for all tests of the folder, a registered installation, and a server of their own for each module."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.screen import FLAGS, WEBGL_FLAGS, Screen
from tests.installation import Camera, CameraKey, Installation, Server
from tests.patience import BROWSER_S

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one event loop, since they share one browser."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def no_task_left() -> None:
    """Nothing of ours runs in this process; the browser's own tasks live as long as the session."""


@asynccontextmanager
async def _launched(chromium_path: str, flags: Sequence[str]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium_path, chromium_sandbox=False, args=flags)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    """The one Chromium."""
    expect.set_options(timeout=1000 * BROWSER_S)
    async with _launched(chromium_path, FLAGS) as launched:
        yield launched


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def drawing(chromium_path: str) -> AsyncIterator[Browser]:
    """A Chromium that draws the street map: the one of all tests has no WebGL."""
    async with _launched(chromium_path, WEBGL_FLAGS) as launched:
        yield launched


class Cast:
    """Who is registered in every installation of these tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        installation = Installation(folder)
        self.et17: CameraKey = installation.add_camera("ET17", "PC Marsh", "0417")
        self.et22: CameraKey = installation.add_camera("ET22", "PC Lindqvist", "0688")
        installation.add_person("hale", "inspector", "Insp. Hale")
        installation.add_person("okafor", "control", "D. Okafor")
        installation.add_person("rahman", "officer", "PS Rahman", "--call-sign", "ET52")


@pytest.fixture(scope="session")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """Registered once, by the real commands; the installations of the modules are copies."""
    return Cast(tmp_path_factory.mktemp("cast") / "data")


@pytest.fixture(scope="module")
def installation(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A data folder of the module's own."""
    folder = tmp_path_factory.mktemp("installation") / "data"
    shutil.copytree(cast.folder, folder)
    return Installation(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(installation: Installation) -> AsyncIterator[Server]:
    """A running server, shared by the module's tests."""
    with Server(installation) as program:
        yield await program.serve()


@pytest.fixture(scope="module")
def start_camera(server: Server) -> Iterator[Callable[..., Camera]]:
    """Starts a camera process, which ends with the module."""
    with ExitStack() as closing:

        def start(key: CameraKey, *options: str) -> Camera:
            camera = closing.enter_context(Camera(key, server.url, *options))
            camera.start()
            return camera

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def screen(browser: Browser, server: Server) -> AsyncIterator[Screen]:
    """A desk's browser window on the module's server; what its pages complain of fails the test."""
    async with Screen(browser, server.url) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def second_screen(browser: Browser, server: Server) -> AsyncIterator[Screen]:
    """Another operator's, with cookies of its own."""
    async with Screen(browser, server.url) as opened:
        yield opened
