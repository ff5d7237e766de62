"""Two server processes on one database: consoles in a real browser on each, and a real Redis that dies between them."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.screen import Screen
from tests.installation import Camera, Installation, Server
from tests.local_servers import LocalRedis

# Without its doorbell a process looks at the journal by itself every few seconds.
WITHOUT_REDIS_MS = 30_000.0


async def test_an_alert_reaches_the_other_process_once_though_redis_dies(
    browser: Browser, redis_server: LocalRedis, postgres_url: str, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "data", ["--redis", redis_server.url, "--database", postgres_url])
    installation.settings = {"WATCHROOM_DATABASE": postgres_url}
    key = installation.add_camera("ET17", "PC Marsh", "0417")
    installation.add_person("hale", "inspector", "Insp. Hale")
    installation.add_person("okafor", "control", "D. Okafor")
    with Server(installation, "server 1") as one, Server(installation, "server 2") as two:
        await one.serve()
        await two.serve()
        with Camera(key, one.url) as camera:
            camera.start()
            async with Screen(browser, one.url) as near, Screen(browser, two.url) as far:
                await near.console("okafor")
                await far.console("hale")
                await expect(far.row("ET17")).to_be_visible()
                await _an_incident(redis_server, camera, near, far)


async def _an_incident(redis: LocalRedis, camera: Camera, near: Screen, far: Screen) -> None:
    await camera.press("taser.drawn")
    for each in (near, far):
        await expect(each.alert("TASER drawn")).to_contain_text("ET17")
    for each in (near, far):  # the picture is at one process, and reaches the consoles of both
        await each.is_in_state(1, "live")
    far.allowed.append("503.*/media/sessions/")  # it asks whether its viewing lives, and the process that knows is away
    redis.kill()
    await camera.press("taser.armed")
    await expect(near.alert("TASER armed")).to_have_class(re.compile(r"\ba1\b.*\bun\b"))
    redis.start()
    await expect(far.alert("TASER armed")).to_have_class(re.compile(r"\ba1\b.*\bun\b"), timeout=WITHOUT_REDIS_MS)
    for each in (near, far):
        await expect(each.page.locator("alert-card")).to_have_count(1)  # drawn and armed are one that became graver
    await far.page.keyboard.press("a")
    for each in (near, far):
        acknowledged = each.alert("TASER armed").locator(".life li.on").nth(1)
        await expect(acknowledged).to_contain_text("Insp. Hale", timeout=WITHOUT_REDIS_MS)
    await camera.says("Insp. Hale has seen your alert: taser armed.")
    await _advice(camera, near, far)


async def _advice(camera: Camera, near: Screen, far: Screen) -> None:
    await far.row("ET17").click()
    await far.page.keyboard.press("t")
    await far.page.get_by_role("button", name="Hold, contain").click()
    await far.page.keyboard.press("Enter")
    await camera.says("ADVICE from Insp. Hale: Hold, contain")
    await camera.press("heard")
    await near.row("ET17").click()
    for each in (near, far):
        proven = each.page.locator("advice-composer .msg").last.locator(".rcp li.on")
        await expect(proven).to_contain_text(["Sent", "Delivered", "Shown", "Acknowledged"])
