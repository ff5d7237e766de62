"""A camera behind a bad link, the server, and who watches: real processes, real browsers, a link that can be told.

async with Scene() as scene:
    async with scene.viewer() as viewer:
        scene.network.change(up=Conditions(loss=0.1))
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiortc.mediastreams import MediaStreamError
from playwright.async_api import async_playwright

from tests.browser.screen import FLAGS, Screen
from tests.installation import Camera, CameraKey, Installation, Server
from tests.links.network import Network
from tests.local_servers import chromium
from tests.patience import until
from tests.raw_console import RawConsole
from tests.server.media import clients

# Small and slow enough for two cores that also decode it; alive enough for a freeze to show. Both layers have as many
# pictures, so that it does not matter which one a viewer is given.
FPS = 12
PICTURE = ("--size", "384x216", "--fps", str(FPS), "--sub-fps", str(FPS), "--bitrate", "400000", "--recording", "on")
VISIBLE_GAP_S = 0.15  # libwebrtc calls it a freeze beyond max(3 gaps, a gap + 150 ms)

# Notes when each picture is shown on the tile, whatever element shows it.
SHOWN = """(tile) => {
  window.shown = [];
  let watched = null;
  const look = () => {
    const video = document.querySelector(`.slot[data-tile="${tile}"] feed-tile video`);
    if (video && video !== watched) {
      watched = video;
      const next = () => video.requestVideoFrameCallback(() => {
        window.shown.push(performance.timeOrigin + performance.now());
        next();
      });
      next();
    }
  };
  look();
  setInterval(look, 100);
}"""


@dataclass
class Shown:
    """When pictures were shown (seconds of one clock)."""

    times: list[float] = field(default_factory=list)

    def within(self, start: float, end: float) -> Shown:
        """Those of a stretch of time, and the last before it, since a freeze may have begun there."""
        before = [at for at in self.times if at < start][-1:]
        return Shown(before + [at for at in self.times if start <= at <= end])

    def gaps(self, end: float | None = None) -> list[float]:
        """From picture to picture; with `end`, also from the last one to then."""
        times = self.times + ([end] if end is not None else [])
        return [after - before for before, after in pairwise(times)]

    def freezes(self, usual_s: float, end: float | None = None) -> list[float]:
        """The gaps that are seen."""
        return [gap for gap in self.gaps(end) if gap > max(3 * usual_s, usual_s + VISIBLE_GAP_S)]


class Viewer:
    """An aiortc viewer that decodes all it gets."""

    def __init__(self, connection: clients.Screen) -> None:
        self.connection = connection
        self.shown = Shown()
        self.pictures = 0  # different ones: what is lost makes aiortc hand out the one before again
        self.width = 0
        self._last_pts: int | None = None
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(MediaStreamError):
            while True:
                frame: Any = await self.connection.video.receiver.track.recv()
                self.width = frame.width
                if frame.pts != self._last_pts:
                    self._last_pts = frame.pts
                    self.pictures += 1
                    self.shown.times.append(time.time())

    async def close(self) -> None:
        """End it."""
        await self.connection.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


class Scene:
    """One camera (`key`), its server and the network between them."""

    network: Network
    server: Server
    camera: Camera

    def __init__(self, picture: Sequence[str] = PICTURE, cameras: int = 1) -> None:
        self._picture = tuple(picture)
        self._cameras = cameras
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as closing:
            folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="watchroom-links-")))
            self.installation = Installation(folder / "data", ("--host", "0.0.0.0"))
            self.installation.settings["WATCHROOM_LOG_LEVEL"] = "info"
            self.installation.add_person("hale", "inspector", "Insp. Hale")
            self.keys = [self.installation.add_camera(f"ET{17 + n}", f"PC {n}", str(n)) for n in range(self._cameras)]
            self.network = closing.enter_context(Network())
            self.server = await closing.enter_context(Server(self.installation)).serve()
            self.port = self.server.url.rsplit(":", 1)[1]
            self.camera = closing.enter_context(self.behind_the_link(self.keys[0]))
            await self.camera.start().shows()
            self._closing = closing.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    @property
    def url(self) -> str:
        """The server's, for its own side: a browser trusts only this address without TLS."""
        return f"http://127.0.0.1:{self.port}"

    def behind_the_link(self, key: CameraKey, *options: str) -> Camera:
        """A camera's process, not yet started."""
        camera = Camera(key, f"http://{self.network.server_address}:{self.port}", *self._picture, *options)
        camera.prefix = self.network.camera_side
        return camera

    @asynccontextmanager
    async def viewer(self, layer: str = "main") -> AsyncIterator[Viewer]:
        """An aiortc viewer whose pictures come."""
        connection = clients.Screen(sound=False)
        async with RawConsole(self.url) as console:  # signs in
            path = f"/whep/{self.keys[0].device_id}?layer={layer}"
            answer = await console.offer(path, await connection.make_offer())
        await connection.take(answer)
        viewer = Viewer(connection)
        try:
            await until(lambda: len(viewer.shown.times) > 5, "the viewer has pictures")
            yield viewer
        finally:
            await viewer.close()

    @asynccontextmanager
    async def console(self) -> AsyncIterator[Screen]:
        """A real console in a Chromium of its own, on the server's side, with the camera's tile open."""
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=FLAGS)
            async with Screen(browser, self.url) as screen:
                await screen.console()
                await screen.is_in_state(1, "live", within_s=40)
                await screen.page.evaluate(SHOWN, 1)
                yield screen
            await browser.close()

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[RawConsole]:
        """A console without a browser."""
        async with RawConsole(self.url) as console:
            yield console


async def shown_by(screen: Screen) -> Shown:
    """What the console's tile has shown so far (seconds)."""
    times: list[float] = await screen.page.evaluate("window.shown")
    return Shown([at / 1000 for at in times])
