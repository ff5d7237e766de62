"""The server is killed, and comes back: nobody is deceived meanwhile, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.async_api import WebSocketRoute, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.installation import Camera, Server
from tests.patience import until

LOST_WITHIN_MS = 3000
MARGIN_MS = 2000  # for the screen to be asked, on a busy machine


async def test_the_link_lost_and_regained(
    screen: Screen, server: Server, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    screen.allowed += ["ERR_CONNECTION", "WebSocket connection", "Failed to load resource"]
    et17 = await start_camera(cast.et17, "--recording", "on").shows()
    page = await screen.console()
    banner = page.locator("link-banner")
    await screen.is_in_state(1, "live")
    await screen.place_on_map(et17.device_id)
    await expect(banner).to_be_hidden()

    server.kill()
    await expect(banner).to_be_visible(timeout=LOST_WITHIN_MS + MARGIN_MS)
    await expect(banner).to_contain_text("LINK LOST")
    await expect(page.locator("feed-tile .at .w", has_text="LIVE")).to_have_count(0)
    await expect(page.locator("status-line")).to_contain_text("Link to the server lost")
    await et17.press("taser.armed")  # kept on the camera's disk until there is a server
    await screen.row("ET17").click()
    await page.keyboard.press("t")
    await page.keyboard.type("Backup is coming")
    await page.keyboard.press("Enter")
    await expect(page.locator("advice-composer .unsent")).to_contain_text("Not sent yet")
    await _the_last_picture_stays(screen)

    await server.serve()
    await expect(banner).to_be_hidden()
    await expect(screen.alert("TASER armed")).to_contain_text("ET17")
    await expect(page.locator("alert-card")).to_have_count(1)
    await expect(screen.alert("TASER armed").locator(".times")).to_have_count(0)  # told once, raised once
    await screen.is_in_state(1, "live", within_s=40)
    await screen.pictures_come(1)
    proven = page.locator("advice-composer .msg").last.locator(".rcp li.on")
    await expect(proven).to_contain_text(["Sent", "Delivered"])  # printed into a file: not shown
    await et17.says("ADVICE from Insp. Hale: Backup is coming")
    assert et17.printed.count("Backup is coming") == 1
    await expect(page.locator("status-line")).to_contain_text("TASER armed, ET17")


async def _the_last_picture_stays(screen: Screen) -> None:
    """Greyed, with its true time, also when the connection has given up (after some 15 s, with a black frame)."""
    plate, still = screen.tile(1).locator(".plate"), screen.tile(1).locator("canvas.still")
    await screen.is_in_state(1, "frozen")
    told = await plate.inner_text()
    last = told[told.index("last picture") :]
    for _ in range(8):
        await screen.page.wait_for_timeout(2000)
        await expect(plate).to_contain_text(last)
        await expect(still).to_be_visible()
    brightest = await still.evaluate(
        "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".reduce((most, value, k) => (k % 4 < 3 ? Math.max(most, value) : most), 0)"
    )
    assert brightest > 60, "the last picture is a picture"


async def test_a_live_channel_that_breaks_and_comes_back_leaves_the_living_pictures_alone(
    screen: Screen, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    """Media does not go by the console's socket: its sessions live on, and the pictures with them."""
    screen.allowed += ["WebSocket connection", "Failed to load resource"]
    channels: list[WebSocketRoute] = []
    is_cut = False

    async def relay(channel: WebSocketRoute) -> None:
        channels.append(channel)
        if is_cut:
            await channel.close()
        else:
            channel.connect_to_server()

    et22 = await start_camera(cast.et22, "--recording", "on").shows()
    await screen.page.route_web_socket("**/api/console*", relay)
    page = await screen.console()
    await screen.row(et22.key.call_sign).click()
    await screen.is_in_state(1, "live")
    sessions = await page.evaluate("window.connections.length")

    await channels[-1].close()
    await until(lambda: len(channels) == 2, "the console links again")
    await screen.pictures_come(1, more=20)
    is_cut = True
    await channels[-1].close()
    await expect(page.locator("link-banner")).to_contain_text("LINK LOST")
    await screen.pictures_come(1)
    is_cut = False
    await expect(page.locator("link-banner")).to_be_hidden()
    await screen.is_in_state(1, "live")
    await screen.pictures_come(1, more=20)
    assert await page.evaluate("window.connections.length") == sessions, "no viewing was begun anew"
