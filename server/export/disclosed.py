"""What of an interval leaves the building: that of the view's own cameras, and nothing from before it or after it. Pure.

A bundle goes to the defence. Where another unit was, and what was said to it, is no part of what one camera saw.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from server.replay.timeline import Facts, timeline

Json = dict[str, Any]


def disclosed(facts: Facts, device_ids: Collection[str]) -> Facts:
    """Of these cameras alone. A fix counts by when it was taken, or came, if a clock in the future took it."""
    own = facts.only(device_ids)
    fixes = {
        device_id: [fix for fix in held if facts.start <= min(fix.at, fix.received_at) <= facts.end]
        for device_id, held in own.fixes.items()
    }
    return replace(own, fixes={device_id: held for device_id, held in fixes.items() if held})


def timeline_within(facts: Facts) -> Json:
    """The timeline, whose cameras tell nothing of what they recorded outside the interval."""
    whole = timeline(facts)
    return {**whole, "cameras": [_camera_within(one, facts.start, facts.end) for one in whole["cameras"]]}


def _camera_within(camera: Json, start: float, end: float) -> Json:
    return {**camera, **{name: _cut(camera[name], start, end) for name in ("recordings", "spans", "gaps")}}


def _cut(stretches: list[Json], start: float, end: float) -> list[Json]:
    return [
        {**one, "from": max(one["from"], start), "to": min(one["to"], end)}
        for one in stretches
        if one["from"] < end and one["to"] > start
    ]
