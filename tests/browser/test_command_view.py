"""The commander's view from end to end: decided before a real console, on a phone and with words; lived through again in a replay."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from tests.browser.conftest import Cast
from tests.browser.replaying import entered
from tests.browser.screen import Screen
from tests.browser.test_pocket import PHONE
from tests.browser.test_replay import OVERLAPS
from tests.installation import Camera, Installation, Server
from tests.patience import until

SHOWN = """() => [...document.querySelectorAll("feed-tile")].filter((tile) => tile.dataset.device).map((tile) => ({
  tile: tile.number, device_id: tile.dataset.device, words: tile.querySelector(".at").innerText.trim(),
  states: [...tile.classList],
}))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et17(cast: Cast, start_camera: Callable[..., Camera]) -> Camera:
    """The one with the TASER."""
    return await start_camera(cast.et17, "--recording", "on", "--size", "320x180").shows()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def et22(cast: Cast, start_camera: Callable[..., Camera], et17: Camera) -> Camera:
    """The one whose picture stops."""
    return await start_camera(cast.et22, "--recording", "on", "--size", "320x180").shows()


def listen(page: Page) -> list[tuple[str, Any]]:
    """What the page decides, and what it tells of itself with it."""
    told: list[tuple[str, Any]] = []

    def hear(request: Request) -> None:
        if request.method == "POST" and re.search(r"/api/(alerts/.+|advice)$", request.url):
            told.append((request.url.rsplit("/", 1)[1], json.loads(request.post_data or "{}").get("view")))

    page.on("request", hear)
    return told


def age_of(words: str) -> float | None:
    """ "FROZEN 7 s" was seven seconds old."""
    found = re.search(r"([\d.]+)\s*s$", words)
    return float(found[1]) if found else None


