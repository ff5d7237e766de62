"""What the camera's tests share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server import wire
from streamer.controls import Kit
from streamer.outbox import Outbox
from streamer.store import Store
from streamer.town import Town

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def night_town() -> Town:
    """The demo's town, as shipped."""
    return Town.from_geojson(json.loads((ROOT / "static" / "town" / "estuary.geojson").read_text()))


class HandClock:
    """A camera's clock that stands until it is moved; `sleep` only lets others run."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self.now = wall
        self.slept: list[float] = []

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


@dataclass
class Bench:
    """A kit on an outbox in a folder, with what it said."""

    store: Store
    outbox: Outbox
    kit: Kit
    clock: HandClock
    said: list[str]

    def signals(self) -> list[tuple[str, object]]:
        """(kind, by) of all signals that wait, in order."""
        rows = self.store.waiting(100_000, urgent=True)
        messages = [wire.parse_from_camera(row.packed) for row in rows]
        return [(m.kind, m.detail.get("by")) for m in messages if isinstance(m, wire.Signal)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A kit that buffers and does not stream."""
    clock, said = HandClock(), list[str]()
    store = Store(tmp_path / "outbox")
    outbox = Outbox(store)
    yield Bench(store, outbox, Kit(outbox, clock, said.append), clock, said)
    store.close()
