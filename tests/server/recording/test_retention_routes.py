"""How long recordings are kept, over HTTP on the whole server: who may say what, and what is in the audit before it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncConnection

from server.app import Watchroom
from server.audit.asked import Asked
from server.audit.audit_entry import REASON
from server.clock import HandClock
from server.config import Config
from server.errors import StartError, Unavailable
from server.recording.marks import By, Mark, MarkKind
from server.recording.retention import DAY_S
from server.recording.store import Recording, RecordingStore
from server.site import application
from tests.server.access.conftest import PASSWORD, sign_in
from tests.server.recording.recordings import BEGAN, IDENTITY, recording
from tests.server.recording.test_retention_store import a_recording

NOW = BEGAN + DAY_S
ONE = f"/api/recordings/{IDENTITY}"


@dataclass
class Office:
    """A whole server with one recording of yesterday, and a browser on it."""

    room: Watchroom
    clock: HandClock
    browser: TestClient[web.Request, web.Application]
    headers: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    async def be(self, role: str) -> None:
        """Sign in as somebody of this role, whose session may have ended meanwhile."""
        if role not in self.known:
            await self.room.access.add_person(role, role, PASSWORD, display_name=f"The {role}")
            self.known.add(role)
        self.headers = await sign_in(self.browser, role)

    async def ask(self, method: str, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        reason = {REASON: quote(body["why"])} if method == "DELETE" and body else {}
        sent = {"json": body} if body and not reason else {}
        answer = await self.browser.request(method, path, headers={**self.headers, **reason}, **sent)  # type: ignore[arg-type]
        told: dict[str, Any] = await answer.json()
        assert answer.status == status, told
        return told

    async def noted(self) -> list[dict[str, Any]]:
        """The audit's rows of changes to recordings, oldest first."""
        await self.room.audit.flush()
        rows: list[dict[str, Any]] = (await self.room.audit.page(Asked(subject=IDENTITY, limit=200)))["rows"]
        changed = [row for row in rows if not row["what"].startswith("collect.")]
        return [row for row in changed if row["subject"]["kind"] == "recording"][::-1]

    async def keep(self, *recordings: Recording) -> None:
        for one in recordings:
            await RecordingStore(self.room.database).keep(one)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    recording(tmp_path / "recordings")
    clock = HandClock(NOW)
    config = Config.load(tmp_path, {"port": 0, "media_workers": 0, "retention": {"mopi": {"tags": ["domestic abuse"]}}})
    async with Watchroom(config, clock) as room, TestClient(TestServer(application(room))) as browser:
        yield Office(room, clock, browser)


async def test_what_nobody_marked_tells_when_it_goes_and_by_which_rule(office: Office) -> None:
    await office.be("control")
    told = await office.ask("GET", ONE + "/retention")
    assert (told["category"], told["tags"], told["holds"], told["entries"], told["tombstone"]) == (
        None,
        [],
        [],
        [],
        None,
    )
    assert (told["rule"], told["delete_at"], told["review_at"]) == ("untagged", BEGAN + 8 + 30 * DAY_S, None)
    assert (told["at"], told["state"], told["kept_by"]) == (NOW, "closed", [])
    (untagged, *_) = (await office.ask("GET", "/api/retention"))["categories"]
    assert untagged == {"name": "untagged", "title": "Untagged", "days": 30, "review_days": None, "tags": []}
    await office.ask("GET", "/api/recordings/nobody/retention", 404)


async def test_the_room_tags_and_notes_and_each_is_in_the_audit(office: Office) -> None:
    await office.be("control")
    await office.ask("POST", ONE + "/tags", 201, tag="Domestic  abuse", why="CAD 412")
    told = await office.ask("POST", ONE + "/notes", 201, text="He says his name.\nTwice.")
    assert (told["tags"], told["rule"], told["delete_at"]) == (["domestic abuse"], "mopi", None)
    _, note = told["entries"]
    assert (note["n"], note["kind"], note["text"], note["at"]) == (2, "note", "He says his name.\nTwice.", NOW)
    assert note["by"]["name"] == "The control"
    first, second = await office.noted()
    assert (first["what"], first["why"], first["actor"]["name"]) == ("change.recording", "CAD 412", "The control")
    assert first["detail"] == {"mark": "tag", "value": "domestic abuse", "until": None}
    assert (second["detail"]["mark"], second["why"]) == ("note", "")


