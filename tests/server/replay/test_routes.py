"""Recordings over HTTP: found, opened for a reason that is committed first, and read only under a view."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from server.access.permission import Role
from server.access.person import Person
from server.access.session import Caller
from server.advice.store import AdviceStore
from server.alerts.store import AlertStore
from server.audit.audit_entry import Actor, Note, Subject, What
from server.audit.store import AuditStore
from server.clock import HandClock
from server.database import Along, Database
from server.decisions.store import DecisionStore
from server.errors import Unavailable
from server.journal.entry import EntryKind
from server.journal.store import Journal
from server.middleware import error_middleware
from server.positions.area import Area
from server.positions.stay import Stay
from server.positions.store import TrailStore
from server.recording.folder import RecordingFolder
from server.recording.library import Library
from server.recording.marks import By, Mark, MarkKind
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.retention import RetentionTable
from server.recording.retention_actions import Retention
from server.recording.retention_store import RetentionStore
from server.recording.segment import recording_id
from server.recording.signing import EvidenceKey
from server.recording.sought import Sought
from server.recording.store import Recording, RecordingState, RecordingStore, recording_table
from server.recording.upkeep import Upkeep
from server.recording.verifier import Entry
from server.replay import facts_actions, finding_actions
from server.replay.actions import Replays, Sources
from server.replay.bookmark import Bookmark
from server.replay.room_command import AUDITED
from server.replay.routes import routes
from server.replay.store import BookmarkStore, ViewStore
from server.replay.view import OPEN_S, View
from server.taser.actions import Offered, TaserLogs
from server.taser.store import TaserStore
from tests.fakes.incident import ADVISED_S, ARMED_S, TOWN, Officer, lay_incident
from tests.fakes.recordings import Laid, Wish, lay, usual_film, vp8_film
from tests.server.recording.recordings import BEGAN, MASTER, journal

BASE = 1_800_000_000.0
MARSH = {"name": "PC Marsh", "collar_number": "0417", "person_id": "marsh"}
LINDQVIST = {"name": "PC Lindqvist", "collar_number": "0688", "person_id": "lindqvist"}
OFFICERS = [Officer("et17-cam", "ET17", MARSH), Officer("et22-cam", "ET22", LINDQVIST)]
WHY = {"why": "debrief 0412"}
WALKED = TOWN[0] + 0.0007  # where they are while it is recorded: half a minute's walk to the north
LOGGED = ((5, "Armed,"), (8, "Trigger,5"), (60, "Safe,55"))  # by a weapon's clock


async def _bearer(device_id: str, _start: float, _end: float) -> tuple[str, None]:
    return device_id[:4].upper(), None


class WatchedLibrary(Library):
    """Says whose journals were asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, MASTER)
        self.journals: set[str] = set()
        self.latest_asked: list[str] = []

    def latest(self, recording_id: str, since: float) -> list[Entry]:
        self.latest_asked.append(recording_id)
        return super().latest(recording_id, since)

    def entries(self, recording_id: str) -> list[Entry]:
        self.journals.add(recording_id)
        return super().entries(recording_id)


class Office:
    """The routes on a real socket; who asks is said by headers."""

    def __init__(self, data: Path, database: Database) -> None:
        self.clock = HandClock(BASE + 3600)
        self.noted: list[View] = []
        self.hows: list[str] = []
        self.audit_fails = False
        self.store = ViewStore(database)
        self.trails = TrailStore(database)
        self.stamps: dict[str, bool] = {}  # of signed recordings
        self.looked_at: list[set[str] | None] = []  # the cameras of each search for a place
        journal = Journal(database, self.clock)
        advice = AdviceStore(database, journal)

        async def states(*asked: Any) -> list[tuple[float, dict[str, Any]]]:
            return [(one.at, one.body) for one in await journal.states(*asked)]

        async def activity(*asked: Any) -> list[tuple[float, dict[str, Any]]]:
            return [(one.at, one.body) for one in await journal.between(EntryKind.ACTIVITY, *asked)]

        async def sent(*asked: Any) -> list[dict[str, Any]]:
            return [one.as_json() for one in await advice.between(*asked)]

        async def decided(*asked: Any) -> list[dict[str, Any]]:
            return [one.as_json() for one in await DecisionStore(database).between(*asked)]

        async def call_signs() -> dict[str, str]:
            return {one.device_id: one.call_sign for one in OFFICERS}

        sources = Sources(
            fixes=TrailStore(database).between,
            alerts=AlertStore(database, journal).between,
            alert_states=states,
            advice=sent,
            activity=activity,
            decisions=decided,
            call_signs=call_signs,
            settings=lambda: {"fix_stale_s": 15},
            recordings=self._matching,
            stays=self._stays,
            stood=AlertStore(database, journal).stood,
            stamped=lambda recording_id: self.stamps.get(recording_id),
            taser_logs=lambda start, end: self.taser_logs.between(start, end),
            done=partial(AuditStore(database).between, AUDITED),
        )
        alerts = AlertStore(database, journal)
        self.taser_logs = TaserLogs(TaserStore(database), _bearer, alerts.signals, self.clock)
        self.rows = RecordingStore(database)
        self.retention = Retention(RetentionStore(database), RetentionTable.load({}), self.clock, _not_held_back)
        self._upkeep = Upkeep(data, Library(data / "recordings"), self.clock)
        self.library = WatchedLibrary(data / "recordings")
        self.marked: list[Bookmark] = []
        self.bookmarks = BookmarkStore(database)
        self.replays = Replays(self.library, self.store, self.bookmarks, sources, self.clock)
        self.application = web.Application(middlewares=[error_middleware()])
        self.application.add_routes(routes(self.replays, _caller, self._note, self._along_bookmark))

    async def _stays(
        self, area: Area, start: float, end: float, cameras: Collection[str] | None
    ) -> dict[str, list[Stay]]:
        self.looked_at.append(None if cameras is None else set(cameras))
        return await self.trails.stays(area, start, end, cameras)

    async def _matching(self, sought: Sought) -> list[Recording]:
        """By the rows, which are first brought in line with what lies on disk, as a start does it."""
        for row in self._upkeep.found("here")[1]:
            await self.rows.keep(row)
        return await self.retention.matching(sought)

    async def _note(self, request: web.Request, how: str, view: View, recordings: Mapping[str, str]) -> None:
        if self.audit_fails:
            raise Unavailable("the audit cannot be written")
        assert await self.store.find(view.id) is None  # noted first
        assert set(recordings) == set(view.recording_ids)
        self.noted.append(view)
        self.hows.append(how)

    def _along_bookmark(self, _request: web.Request, made: Bookmark, recordings: Mapping[str, str]) -> Along:
        async def write(_tx: AsyncConnection) -> None:
            if self.audit_fails:
                raise Unavailable("the audit cannot be written")
            assert set(recordings) == set(made.recording_ids)
            self.marked.append(made)

        return write


