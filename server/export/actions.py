"""Exports: made in the background of what a view shows, fetched by whoever asked for it, gone after a day.

The audit row is committed before a byte is written; the bundle itself is a derived item, which may be made again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from server import __version__
from server.access.session import Caller
from server.clock import Clock
from server.errors import Conflict, NotFound, TooMany, Unavailable, WatchroomError
from server.export import packing
from server.export.disclosed import disclosed, timeline_within
from server.export.folder import OwnFolder
from server.export.plan import Part, parts_of
from server.export.tracks import geojson, gpx, stamp
from server.replay.timeline import Facts
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
MOST_EACH = 10  # of one person
LOOK_BYTES = 16 << 20  # written, between two looks at how much room is left
CLOSE_S = 3.0

Render = Callable[[dict[str, Any]], str]
Hold = Callable[[Sequence[str], Caller, str], Awaitable[None]]  # nobody deletes what was just taken out
# ids of TASER logs, and which of their rows → these, as they stand in the file
Excerpts = Callable[[Mapping[str, Collection[int]]], Awaitable[dict[str, bytes]]]
RequireRoom = Callable[[Path, int], None]  # the folder, bytes that are to come; raises OSError


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

    def look(self) -> None:
        """Somebody may have removed its file to make room."""
        if self.state == "ready" and not self.path.exists():
            self.state, self.problem = "failed", "the bundle is no longer on the server's disk; make the export anew"


@dataclass(frozen=True, slots=True)
class Order:
    """What goes into an export, who takes it, and why."""

    facts: Facts
    parts: list[Part]
    caller: Caller
    why: str
    excerpts: Mapping[str, bytes]  # of files of other makers' kit, by the id of their log


class Exports:
    """`start` before use."""

    def __init__(
        self,
        folder: Path,
        library: Library,
        key: Callable[[], EvidenceKey],
        replays: Replays,
        excerpts: Excerpts,
        hold: Hold,
        render: Render,
        style: Path,
        clock: Clock,
        tasks: TaskOwner,
        require_room: RequireRoom,
    ) -> None:
        self._root = folder
        self._own = OwnFolder(folder)
        self._library = library
        self._key = key
        self._replays = replays
        self._excerpts = excerpts
        self._hold = hold
        self._render = render
        self._style = style
        self._clock = clock
        self._tasks = tasks
        self._require_room = require_room
        self._exports: dict[str, Export] = {}
        self._gate = asyncio.Semaphore(MOST_AT_ONCE)
        self._making: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def start(self) -> None:
        """What an earlier process left is removed: nobody can fetch it any more, and it can be made again."""
        await asyncio.to_thread(self._own.take)
        self._tasks.repeat(LOOK_S, self.expire, "export.expire")

    async def close(self) -> None:
        """What is being made ends at its next piece (a thread cannot be cancelled), and all bundles are removed."""
        self._is_closing = True
        if self._making:
            await asyncio.wait(tuple(self._making), timeout=CLOSE_S)
        await asyncio.to_thread(self._own.leave)

    async def begin(self, view: View, caller: Caller, why: str, note: Callable[[View, str], Awaitable[None]]) -> Export:
        """Export what this view shows, and hold it. `note` commits the audit's rows, or raises: then nothing is exported.

        Raises TooMany, Unavailable, and Conflict for a part of what is still being recorded.
        """
        own = sum(one.person_id == caller.person.id for one in self._exports.values())
        if own >= MOST_EACH or len(self._exports) >= MOST_KEPT:
            raise TooMany("too many exports are kept; wait until some have ended", headers={"Retry-After": "600"})
        facts = disclosed(await self._replays.facts(view), view.device_ids)
        rows = {log["id"]: [event["row"] for event in log["placed"]] for log in facts.taser_logs}
        excerpts = await self._excerpts(rows)
        order = Order(facts, parts_of(facts.recordings, facts.start, facts.end), caller, why, excerpts)
        await note(view, why)
        await self._hold([part.recording.id for part in order.parts], caller, why)
        export_id, now = secrets.token_hex(16), self._clock.wall()
        export = Export(
            id=export_id,
            person_id=caller.person.id,
            name=f"watchroom-{stamp(facts.start)[:19].replace(':', '')}.zip",
            path=self._own.path / f"{export_id}.zip",
            made_at=now,
            total=1,
        )
        self._exports[export.id] = export
        making = self._tasks.start(self._make(export, order), "export.make")
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        return export

    def export(self, export_id: str, caller: Caller) -> Export:
        """One that this person asked for. Raises NotFound."""
        found = self._exports.get(export_id)
        if found is None or found.person_id != caller.person.id:
            raise NotFound("there is no such export; it may have ended: make it anew")
        found.look()
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

    async def _make(self, export: Export, order: Order) -> None:
        async with self._gate:
            export.state = "writing"
            # gather hands the error over: whatever it was, whoever waits for this export is told that it failed
            (result,) = await asyncio.gather(asyncio.to_thread(self._write, export, order), return_exceptions=True)
        if result is None:
            export.state = "ready"
            log.info("an export is ready", export_id=export.id, bytes=export.done)
            return
        if isinstance(result, OSError | WatchroomError):
            export.state, export.problem = "failed", str(result)
            log.error("an export failed", export_id=export.id, reason=str(result))
        else:
            export.state, export.problem = "failed", "the server failed at this; its log says why"
            # a traceback is printed with the source of each frame, read from the disk: not on the event loop
            await asyncio.to_thread(log.error, "an export failed", export_id=export.id, exc_info=result)

    def _write(self, export: Export, order: Order) -> None:
        """In a thread. Its file is there when this returns, and not when it raises."""
        self._must_go_on()
        about, texts = self._texts(order)
        total, largest = packing.sizes_of(order.parts, self._library)
        export.total = total + sum(map(len, texts.values()))
        self._require_room(self._root, export.total + largest)
        unlooked = 0

        def on_written(size: int, of_bundle: int) -> None:
            nonlocal unlooked
            self._must_go_on()
            export.done += of_bundle
            unlooked += size
            if unlooked >= LOOK_BYTES:
                unlooked = 0
                self._require_room(self._root, 0)

        with contextlib.ExitStack() as failed:
            failed.callback(export.path.unlink, missing_ok=True)
            packing.write(
                packing.Bundle(order.parts, texts, about), export.path, self._library, self._key(), on_written
            )
            failed.pop_all()

    def _must_go_on(self) -> None:
        if self._is_closing:
            raise Unavailable("the server was stopped; make the export anew")

    def _about(self, order: Order, timeline: dict[str, Any]) -> dict[str, Any]:
        cameras = [
            {"device_id": one["device_id"], "call_sign": one["call_sign"], "wearer": one["wearer"]}
            for one in timeline["cameras"]
        ]
        start, end, now, person = timeline["from"], timeline["to"], self._clock.wall(), order.caller.person
        who = ", ".join(one["call_sign"] for one in cameras)
        return {
            "format": 1,
            "software": f"watchroom {__version__}",
            "by": person.display_name,
            "role": person.role.value,
            "why": order.why,
            "exported_at": now,
            "from": start,
            "to": end,
            "cameras": cameras,
            "line": f"{who}, {stamp(start)} to {stamp(end)}, exported {stamp(now)} by {person.display_name}",
        }

    def _texts(self, order: Order) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Who takes it and why; and the files to read, by name."""
        facts = order.facts
        timeline = timeline_within(facts)
        about = self._about(order, timeline)
        told = ("from", "to", "cameras", "alerts", "alert_states", "advice", "taser_logs", "events")
        texts = {
            "log.json": json.dumps({name: timeline[name] for name in told}, ensure_ascii=False, indent=1).encode(),
            "bundle.css": self._style.read_bytes(),
            "index.html": self._render({"about": about, "timeline": timeline, "stamp": stamp}).encode(),
        }
        for device_id, of_device in facts.fixes.items():
            sign = str(facts.call_signs.get(device_id, device_id))
            texts[f"tracks/{device_id}.gpx"] = gpx(sign, of_device)
            texts[f"tracks/{device_id}.geojson"] = geojson(sign, of_device)
        for one in facts.taser_logs:
            # the rows that lie inside, as they stand in the file, whose SHA-256 is in the JSON
            texts[f"taser/{one['id']}.csv"] = order.excerpts[one["id"]]
            texts[f"taser/{one['id']}.json"] = json.dumps(one, ensure_ascii=False, indent=1).encode()
        return about, texts
