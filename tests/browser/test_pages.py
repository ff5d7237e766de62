"""Every page there is, for everybody: axe in both themes, in the system's own colours, on a desk and on 320 px."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import sentinel

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from server.console.pages import Pages
from tests.browser.screen import SIZE, Screen
from tests.browser.test_access import AXE, fits, violations
from tests.installation import Installation, Server

NARROW = {"width": 320, "height": 640}
TWICE = {"width": 683, "height": 384}  # a desk of 1366 × 768 at 200 %
# Each route of the pages, as somebody opens it.
ADDRESSES = {
    "/": "/?whole=1",
    "/pocket": "/pocket",
    "/wall/waiting": "/wall/waiting",
    "/wall/{layout}": "/wall/1+5",
    "/camera": "/camera",
    "/replay": "/replay",
    "/replay/{recordings}": "/replay/none",
    "/taser-logs": "/taser-logs",
    "/retention": "/retention",
    "/viewings": "/viewings",
    "/status": "/status",
    "/people": "/people",
    "/devices": "/devices",
    "/audit": "/audit",
    "/settings": "/settings",
}
MOVING = """() => document.getAnimations().map((one) => {
  const {target, pseudoElement} = one.effect;
  return `${target.tagName.toLowerCase()}.${target.getAttribute("class")}${pseudoElement ?? ""} moves`;
})"""
# What is chosen, switched on or where one is, beside its neighbours that are not: whether it differs by more than a hue.
# Of greys two are told apart from a contrast of 1.2 on where they lie side by side; a frame or the weight of the words will do.
GREY = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const grey = (...layers) => {
    for (const layer of ["#000", ...layers]) { pen.fillStyle = layer; pen.fillRect(0, 0, 1, 1); }
    const part = (value) => value <= 10.3 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const apart = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) >= 1.2;
  const fields = (at) => at ? [...fields(at.parentElement), getComputedStyle(at).backgroundColor] : [];
  const edges = (one) => ["", "::before", "::after"].map((pseudo) => {
    const style = getComputedStyle(one, pseudo);
    return ["content", "borderTopWidth", "borderTopStyle", "borderLeftWidth", "outlineStyle", "outlineWidth", "fontWeight",
      "textDecorationLine", "width"].slice(0, pseudo ? 9 : 8).map((name) => style[name]).join()
      + (style.boxShadow === "none" ? "" : "shadow");
  }).join();
  const STATES = [["aria-pressed", "true"], ["aria-current", "page"], ["aria-selected", "true"], ["aria-checked", "true"]];
  return STATES.flatMap(([name, on]) => [...document.querySelectorAll(`[${name}="${on}"]`)].flatMap((one) => {
    if (!one.checkVisibility({visibilityProperty: true})) return [];
    const other = [...one.parentElement.children].find((sibling) =>
      sibling.localName === one.localName && sibling.className.replace(/\\bon\\b/, "").trim() === one.className.replace(/\\bon\\b/, "").trim()
      && sibling.getAttribute(name) !== on && sibling.checkVisibility({visibilityProperty: true}));
    if (!other) return [];
    const [a, b] = [one, other].map((each) => {
      const under = fields(each);
      return {field: grey(...under), words: grey(...under, getComputedStyle(each).color), edges: edges(each)};
    });
    const differs = apart(a.field, b.field) || apart(a.words, b.words) || a.edges !== b.edges;
    return differs ? [] : [`${one.localName} "${one.innerText.trim()}" is told from "${other.innerText.trim()}" by its hue alone`];
  }));
}"""
LAID_OUT = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
OFFICERS = {"/camera", "/viewings"}  # an admin is no camera, and is viewed by nobody


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(browser: Browser, installation: Installation, server: Server) -> AsyncIterator[dict[str, Screen]]:
    """An admin and an officer, each signed in once."""
    installation.add_person("adeyemi", "admin", "Sgt Adeyemi")
    async with Screen(browser, server.url) as admin, Screen(browser, server.url) as officer:
        for screen, name in ((admin, "adeyemi"), (officer, "rahman")):
            screen.allowed.append("status of 404")  # a replay that there is not
            await screen.sign_in(name, "/settings")
        yield {"admin": admin, "officer": officer}


def test_no_page_is_missing_from_the_list() -> None:
    pages = Pages(sentinel.templates, sentinel.allow, sentinel.signed_in, sentinel.variables)
    assert {route.path for route in pages.routes(development=False)} == ADDRESSES.keys()


@pytest.mark.parametrize("route", ADDRESSES)
async def test_every_page_is_for_everybody_in_both_themes_and_forced_colours_wide_and_narrow(
    people: dict[str, Screen], route: str
) -> None:
    screen = people["officer" if route in OFFICERS else "admin"]
    page, axe = screen.page, Path(AXE).read_text()
    faults = []
    for theme in ("dark", "light"):
        await page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})
        await page.evaluate("(theme) => localStorage.setItem('watchroom.theme', theme)", theme)
        await page.goto(screen.url + ADDRESSES[route])
        await expect(page.locator("h1").first).to_be_attached()
        # a page that nobody has signed in on has the installation's theme, not this browser's
        await page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        await page.evaluate("document.fonts.ready.then(() => true)")
        # axe takes the page's own colours for what is drawn in the system's
        for colours, left_out in (("none", ()), ("active", ("color-contrast",))):
            await page.emulate_media(forced_colors=colours)  # type: ignore[arg-type]
            for size in (SIZE, NARROW):
                await page.set_viewport_size({"width": size["width"], "height": size["height"]})
                await page.evaluate(LAID_OUT)  # what a page does on a resize is done
                wide = (await fits(page))["wide"]
                found = [await violations(screen, axe, left_out=left_out), f"{wide} px too wide" if wide > 0 else ""]
                faults += [f"{theme}, forced {colours}, {size['width']}: {one}" for one in found if one]
            if colours == "none":  # the same page once more, without axe, which has no rule for these
                faults += [f"{theme}: {one}" for one in await _at_twice_the_size_without_motion_and_hue(page)]
    await page.emulate_media(forced_colors="none")
    assert not faults, "\n".join(["", *faults])


async def _at_twice_the_size_without_motion_and_hue(page: Page) -> list[str]:
    """WCAG 2.2, 1.4.10, 2.3.3 and 1.4.1: what is wrong for whoever has it twice as large, wants no motion, sees no colours."""
    await page.set_viewport_size({"width": TWICE["width"], "height": TWICE["height"]})
    await page.emulate_media(reduced_motion="reduce")
    await page.evaluate(LAID_OUT)
    wide = (await fits(page))["wide"]
    faults = [f"{wide} px too wide at 200 %"] if wide > 0 else []
    faults += await page.evaluate(MOVING)
    faults += await page.evaluate(GREY)
    await page.emulate_media(reduced_motion="no-preference")
    return faults
