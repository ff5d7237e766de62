"""A force that wants a reason for every live picture: a tile asks for one, and an alert's picture never waits for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.installation import Camera, Installation

AUDIT = "() => fetch('/api/audit?what=view.live').then((one) => one.json()).then(({rows}) => rows.map(({subject, why}) => [subject.name, why]))"


@pytest.fixture(scope="module")
def installation(installation: Installation) -> Installation:
    (installation.folder / "watchroom.toml").write_text("reason_to_watch = true\n")
    installation.add_person("osei", "supervisor", "Sgt Osei")
    return installation


async def test_a_tile_asks_why_once_and_an_alert_s_picture_opens_by_itself(
    screen: Screen, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    screen.allowed.append("403.*/whep/")  # the refusals that become the question
    cameras = [start_camera(key, "--recording", "on", "--size", "320x180") for key in (cast.et17, cast.et22)]
    for camera in cameras:
        await camera.shows()
    page = await screen.console("osei")
    asking = page.locator("feed-tile .plate:visible").filter(has_text="Why do you watch?")
    await expect(asking).to_have_count(3)  # tile 1 shows the one that is selected, too
    words = await page.locator("feed-tile .at .w").all_inner_texts()
    assert [one for one in words if one] == ["NO PICTURE"] * 3
    await cameras[0].press("taser.armed")
    await screen.is_in_state(1, "live")  # nobody was asked anything
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(asking).to_have_count(1)
    assert {tuple(row) for row in await page.evaluate(AUDIT)} == {("ET17", "alert: TASER armed ET17")}

    await asking.get_by_role("button", name="Say why").click()
    question = page.get_by_role("dialog")
    await question.get_by_role("button", name="Keep it").click()
    await expect(question.get_by_role("alert")).to_have_text("Duty: say what you are on duty as.")
    await question.get_by_label("On duty as").fill("Supervisor, late turn")
    await question.get_by_role("button", name="Keep it").click()
    await expect(asking).to_have_count(0)
    await expect(page.locator("feed-tile.live")).to_have_count(3)
    assert ["ET22", "Supervisor, late turn"] in await page.evaluate(AUDIT)


async def test_a_wall_that_a_person_signed_in_asks_why_and_takes_the_answer_by_keys(
    second_screen: Screen, cast: Cast, start_camera: Callable[..., Camera]
) -> None:
    second_screen.allowed.append("403.*/whep/")
    await start_camera(cast.et22, "--recording", "on", "--size", "320x180").shows()
    page = await second_screen.sign_in("hale", "/wall/4?kiosk=1&dist=3&diag=55")
    asking = page.locator("feed-tile .plate:visible").filter(has_text="Why do you watch?")
    await expect(asking).not_to_have_count(0)
    await expect(asking.first.get_by_role("button", name="Say why")).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Enter")
    await page.keyboard.type("Bronze command, harbour")
    await page.keyboard.press("Enter")
    await expect(asking).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("feed-tile.live")).not_to_have_count(0)