def of_day(at: float) -> str:
    """As the page writes a time."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


async def test_a_decision_is_shown_again_with_the_same_tiles_ages_and_alerts(
    screen: Screen, installation: Installation, et17: Camera, et22: Camera
) -> None:
    page = await screen.console()
    told = listen(page)
    for number in (1, 2, 3):
        await screen.is_in_state(number, "live")
    et22.send(signal.SIGSTOP)
    try:
        await screen.is_in_state(3, "frozen")
        await et17.press("taser.armed")
        await expect(screen.alert("TASER armed")).to_be_visible()
        await asyncio.sleep(1)
        seen = await page.evaluate(SHOWN)
        await page.keyboard.press("a")
        await expect(screen.alert("TASER armed").locator(".life .on")).to_contain_text(["Raised", "Acknowledged"])
    finally:
        et22.send(signal.SIGCONT)
    ((what, view),) = told
    assert (what, view["page"]) == ("acknowledge", "console")
    same = [(one["tile"], one["device_id"]) for one in view["tiles"]]
    assert same == [(one["tile"], one["device_id"]) for one in seen]
    states = {one["device_id"]: one["state"] for one in view["tiles"]}
    assert (states[et17.device_id], states[et22.device_id]) == ("live", "frozen")
    for one, shown in zip(view["tiles"], seen, strict=True):
        assert one["age_s"] == pytest.approx(age_of(shown["words"]), abs=1.5), shown
        assert one["state"] in shown["states"]
    assert view["alerts"][0]["priority"] == 1

    await page.keyboard.press("t")
    await page.keyboard.type("Hold, contain.")
    await page.keyboard.press("Enter")
    await expect(page.locator("advice-composer .msg").last).to_contain_text("Delivered")
    assert (told[-1][0], told[-1][1]["page"]) == ("advice", "console")
    with closing(sqlite3.connect(installation.folder / "watchroom.db", timeout=20)) as database:
        kept = database.execute("SELECT what, view FROM decision ORDER BY at").fetchall()
        rows = database.execute("SELECT what FROM audit WHERE what LIKE 'decide.%' ORDER BY seq").fetchall()
    assert [what for what, _ in kept] == ["acknowledged", "advised"]
    assert [(one["tile"], one["age_s"]) for one in json.loads(kept[0][1])["tiles"]] == [
        (one["tile"], one["age_s"]) for one in view["tiles"]
    ]
    assert rows == [("decide.alert",), ("decide.advice",)]

    answer = await page.context.request.get(f"{screen.url}/api/recordings")
    ids = [one["id"] for one in (await answer.json())["recordings"]]
    assert len(ids) == 2
    await entered(page, f"{screen.url}/replay/{','.join(ids)}")
    row = page.locator("replay-events li").filter(has_text="Acknowledged, Insp. Hale")
    await row.locator(".le").click()
    await page.keyboard.press("c")
    again = page.locator("command-tile")
    await expect(again).to_have_count(len(view["tiles"]))
    names = {et17.device_id: "ET17", et22.device_id: "ET22"}
    for number, one in enumerate(view["tiles"]):
        tile = again.nth(number)
        await expect(tile).to_have_attribute(
            "aria-label", re.compile(rf"^Tile {one['tile']}, {names[one['device_id']]}, ")
        )
        await expect(tile.locator(".layer")).to_have_text(one["layer"])
        words = await tile.locator(".at").inner_text()
        assert words.startswith(one["state"].upper())
        assert age_of(words) == pytest.approx(one["age_s"], abs=1)  # words have whole seconds from 5 s on
        await expect(tile.locator(".plate")).to_be_hidden()
    await until(lambda: page.evaluate(DRAWN), "each picture stands there", 30)
    assert await page.evaluate(OVERLAPS) == []
    since = [re.compile(f"Priority {one['priority']}.*since {of_day(one['since'])}") for one in view["alerts"]]
    await expect(page.locator("command-view .then li")).to_have_text(since)
    await expect(page.locator("command-view .then")).to_contain_text("ET17 TASER armed")


DRAWN = """() => [...document.querySelectorAll("command-tile video")]
  .every((video) => video.readyState >= 2 && !video.seeking && video.videoWidth)"""


async def test_a_phone_tells_what_was_in_the_hand(browser: Browser, server: Server, et17: Camera, et22: Camera) -> None:
    async with Screen(browser, server.url, **PHONE) as screen:
        page = await screen.sign_in("hale")
        told = listen(page)
        await et22.press("watch_me")
        other = page.get_by_role(
            "button", name=re.compile("more: ET22, Watch me")
        )  # behind the priority 1, if that stands
        await expect(other.or_(page.locator("alert-card .what").filter(has_text="Watch me"))).to_be_visible()
        if await other.is_visible():
            await other.tap()
        await expect(page.locator("feed-tile .cap .cs")).to_have_text("ET22")
        await expect(page.locator("feed-tile .at .w")).to_have_text("LIVE")
        await page.get_by_role("button", name="Acknowledge").tap()
        await expect(page.locator(".life .on")).to_contain_text(["Raised", "Acknowledged"])
        ((_, view),) = told
        assert view["page"] == "phone"
        assert [(one["tile"], one["device_id"], one["state"]) for one in view["tiles"]] == [(1, et22.device_id, "live")]
        assert et22.device_id in {one["device_id"] for one in view["tiles"]} and view["alerts"]


async def test_a_decision_of_a_program_and_one_with_a_bad_view(
    screen: Screen, installation: Installation, et17: Camera
) -> None:
    """It is told which field was wrong, and nothing was decided; without a view it is."""
    page = await screen.console()
    await et17.press("emergency")
    await expect(screen.alert("Emergency")).to_be_visible()
    screen.allowed.append("status of 400")
    refused, made = await page.evaluate(DECIDE)
    assert refused == [400, "/problems/bad-view", "view.tiles[0].age_s: expected a number from 0 to 1e+06"]
    assert made == [200, "acknowledged"]


DECIDE = """async () => {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json" };
  const { alerts } = await (await fetch("/api/alerts")).json();
  const { id } = alerts.find((one) => one.kind === "emergency" && one.state === "raised");
  const post = (body) => fetch(`/api/alerts/${id}/acknowledge`, { method: "POST", headers, body: JSON.stringify(body) });
  const tile = { tile: 1, device_id: "et17-cam", layer: "main", state: "live", age_s: "old" };
  const bad = await post({ view: { at: 1, page: "console", tiles: [tile], alerts: [] } });
  const problem = await bad.json();
  const good = await post({});
  return [[bad.status, problem.type, problem.detail], [good.status, (await good.json()).state]];
}"""
