"""Glass to glass, added by the server, time to the first frame, alert to screen; memory, processor. Real Chromium.

Six cameras with drawn streets; the one that is measured burns the time of capture into its pictures as a barcode,
which the page reads from the frames on screen. All processes share one clock and these cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import async_playwright, expect

from tests.bench.added_latency import added_latency
from tests.bench.figures import Figure, cpu_seconds, processes_below, resident_mb, tell
from tests.browser.barcode import READER
from tests.browser.screen import FLAGS, Screen
from tests.installation import Camera, CameraKey, Installation, Server
from tests.local_servers import chromium
from tests.patience import until
from tests.raw_console import RawConsole

CALM_S = 6.0  # how long the idle console's processor time is measured
LONGEST_WAIT_MS = 10_000
RING_TILES = ("8", "9")

# Reads the barcode of every frame shown.
GLASS = (
    "async ([count, longest]) => { const barcode = "
    + READER
    + """;
  const video = document.querySelector('.slot[data-tile="1"] video');
  const found = {ages: [], unread: 0, sizes: {}};
  const limit = performance.now() + longest;
  await new Promise((done) => {
    const frame = (now, {expectedDisplayTime}) => {
      const at = barcode(video);
      const size = `${video.videoWidth}×${video.videoHeight}`;
      found.sizes[size] = (found.sizes[size] ?? 0) + 1;
      if (at === null) found.unread += 1;
      else found.ages.push((Date.now() + expectedDisplayTime - performance.now() - at) % 2 ** 32);
      if (found.ages.length >= count || performance.now() > limit) done();
      else video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
    setTimeout(done, longest);
  });
  // the barcode holds the time of capture modulo 2^32 ms; a frame may be due within its own millisecond
  return {...found, ages: found.ages.map((age) => (age > 2 ** 31 ? age - 2 ** 32 : age))};
}"""
)

FIRST_FRAME = """([tile, longest]) => {
  const video = document.querySelector(`.slot[data-tile="${tile}"] video`);
  window.firstFrame = new Promise((done) => {
    let began = 0;
    addEventListener("keydown", () => (began = performance.now()), {capture: true, once: true});
    video.requestVideoFrameCallback(() => done(performance.now() - began));
    setTimeout(() => done(null), longest);
  });
}"""

CARD = """(longest) => {
  window.card = new Promise((done) => {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("alert-card .what")) return;
      watch.disconnect();
      done(Date.now() / 1000);
    });
    watch.observe(document.querySelector("alert-tray"), {childList: true, subtree: true});
    setTimeout(() => done(null), longest);
  });
}"""


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench latency", description=__doc__)
    parser.add_argument("--samples", type=int, default=60, help="of each kind [60]")
    parser.add_argument("--cameras", type=int, default=6, help="cameras that stream meanwhile [6]")
    parser.add_argument("--added-seconds", type=float, default=10.0, help="for what the server adds [10]")
    parser.add_argument("--added-only", action="store_true", help="only what the server adds, without a browser")
    options = parser.parse_args(argv)
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    figures = await added_latency(options.added_seconds)
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    if not options.added_only:
        about["cameras"] = options.cameras
        figures += await _measure(options.samples, options.cameras)
    return tell("latency", figures, about)


async def _measure(samples: int, cameras: int) -> list[Figure]:
    """In Chromium, with this many cameras."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="watchroom-bench-")))
        installation = Installation(folder / "data")
        installation.add_person("hale", "inspector", "Insp. Hale")
        installation.add_person("okafor", "control", "D. Okafor")
        keys = [installation.add_camera(f"ET{17 + number}", f"PC {number}", str(number)) for number in range(cameras)]
        server = await closing.enter_context(Server(installation)).serve()
        running = [closing.enter_context(_camera(key, server.url, first=key is keys[0])) for key in keys]
        for camera in running:
            await camera.start().shows()
        playwright = await closing.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=FLAGS)
        closing.push_async_callback(browser.close)
        screen = await closing.enter_async_context(
            Screen(browser, server.url, viewport={"width": 1920, "height": 1080})
        )
        desk = await closing.enter_async_context(RawConsole(server.url, "okafor"))
        await screen.console("hale")
        await screen.row(keys[0].call_sign).click()
        for tile in range(1, cameras + 2):
            await screen.is_in_state(tile, "live", within_s=60)
        figures = [
            *await _idle(screen, server),
            await _glass(screen, samples),
            await _first_frames(screen, keys[-1], samples),
            await _alerts(screen, running[0], desk, samples),
        ]
        memory = resident_mb(server.pid)
        return [*figures, Figure("server_rss", f"server's memory, {cameras} cameras", "MB", [memory], "value", 200)]


