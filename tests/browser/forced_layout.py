"""Where a page's scripts have it laid out before its next frame, as the browser's own trace tells it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page

# A layout that is forced on purpose: a trace that does not tell it tells nothing of the page's scripts either.
OWN = (
    "() => { document.body.style.paddingTop = '1px'; document.body.offsetHeight; document.body.style.paddingTop = ''; }"
)
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline.stack"]


@asynccontextmanager
async def forced_layouts(page: Page) -> AsyncIterator[list[str]]:
    """The lines of its scripts that did, filled at the end ("unit-list.js:44"); one page of a browser at a time."""
    browser = page.context.browser
    assert browser is not None
    lines: list[str] = []
    await browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        yield lines
        await page.evaluate(OWN)
    finally:
        events: list[dict[str, Any]] = json.loads(await browser.stop_tracing())["traceEvents"]
    assert any(_stack(event) and not _stack(event)[0]["url"] for event in events), "the trace tells forced layouts"
    frames = [event for event in events if event["name"] == "FireAnimationFrame"]
    for event in events:
        stack = _stack(event)
        if not stack or any(_within(event, frame) for frame in frames):
            continue
        if "/static/js/" in (script := stack[0]["url"]):  # not the test's own questions
            lines.append(f"{script.rpartition('/')[2]}:{stack[0]['lineNumber']}")


def _stack(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Who forced this layout, innermost first; empty for all else."""
    found: list[dict[str, Any]] | None = event.get("args", {}).get("beginData", {}).get("stackTrace")
    return found or [] if event["name"] == "Layout" else []


def _within(event: dict[str, Any], frame: dict[str, Any]) -> bool:
    """In a frame the page is about to be laid out anyway."""
    same = (event["pid"], event["tid"]) == (frame["pid"], frame["tid"])
    return same and bool(frame["ts"] <= event["ts"] <= frame["ts"] + frame.get("dur", 0))
