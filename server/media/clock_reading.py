"""When a viewer's newest picture was captured, in terms of our clock. Pure."""

from __future__ import annotations

from typing import Any


def on_our_clock(session: dict[str, Any], offset_s: float | None) -> dict[str, Any]:
    """`session`, as an engine describes a viewer's, with `captured_at` by our clock.

    `offset_s`: how far the camera's clock is ahead of ours, None where nobody here knows; told beside it, since the
    one who reads it trusts a corrected time more.
    """
    clock = session.get("clock")
    if clock is None:
        return session
    captured = clock["captured_at"]
    if captured is not None and offset_s is not None:
        captured -= offset_s
    return {**session, "clock": {**clock, "captured_at": captured, "camera_offset_s": offset_s}}