def _camera(key: CameraKey, url: str, *, first: bool) -> Camera:
    # the barcode needs a picture 640 px wide
    measured = ("--barcode", "--size", "640x360", "--fps", "25") if first else ()
    return Camera(key, url, "--recording", "on", *measured)


async def _idle(screen: Screen, server: Server) -> list[Figure]:
    """Processor time while nothing happens but pictures and positions."""
    chromium_pids = [
        pid for pid in processes_below(os.getpid()) if b"chromium" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    groups = {"console": chromium_pids, "server": [server.pid]}
    before = {name: cpu_seconds(pids) for name, pids in groups.items()}
    began = time.monotonic()
    await asyncio.sleep(CALM_S)
    passed = time.monotonic() - began
    shares = {name: 100 * (cpu_seconds(pids) - before[name]) / passed for name, pids in groups.items()}
    return [
        Figure(
            "console_cpu", "console's processor time, calm (no GPU)", "% of a core", [shares["console"]], "value", None
        ),
        Figure("server_cpu", "server's processor time, calm", "% of a core", [shares["server"]], "value", None),
    ]


async def _glass(screen: Screen, samples: int) -> Figure:
    """From capture to the frame on screen."""
    found = await screen.page.evaluate(GLASS, [samples, samples * 200 + LONGEST_WAIT_MS])
    if found["unread"]:
        print(f"{found['unread']} frames without a readable barcode; frames by size: {found['sizes']}")
    return Figure("glass_to_glass", "glass to glass", "ms", found["ages"], "p50", 100)


async def _first_frames(screen: Screen, key: CameraKey, samples: int) -> Figure:
    """A unit is sent to and fro between two tiles by its key: each time a viewing ends and another begins."""
    found = []
    for number in range(samples):
        tile = RING_TILES[number % 2]
        await screen.row(key.call_sign).focus()
        await screen.page.evaluate(FIRST_FRAME, [tile, LONGEST_WAIT_MS])
        await screen.page.keyboard.press(tile)
        took = await screen.page.evaluate("window.firstFrame")
        assert took is not None, f"no first frame within {LONGEST_WAIT_MS} ms"
        found.append(float(took))
        await screen.is_in_state(int(tile), "live")
    return Figure("first_frame", "first frame of a new viewing", "ms", found, "p95", 300)


async def _alerts(screen: Screen, camera: Camera, desk: RawConsole, samples: int) -> Figure:
    """From the holster's sensor at the camera to the card in the console's document."""
    found = []
    for _ in range(samples):
        await screen.page.evaluate(CARD, LONGEST_WAIT_MS)
        began = time.time()
        await camera.press("taser.armed")
        shown = await screen.page.evaluate("window.card")
        assert shown is not None, f"no alert within {LONGEST_WAIT_MS} ms"
        found.append(1000 * (float(shown) - began))
        await camera.press("taser.safe")
        alert = await until(lambda: _cleared(desk), "the alert is cleared")
        status, problem = await desk.post(f"/api/alerts/{alert}/resolve")
        assert status == 200, problem
        await expect(screen.page.locator("alert-card")).to_have_count(0)
    return Figure("alert_to_dom", "alert, holster to document", "ms", found, "p95", 150)


def _cleared(desk: RawConsole) -> str | None:
    alerts = desk.bodies("alert")
    last = alerts[-1] if alerts else None
    return str(last["id"]) if last and last["state"] in ("cleared", "acknowledged") and last["cleared_at"] else None
