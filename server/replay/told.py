"""When consoles were told of what happened to an alert, and how it stood then. Pure.

A step is done some milliseconds before its alert's new state is written, and 200 ms before on a busy machine. Whoever jumps
to a step wants to see what it brought about: it stands where its state was told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]
Told = dict[tuple[str, str, float], tuple[float, Json]]


def told_of_steps(states: Iterable[tuple[float, Json]]) -> Told:
    """By alert's id, a step's action and its time: when the first state that has the step was told (Unix seconds), and that state."""
    first: Told = {}
    for at, body in sorted(states, key=lambda one: (int(one[1]["seq"]), one[0])):
        for step in body.get("steps", ()):
            first.setdefault((body["id"], step["action"], step["at"]), (at, body))
    return first


def shown_from(told_at: float) -> float:
    """The first whole millisecond at which it was known: addresses have no finer times, and a link must not open before it."""
    return math.ceil(told_at * 1000) / 1000