async def test_a_tag_that_keeps_it_is_not_taken_away_by_whoever_may_only_tag(office: Office) -> None:
    await office.be("control")
    for tag in ("domestic abuse", "wrong street"):
        await office.ask("POST", ONE + "/tags", 201, tag=tag)
    await office.ask("DELETE", ONE + "/tags/wrong%20street")
    await office.ask("DELETE", ONE + "/tags/wrong%20street", 404)
    await office.ask("DELETE", ONE + "/tags/domestic%20abuse", 403)
    await office.be("inspector")
    told = await office.ask("DELETE", ONE + "/tags/domestic%20abuse", why="another address")
    assert told["tags"] == []
    assert (await office.noted())[-1]["why"] == "another address"


async def test_an_inspector_sets_category_hold_and_decision_each_with_its_reason(office: Office) -> None:
    await office.be("inspector")
    review_at = NOW + 900 * DAY_S
    told = await office.ask("PUT", ONE + "/category", category="evidential", why="R v Smith", review_at=review_at)
    assert (told["category"], told["rule"], told["review_at"]) == ("evidential", "evidential", review_at)
    told = await office.ask("POST", ONE + "/holds", 201, why="R v Smith")
    assert told["kept_by"] == ["case"] and told["holds"][0]["n"] == 2
    told = await office.ask("POST", ONE + "/holds", 201, kind="share", why="CPS", until=NOW + DAY_S)
    assert told["kept_by"] == ["case", "share"]
    await office.ask("POST", ONE + "/decisions", 409, decision="dispose", why="NFA")
    told = await office.ask("DELETE", ONE + "/holds/2", why="acquitted")
    assert told["kept_by"] == ["share"]
    office.clock.move(2 * DAY_S)
    await office.be("inspector")
    told = await office.ask("POST", ONE + "/decisions", 201, decision="dispose", why="no further action")
    assert (told["rule"], told["kept_by"], told["delete_at"]) == ("disposed", [], BEGAN + 8 + 30 * DAY_S)
    told = await office.ask("POST", ONE + "/decisions", 201, decision="retain", why="inquest")
    assert (told["rule"], told["delete_at"]) == ("retained", None)
    assert told["review_at"] == office.clock.wall() + 365 * DAY_S
    assert told["decision"]["by"]["name"] == "The inspector"
    reasons = [row["why"] for row in await office.noted()]
    assert reasons == ["R v Smith", "R v Smith", "CPS", "acquitted", "no further action", "inquest"]


@pytest.mark.parametrize("role", ["control", "trainer", "engineer"])
async def test_how_long_it_is_kept_is_for_who_manages_evidence(office: Office, role: str) -> None:
    await office.be(role)
    await office.ask("PUT", ONE + "/category", 403, category="untagged", why="w")
    await office.ask("POST", ONE + "/holds", 403, why="w")
    await office.ask("DELETE", ONE + "/holds/1", 403, why="w")
    await office.ask("POST", ONE + "/decisions", 403, decision="dispose", why="w")
    await office.ask("GET", "/api/retention/upcoming", 403)
    if role != "control":
        await office.ask("GET", ONE + "/retention", 403)
        await office.ask("POST", ONE + "/tags", 403, tag="arrest")
        await office.ask("POST", ONE + "/notes", 403, text="n")
    assert await office.noted() == []


async def test_what_cannot_be_noted_is_not_changed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: AsyncConnection) -> None:
        raise Unavailable("the audit cannot be written")

    await office.be("inspector")
    monkeypatch.setattr(office.room.audit, "within", lambda *_: refuse)
    await office.ask("PUT", ONE + "/category", 503, category="evidential", why="w")
    await office.ask("POST", ONE + "/tags", 503, tag="arrest")
    await office.ask("POST", ONE + "/holds", 503, why="w")
    told = await office.ask("GET", ONE + "/retention")
    assert told["entries"] == []


async def test_mistakes_are_named_and_leave_no_row(office: Office) -> None:
    await office.be("inspector")
    wrong: list[tuple[str, str, dict[str, Any], str]] = [
        ("PUT", "/category", {"category": "secret", "why": "w"}, "category: expected one of untagged, evidential"),
        ("PUT", "/category", {"category": "mopi"}, "why: expected a reason"),
        ("PUT", "/category", {"category": "mopi", "why": "w", "review_at": NOW - 1}, "the date must be in the future"),
        ("PUT", "/category", {"category": "mopi", "why": "w", "review_at": True}, "review_at: expected Unix seconds"),
        ("PUT", "/category", {"category": "untagged", "why": "w", "review_at": NOW + 9}, "review_at: untagged is not"),
        ("PUT", "/category", {"category": "mopi", "why": "w", "days": 1}, "days: not expected"),
        ("POST", "/tags", {"tag": "a/b"}, "tag: expected"),
        ("POST", "/tags", {"tag": "a", "why": 7}, "why: expected a text"),
        ("POST", "/notes", {"text": ""}, "text: expected"),
        ("POST", "/holds", {"why": "w", "kind": "grudge"}, "kind: expected one of case, share"),
        ("POST", "/holds", {"why": " "}, "why: expected a reason"),
        ("POST", "/decisions", {"decision": "burn", "why": "w"}, "decision: expected one of retain, dispose"),
        (
            "POST",
            "/decisions",
            {"decision": "dispose", "why": "w", "review_at": NOW + 9},
            "review_at: what is disposed",
        ),
    ]
    for method, path, body, sentence in wrong:
        told = await office.ask(method, ONE + path, 400, **body)
        assert told["detail"].startswith(sentence)
    await office.ask("DELETE", ONE + "/holds/1", 404, why="w")
    await office.ask("DELETE", ONE + "/holds/1", 400)
    await office.ask("GET", "/api/retention/upcoming?days=nan", 400)
    assert await office.noted() == []


