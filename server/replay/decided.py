"""What stood on the screen on which somebody decided, told again: each decision of an interval with its view. Pure.

A decision's picture of a camera is that of the view's time less the picture's age: what was frozen is shown as it stood there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from server.replay.footage import Recording

Json = dict[str, Any]
Stretch = tuple[float, float]  # Unix seconds
TOLD_WITHIN_S = 60.0  # a step is told so much later at most: it is looked for from so much earlier on
HELD_S = 1.0  # the last picture before a hole stood on the screens, and the two clocks of it differ by some frames
HERE, ELSEWHERE, NOT = "here", "elsewhere", "not"


def name_of(what: str, of_id: str, at: float) -> str:
    """What an event and its decision know each other by: one alert has one such step at one time."""
    return f"{what}-{of_id}-{round(at * 1e6)}"


def decided(
    events: Iterable[Json],
    kept: Iterable[Json],
    recordings: Sequence[Recording],
    others: Mapping[str, Sequence[Stretch]],
) -> list[Json]:
    """The decisions among the events, in their order, each with its view; None where the screen did not tell, or a script acted.

    `others`: when other cameras, which the views name, were recorded.
    """
    by_name = {name_of(one["what"], one["of"]["id"], one["at"]): one for one in kept}
    told = []
    for event in events:
        name = event.get("decision")
        if name is None:
            continue
        one = by_name.get(name)
        view = one["view"] if one else None
        told.append(
            {
                "id": name,
                "at": event["at"],
                "decided_at": one["at"] if one else event.get("step_at", event["at"]),
                "text": event["text"],
                "device_id": event["device_id"],
                "by": one["by"] if one else None,
                "view": None if view is None else _marked(view, recordings, others),
            }
        )
    return told


def only_of(kept: Iterable[Json], device_ids: Collection[str]) -> list[Json]:
    """Those about these cameras; of what else was on the screen only how much it was."""
    return [{**one, "view": _view_of(one["view"], device_ids)} for one in kept if one["device_id"] in device_ids]


def cameras_in(kept: Iterable[Json]) -> set[str]:
    """Every camera that any of the views shows."""
    return {tile["device_id"] for one in kept if one["view"] for tile in one["view"]["tiles"]}


def _view_of(view: Json | None, device_ids: Collection[str]) -> Json | None:
    if view is None:
        return None
    mine = {name: [one for one in view[name] if one["device_id"] in device_ids] for name in ("tiles", "alerts")}
    return {**view, **mine, "left_out": {name: len(view[name]) - len(mine[name]) for name in mine}}


def _marked(view: Json, recordings: Sequence[Recording], others: Mapping[str, Sequence[Stretch]]) -> Json:
    """With where the picture of each tile is recorded."""
    tiles = [
        {**tile, "recorded": _where(tile["device_id"], view["at"] - (tile["age_s"] or 0.0), recordings, others)}
        for tile in view["tiles"]
    ]
    return {"left_out": {"tiles": 0, "alerts": 0}, **view, "tiles": tiles}


def _where(device_id: str, at: float, recordings: Iterable[Recording], others: Mapping[str, Sequence[Stretch]]) -> str:
    parts = (part for one in recordings if one.device_id == device_id for part in one.segments)
    if any(part.at <= at < part.end + HELD_S for part in parts):
        return HERE
    return ELSEWHERE if any(start <= at <= end for start, end in others.get(device_id, ())) else NOT
