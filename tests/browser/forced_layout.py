"""Where a page's scripts have it laid out before its next frame, as the browser's own trace tells it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page

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
    finally:
        events: list[dict[str, Any]] = json.loads(await browser.stop_tracing())["traceEvents"]
    frames = [event for event in events if event["name"] == "FireAnimationFrame"]
    for event in events:
        stack = event.get("args", {}).get("beginData", {}).get("stackTrace")
        if event["name"] != "Layout" or not stack or any(_within(event, frame) for frame in frames):
            continue
        if "/static/js/" in (script := stack[0]["url"]):  # not the test's own questions
            lines.append(f"{script.rpartition('/')[2]}:{stack[0]['lineNumber']}")


def _within(event: dict[str, Any], frame: dict[str, Any]) -> bool:
    """In a frame the page is about to be laid out anyway."""
    same = (event["pid"], event["tid"]) == (frame["pid"], frame["tid"])
    return same and bool(frame["ts"] <= event["ts"] <= frame["ts"] + frame.get("dur", 0))
