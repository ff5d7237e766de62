"""Exports: made in the background of what a view shows, fetched by whoever asked for it, gone after a day.

The audit row is committed before the first byte is read; the bundle itself is a derived item, which may be made again.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from server import __version__
from server.access.session import Caller
from server.clock import Clock
from server.errors import Conflict, NotFound, TooMany, Unavailable
from server.export import packing
from server.export.plan import parts_of
from server.export.tracks import geojson, gpx, stamp
from server.replay.view import View
from server.tasks import TaskOwner

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.recording.signing import EvidenceKey
    from server.replay.actions import Replays

log = structlog.get_logger(__name__)

EXPORTS = "exports"  # the folder
KEPT_S = 24 * 3600.0
LOOK_S = 600.0
MOST_AT_ONCE = 2  # each reads and writes as fast as the disk can: recording goes first
MOST_KEPT = 50

Render = Callable[[dict[str, Any]], str]


@dataclass(slots=True)
class Export:
    """One bundle. `done` and `total` are bytes, of which `total` is an estimate until it is finished."""

    id: str
    person_id: str
    name: str
    path: Path
    made_at: float
    total: int
    done: int = 0
    state: str = "waiting"  # waiting, writing, ready, failed
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """As whoever asked for it sees it."""
        share = 1.0 if self.state == "ready" else min(0.99, self.done / max(1, self.total))
        told: dict[str, Any] = {"id": self.id, "name": self.name, "state": self.state, "share": round(share, 3)}
        if self.state == "ready":
            told |= {"bytes": self.path.stat().st_size, "url": f"/api/exports/{self.id}/bundle"}
        return {**told, "problem": self.problem, "until": self.made_at + KEPT_S}


class Exports:
    """`start` before use."""

    def __init__(
        self,
        folder: Path,
        library: Library,
        key: Callable[[], EvidenceKey],
        replays: Replays,
        render: Render,
        style: Path,
        clock: Clock,
        tasks: TaskOwner,
        require_room: Callable[[Path], None],
    ) -> None:
        self._folder = folder
        self._library = library
        self._key = key
        self._replays = replays
        self._render = render
        self._style = style
        self._clock = clock
        self._tasks = tasks
        self._require_room = require_room
        self._exports: dict[str, Export] = {}
        self._gate = asyncio.Semaphore(MOST_AT_ONCE)

    async def start(self) -> None:
        """What an earlier process left is removed: nobody can fetch it any more, and it can be made again."""
        await asyncio.to_thread(self._clear)
        self._tasks.repeat(LOOK_S, self.expire, "export.expire")

    def _clear(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self._folder.iterdir():
            left.unlink()

    async def begin(self, view: View, caller: Caller, why: str, note: Callable[[View, str], Awaitable[None]]) -> Export:
        """Export what this view shows. `note` commits the audit's rows, or raises: then nothing is exported.

        Raises TooMany, Unavailable.
        """
        if len(self._exports) >= MOST_KEPT:
            raise TooMany("too many exports are kept; wait until some have ended", headers={"Retry-After": "600"})
        await note(view, why)
        timeline = await self._replays.timeline(view)
        now = self._clock.wall()
        export = Export(
            id=secrets.token_hex(16),
            person_id=caller.person.id,
            name=f"watchroom-{stamp(timeline['from'])[:19].replace(':', '')}.zip",
            path=Path(),
            made_at=now,
            total=1,
        )
        export.path = self._folder / f"{export.id}.zip"
        self._exports[export.id] = export
        self._tasks.start(self._make(export, view, caller, why, timeline), "export.make")
        return export

    def export(self, export_id: str, caller: Caller) -> Export:
        """One that this person asked for. Raises NotFound."""
        found = self._exports.get(export_id)
        if found is None or found.person_id != caller.person.id:
            raise NotFound("there is no such export; it may have ended: make it anew")
        return found

    def bundle(self, export_id: str, caller: Caller) -> Export:
        """One that can be fetched. Raises NotFound, Conflict while it is being written."""
        found = self.export(export_id, caller)
        if found.state != "ready":
            raise Conflict("the export is not ready yet", state=found.state)
        return found

    async def expire(self) -> None:
        """Remove what is older than a day."""
        for export in list(self._exports.values()):
            if self._clock.wall() - export.made_at > KEPT_S and export.state in ("ready", "failed"):
                del self._exports[export.id]
                await asyncio.to_thread(export.path.unlink, missing_ok=True)

    async def _make(self, export: Export, view: View, caller: Caller, why: str, timeline: dict[str, Any]) -> None:
        async with self._gate:
            export.state = "writing"
            try:
                facts = await self._replays.facts(view)
                parts = parts_of(facts.recordings, facts.start, facts.end)
                about = self._about(view, caller, why, timeline)
                texts = self._texts(about, timeline, facts.fixes, facts.call_signs)
                bundle = packing.Bundle(parts, texts, about)
                await asyncio.to_thread(self._write, bundle, export)
                export.state = "ready"
                log.info("an export is ready", export_id=export.id, bytes=export.path.stat().st_size)
            except (OSError, NotFound, Unavailable) as error:
                export.state, export.problem = "failed", str(error)
                export.path.unlink(missing_ok=True)
                log.error("an export failed", export_id=export.id, reason=str(error))

    def _write(self, bundle: packing.Bundle, export: Export) -> None:
        def on_progress(size: int) -> None:
            export.done += size

        self._require_room(self._folder)
        export.total = packing.size_of(bundle.parts, self._library)
        packing.write(bundle, export.path, self._library, self._key(), on_progress)

    def _about(self, view: View, caller: Caller, why: str, timeline: dict[str, Any]) -> dict[str, Any]:
        cameras = [
            {"device_id": one["device_id"], "call_sign": one["call_sign"], "wearer": one["wearer"]}
            for one in timeline["cameras"]
        ]
        start, end, now = timeline["from"], timeline["to"], self._clock.wall()
        who = ", ".join(one["call_sign"] for one in cameras)
        return {
            "format": 1,
            "software": f"watchroom {__version__}",
            "by": caller.person.display_name,
            "role": caller.person.role.value,
            "why": why,
            "exported_at": now,
            "from": start,
            "to": end,
            "cameras": cameras,
            "line": f"{who}, {stamp(start)} to {stamp(end)}, exported {stamp(now)} by {caller.person.display_name}",
        }

    def _texts(self, about: dict[str, Any], timeline: dict[str, Any], fixes: Any, call_signs: Any) -> dict[str, bytes]:
        log_of = {
            name: timeline[name] for name in ("from", "to", "cameras", "alerts", "alert_states", "advice", "events")
        }
        texts = {
            "log.json": json.dumps(log_of, ensure_ascii=False, indent=1).encode(),
            "bundle.css": self._style.read_bytes(),
            "index.html": self._render({"about": about, "timeline": timeline, "stamp": stamp}).encode(),
        }
        for device_id, of_device in fixes.items():
            sign = str(call_signs.get(device_id, device_id))
            texts[f"tracks/{device_id}.gpx"] = gpx(sign, of_device)
            texts[f"tracks/{device_id}.geojson"] = geojson(sign, of_device)
        return texts
