"""Exports: made in the background of what a view shows, fetched by whoever asked for it, gone after a day.

The audit row is committed before a byte is written; the bundle itself is a derived item, which may be made again.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from server import __version__
from server.access.session import Caller
from server.clock import Clock
from server.errors import Conflict, NotFound, TooMany, Unavailable, WatchroomError
from server.export import packing
from server.export.disclosed import disclosed, timeline_within
from server.export.export import KEPT_S, UNDER_WAY, Export, finished
from server.export.film import Film, films_of
from server.export.folder import OwnFolder
from server.export.plan import How, Part, parts_of
from server.export.store import ExportStore, Grant
from server.export.tracks import geojson, gpx, stamp
from server.recording.verifier import TIMESTAMP
from server.replay.timeline import GAP_WORDS, Facts
from server.replay.view import View
from server.tasks import TaskOwner

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.recording.signing import EvidenceKey
    from server.replay.actions import Replays

log = structlog.get_logger(__name__)

EXPORTS = "exports"  # the folder
LOOK_S = 600.0
MOST_AT_ONCE = 2  # each reads and writes as fast as the disk can: recording goes first
MOST_KEPT = 50
MOST_EACH = 10  # of one person
LOOK_BYTES = 16 << 20  # written, between two looks at how much room is left
CLOSE_S = 3.0
TELL_S = 2.0  # how far it is, to other processes
GRANTED_S = 3600.0  # so long a bundle may be fetched again once a reason was given

STOPPED = "the server was stopped; make the export anew"

Render = Callable[[dict[str, Any]], str]
# ids of TASER logs, and which of their rows → these, as they stand in the file
Excerpts = Callable[[Mapping[str, Collection[int]]], Awaitable[dict[str, bytes]]]
RequireRoom = Callable[[Path, int], None]  # the folder, bytes that are to come; raises OSError


@dataclass(frozen=True, slots=True)
class Notes:
    """Into the audit, in the name of whoever asks, from where they do. Each has committed when it returns, or raises."""

    begun: Callable[[View, Export], Awaitable[None]]  # who takes out what
    hold: Callable[[Sequence[str], str], Awaitable[None]]  # nobody deletes what was just taken out: recordings, why
    ready: Callable[[Export], Awaitable[None]]  # what was made, by its SHA-256
    fetched: Callable[[Export, str], Awaitable[None]]  # that, or the named film in it
    again: Callable[[Export, str], Awaitable[None]]  # by whoever, for a reason of their own


@dataclass(frozen=True, slots=True)
class Order:
    """What goes into an export, who takes it, and why."""

    facts: Facts
    parts: list[Part]
    caller: Caller
    why: str
    excerpts: Mapping[str, bytes]  # of files of other makers' kit, by the id of their log
    notes: Notes


class Exports:
    """`start` before use."""

    def __init__(
        self,
        folder: Path,
        library: Library,
        key: Callable[[], EvidenceKey],
        replays: Replays,
        excerpts: Excerpts,
        render: Render,
        style: Path,
        clock: Clock,
        tasks: TaskOwner,
        require_room: RequireRoom,
        store: ExportStore,
        place: Callable[[], str],
    ) -> None:
        self._store = store
        self._place_of = place
        self._place = ""
        self._root = folder
        self._own = OwnFolder(folder)
        self._library = library
        self._key = key
        self._replays = replays
        self._excerpts = excerpts
        self._render = render
        self._style = style
        self._clock = clock
        self._tasks = tasks
        self._require_room = require_room
        self._exports: dict[str, Export] = {}  # that are made here
        self._fetched: set[tuple[str, str]] = set()  # of which export somebody has begun to fetch which file
        self._gate = asyncio.Semaphore(MOST_AT_ONCE)
        self._making: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def start(self) -> None:
        """What an earlier process finished is there again until its day is over; what it did not is removed."""
        self._place = await asyncio.to_thread(self._place_of)
        for told in await asyncio.to_thread(self._own.take):
            await self._take_over(told)
        for export in await self._store.all(self._place):
            if export.state in UNDER_WAY and not await asyncio.to_thread(self._own.is_there, export.folder):
                export.state, export.problem = "failed", STOPPED
                await self._store.keep(export, self._place)
        self._tasks.repeat(LOOK_S, self.expire, "export.expire")

    async def _take_over(self, told: dict[str, Any]) -> None:
        try:
            export = finished(told)
            if self._own.bundle(export.id).stat().st_size != export.bytes:
                raise ValueError("the bundle has another size")
        except (ValueError, KeyError, TypeError) as error:
            log.error("a bundle of an earlier process is left out", export_id=told["id"], reason=str(error))
            await asyncio.to_thread(self._own.remove, str(told["id"]))
            await self._store.remove(str(told["id"]))
        else:
            await self._store.keep(export, self._place)

    async def close(self) -> None:
        """What is being made ends at its next piece (a thread cannot be cancelled), and is removed."""
        self._is_closing = True
        if self._making:
            await asyncio.wait(tuple(self._making), timeout=CLOSE_S)
        await asyncio.to_thread(self._own.leave)

    async def begin(self, view: View, caller: Caller, why: str, notes: Notes) -> Export:
        """Export what this view shows, and hold it. Where it cannot be noted nothing is exported.

        Raises TooMany, Unavailable, and Conflict for more than is read at once.
        """
        there = await self._store.all(self._place)
        if sum(one.person_id == caller.person.id for one in there) >= MOST_EACH or len(there) >= MOST_KEPT:
            raise TooMany("too many exports are kept; wait until some have ended", headers={"Retry-After": "600"})
        facts = disclosed(await self._replays.facts(view, of_all=False), view.device_ids)
        _require_whole(facts)
        rows = {log["id"]: [event["row"] for event in log["placed"]] for log in facts.taser_logs}
        excerpts = await self._excerpts(rows)
        order = Order(facts, parts_of(facts.recordings, facts.start, facts.end), caller, why, excerpts, notes)
        name = f"watchroom-{stamp(facts.start)[:19].replace(':', '')}.zip"
        export = Export(
            secrets.token_hex(16), caller.person.id, name, self._clock.wall(), why, caller.person.display_name
        )
        export.call_signs = sorted({part.recording.call_sign for part in order.parts})
        export.start, export.end, export.folder = facts.start, facts.end, self._own.path.name
        await notes.hold([part.recording.id for part in order.parts], why)  # one too many ends by itself
        await notes.begun(view, export)
        await self._store.keep(export, self._place)
        self._exports[export.id] = export
        making = self._tasks.start(self._make(export, order), "export.make")
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        return export

    async def export(self, export_id: str, caller: Caller) -> Export:
        """One that this person asked for, of whatever process. Raises NotFound, Unavailable."""
        found = self._exports.get(export_id) or await self._store.find(export_id, self._place)
        if found is None or found.person_id != caller.person.id:
            raise NotFound("there is no such export; it may have ended: make it anew")
        return await self._as_it_stands(found)

    async def _as_it_stands(self, found: Export) -> Export:
        if found.state == "ready" and await asyncio.to_thread(self._own.find, found.id) is None:  # somebody made room
            found.state, found.problem = "failed", "the bundle is no longer on the server's disk; make the export anew"
        return found

    async def standing(self) -> list[Export]:
        """All that can be fetched, newest first, whoever made them. Raises Unavailable."""
        found = [await self._as_it_stands(one) for one in await self._store.all(self._place)]
        return [one for one in found if one.state == "ready" and one.until > self._clock.wall()]

    async def ready(self, export_id: str, caller: Caller) -> Export:
        """One that can be fetched. Raises NotFound, and Conflict while it is being written."""
        found = await self.export(export_id, caller)
        if found.state != "ready":
            raise Conflict("the export is not ready yet", state=found.state)
        return found

    async def again(self, export_id: str, caller: Caller, why: str, notes: Notes) -> str:
        """Let this sign-in fetch one that stands, whoever made it, noted with the reason; the grant's id. Raises NotFound,
        Unavailable."""
        found = next((one for one in await self.standing() if one.id == export_id), None)
        if found is None:
            raise NotFound("there is no such export; it may have ended: make it anew")
        await notes.again(found, why)
        grant = Grant(secrets.token_hex(16), export_id, caller.session_id, self._clock.wall())
        await self._store.grant(grant)
        return grant.id

    async def granted(self, export_id: str, grant_id: str, caller: Caller) -> tuple[Export, Path]:
        """One that may be fetched again, and where it lies. Raises NotFound, Unavailable."""
        grant = await self._store.granted(grant_id)
        found = await self._store.find(export_id, self._place)
        path = await asyncio.to_thread(self._own.find, export_id)
        mine = grant is not None and (grant.export_id, grant.session_id) == (export_id, caller.session_id)
        if grant is None or not mine or self._clock.wall() - grant.at > GRANTED_S or found is None or path is None:
            raise NotFound("there is no such export, or its time is over: say anew why you fetch it")
        return found, path

    async def fetch(self, ready: Export, notes: Notes, film: str = "", *, from_start: bool) -> Path:
        """Where it lies, noted as taken: a film in it, or all of it. Who goes on where they had to stop (not `from_start`)
        is noted once. Raises NotFound, Unavailable.
        """
        if from_start or (ready.id, film) not in self._fetched:
            await notes.fetched(ready, film)
            self._fetched.add((ready.id, film))
        path = await asyncio.to_thread(self._own.find, ready.id)
        if path is None:
            raise NotFound("the bundle is no longer on the server's disk; make the export anew")
        return path

    async def expire(self) -> None:
        """Remove what is older than a day."""
        try:
            for export in await self._store.all(self._place):
                if self._clock.wall() - export.made_at > KEPT_S and export.state not in UNDER_WAY:
                    await asyncio.to_thread(self._own.remove, export.id)
                    await self._store.remove(export.id)
                    self._fetched = {one for one in self._fetched if one[0] != export.id}
        except Unavailable as error:
            log.warning("no export is removed for the moment", reason=str(error))

    async def _make(self, export: Export, order: Order) -> None:
        async with self._gate:
            export.state = "writing"
            # gather hands the error over: whatever it was, whoever waits for this export is told that it failed
            (result,) = await asyncio.gather(self._made(export, order), return_exceptions=True)
        if result is None:
            log.info("an export is ready", export_id=export.id, bytes=export.bytes)
            del self._exports[export.id]
            return
        await asyncio.to_thread(self._own.remove, export.id)
        if isinstance(result, OSError | WatchroomError):
            export.state, export.problem = "failed", str(result)
            log.error("an export failed", export_id=export.id, reason=str(result))
        else:
            export.state, export.problem = "failed", "the server failed at this; its log says why"
            # a traceback is printed with the source of each frame, read from the disk: not on the event loop
            await asyncio.to_thread(log.error, "an export failed", export_id=export.id, exc_info=result)
        await self._noted(export)

    async def _tell(self, export: Export) -> None:
        while True:
            await self._noted(export)
            await asyncio.sleep(TELL_S)

    async def _noted(self, export: Export) -> None:
        try:
            await self._store.keep(export, self._place)
        except Unavailable as error:
            log.warning("other processes do not know how far an export is", export_id=export.id, reason=str(error))

    async def _made(self, export: Export, order: Order) -> None:
        """Written, noted with its SHA-256, and then kept: nobody fetches what the audit does not know. It is ready when its
        row says so, which every process reads; and nothing that was told before may come behind that.
        """
        telling = self._tasks.start(self._tell(export), "export.tell")
        try:
            await asyncio.to_thread(self._write, export, order)
            await order.notes.ready(export)
            await asyncio.to_thread(self._own.keep, export.id, export.kept())
        finally:
            telling.cancel()
            await asyncio.wait([telling])
        await self._store.keep(replace(export, state="ready"), self._place)
        export.state = "ready"

    def _write(self, export: Export, order: Order) -> None:
        """In a thread."""
        self._must_go_on()
        timeline = timeline_within(order.facts)
        about = self._about(order, timeline)
        texts = partial(self._texts, order, timeline, about)
        total, largest = packing.sizes_of(order.parts, self._library)
        export.total = total + sum(map(len, texts(films_of(order.parts), {}, {}).values()))
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

        path = self._own.bundle(export.id)
        bundle = packing.Bundle(order.parts, texts, about, self._clock.wall())
        export.sha256 = packing.write(bundle, path, self._library, self._key(), on_written)
        export.films, export.bytes, export.damaged = tuple(bundle.films), path.stat().st_size, len(bundle.damaged)
        export.unplayable = len(bundle.unplayable)

    def _must_go_on(self) -> None:
        if self._is_closing:
            raise Unavailable(STOPPED)

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
            "unstamped": sorted({part.recording.id for part in order.parts if not self._is_stamped(part)}),
            "interim": [part.recording.id for part in order.parts if part.how is How.INTERIM],
            "line": f"{who}, {stamp(start)} to {stamp(end)}, exported {stamp(now)} by {person.display_name}",
        }

    def _is_stamped(self, part: Part) -> bool:
        return part.how is How.INTERIM or self._library.has_file(part.kept, TIMESTAMP)

    def _texts(
        self,
        order: Order,
        timeline: dict[str, Any],
        about: dict[str, Any],
        films: Sequence[Film],
        damaged: packing.Ill,
        unplayable: packing.Ill,
    ) -> dict[str, bytes]:
        """The files to read, by name."""
        facts = order.facts
        shown = {"about": about, "timeline": timeline, "films": films, "stamp": stamp, "why": GAP_WORDS}
        shown |= {
            name: [f"{of}: {why}" for (of, _), why in ill.items()]
            for name, ill in (("damaged", damaged), ("unplayable", unplayable))
        }
        told = ("from", "to", "cameras", "alerts", "alert_states", "advice", "taser_logs", "events", "decisions")
        texts = {
            "log.json": json.dumps({name: timeline[name] for name in told}, ensure_ascii=False, indent=1).encode(),
            "bundle.css": self._style.read_bytes(),
            "index.html": self._render(shown).encode(),
        }
        for device_id, of_device in facts.fixes.items():
            sign = str(facts.call_signs.get(device_id, device_id))
            texts[f"tracks/{device_id}.gpx"] = gpx(sign, of_device)
            texts[f"tracks/{device_id}.geojson"] = geojson(sign, of_device)
        for one in facts.taser_logs:
            # the rows that lie inside, as they stand in the file, whose SHA-256 is in the JSON
            texts[f"taser/{one['id']}.csv"] = order.excerpts[one["id"]]
            texts[f"taser/{one['id']}.json"] = json.dumps(one, ensure_ascii=False, indent=1).encode()
        return texts


def _require_whole(facts: Facts) -> None:
    if facts.cuts:
        lacking = ", ".join(cut.words() for cut in facts.cuts)
        raise Conflict(f"more happened than one bundle holds ({lacking}): export a shorter time or fewer cameras")