async def test_what_goes_within_a_week_is_listed_before_it_goes(office: Office) -> None:
    await office.be("inspector")
    ids = {days: f"20261128T204600Z-et20-{days:08x}" for days in (20, 24, 25, 29)}
    for days, identity in ids.items():
        ended = NOW - days * DAY_S
        await office.keep(a_recording(id=identity, ended_at=ended, asked_at=ended - 60, place="another host"))
    await office.ask("POST", f"/api/recordings/{ids[29]}/holds", 201, why="R v Smith")
    category: dict[str, Any] = {"category": "mopi", "why": "nominal", "review_at": NOW + 3 * DAY_S}
    await office.ask("PUT", f"/api/recordings/{ids[20]}/category", **category)
    told = await office.ask("GET", "/api/retention/upcoming")
    assert [(one["id"], one["delete_at"]) for one in told["deletions"]] == [
        (ids[25], NOW + 5 * DAY_S),
        (ids[24], NOW + 6 * DAY_S),
    ]
    assert [(one["id"], one["review_at"], one["rule"]) for one in told["reviews"]] == [
        (ids[20], NOW + 3 * DAY_S, "mopi")
    ]
    assert told["counts"] == {"deletions": 2, "reviews": 1, "bytes": 6000}
    assert (await office.ask("GET", "/api/retention/upcoming?days=30"))["counts"]["deletions"] == 3
    assert (await office.ask("GET", "/api/retention/upcoming?days=0"))["deletions"] == []


async def test_what_is_deleted_answers_with_its_tombstone_and_takes_no_marks(office: Office) -> None:
    await office.be("inspector")
    office.clock.move(31 * DAY_S)
    await office.room.evidence.deletion.run()
    await office.be("inspector")
    told = await office.ask("GET", ONE + "/retention")
    assert (told["state"], told["tombstone"]["id"], told["tombstone"]["rule"]) == ("deleted", IDENTITY, "untagged")
    assert told["tombstone"]["removed_at"] == office.clock.wall()
    await office.ask("POST", ONE + "/tags", 409, tag="arrest")
    assert [row["what"] for row in await office.noted()] == ["delete.recording"]
    assert office.room.evidence.library.ids() == []


async def test_a_mistake_in_the_table_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "watchroom.toml").write_text("[retention.untagged]\ndays = -1\n")
    with pytest.raises(StartError, match=r"retention\.untagged\.days: "):
        Watchroom(Config.load(tmp_path, {"port": 0}))


async def test_what_was_exported_is_held_for_a_month_in_the_name_of_who_took_it(office: Office) -> None:
    await office.be("inspector")
    view = await office.ask("POST", "/api/replays", 201, recordings=[IDENTITY], why="R v Smith")
    for _ in range(2):
        await office.ask("POST", "/api/exports", 202, view=view["id"], why="for the CPS")
    told = await office.ask("GET", ONE + "/retention")
    (hold,) = told["holds"]  # one is enough
    assert (hold["kind"], hold["why"], hold["until"]) == ("share", "exported: for the CPS", NOW + 30 * DAY_S)
    assert hold["by"]["name"] == "The inspector"
    (row,) = (row for row in await office.noted() if row["what"] == "change.recording")
    assert (row["why"], row["address"]) == ("for the CPS", "127.0.0.1")


async def test_a_change_and_its_row_are_one_commit(office: Office) -> None:
    """The process ends between the two: neither is there."""

    async def die(_: AsyncConnection) -> None:
        raise SystemExit

    await office.be("inspector")
    retention = office.room.evidence.retention
    with pytest.raises(SystemExit):
        await retention.mark(IDENTITY, By("p1", "Achebe"), Mark(MarkKind.TAG, "arrest"), lambda _: die)
    assert (await retention.of(IDENTITY))["entries"] == []
