"""One media worker is killed under a console: how long its camera's picture is away."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import aiohttp
from playwright.async_api import Page

from tests.installation import Server

# Promises when the first picture of another session than the present one is on the tile's screen, in Unix seconds. As a
# connection closes it hands over one more frame, of no RTP time.
NEXT_SESSION = """(tile) => {
  const video = document.querySelector(`.slot[data-tile="${tile}"] video`);
  const before = video.srcObject;
  window.nextSession = new Promise((done) => {
    const next = () => video.requestVideoFrameCallback((_, {rtpTimestamp}) => {
      if (video.srcObject === before || rtpTimestamp === undefined) next();
      else done((performance.timeOrigin + performance.now()) / 1000);
    });
    next();
  });
}"""


def worker_pid(server: Server, name: str) -> int:
    """The process of this media worker."""
    found = [
        int(pid)
        for task in Path(f"/proc/{server.pid}/task").glob("*/children")
        for pid in task.read_text().split()
        if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(name.encode())
    ]
    assert len(found) == 1, f"{len(found)} workers are called {name}"
    return found[0]


async def worker_of(url: str, token: str, device_id: str) -> str:
    """The media worker that has this camera, as `/api/status` tells an engineer."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/api/status") as response:
        response.raise_for_status()
        told = await response.json()
    (found,) = [one["worker"] for one in told["cameras"] if one["device_id"] == device_id]
    return str(found)


async def seconds_away(page: Page, tile: int, server: Server, worker: str) -> float:
    """Kill the worker that has this tile's camera: from then to the camera's next picture on screen."""
    await page.evaluate(NEXT_SESSION, tile)
    killed_at = time.time()
    os.kill(worker_pid(server, worker), signal.SIGKILL)
    return float(await page.evaluate("window.nextSession")) - killed_at
