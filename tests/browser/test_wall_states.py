"""What a wall's tiles say, in each state and on each layout: call sign, word and age stand whole beside each other."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_kiosk import HD, LAID, UHD, wall
from tests.installation import Server

# Its states of a small tile, and those beside which an alarm stands, or that nothing is kept.
SMALL = """async () => {
  const {STATES} = await import("/static/js/sheet/tiles.js");
  const {alert, named} = await import("/static/js/sheet/facts.js");
  const isSmall = ([name, [, {facts}]]) => facts.unit && !/^(Tile 1|Not kept, large|Selected|Under|Pinned)/.test(name);
  const small = Object.fromEntries(Object.entries(STATES).filter(isSmall).map(([name, [, state]]) => [name, state]));
  const with_ = (name, words, more) => {
    const state = small[name];
    small[`${name}, ${words}`] = {...state, facts: {...state.facts, ...more(state.facts.unit)}};
  };
  for (const name of ["Late", "Frozen", "Offline", "Not recording", "Connecting", "No link"]) {
    with_(name, "priority 1", (unit) => ({alert: alert("taser.armed", unit)}));
    with_(name, "camera lost", (unit) => ({alert: alert("camera.lost", unit)}));
  }
  for (const name of ["Live", "Frozen", "No link", "Late, priority 1"])
    with_(name, "not kept", (unit) => ({unit: {...unit, keeping: "failing"}}));
  window.small = small;
  return Object.keys(small);
}"""
# The living sheet's tiles in place of those that cameras would fill.
TILES = """async ([layout, states]) => {
  const {slot} = await import("/static/js/sheet/tiles.js");
  const {GRIDS, isLarge, tileCount} = await import("/static/js/state/wall_sizes.js");
  const looks = GRIDS[layout];
  const grid = document.createElement("wall-grid");
  grid.arrange(looks);
  // so many of them as stand on it, tile 1 of the larger ones aside
  const own = isLarge(looks, 0) ? ["Live", ...states] : states;
  grid.append(...Array.from({length: tileCount(looks)}, (_, at) => {
    const name = own[at % own.length];
    const state = window.small[name];
    const one = slot(at + 1, {...state, facts: {...state.facts, large: isLarge(looks, at)}});
    one.firstElementChild.classList.add(name.replaceAll(/\\W+/g, "-"));
    return one;
  }));
  document.querySelector(".stage").replaceChildren(grid);
}"""
READY = "() => [...document.querySelectorAll('feed-tile')].every((tile) => 'ready' in tile.dataset)"
TILES_OF = {"1": 1, "4": 4, "1+5": 5, "16": 16, "25": 25, "1+16": 16}


@pytest.mark.parametrize("layout", TILES_OF)
async def test_in_every_state_call_sign_word_and_age_stand_whole(browser: Browser, server: Server, layout: str) -> None:
    async with wall(browser, server, HD) as screen:
        page = await screen.sign_in("okafor", f"/wall/{layout}?kiosk=1")
        await expect(page.locator("wall-rest:not(.starting)")).to_be_visible()
        states = await page.evaluate(SMALL)
        await page.evaluate("() => document.fonts.ready")
        many = TILES_OF[layout]
        wrong = []
        for first in range(0, len(states), many):
            await page.evaluate(TILES, [layout, states[first : first + many]])
            await page.wait_for_function(READY)
            for size in (HD, UHD):
                await page.set_viewport_size({"width": size["width"], "height": size["height"]})
                await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
                found = await page.evaluate(LAID)
                wrong += [f"{size['width']}: {one}" for one in found["wrong"]]
                if layout not in ("1", "4"):  # whose tiles are all large
                    assert found["call"] == found["age"] and len(found["call"]) == 1, "as large as their distance asks"
        assert wrong == []