def _caller(request: web.Request) -> Caller:
    name, role = request.headers.get("X-Person", "hale:inspector").split(":")
    session, duty = request.headers.get("X-Session", "s1"), request.headers.get("X-Duty", "")
    return Caller(Person(name, name, name.title(), Role(role)), session, duty=duty)


async def _not_held_back() -> str:
    return ""


def unaudited(_about: object) -> Along:
    """The audit is another test's."""

    async def write(_tx: AsyncConnection) -> None:
        """Nothing."""

    return write


class Browser:
    """What a page asks."""

    def __init__(self, client: TestClient[web.Request, web.Application], office: Office) -> None:
        self.client, self.office = client, office

    async def get(self, path: str, status: int = 200, **headers: str) -> Any:
        answer = await self.client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        assert answer.status == status, await answer.text()
        return await (answer.json() if "json" in answer.content_type else answer.text())

    async def post(self, path: str, body: dict[str, Any], status: int = 201, who: str = "hale:inspector") -> Any:
        answer = await self.client.post(path, json=body, headers={"X-Person": who})
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def open(self, wish: dict[str, Any], status: int = 201, who: str = "hale:inspector") -> Any:
        return await self.post("/api/replays", {**WHY, **wish}, status, who)


@pytest.fixture
async def browser(tmp_path: Path, database: Database) -> AsyncIterator[Browser]:
    office = Office(tmp_path, database)
    async with TestClient(TestServer(office.application)) as client:
        yield Browser(client, office)


@pytest.fixture
def laid(tmp_path: Path) -> list[Laid]:
    """Two cameras of one incident; the second lost two segments, and its recording is still open."""
    films = {layer: usual_film(10.0, layer) for layer in ("main", "sub")}
    first = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH, ahead_s=0.4, asked_after_s=4.0), films)
    second = Wish("et22-cam", "ET22", BASE + 0.4, LINDQVIST, without=(2, 3), closed=False)
    return [first, lay(tmp_path, second, films)]


async def test_a_recording_is_found_by_what_it_is(browser: Browser, database: Database, laid: list[Laid]) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    rows = (await browser.get("/api/recordings"))["recordings"]
    assert [row["id"] for row in rows] == [laid[1].id, laid[0].id]
    assert [alert["kind"] for alert in rows[1]["alerts"]] == ["taser.armed"]
    for query, found in (
        ("officer=lindqvist", [laid[1].id]),
        ("alert=taser.armed", [laid[0].id]),
        ("incident=alert-et17-cam", [laid[1].id, laid[0].id]),  # every camera of its time
        ("incident=alert-of-nobody", []),
        ("incident=alert-et17-cam&near=yes", [laid[1].id, laid[0].id]),  # the second came to 100 m of it
        ("device=et22-cam", [laid[1].id]),
        (f"to={BASE - 5}", []),
        (f"before={laid[1].id}", [laid[0].id]),
    ):
        page = await browser.get(f"/api/recordings?{query}")
        assert [row["id"] for row in page["recordings"]] == found, query
    page = await browser.get("/api/recordings?incident=alert-et17-cam&near=yes")
    assert [row["near_m"] for row in page["recordings"]] == [100, 0]
    assert all(row["near_m"] is None for row in rows)
    for query in ("near=yes", "incident=alert-et17-cam&near=no"):
        await browser.get(f"/api/recordings?{query}", 400)
    page = await browser.get("/api/recordings?limit=1")
    assert (len(page["recordings"]), page["next"]) == (1, laid[1].id)
    await browser.get("/api/recordings?from=yesterday", 400)


