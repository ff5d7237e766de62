"""Replay and export on a real socket, for tests; and what was recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.database import Database
from server.errors import Conflict, Unavailable
from server.export.actions import Exports, Notes
from server.export.export import Export
from server.export.routes import routes
from server.export.store import ExportStore
from server.operations.assets import STATIC, TEMPLATES
from server.recording.library import Library
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.signing import EvidenceKey
from server.recording.verifier import Entry
from server.replay.view import View
from server.tasks import TaskOwner
from tests.fakes.incident import lay_incident
from tests.fakes.recordings import Laid, Wish, lay, usual_film
from tests.server.recording.recordings import MASTER
from tests.server.replay.test_routes import BASE, LINDQVIST, MARSH, OFFICERS, Office, _caller

WHY = "disclosure to the CPS, case 0412"


class GrowingLibrary(Library):
    """Lets a test do something just before a journal is read for a bundle."""

    grow: Callable[[], None] | None = None

    def entries(self, recording_id: str) -> list[Entry]:
        if self.grow is not None:
            grow, self.grow = self.grow, None
            grow()
        return super().entries(recording_id)


class Desk:
    """Replay and export on a real socket. `room` is asked whether there is any, `render` makes the page."""

    def __init__(self, data: Path, office: Office, tasks: TaskOwner, database: Database) -> None:
        self.data = data
        self.store = ExportStore(database)
        self.office = office
        self.tasks = tasks
        self.library = GrowingLibrary(data / "recordings", MASTER)
        self.room: Callable[[Path, int], None] = lambda _folder, _more: None
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
        self.render: Callable[[dict[str, Any]], str] = lambda more: environment.get_template("bundle.html").render(more)
        self.exports = self.another()
        self.noted: list[tuple[View, str]] = []
        self.held: list[tuple[str, str]] = []
        self.made: list[tuple[str, int]] = []  # SHA-256 and bytes
        self.fetched: list[str] = []  # which film; "": all of it
        self.again: list[tuple[str, str]] = []  # which export somebody fetched again, and why
        self.hold_fails = False
        self.client: TestClient[web.Request, web.Application]

    def another(self) -> Exports:
        """What another process has, on the same data folder."""
        return Exports(
            self.data / "exports",
            self.library,
            lambda: EvidenceKey.of(self.data),
            self.office.replays,
            self.office.taser_logs.excerpts,
            lambda more: self.render(more),
            STATIC / "css" / "bundle.css",
            self.office.clock,
            self.tasks,
            lambda folder, more: self.room(folder, more),
            self.store,
            lambda: "here",
        )

    def notes(self, _request: web.Request | None = None) -> Notes:
        """What would be written into the audit."""
        return Notes(self._begun, self._hold, self._ready, self._fetched, self._again)

    async def _hold(self, recording_ids: Sequence[str], why: str) -> None:
        """Nobody deletes what was just taken out."""
        if self.hold_fails:
            raise Conflict("it is deleted meanwhile")
        self.held += [(one, why) for one in recording_ids]

    async def _begun(self, view: View, export: Export) -> None:
        self._must_be_audited()
        self.noted.append((view, export.why))

    async def _ready(self, export: Export) -> None:
        self._must_be_audited()
        self.made.append((export.sha256, export.bytes))

    async def _fetched(self, _export: Export, file: str) -> None:
        self._must_be_audited()
        self.fetched.append(file)

    async def _again(self, export: Export, why: str) -> None:
        self._must_be_audited()
        self.again.append((export.id, why))

    def _must_be_audited(self) -> None:
        if self.office.audit_fails:
            raise Unavailable("the audit cannot be written")

    def bundles(self) -> list[Path]:
        """Files that are there of any export, whole or half; not what is said beside them."""
        return [path for path in (self.data / "exports").rglob("*") if path.is_file() and path.suffix != ".json"]

    async def post(self, path: str, body: dict[str, Any], status: int, who: str = "hale:inspector") -> Any:
        answer = await self.client.post(path, json=body, headers={"X-Person": who})
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def view(self, wish: dict[str, Any], who: str = "hale:inspector") -> str:
        return str((await self.post("/api/replays", {"why": "debrief 0412", **wish}, 201, who))["id"])

    async def begun(self, wish: dict[str, Any], status: int = 202) -> Any:
        """Ask for an export of a view of this."""
        return await self.post("/api/exports", {"view": await self.view(wish), "why": WHY}, status)

    async def state(self, export: dict[str, Any]) -> Any:
        """As whoever asked for it sees it now."""
        path = f"/api/exports/{export['id']}"
        return await (await self.client.get(path, headers={"X-Person": "hale:inspector"})).json()

    async def ended(self, wish: dict[str, Any]) -> Any:
        """Export a view of this, and wait for its end, good or bad."""
        return await self.settled(await self.begun(wish))

    async def settled(self, export: dict[str, Any]) -> Any:
        """The same of one that was begun."""
        async with asyncio.timeout(60):
            while export["state"] not in ("ready", "failed"):
                await asyncio.sleep(0.02)
                export = await self.state(export)
        return export

    async def exported(self, wish: dict[str, Any]) -> Path:
        """Export a view of this, fetch it in two parts, and keep it."""
        export = await self.ended(wish)
        assert export["state"] == "ready", export["problem"]
        parts = []
        for wanted in ("bytes=0-999", "bytes=1000-"):
            async with self.client.get(
                export["url"], headers={"X-Person": "hale:inspector", "Range": wanted}
            ) as answer:
                assert answer.status == 206
                parts.append(await answer.read())
        kept = self.data / "fetched.zip"
        kept.write_bytes(b"".join(parts))
        assert kept.stat().st_size == export["bytes"]
        return kept


@asynccontextmanager
async def open_desk(data: Path, database: Database) -> AsyncIterator[Desk]:
    """An incident of ten seconds is over."""
    async with TaskOwner("test") as tasks:
        desk = Desk(data, Office(data, database), tasks, database)
        await desk.exports.start()
        desk.office.application.add_routes(routes(desk.exports, desk.office.replays, _caller, desk.notes))
        async with TestClient(TestServer(desk.office.application)) as client:
            desk.client = client
            await lay_incident(database, OFFICERS, BASE, 10)
            yield desk
        await desk.exports.close()


def laid(data: Path, keys: MasterKeys = PLAIN, **more: Any) -> list[Laid]:
    films = {layer: usual_film(10.0, layer) for layer in ("main", "sub")}
    return [
        lay(data, Wish("et17-cam", "ET17", BASE, MARSH, **more), films, keys),
        lay(data, Wish("et22-cam", "ET22", BASE + 1, LINDQVIST), films, keys),
    ]
