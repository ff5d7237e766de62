"""A weapon's log over HTTP: kept byte for byte with its audit row, its clock found or set, and on the replay of that time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access.permission import Permission, Role, may
from server.access.person import Person
from server.alerts.store import AlertStore, signal_table
from server.audit.actions import Audit
from server.audit.audit_entry import REASON, Actor, Note, Subject, What
from server.audit.store import AuditStore, audit_table
from server.clock import HandClock
from server.database import Along, Database, alone
from server.errors import Conflict, Forbidden, NotFound, Unavailable
from server.journal.store import Journal
from server.middleware import error_middleware
from server.recording.marks import By
from server.taser.actions import Offered, TaserLogs
from server.taser.routes import taser_routes
from server.taser.store import TaserStore, log_table, offset_table
from server.units.unit import Device
from tests.server.taser.logs import ARMED_AT, FIRED_AT, SAFE_AT, SEVEN, X2

MARSH = {"name": "PC Marsh", "collar_number": "0417"}
WINDOW = {"from": str(ARMED_AT - 60), "to": str(SAFE_AT + 60)}
ABOUT = {"device_id": "et17-cam", "name": "X2900ABC1.csv", "why": "debrief 0412", **WINDOW}


class Desk:
    """The routes on a real socket; who asks is said by a header."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock(SAFE_AT + 3600)
        self.audit = Audit(AuditStore(database), self.clock)
        self.audit_fails = False
        signals = AlertStore(database, Journal(database, self.clock)).signals
        self.logs = TaserLogs(TaserStore(database), _bearer, signals, self.clock)
        self.application = web.Application(middlewares=[error_middleware()])
        self.application.add_routes(taser_routes(self.logs, _cameras, _allow, self._along))
        self.client: TestClient[web.Request, web.Application]

    def _along(self, request: web.Request, what: What, subject: Subject, why: str = "", **detail: Any) -> Along:
        person = _person(request)
        actor = Actor("person", person.id, person.display_name, person.role.value)
        write = self.audit.within(Note(what, actor, subject, why, detail=detail))

        async def fail(_tx: AsyncConnection) -> None:
            raise Unavailable("the audit cannot be written")

        return fail if self.audit_fails else write

    async def bring(self, content: str = X2, status: int = 201, who: str = "webb:trainer", **about: str) -> Any:
        headers = {"Content-Type": "text/csv", "X-Person": who}
        query = {name: text for name, text in {**ABOUT, **about}.items() if text}
        headers[REASON] = quote(query.pop("why", ""))
        answer = await self.client.post("/api/taser-logs", params=query, data=content.encode(), headers=headers)
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def get(self, path: str = "", status: int = 200, who: str = "webb:trainer") -> Any:
        answer = await self.client.get(f"/api/taser-logs{path}", headers={"X-Person": who})
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def set_clock(self, log_id: str, body: dict[str, Any], status: int = 200, who: str = "webb:trainer") -> Any:
        answer = await self.client.put(f"/api/taser-logs/{log_id}/offset", json=body, headers={"X-Person": who})
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def spoilt(self) -> TaserLogs:
        """No file can be read any more, as by a later version that is stricter; another process has nothing in memory."""
        async with self.database.transaction() as tx:
            await tx.execute(sa.update(log_table).values(content=b"spoilt"))
        return Desk(self.database).logs

    async def rows(self, table: sa.Table) -> int:
        async with self.database.reading() as connection:
            return int((await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())

    async def tell(self, *signals: tuple[str, float]) -> None:
        """What the camera told at the time; its own clock is 3 s ahead."""
        rows = [
            {"device_id": "et17-cam", "outbox_id": "o", "device_seq": seq, "kind": kind, "device_at": at + 3.0,
             "received_at": at + 0.2, "offset_s": 3.0, "detail": {}}
            for seq, (kind, at) in enumerate(signals, 1)
        ]  # fmt: skip
        async with self.database.transaction() as tx:
            await tx.execute(sa.insert(signal_table), rows)


def _person(request: web.Request) -> Person:
    name, role = request.headers["X-Person"].split(":")
    return Person(name, name, name.title(), Role(role))


def _allow(request: web.Request, permission: Permission) -> Person:
    person = _person(request)
    if not may(person.role.value, permission):
        raise Forbidden(f"the role {person.role.value} does not include: {permission.value}")
    return person


async def _cameras() -> list[Device]:
    return [Device("et22-cam", "ET22"), Device("et17-cam", "ET17", wearer_name="PC Marsh")]


async def _bearer(device_id: str, _start: float, _end: float) -> tuple[str, dict[str, str]]:
    if device_id != "et17-cam":
        raise NotFound(f"there is no unit {device_id!r}")
    return "ET17", MARSH


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    made = Desk(database)
    async with TestClient(TestServer(made.application)) as made.client:
        yield made


async def test_who_brings_one_in_is_told_whose_it_may_be_and_nothing_of_the_room(desk: Desk) -> None:
    marsh = {"device_id": "et17-cam", "call_sign": "ET17", "wearer": "PC Marsh"}
    other = {"device_id": "et22-cam", "call_sign": "ET22", "wearer": None}
    assert await desk.get("/cameras", who="stone:investigator") == {"cameras": [marsh, other]}
    await desk.get("/cameras", 403, who="hale:control")


async def test_a_log_is_kept_byte_for_byte_with_its_row_in_the_audit(desk: Desk) -> None:
    kept = await desk.bring()
    assert (kept["sha256"], kept["bytes"]) == (hashlib.sha256(X2.encode()).hexdigest(), len(X2.encode()))
    assert (kept["call_sign"], kept["wearer"], kept["serial"], kept["by_name"]) == ("ET17", MARSH, "X2900ABC1", "Webb")
    assert (kept["events"], kept["within"]) == (5, 4)
    assert await TaserStore(desk.database).content(kept["id"]) == X2.encode()
    async with desk.database.reading() as connection:
        (row,) = (await connection.execute(sa.select(audit_table))).all()
    assert (row.what, row.actor_name, row.subject_id, row.why) == (
        "collect.taser-log",
        "Webb",
        kept["id"],
        "debrief 0412",
    )
    assert row.detail["sha256"] == kept["sha256"] and row.detail["file"] == "X2900ABC1.csv"
    assert [one["id"] for one in (await desk.get())["logs"]] == [kept["id"]]
    assert "placed" not in kept  # its events are for who replays that time, for a reason


async def test_without_its_row_in_the_audit_nothing_is_kept(desk: Desk) -> None:
    kept = await desk.bring()
    desk.audit_fails = True
    await desk.bring(SEVEN, 503)
    await desk.set_clock(kept["id"], {"offset_s": 12.0, "why": "compared"}, 503)
    assert (await desk.rows(log_table), await desk.rows(offset_table), await desk.rows(audit_table)) == (1, 0, 1)
    assert (await desk.audit.check())["fault"] is None


async def test_its_clock_is_found_by_the_camera_s_signals_and_its_events_are_placed(desk: Desk) -> None:
    await desk.tell(("taser.armed", ARMED_AT), ("taser.trigger", FIRED_AT), ("taser.safe", SAFE_AT))
    kept = await desk.bring()
    assert (kept["offset"]["how"], kept["offset"]["pairs"]) == ("matched", 3)
    assert kept["offset"]["seconds"] == pytest.approx(12.0, abs=0.25)
    (log,) = await desk.logs.between(ARMED_AT - 10, SAFE_AT + 10)
    placed = [(event["kind"], round(event["at"] - ARMED_AT), event["device_at"] - ARMED_AT) for event in log["placed"]]
    assert placed == [("armed", 0, 12.0), ("trigger", 6, 18.0), ("arc", 15, 27.0), ("safe", 27, 39.0)]
    assert [
        event["kind"] for log in await desk.logs.between(ARMED_AT - 1, ARMED_AT + 8) for event in log["placed"]
    ] == [
        "armed",
        "trigger",
    ]
    assert await desk.logs.between(SAFE_AT + 1000, SAFE_AT + 2000) == []


async def test_a_person_sets_its_clock_for_a_reason_and_takes_that_back(desk: Desk) -> None:
    await desk.tell(("taser.armed", ARMED_AT), ("taser.trigger", FIRED_AT))
    kept = await desk.bring()
    told = await desk.set_clock(kept["id"], {"offset_s": 14.5, "why": "the radio's time signal"})
    assert told["offset"]["words"] == "weapon's clock 14.5 s ahead, set by Webb"
    assert told["settings"] == [
        {"at": desk.clock.wall(), "by": "Webb", "offset_s": 14.5, "why": "the radio's time signal"}
    ]
    back = await desk.set_clock(kept["id"], {"offset_s": None, "why": "it was another weapon's"})
    assert (back["offset"]["how"], len(back["settings"])) == ("matched", 2)
    assert await desk.rows(audit_table) == 3
    for body in (
        {"offset_s": 1.0},
        {"offset_s": "1", "why": "x"},
        {"offset_s": True, "why": "x"},
        {"offset_s": 1.0, "why": ""},
        {"offset_s": 1e12, "why": "x"},
        {"offset_s": 10**400, "why": "x"},
    ):
        await desk.set_clock(kept["id"], body, 400)
    await desk.set_clock("0" * 32, {"offset_s": 1.0, "why": "x"}, 404)
    await desk.set_clock(kept["id"], {"offset_s": 1.0, "why": "x"}, 403, "okafor:control")


async def test_the_list_reads_no_file(desk: Desk) -> None:
    """With twenty of 16 000 events each, it took longer than a page waits."""
    await desk.tell(("taser.armed", ARMED_AT), ("taser.trigger", FIRED_AT))
    kept = await desk.bring()
    changed = await desk.set_clock(kept["id"], {"offset_s": 14.5, "why": "the radio's time signal"})
    other = await desk.bring(SEVEN)
    listed = (await (await desk.spoilt()).listed())["logs"]
    assert {one["id"]: one for one in listed} == {changed["id"]: changed, other["id"]: other}


async def test_a_log_that_cannot_be_read_any_more_says_so_and_holds_no_replay_up(desk: Desk) -> None:
    kept = await desk.bring()
    logs = await desk.spoilt()
    (log,) = await logs.between(ARMED_AT - 60, SAFE_AT + 60)
    assert log["placed"] == [] and log["problem"].startswith("it cannot be read: row 1: expected the columns")
    assert (await logs.one(kept["id"]))["problem"] == log["problem"]


async def test_the_same_file_is_not_kept_twice(desk: Desk) -> None:
    kept = await desk.bring()
    refused = await desk.bring(status=409)
    assert refused["log"] == kept["id"]
    about = Offered("et17-cam", ARMED_AT - 80, SAFE_AT + 80, "X2.csv", "debrief 0412")
    offers = (desk.logs.bring_in(about, X2.encode(), By("webb", "Webb"), lambda _item: alone) for _ in range(3))
    told = await asyncio.gather(*offers, return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in told) == 2, told
    await desk.bring(SEVEN)


@pytest.mark.parametrize(
    ("about", "refusal"),
    [
        ({"device_id": "x"}, "device_id: expected"),
        ({"from": "x"}, "from: expected Unix seconds"),
        ({"to": WINDOW["from"]}, "to: expected after from"),
        ({"to": str(ARMED_AT + 9 * 86_400)}, "to: expected after from, by at most 7 days"),
        ({"from": str(ARMED_AT + 86_400), "to": str(ARMED_AT + 90_000)}, "from, to: none of the 5 events"),
        ({"name": "../../log.csv"}, "name: expected"),
        ({"why": ""}, "why: expected a reason"),
        ({"colour": "red"}, "colour: not expected"),
        ({"date_order": "ymd"}, "date_order: expected"),
    ],
)
async def test_what_cannot_be_meant_is_refused(desk: Desk, about: dict[str, str], refusal: str) -> None:
    assert (await desk.bring(status=400, **about))["detail"].startswith(refusal)
    assert await desk.rows(log_table) == 0


async def test_only_who_may_brings_one_in(desk: Desk) -> None:
    kept = await desk.bring(who="hale:inspector")
    for who in ("okafor:control", "marsh:officer", "byrne:engineer", "winter:auditor"):
        await desk.bring(SEVEN, 403, who)
    await desk.get(f"/{kept['id']}", who="okafor:control")
    await desk.get(f"/{kept['id']}", 403, "marsh:officer")
    await desk.bring(SEVEN, 404, device_id="et99-cam")
    answer = await desk.client.post(
        "/api/taser-logs",
        params={name: text for name, text in ABOUT.items() if name != "why"},
        data=b"{}",
        headers={"X-Person": "hale:inspector", "Content-Type": "application/json", REASON: "debrief"},
    )
    assert answer.status == 415