async def test_who_was_not_near_belongs_to_no_incident(
    browser: Browser, laid: list[Laid], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    monkeypatch.setattr(finding_actions, "NEAR_M", 40.0)
    page = await browser.get("/api/recordings?incident=alert-et17-cam&near=yes")
    assert [row["id"] for row in page["recordings"]] == [laid[0].id], "its own camera, wherever that was"


async def test_it_is_told_whether_an_authority_has_timestamped_what_is_signed(
    browser: Browser, laid: list[Laid]
) -> None:
    """And nothing of it where nobody was asked."""
    for known in (None, False, True):
        browser.office.stamps = {} if known is None else {laid[0].id: known, laid[1].id: True}
        rows = (await browser.get("/api/recordings"))["recordings"]
        assert {row["id"]: row["stamped"] for row in rows} == {laid[0].id: known, laid[1].id: None}, "one is open"
        view = await browser.open({"recordings": [laid[0].id]})
        (camera,) = (await browser.get(f"/api/replays/{view['id']}"))["cameras"]
        assert [one["stamped"] for one in camera["recordings"]] == [known]


async def test_a_recording_is_found_by_where_its_camera_was(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    """Each officer walks a street of their own; somebody draws round one of them."""
    await lay_incident(database, OFFICERS, BASE, 10)
    span = f"from={BASE}&to={BASE + 60}"
    for area, found in (
        (f"circle:{TOWN[1]},{WALKED},30", [laid[0].id]),
        (f"circle:{TOWN[1] + 0.0009},{WALKED},30", [laid[1].id]),
        (f"rect:{TOWN[1] - 0.001},{TOWN[0] - 0.001},{TOWN[1] + 0.002},{TOWN[0] + 0.01}", [laid[1].id, laid[0].id]),
        (f"circle:{TOWN[1]},{TOWN[0] + 0.5},100", []),
    ):
        page = await browser.get(f"/api/recordings?{span}&area={area}")
        assert [row["id"] for row in page["recordings"]] == found, area
    row = (await browser.get(f"/api/recordings?{span}&area=circle:{TOWN[1]},{WALKED},30"))["recordings"][0]
    assert BASE <= row["there"]["from"] < row["there"]["to"] <= BASE + 10
    refused = await browser.get(f"/api/recordings?area=circle:{TOWN[1]},{WALKED},30", 400)
    assert refused["detail"].startswith("area: expected with from and to")
    page = await browser.get(f"/api/recordings?{span}&area=circle:{TOWN[1]},{WALKED},30&alert=taser.armed")
    assert [row["id"] for row in page["recordings"]] == [laid[0].id]
    assert (await browser.get("/api/recordings?alert=emergency"))["recordings"] == []


async def test_only_the_trails_of_those_cameras_are_looked_at_that_the_rest_leaves(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    whole = f"rect:{TOWN[1] - 0.001},{TOWN[0] - 0.001},{TOWN[1] + 0.002},{TOWN[0] + 0.01}"
    for query, cameras in (
        ("device=et22-cam", [{"et22-cam"}]),
        ("officer=nobody", []),
        ("", [{"et17-cam", "et22-cam"}]),
    ):
        browser.office.looked_at.clear()
        await browser.get(f"/api/recordings?from={BASE}&to={BASE + 60}&area={whole}&{query}")
        assert browser.office.looked_at == cameras, query


async def test_a_recording_is_found_by_what_was_said_of_it(browser: Browser, laid: list[Laid]) -> None:
    await browser.get("/api/recordings")

    async def say(one: Laid, mark: Mark) -> None:
        await browser.office.retention.mark(one.id, By("hale", "Hale"), mark, unaudited)

    await say(laid[0], Mark(MarkKind.TAG, "arrest", "custody"))
    await say(laid[1], Mark(MarkKind.NOTE, text="Dog unit came late"))
    await say(laid[1], Mark(MarkKind.CATEGORY, "evidential", "R v Smith"))
    for query, found in (
        ("tag=Arrest", [laid[0].id]),
        ("tag=burglary", []),
        ("category=evidential", [laid[1].id]),
        ("category=untagged", [laid[0].id]),
        ("text=dog%20late", [laid[1].id]),
    ):
        page = await browser.get(f"/api/recordings?{query}")
        assert [row["id"] for row in page["recordings"]] == found, query
        await browser.get(f"/api/recordings?{query}", 403, X_Person="marsh:officer")
    refused = await browser.get("/api/recordings?category=secret", 400)
    assert refused["detail"].startswith("category: expected one of untagged, evidential")


async def test_one_among_ten_thousand_is_found_without_reading_the_others(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    rows = []
    for number in range(10_000):
        at = BASE - 40 * 86_400 + number * 300
        name = recording_id(at, "et99-cam", f"{number:08x}")
        one = Recording(name, "et99-cam", "ET99", None, "officer", at, "here", at + 60, at + 60, RecordingState.CLOSED)
        rows.append(one.as_json())
    async with database.transaction() as tx:
        await tx.execute(sa.insert(recording_table), rows)
    for query in (f"from={BASE}&to={BASE + 30}", "alert=taser.armed", "officer=marsh", "device=et17-cam"):
        browser.office.library.journals.clear()
        page = await browser.get(f"/api/recordings?{query}")
        assert laid[0].id in [row["id"] for row in page["recordings"]], query
        assert browser.office.library.journals <= {one.id for one in laid}, query


async def test_a_list_is_read_on_until_it_ends(browser: Browser, tmp_path: Path) -> None:
    films = {"main": usual_film(2.0, "main")}
    ids = [lay(tmp_path, Wish("et17-cam", "ET17", BASE + n * 100, MARSH), films).id for n in range(5)]
    found: list[str] = []
    after = ""
    while after is not None:
        page = await browser.get("/api/recordings?limit=2" + (f"&before={after}" if after else ""))
        found += [row["id"] for row in page["recordings"]]
        after = page["next"]
    assert found == ids[::-1]


async def test_a_page_with_a_map_is_told_what_it_must_know(browser: Browser) -> None:
    assert await browser.get("/api/replays/settings", X_Person="marsh:officer") == {"fix_stale_s": 15}
    await browser.get("/api/replays/settings", 403, X_Person="byrne:engineer")


async def test_a_list_reads_the_journal_of_what_is_signed_once(browser: Browser, laid: list[Laid]) -> None:
    first = await browser.get("/api/recordings")
    browser.office.library.journals.clear()
    assert await browser.get("/api/recordings") == first
    assert browser.office.library.journals == {laid[1].id}  # which may have grown


async def test_a_view_is_noted_then_kept_and_shows_everything(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    view = await browser.open({"recordings": [one.id for one in laid]})
    assert [one.why for one in browser.office.noted] == ["debrief 0412"]
    told = await browser.get(f"/api/replays/{view['id']}")
    assert [camera["call_sign"] for camera in told["cameras"]] == ["ET17", "ET22"]
    assert [gap["why"] for gap in told["cameras"][1]["gaps"]] == ["camera-away"]
    assert abs(told["cameras"][0]["ahead_s"] - 0.4) < 0.01
    texts = [event["text"] for event in told["events"]]
    assert "TASER drawn, ET17" in texts and "Recording ET17, 4 s before kept" in texts
    assert [state["alert"]["priority"] for state in told["alert_states"]][:2] == [2, 1]
    assert {"et17-cam", "et22-cam"} == set(told["fixes"]) and told["settings"] == {"fix_stale_s": 15}
    known = await browser.get(f"/api/replays/{view['id']}/known?at={BASE + ARMED_S + 1}")
    assert [one["title"] for one in known["alerts"]] == ["TASER armed"]
    assert [round(unit["fix"]["age_s"], 1) for unit in known["units"]] == [1.0, 1.0]
    later = await browser.get(f"/api/replays/{view['id']}/known?at={BASE + ADVISED_S + 0.5}")
    assert (later["advice"][0]["delivered_at"], later["advice"][0]["shown_at"]) == (BASE + ADVISED_S + 0.3, None)
    await browser.get(f"/api/replays/{view['id']}/known?at=never", 400)


async def test_a_weapon_s_log_stands_on_the_timeline_with_both_clocks(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    rows = "".join(f"{datetime.fromtimestamp(BASE + at, UTC):%Y-%m-%d %H:%M:%S},{what}\n" for at, what in LOGGED)
    offered = Offered("et17-cam", BASE, BASE + 100, "X2.csv", "debrief")
    logs = browser.office.taser_logs

    kept = await logs.bring_in(offered, f"GMT Time,Event,Duration\n{rows}".encode(), By("webb", "Webb"), unaudited)
    await logs.set_offset(kept["id"], 3.0, "compared", By("webb", "Webb"), unaudited(None))
    view = await browser.open({"recordings": [laid[0].id]})
    told = await browser.get(f"/api/replays/{view['id']}")
    (log,) = told["taser_logs"]
    assert (log["sha256"], log["offset"]["seconds"], "placed" in log) == (kept["sha256"], 3.0, False)
    events = [event for event in told["events"] if event["kind"] == "taser"]
    assert [(event["at"] - BASE, event["device_at"] - BASE, event["duration_s"]) for event in events] == [
        (2.0, 5.0, None),
        (5.0, 8.0, 5.0),
    ]
    assert events[1]["text"] == "TASER log: Trigger for 5 s, ET17 (weapon's clock 3.0 s ahead, set by Webb)"
    other = await browser.open({"recordings": [laid[1].id]}, 201, "lindqvist:officer")
    assert (await browser.get(f"/api/replays/{other['id']}", X_Person="lindqvist:officer"))["taser_logs"] == []


async def test_without_a_reason_or_an_audit_there_is_no_view(browser: Browser, laid: list[Laid]) -> None:
    await browser.open({"recordings": [laid[0].id], "why": ""}, 400)
    browser.office.audit_fails = True
    await browser.open({"recordings": [laid[0].id]}, 503)
    assert browser.office.noted == []
    await browser.open({"recordings": ["20200101T000000Z-et99-00000000"]}, 404)


async def test_who_looks_back_live_without_an_alert_does_it_for_their_duty(browser: Browser, laid: list[Laid]) -> None:
    back = {"device_ids": ["et17-cam"], "from": BASE, "rewind": True, "why": ""}
    refused = await browser.client.post("/api/replays", json=back)
    assert (refused.status, (await refused.json())["type"]) == (403, "/problems/reason-needed")
    nothing = await browser.client.post("/api/replays", json={**back, "device_ids": ["et99-cam"]})
    assert nothing.status == 404  # nobody is asked why for nothing
    answer = await browser.client.post("/api/replays", json=back, headers={"X-Duty": "Duty inspector"})
    assert (answer.status, (await answer.json())["why"]) == (201, "Duty inspector")
    assert [one.why for one in browser.office.noted] == ["Duty inspector"]
    assert browser.office.hows == ["live rewind"]


async def test_what_a_player_reads_is_the_recording_itself(browser: Browser, laid: list[Laid], tmp_path: Path) -> None:
    view = await browser.open({"recordings": [one.id for one in laid]})
    listed = f"/api/replays/{view['id']}/cameras/et17-cam/main.m3u8"
    text = await browser.get(listed)
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    names = re.findall(r'^(?:#EXT-X-MAP:URI=")?(\.\./[^"\n]+)', text, re.MULTILINE)
    assert len(names) == 6
    data = b""
    for name in names:
        answer = await browser.client.get(URL(listed).join(URL(name)))
        assert answer.status == 200 and answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        data += await answer.read()
    with av.open(io.BytesIO(data), "r") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert len(list(container.decode(video=0))) == 250
    growing = await browser.get(f"/api/replays/{view['id']}/cameras/et22-cam/sub.m3u8")
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing and growing.count("#EXT-X-DISCONTINUITY") == 1
    await browser.get(f"/api/replays/{view['id']}/cameras/et99-cam/main.m3u8", 404)
    await browser.get(f"/api/replays/{view['id']}/cameras/et17-cam/huge.m3u8", 400)


async def test_a_part_of_a_segment_can_be_asked_for(browser: Browser, laid: list[Laid], tmp_path: Path) -> None:
    view = await browser.open({"recordings": [laid[0].id]})
    path = f"/api/replays/{view['id']}/files/{laid[0].id}/main/000001.m4s"
    whole = (tmp_path / "recordings" / laid[0].id / "main" / "000001.m4s").read_bytes()
    answer = await browser.client.get(path, headers={"Range": "bytes=10-19"})
    assert (answer.status, await answer.read()) == (206, whole[10:20])


async def test_what_lies_encrypted_plays_and_any_part_of_it_can_be_asked_for(browser: Browser, tmp_path: Path) -> None:
    films = {"main": usual_film(4.0, "main")}
    one = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), films, MASTER)
    plain = films["main"].segments[1]
    assert plain not in (tmp_path / "recordings" / one.id / "main" / "000002.m4s").read_bytes()
    view = await browser.open({"recordings": [one.id]})
    path, size = f"/api/replays/{view['id']}/files/{one.id}/main/000002.m4s", len(plain)
    answer = await browser.client.get(path)
    assert (answer.status, await answer.read()) == (200, plain)
    assert (answer.headers["Accept-Ranges"], answer.headers["Content-Type"]) == ("bytes", "video/iso.segment")
    for asked, part, told in (
        ("bytes=10-19", plain[10:20], f"bytes 10-19/{size}"),
        ("bytes=5-", plain[5:], f"bytes 5-{size - 1}/{size}"),
        ("bytes=-7", plain[-7:], f"bytes {size - 7}-{size - 1}/{size}"),
        (f"bytes=3-{size + 9}", plain[3:], f"bytes 3-{size - 1}/{size}"),
    ):
        answer = await browser.client.get(path, headers={"Range": asked})
        assert (answer.status, await answer.read(), answer.headers["Content-Range"]) == (206, part, told), asked
    for asked in (f"bytes={size}-", "bytes=9-3", "pages=1"):
        answer = await browser.client.get(path, headers={"Range": asked})
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{size}"), asked
    browser.office.library._keys = MasterKeys()
    browser.office.library._kept.clear()
    assert (await browser.client.get(path)).status == 503


async def test_a_segment_of_h264_is_a_piece_that_is_the_same_at_its_time(browser: Browser, tmp_path: Path) -> None:
    laid = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), {"main": usual_film(6.0, "main")})
    view = await browser.open({"recordings": [laid.id]})
    path = f"/api/replays/{view['id']}/pieces/{laid.id}/main/000002.m4s?from={BASE - 10}"
    answer = await browser.client.get(path)
    assert answer.headers["Content-Type"] == 'video/mp4; codecs="avc1.42c01e,opus"'
    with av.open(io.BytesIO(await answer.read()), "r") as container:
        frames = list(container.decode(video=0))
    assert [float(frame.time or 0) for frame in frames] == pytest.approx([12 + n / 25 for n in range(50)])


@pytest.mark.parametrize("keys", [PLAIN, MASTER])
@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_what_is_not_what_was_sealed_is_a_conflict_that_says_so(
    browser: Browser, tmp_path: Path, codec: str, keys: MasterKeys
) -> None:
    film = usual_film(6.0, "main") if codec == "h264" else vp8_film(6.0)
    laid = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), {"main": film}, keys)
    view = await browser.open({"recordings": [laid.id]})
    folder = tmp_path / "recordings" / laid.id / "main"
    lies = (folder / "000002.m4s").read_bytes()
    longer = [lies + b"x"] if keys is PLAIN else []  # what lies behind the last piece is not read
    for damaged in (lies[:-50] + bytes([lies[-50] ^ 1]) + lies[-49:], lies[:-1], b"", None, *longer):
        (folder / "000002.m4s").unlink(missing_ok=True)
        if damaged is not None:
            (folder / "000002.m4s").write_bytes(damaged)
        for kind in ("files", "pieces"):
            path = f"/api/replays/{view['id']}/{kind}/{laid.id}/main/000002.m4s?from={BASE}"
            problem = await browser.get(path, 409)
            assert problem["type"] == "/problems/damaged-segment" and "000002.m4s" in problem["detail"]
            assert (await browser.client.get(path.replace("000002", "000003"))).status == 200


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("kept", [0, 600])
async def test_what_was_sealed_and_cannot_be_read_is_not_called_damaged(
    browser: Browser, tmp_path: Path, codec: str, kept: int
) -> None:
    own = usual_film(6.0, "main") if codec == "h264" else vp8_film(6.0)
    rubbish = own.segments[1][:kept] + bytes(len(own.segments[1]) - kept)
    ill = replace(own, segments=(own.segments[0], rubbish, own.segments[2]))
    laid = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), {"main": ill})
    view = await browser.open({"recordings": [laid.id]})
    path = f"/api/replays/{view['id']}/pieces/{laid.id}/main/000002.m4s?from={BASE}"
    problem = await browser.get(path, 409)
    assert problem["type"] == "/problems/unplayable-segment"
    assert problem["detail"] == "main/000002.m4s is what was recorded, but it cannot be read"
    assert (await browser.client.get(path.replace("000002", "000003"))).status == 200
    answer = await browser.client.get(path.replace("pieces", "files"))
    assert (answer.status, await answer.read()) == (200, rubbish)  # whoever reads it is given what was recorded


