"""Every page for everybody: axe's rules of WCAG 2.2 A and AA in each state, the keyboard's way, small screens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import Cast
from tests.browser.screen import Screen
from tests.installation import ROOT, Camera, Installation, Server
from tests.patience import until

AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
CHECK = """async ([within, leftOut]) => {
  const found = await axe.run(within, {
    rules: Object.fromEntries(leftOut.map((rule) => [rule, {enabled: false}])),
    runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    resultTypes: ["violations"],
  });
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${rule.help}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""
# What can be pressed or written in, seen, and not switched off; groups with arrow keys inside are one stop.
# What a control is called; not by a select's choices, which come later.
NAMED = """(one) => (one.ariaLabel || (one.tagName === "SELECT" ? one.name : one.innerText) || one.id || one.tagName)
  .trim().replace(/\\s+/g, " ")"""
CONTROLS = f"""() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), textarea, select")]
  .filter((one) => one.checkVisibility({{visibilityProperty: true, opacityProperty: true}}) && !one.disabled
    && !one.closest("[inert], [role=listbox], [role=menu], .marks") && one.tabIndex >= 0)
  .map({NAMED})"""
FOCUSED = f"() => ({NAMED})(document.activeElement)"
MOST_STOPS = 120
LIGHT = "() => { document.documentElement.dataset.theme = 'light'; }"


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's source."""
    return Path(AXE).read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def camera(cast: Cast, start_camera: Callable[..., Camera]) -> Camera:
    """ET17's, which records."""
    return await start_camera(cast.et17, "--recording", "on").shows()


async def is_armed(camera: Camera) -> None:
    """Press it, unless an earlier test has: a TASER that is armed already refuses."""
    if (await camera.state())["taser"] != "armed":
        await camera.press("taser.armed")


async def violations(screen: Screen, axe: str, within: str = "html", left_out: Sequence[str] = ()) -> str:
    """What axe finds wrong in the page as it stands, or in one part of it, by all rules but those left out."""
    before = len(screen.complaints)
    if not await screen.page.evaluate("() => Boolean(window.axe)"):
        await screen.page.evaluate(axe)
    found: list[str] = await screen.page.evaluate(CHECK, [within, list(left_out)])
    del screen.complaints[before:]  # axe tries inline styles of its own, which the page's policy rightly refuses
    return "\n".join(found)


async def fits(page: Page) -> dict[str, Any]:
    """Whether the page is no larger than the screen."""
    found: dict[str, Any] = await page.evaluate(
        "() => ({wide: document.documentElement.scrollWidth - innerWidth,"
        " high: document.documentElement.scrollHeight - innerHeight})"
    )
    return found


async def test_signing_in(screen: Screen, axe: str) -> None:
    screen.allowed.append("401")
    page = screen.page
    await page.goto(f"{screen.url}/sign-in")
    await expect(page.get_by_text("answers in")).to_be_visible()
    assert await violations(screen, axe) == ""
    await page.get_by_label("Name").fill("nobody")
    await page.get_by_label("Password", exact=True).fill("nothing")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await violations(screen, axe) == ""
    await page.set_viewport_size({"width": 320, "height": 640})
    assert (await fits(page))["wide"] <= 0
    assert await violations(screen, axe) == ""
    await page.evaluate(LIGHT)
    assert await violations(screen, axe) == ""


async def test_the_console_calm_alarmed_and_in_both_themes(screen: Screen, camera: Camera, axe: str) -> None:
    page = await screen.console()
    await screen.is_in_state(1, "live")
    assert await violations(screen, axe) == ""
    assert await fits(page) == {"wide": 0, "high": 0}
    await camera.press("taser.armed")
    await expect(screen.alert("TASER armed")).to_be_visible()
    for theme in ("dark", "light"):
        await expect(page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
        assert await violations(screen, axe) == ""
        await page.get_by_role("button", name="Theme").click()
    assert await fits(page) == {"wide": 0, "high": 0}
    acknowledge = screen.alert("TASER armed").get_by_role("button", name="Acknowledge")
    await expect(acknowledge).to_be_in_viewport(ratio=1)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await violations(screen, axe) == ""


async def test_the_keyboard_reaches_every_control_of_the_console(screen: Screen, camera: Camera) -> None:
    await is_armed(camera)
    page = await screen.console()
    await expect(screen.alert("TASER armed")).to_be_visible()
    missing = set(await page.evaluate(CONTROLS))
    assert len(missing) > 12
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        missing.discard(await page.evaluate(FOCUSED))
        if not missing:
            return
    pytest.fail(f"not reached by Tab: {sorted(missing)}")


async def test_the_phone_before_and_during(screen: Screen, axe: str) -> None:
    await screen.page.context.grant_permissions(["camera", "microphone", "geolocation"])
    page = await screen.sign_in("rahman", "/camera")
    await page.set_viewport_size({"width": 360, "height": 740})
    await expect(page.locator("#link")).to_have_text("linked")
    assert await violations(screen, axe) == ""
    await page.get_by_role("button", name="Start recording").click()
    await expect(page.locator("#link")).to_have_text("live")
    assert await violations(screen, axe) == ""
    await page.evaluate(LIGHT)
    assert await violations(screen, axe) == ""
    assert (await fits(page))["wide"] <= 0


@pytest.mark.parametrize(("name", "path"), [("hale", "/"), ("rahman", "/camera"), ("byrne", "/status")])
async def test_every_page_fits_a_phone_and_twice_the_size(
    screen: Screen, installation: Installation, name: str, path: str
) -> None:
    """WCAG 2.2, 1.4.10 and 1.4.4: 320 px, and a 1366 × 768 desk at 200 %, without scrolling sideways."""
    if name == "byrne":
        installation.add_person(name, "engineer", "J. Byrne")
    page = await screen.sign_in(name, path)
    await expect(page.get_by_role("button").first).to_be_visible()
    for width, height in ((320, 640), (683, 384)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        assert (await fits(page))["wide"] <= 0, width


MAP_WORKER_CAME = """() => performance.getEntriesByType("resource")
  .some((one) => /maplibre-gl.*worker/.test(one.name) && one.responseEnd > 0)"""


async def test_the_link_lost(screen: Screen, server: Server, camera: Camera, axe: str) -> None:
    screen.allowed += ["ERR_CONNECTION", "WebSocket connection", "Failed to load resource"]
    page = await screen.console()
    await expect(page.locator(".marks [role=button]").first).to_be_attached()
    # the map's own worker comes after the marks: a server that is killed before gives it no more
    await until(lambda: page.evaluate(MAP_WORKER_CAME), "the map's worker has come", 30)
    for what in ("emergency", "watch_me"):
        await camera.press(what)
    await is_armed(camera)  # three alerts are more than the lane holds
    await expect(page.get_by_role("button", name="more below")).to_be_visible()
    server.kill()
    await expect(page.locator("link-banner")).to_be_visible()
    assert await violations(screen, axe) == ""
    assert await fits(page) == {"wide": 0, "high": 0}
    await server.serve()
