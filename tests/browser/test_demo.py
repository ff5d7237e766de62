"""`python3 -m server demo` as a whole, as somebody types it: it plays its scenario, and leaves nothing behind."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.screen import SHIFTS, Screen
from tests.installation import Program, processes_with
from tests.patience import until

ENDS_WITHIN_S = 3.0


async def test_the_demo_plays_and_ends(browser: Browser, tmp_path: Path) -> None:
    arguments = ["-m", "server", "demo", "--no-browser", "--port", "0", "--cameras", "3"]
    with Program("demo", arguments, {"TMPDIR": str(tmp_path)}) as demo:
        demo.start()
        await demo.says("Ready\n")
        link = re.search(r"^Console: (http://\S+)$", demo.printed, re.MULTILINE)
        assert link is not None, demo.printed
        async with Screen(browser, link[1].split("/sign-in")[0]) as screen:
            page = screen.page
            await page.add_init_script(SHIFTS)
            await page.goto(link[1])
            await expect(page.locator(".nav .me")).to_have_attribute("title", re.compile("Achebe"))
            await screen.is_in_state(1, "live", within_s=40)
            await screen.pictures_come(1)
            await expect(screen.alert("Watch me")).to_contain_text("ET14", timeout=40_000)
            await expect(screen.alert("TASER armed")).to_contain_text("ET17", timeout=60_000)
            await expect(screen.tile(1).locator(".cap .cs")).to_have_text("ET17")
            await screen.is_in_state(1, "live")
            hint = page.locator("hint-line")
            await expect(hint).to_contain_text(re.compile("TASER armed, ET17.*Acknowledge"))
            await page.keyboard.press("a")
            await expect(screen.alert("TASER armed").locator(".life li.on").nth(1)).to_contain_text("Achebe")
            card = screen.alert("TASER armed")
            await expect(card.locator(".times")).to_have_count(0)  # drawn, then armed: armed once
            await expect(card.locator(".since")).to_have_text(re.compile(r"SAFE since \d\d:\d\d:\d\d"), timeout=90_000)
            await expect(hint).to_contain_text(re.compile("ET17 is safe again: resolve.*D"))
            await page.keyboard.press("d")
            await expect(card).to_have_count(0)
            shifts = await page.evaluate("window.shifts")
            told = [f"{shift['value']:.5f} after {shift['at']:.1f} s: {'; '.join(shift['moved'])}" for shift in shifts]
            assert not told, "the layout moved, and no hand had moved it:\n" + "\n".join(told)
            await hint.get_by_role("button").click()
            await page.reload()
            await expect(page.locator("console-foot .ks")).to_be_visible()
            await expect(hint).to_be_hidden()
            assert (await page.request.get(f"{screen.url}/design")).status == 200  # the living sheet
            await page.context.clear_cookies()
            screen.allowed.append(r"status of 40[0-9]")
            await page.goto(link[1])  # it was for one time
            await expect(page.locator(".nav .me")).to_have_count(0)
        demo.send(signal.SIGINT)
        await until(lambda: demo.exit_code is not None, "the demo has ended", ENDS_WITHIN_S)
        assert demo.exit_code == 0, demo.printed[-2000:]
        assert list(tmp_path.iterdir()) == [], "no folder is left"
        assert processes_with(str(tmp_path)) == [], "no process is left"
        assert "Traceback" not in demo.printed
