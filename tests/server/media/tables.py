"""What an engine holds: the size of every table in it, and how many of its objects live. For tests of growth."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

OURS = "server.media."
THEIRS = frozenset(("Connection", "Session", "Policy"))  # OpenSSL's and libsrtp's handles
TABLES = (dict, list, set, deque)


def sizes(root: object) -> dict[str, int]:
    """Number of entries of each table that is reached from `root` through our own objects, by class and attribute.

    Those of all objects of a class are added up: `PacketCache._slots`.
    """
    found: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, TABLES):
            found[path] += len(thing)
            waiting += [(path + "[]", one) for one in _held(thing)]
        elif _is_ours(type(thing)):
            waiting += [(f"{type(thing).__qualname__}.{name}", value) for name, value in _attributes(thing)]
    return dict(found)


def _held(table: Any) -> Iterable[Any]:
    return [*table.values(), *table.keys()] if isinstance(table, dict) else list(table)


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(thing, name):
                yield name, getattr(thing, name)


def living(*, collect: bool = True) -> dict[str, int]:
    """How many objects of each of our classes live, of the libraries' handles, and of the running loop's timers for us.

    Without `collect` also what only waits for the garbage collector.
    """
    if collect:
        gc.collect()
    kinds = (type(one) for one in gc.get_objects())
    found = Counter(kind.__qualname__ for kind in kinds if _is_ours(kind) or kind.__name__ in THEIRS)
    loop: Any = asyncio.get_running_loop()
    timers = (timer for timer in loop._scheduled if not timer.cancelled())
    found["timers"] = sum(_is_ours(type(getattr(timer._callback, "__self__", None))) for timer in timers)
    return dict(found)


def _is_ours(kind: type) -> bool:
    return str(kind.__module__).startswith(OURS)


def grown(before: dict[str, int], after: dict[str, int], least: int) -> dict[str, tuple[int, int]]:
    """What has grown by `least` or more: name → (before, after). What is kept once for a new packet size is no leak."""
    return {name: (before.get(name, 0), count) for name, count in after.items() if count - before.get(name, 0) >= least}
