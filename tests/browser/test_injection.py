"""What people and cameras are called is text, wherever it is shown: not one script of it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.screen import Screen
from tests.installation import Camera, CameraKey, Installation, Server

IMAGE = "<img src=x onerror=window.ran=1>"
SCRIPT = "</script><script>window.ran=1</script>"
LINK = "javascript:window.ran=1"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """People and cameras with such names, by the real commands."""
    return Installation(tmp_path_factory.mktemp("injection") / "data")


@pytest.fixture(scope="module")
def key(installation: Installation) -> CameraKey:
    """A camera whose names are markup, as far as the command lets them be."""
    installation.add_person("mallory", "inspector", f"M {IMAGE}")
    return installation.add_camera(IMAGE[:20], f"PC {SCRIPT}", '"><svg onload=1>')


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def camera(key: CameraKey, server: Server) -> AsyncIterator[Camera]:
    """Its process."""
    with Camera(key, server.url, "--recording", "on") as program:
        program.start()
        yield await program.shows()


async def test_no_name_and_no_advice_runs(screen: Screen, camera: Camera) -> None:
    await camera.press("taser.armed")
    page = await screen.console("mallory")
    await screen.is_in_state(1, "live")
    await expect(page.locator("alert-card")).to_contain_text("TASER armed")
    await page.keyboard.press("a")
    await page.locator('[role="option"]').first.click()
    for text in (IMAGE, SCRIPT, LINK):
        await page.keyboard.press("t")
        await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await expect(page.locator("advice-composer .msg .q").last).to_have_text(text)
        await page.keyboard.press("Escape")
    await page.locator('[role="option"]').first.click(button="right")
    await expect(page.get_by_role("menu")).to_be_visible()
    await page.reload()
    await screen.is_in_state(1, "live")
    await page.goto(f"{screen.url}/sign-in?next={LINK}&error={IMAGE}")
    assert await page.evaluate("window.ran") is None
    assert camera.exit_code is None
