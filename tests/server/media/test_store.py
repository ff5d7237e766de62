"""Viewings in the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from server.clock import HandClock
from server.database import Database
from server.errors import Unavailable
from server.media import store
from server.media.store import LiveViewStore
from server.tasks import TaskOwner
from tests.server.media.conftest import CONTROLLER, INSPECTOR


async def test_a_viewing_begins_and_ends(database: Database) -> None:
    clock = HandClock(1000.0)
    async with TaskOwner("test") as tasks:
        views = LiveViewStore(database, clock)
        views.start(tasks)
        first = await views.begin("camera-1", INSPECTOR, "main")
        clock.move(5)
        second = await views.begin("camera-1", CONTROLLER, "sub")
        await views.begin("camera-2", INSPECTOR, "sub")
        clock.move(5)
        views.end_soon(first, "sub")
        await views.flush()
        newest, oldest = await views.of_device("camera-1")
        assert (newest.id, newest.person_id, newest.ended_at) == (second, "person-2", None)
        assert (oldest.started_at, oldest.ended_at, oldest.layer) == (1000.0, 1010.0, "sub")
        views.end_soon(first, "main")
        await views.flush()
        assert (await views.of_device("camera-1"))[1].layer == "sub", "an end is written once"


async def test_an_end_that_can_never_be_written_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with TaskOwner("test") as tasks:
        views = LiveViewStore(database, HandClock())
        views.start(tasks)
        first = await views.begin("camera-1", INSPECTOR, "main")
        second = await views.begin("camera-2", INSPECTOR, "main")
        real, failures = database.transaction, iter((1,))

        def once() -> object:
            if next(failures, None) is not None:
                raise IntegrityError("update", {}, ValueError("nobody foresaw this"))
            return real()

        monkeypatch.setattr(database, "transaction", once)
        views.end_soon(first, "main")
        views.end_soon(second, "main")
        async with asyncio.timeout(10):
            await views.flush()
        (view,) = await views.of_device("camera-2")
        assert view.ended_at is not None


async def test_an_end_waits_for_a_database_that_does_not_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RETRY_S", 0.01)
    async with TaskOwner("test") as tasks:
        views = LiveViewStore(database, HandClock())
        views.start(tasks)
        view_id = await views.begin("camera-1", INSPECTOR, "main")
        real, failures = database.transaction, iter((1, 2))

        def sometimes() -> object:
            if next(failures, None) is not None:
                raise Unavailable("the database does not answer")
            return real()

        monkeypatch.setattr(database, "transaction", sometimes)
        views.end_soon(view_id, "main")
        await views.flush()
        (view,) = await views.of_device("camera-1")
        assert view.ended_at is not None