async def test_a_segment_of_vp8_is_to_be_had_as_a_webm_of_the_same_pictures_at_their_times(
    browser: Browser, tmp_path: Path
) -> None:
    laid = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), {"main": vp8_film(6.0)})
    view = await browser.open({"recordings": [laid.id]})
    path = f"/api/replays/{view['id']}/pieces/{laid.id}/main/000002.m4s"
    answer = await browser.client.get(f"{path}?from={BASE - 10}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, 'video/webm; codecs="vp8,opus"')
    with av.open(io.BytesIO(await answer.read()), "r") as container:
        frames = list(container.decode(video=0))
        assert [stream.codec_context.name for stream in container.streams][1:] == ["opus"]
    assert len(frames) == 30
    assert abs(float(frames[0].time or 0) - 12.0) < 0.01
    for wrong, status in ((f"?from={BASE + 9}", 404), ("", 400), ("?from=x", 400)):
        assert (await browser.client.get(path + wrong)).status == status
    other = path.replace("000002.m4s", "journal.jsonl")
    assert (await browser.client.get(f"{other}?from={BASE}")).status == 404


@pytest.mark.parametrize(
    "name", ["journal.jsonl", "manifest.json", "main/../journal.jsonl", "main/000099.m4s", "../secret", "main/%2e%2e/x"]
)
async def test_nothing_but_its_segments_can_be_read(browser: Browser, laid: list[Laid], name: str) -> None:
    view = await browser.open({"recordings": [laid[0].id]})
    answer = await browser.client.get(f"/api/replays/{view['id']}/files/{laid[0].id}/{name}")
    assert answer.status in (400, 404)
    await browser.get(f"/api/replays/{view['id']}/files/{laid[1].id}/main/000001.m4s", 404)


async def test_a_view_is_one_session_s_and_ends(browser: Browser, laid: list[Laid]) -> None:
    view = await browser.open({"recordings": [laid[0].id]})
    paths = [
        f"/api/replays/{view['id']}",
        f"/api/replays/{view['id']}/cameras/et17-cam/main.m3u8",
        f"/api/replays/{view['id']}/files/{laid[0].id}/main/000001.m4s",
    ]
    for path in paths:
        await browser.get(path, 404, X_Session="s2")
        await browser.get(path, 404, X_Person="okafor:control")
        await browser.get(path.replace(view["id"], "0" * 32), 404)
    browser.office.clock.move(OPEN_S + 1)
    for path in paths:
        await browser.get(path, 404)


async def test_a_view_shows_its_interval_and_not_a_second_more(browser: Browser, laid: list[Laid]) -> None:
    view = await browser.open({"device_ids": ["et17-cam"], "from": BASE + 3, "to": BASE + 5})
    text = await browser.get(f"/api/replays/{view['id']}/cameras/et17-cam/main.m3u8")
    assert re.findall(r"\d{6}\.m4s", text) == ["000002.m4s", "000003.m4s"]
    await browser.get(f"/api/replays/{view['id']}/files/{laid[0].id}/main/000004.m4s", 404)
    await browser.get(f"/api/replays/{view['id']}/known?at={BASE + 6}", 400)
    await browser.open({"device_ids": ["et17-cam"], "from": BASE + 300, "to": BASE + 500}, 404)


async def test_a_camera_that_records_is_looked_back_at_as_it_grows(browser: Browser, laid: list[Laid]) -> None:
    browser.office.clock.move(-3590.0)
    view = await browser.open({"device_ids": ["et22-cam"], "from": BASE + 8.5})
    assert (view["to"], view["recordings"]) == (None, [laid[1].id])
    text = await browser.get(f"/api/replays/{view['id']}/cameras/et22-cam/main.m3u8")
    assert "#EXT-X-ENDLIST" not in text and re.findall(r"\d{6}\.m4s", text) == ["000003.m4s"]


async def test_a_camera_that_has_recorded_for_hours_is_looked_back_at_without_reading_them(
    browser: Browser, tmp_path: Path
) -> None:
    journal(tmp_path / "recordings", 7200)  # four hours
    browser.office.clock.move(BEGAN + 14_400 - browser.office.clock.wall())
    view = await browser.open({"device_ids": ["et17-3fa2c1"], "from": BEGAN + 14_270})
    playlist = f"/api/replays/{view['id']}/cameras/et17-3fa2c1/main.m3u8"
    text = await browser.get(playlist)
    assert re.findall(r"\d{6}\.m4s", text) == [f"{number:06d}.m4s" for number in range(7136, 7201)]
    assert browser.office.library.journals == set()
    journal(tmp_path / "recordings", 7201)
    assert (await browser.get(playlist)).removeprefix(text).count(".m4s") == 1
    assert browser.office.library.journals == set()


async def test_of_a_camera_s_many_recordings_only_those_are_read_that_may_reach_so_far(
    browser: Browser, tmp_path: Path
) -> None:
    for number in range(12):
        began = BASE + 100 * number
        journal(tmp_path / "recordings", 20, recording_id(began, "et17-cam", f"{number:08x}"), "et17-cam", began)
    browser.office.library.latest_asked.clear()
    view = await browser.open({"device_ids": ["et17-cam"], "from": BASE + 1030})
    assert [one[-1] for one in view["recordings"]] == ["a", "b"]
    assert len(set(browser.office.library.latest_asked)) < 7


async def test_a_recording_that_a_crash_cut_off_at_once_hides_none_of_the_same_camera_s(
    browser: Browser, laid: list[Laid], tmp_path: Path
) -> None:
    cut = tmp_path / "recordings" / "20270115T080100Z-et22-cam-00000000" / "journal.jsonl"
    cut.parent.mkdir()
    cut.write_bytes(b'{"torn":')
    view = await browser.open({"device_ids": ["et22-cam"], "from": BASE + 1})
    assert view["recordings"] == [laid[1].id]


async def test_a_view_is_known_to_every_process_and_after_a_restart(
    browser: Browser, laid: list[Laid], database: Database, tmp_path: Path
) -> None:
    view = await browser.open({"recordings": [laid[0].id]})
    other = Office(tmp_path, database)
    async with TestClient(TestServer(other.application)) as client:
        assert (await client.get(f"/api/replays/{view['id']}")).status == 200


async def test_a_bookmark_is_noted_kept_and_stands_among_the_events_of_every_later_view(
    browser: Browser, laid: list[Laid]
) -> None:
    view = await browser.open({"recordings": [one.id for one in laid]})
    path = f"/api/replays/{view['id']}/bookmarks"
    made = await browser.post(path, {"at": BASE + 3.2, "note": " hand to the belt "})
    assert (made["note"], made["by"], made["made_at"]) == ("hand to the belt", "Hale", BASE + 3600)
    assert [one.recording_ids for one in browser.office.marked] == [(laid[0].id, laid[1].id)]
    await browser.post(path, {"at": BASE + 0.1})  # the second camera had not begun
    assert browser.office.marked[1].recording_ids == (laid[0].id,)
    later = await browser.open({"recordings": [laid[1].id]}, who="okafor:control")
    told = await browser.get(f"/api/replays/{later['id']}", X_Person="okafor:control")
    marks = [(event["at"], event["text"]) for event in told["events"] if event["kind"] == "bookmark"]
    assert marks == [(BASE + 3.2, "hand to the belt, Hale")]
    told = await browser.get(f"/api/replays/{view['id']}")
    assert [event["text"] for event in told["events"] if event["kind"] == "bookmark"] == [
        "Bookmark, Hale",
        "hand to the belt, Hale",
    ]


async def test_no_bookmark_is_set_without_its_row_in_the_audit_or_where_nothing_was_recorded(
    browser: Browser, laid: list[Laid]
) -> None:
    view = await browser.open({"recordings": [laid[0].id]})
    path = f"/api/replays/{view['id']}/bookmarks"
    for wrong in ({"at": BASE + 300}, {"at": "now"}, {"at": True}, {"note": "x"}, {"at": BASE + 1, "note": "a\0b"}):
        await browser.post(path, wrong, 400)
    await browser.post(path, {"at": BASE + 1, "note": "x" * 201}, 400)
    await browser.post(path, {"at": BASE + 1, "words": "x"}, 400)
    own = await browser.open({"recordings": [laid[0].id]}, who="marsh:officer")
    await browser.post(f"/api/replays/{own['id']}/bookmarks", {"at": BASE + 1}, 403, "marsh:officer")
    browser.office.audit_fails = True
    await browser.post(path, {"at": BASE + 1}, 503)
    assert await browser.office.bookmarks.of([laid[0].id], 0, 4e9, 1000) == []


async def test_an_officer_sees_what_the_own_camera_recorded_and_nothing_else(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    page = await browser.get("/api/recordings", X_Person="marsh:officer")
    assert [row["id"] for row in page["recordings"]] == [laid[0].id]
    await browser.open({"recordings": [laid[1].id]}, 403, "marsh:officer")
    view = await browser.open({"recordings": [laid[0].id]}, 201, "marsh:officer")
    told = await browser.get(f"/api/replays/{view['id']}", X_Person="marsh:officer")
    assert "ET22" not in str(told) and "et22-cam" not in str(told)


@pytest.mark.parametrize("role", ["engineer", "display"])
async def test_others_may_see_no_recording(browser: Browser, laid: list[Laid], role: str) -> None:
    await browser.get("/api/recordings", 403, X_Person=f"byrne:{role}")
    await browser.open({"recordings": [laid[0].id]}, 403, f"byrne:{role}")


@pytest.mark.parametrize("role", ["control", "inspector", "trainer", "admin"])
async def test_these_may(browser: Browser, laid: list[Laid], role: str) -> None:
    await browser.open({"recordings": [laid[0].id]}, 201, f"someone:{role}")


async def test_a_journal_is_read_from_a_time_on_without_an_index(database: Database) -> None:
    clock = HandClock(BASE)
    journal = Journal(database, clock)
    for _ in range(40):
        async with database.transaction() as tx:
            await journal.append(tx, EntryKind.ACTIVITY, {"text": "x"})
        clock.move(100)
    found = await journal.between(EntryKind.ACTIVITY, BASE + 950, BASE + 1250, 100)
    assert [entry.at - BASE for entry in found] == [1000, 1100, 1200]
    assert await journal.between(EntryKind.ADVICE, BASE, BASE + 9000, 100) == []
    assert len(await journal.between(EntryKind.ACTIVITY, 0, BASE + 9000, 7)) == 7


async def test_what_the_room_did_meanwhile_stands_on_the_timeline_and_of_it_to_an_officer_who_watched(
    browser: Browser, database: Database, laid: list[Laid], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_actions, "MOST_ROWS", 3)
    okafor = Actor("person", "okafor", "D. Okafor", "control")
    elsewhere = Note(What.VIEW_LIVE, okafor, Subject("device", "et99-cam", "ET99"), "on duty")
    watches = Note(What.VIEW_LIVE, okafor, Subject("device", "et17-cam", "ET17"), "on duty", detail={"layer": "sub"})
    tags = Note(What.CHANGE_RECORDING, okafor, Subject("recording", laid[0].id, "ET17"), "case", detail={"mark": "tag"})
    async with database.transaction() as tx:
        await AuditStore(database).append_in(
            tx, [*[(BASE + 2, elsewhere)] * 4, (BASE + 3, watches), (BASE + 6, tags), (BASE + 900, watches)]
        )
    told = {}
    for who in ("hale:inspector", "marsh:officer"):
        view = await browser.open({"recordings": [laid[0].id]}, who=who)
        events = (await browser.get(f"/api/replays/{view['id']}", X_Person=who))["events"]
        told[who] = [(one["at"] - BASE, one["text"]) for one in events if one["kind"] == "command"]
    watched = (3.0, "D. Okafor watches ET17")
    assert told["hale:inspector"] == [watched, (6.0, "Tag set on ET17's recording, D. Okafor")]
    assert told["marsh:officer"] == [watched]


async def test_a_playlist_is_of_so_many_parts_as_the_timeline_told(browser: Browser, laid: list[Laid]) -> None:
    view = await browser.open({"recordings": [one.id for one in laid]})
    told = await browser.get(f"/api/replays/{view['id']}")
    assert {one["parts"] for one in told["cameras"]} == {"0"}
    listed = f"/api/replays/{view['id']}/cameras/et17-cam/main.m3u8"
    assert await browser.get(f"{listed}?parts=0") == await browser.get(listed)
    for wrong in ("", "-1", "1,2", "9" * 7, "1."):
        await browser.get(f"{listed}?parts={wrong}", 400)


@pytest.mark.parametrize("ends", ["not", "since"])
async def test_what_comes_late_is_left_out_of_a_view_of_what_grows_and_is_told(
    browser: Browser, tmp_path: Path, ends: str
) -> None:
    wish = Wish("et17-cam", "ET17", BASE, MARSH, closed=False, late=(1,))
    one = lay(tmp_path, wish, {"main": usual_film(10.0, "main")})
    view = await browser.open({"recordings": [one.id]})
    if ends == "since":
        with RecordingFolder.resume(tmp_path / "recordings", one.id, browser.office.clock, "restart") as folder:
            folder.close("officer", BASE + 10, EvidenceKey.of(tmp_path))
    listed = await browser.get(f"/api/replays/{view['id']}/cameras/et17-cam/main.m3u8")
    # written first to last: of 0, 4, 2, 6 and 8 s
    assert re.findall(r"main/(\d+)\.m4s", listed) == ["000001", "000002", "000004", "000005"]
    assert ("#EXT-X-ENDLIST" in listed) == (ends == "since")
    (camera,) = (await browser.get(f"/api/replays/{view['id']}"))["cameras"]
    assert [(span["from"] - BASE, span["to"] - BASE) for span in camera["spans"]] == [(0, 2), (4, 10)]
    (gap,) = camera["gaps"]
    assert (gap["from"] - BASE, gap["to"] - BASE, gap["why"]) == (2, 4, "late")
    assert gap["words"] == "gap 2.0 s: came late; the recording has it, this view leaves it out"


async def test_a_view_of_what_is_closed_leaves_nothing_out(browser: Browser, tmp_path: Path) -> None:
    one = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH, late=(1,)), {"main": usual_film(10.0, "main")})
    view = await browser.open({"recordings": [one.id]})
    listed = await browser.get(f"/api/replays/{view['id']}/cameras/et17-cam/main.m3u8")
    assert re.findall(r"main/(\d+)\.m4s", listed) == ["000001", "000003", "000002", "000004", "000005"]
    (camera,) = (await browser.get(f"/api/replays/{view['id']}"))["cameras"]
    assert camera["gaps"] == [] and len(camera["spans"]) == 1
