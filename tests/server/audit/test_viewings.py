"""An officer sees who has looked at what they recorded, and nobody else's; on the whole server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.app import Watchroom
from server.audit.audit_entry import Actor, Note, Subject, What
from server.clock import HandClock
from server.config import Config
from server.recording.store import RecordingStore
from server.site import application
from tests.server.access.conftest import PASSWORD, sign_in
from tests.server.recording.test_retention_store import NOW, a_recording

Client = TestClient[web.Request, web.Application]
HALE = Actor("person", "hale", "Insp. Hale", "inspector")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Watchroom]:
    async with Watchroom(Config.load(tmp_path, {"port": 0, "media_workers": 0}), HandClock(NOW)) as room:
        yield room


async def asked(client: Client, name: str, path: str = "", status: int = 200) -> Any:
    answer = await client.get(f"/api/viewings{path}", headers=await sign_in(client, name))
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_an_officer_is_told_who_viewed_theirs_with_the_reason_and_nobody_elses(room: Watchroom) -> None:
    marsh = await room.access.add_person("marsh", "officer", PASSWORD, "PC Marsh")
    other = await room.access.add_person("bello", "officer", PASSWORD, "PC Bello")
    phone = await room.units.phone_of(marsh.id, "ET17", "PC Marsh")
    worn = {"name": "PC Marsh", "collar_number": "0417", "person_id": marsh.id}
    mine, theirs = a_recording(1, wearer=worn), a_recording(2, wearer={**worn, "person_id": other.id})
    for one in (mine, theirs):
        await RecordingStore(room.database).keep(one)
    span = {"from": mine.asked_at, "to": mine.ended_at, "view": "v1"}
    for what, subject, why, detail in (
        (What.VIEW_REPLAY, Subject("recording", mine.id, "ET17"), "debrief 0412", span),
        (What.VIEW_REPLAY, Subject("recording", theirs.id, "ET09"), "of somebody else", span),
        (What.VIEW_LIVE, Subject("device", phone.device_id, "ET17"), "watch request", {"layer": "main"}),
        (What.CHANGE_RECORDING, Subject("recording", mine.id, "ET17"), "no viewing", {}),
        (What.VIEW_EXPORT, Subject("recording", mine.id), "CPS", span),
    ):
        await room.audit.note(Note(what, HALE, subject, why, "198.51.100.7", "a browser", detail))
    async with TestClient(TestServer(application(room))) as client:
        page = await asked(client, "marsh")
        told = [(one["what"], one["by"]["name"], one["why"]) for one in page["viewings"]]
        assert told == [
            ("view.export", "Insp. Hale", "CPS"),
            ("view.live", "Insp. Hale", "watch request"),
            ("view.replay", "Insp. Hale", "debrief 0412"),
        ]
        assert (page["viewings"][2]["from"], page["viewings"][2]["to"]) == (mine.asked_at, mine.ended_at)
        assert "198.51.100.7" not in str(page)  # from where they looked is for auditors
        first = await asked(client, "marsh", "?limit=1")
        assert first["more"] and len(first["viewings"]) == 1
        rest = await asked(client, "marsh", f"?before={first['viewings'][0]['seq']}")
        assert [one["what"] for one in rest["viewings"]] == ["view.live", "view.replay"]
        assert [one["why"] for one in (await asked(client, "bello"))["viewings"]] == ["of somebody else"]
        await asked(client, "marsh", "?person=bello", 400)


@pytest.mark.parametrize("role", ["inspector", "auditor", "engineer"])
async def test_it_is_for_officers(room: Watchroom, role: str) -> None:
    await room.access.add_person("hale", role, PASSWORD)
    async with TestClient(TestServer(application(room))) as client:
        await asked(client, "hale", "", 403)
