"""Stills over HTTP: under an open view or for a reason that stands in the audit, and never evidence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.database import Database
from server.errors import Unavailable
from server.recording.folder import JOURNAL
from server.recording.library import Library
from server.recording.removal import Removal
from server.recording.verifier import main as verify
from server.replay.footage import Recording
from server.replay.routes import allowed
from server.stills.actions import Stills
from server.stills.decoder import Decoder
from server.stills.folder import STILLS, StillFolder
from server.stills.routes import AT, routes
from server.stills.still import STRIP_S
from tests.fakes.recordings import Film, Laid, Wish, lay, usual_film
from tests.patience import until
from tests.server.recording.recordings import MASTER
from tests.server.replay.test_routes import BASE, LINDQVIST, MARSH, Office, _caller

SECONDS = 24.0


class Gallery:
    """The routes of stills beside those of replay."""

    def __init__(self, data: Path, database: Database, decoder: Decoder | None = None) -> None:
        self.office = Office(data, database)
        self.shown: list[tuple[str, str]] = []
        self.audit_fails = self.disk_is_full = False
        self.folder = data / STILLS
        folder = StillFolder(self.folder, self._require_room, self.office.library.is_there)
        self.stills = Stills(self.office.replays, self.office.library, folder, decoder or Decoder(), self.office.clock)
        self.office.application.add_routes(
            routes(self.stills, self.office.replays, lambda request: allowed(_caller(request)), self._note)
        )

    def _require_room(self, _root: Path, _more: int) -> None:
        if self.disk_is_full:
            raise OSError("no space")

    async def _note(self, _request: web.Request, why: str, one: Recording) -> None:
        if self.audit_fails:
            raise Unavailable("the audit cannot be written")
        self.shown.append((one.id, why))

    def kept(self) -> list[str]:
        """The stills on disk."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.jpg"))


class Asking:
    """What a page asks."""

    def __init__(self, client: TestClient[web.Request, web.Application], gallery: Gallery) -> None:
        self.client, self.gallery = client, gallery

    async def still(self, path: str, status: int = 200, /, **headers: str) -> tuple[float, bytes]:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = await self.client.get(path, headers=named)
        assert answer.status == status, await answer.text()
        return float(answer.headers.get(AT, 0)), await answer.read()

    async def view(self, one: Laid, **more: Any) -> str:
        answer = await self.client.post("/api/replays", json={"recordings": [one.id], "why": "debrief", **more})
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["id"])


@pytest.fixture
async def asking(tmp_path: Path, database: Database) -> AsyncIterator[Asking]:
    gallery = Gallery(tmp_path, database)
    gallery.stills.start()
    async with TestClient(TestServer(gallery.office.application)) as client:
        yield Asking(client, gallery)
    await gallery.stills.close()


@pytest.fixture
def laid(tmp_path: Path) -> list[Laid]:
    """One that is closed; one that grows, of which two segments were lost."""
    films = {layer: usual_film(SECONDS, layer) for layer in ("main", "sub")}
    first = lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), films)
    second = Wish("et22-cam", "ET22", BASE + 0.4, LINDQVIST, without=(2, 3), closed=False)
    return [first, lay(tmp_path, second, films)]


async def test_a_moment_of_a_view_has_its_picture_with_its_own_time(asking: Asking, laid: list[Laid]) -> None:
    for one, at, was in ((laid[0], BASE + 3.9, BASE + 2), (laid[1], BASE + 11, BASE + 10.4)):
        path = f"/api/replays/{await asking.view(one)}/stills/{one.device_id}?at={at}"
        found, jpeg = await asking.still(path)
        assert abs(found - was) < 0.01 and jpeg[:2] == b"\xff\xd8"
        assert await asking.still(path) == (found, jpeg)  # from the disk
    assert asking.gallery.kept() == [f"{laid[0].id}/sub-000002.jpg", f"{laid[1].id}/sub-000004.jpg"]
    assert asking.gallery.shown == []  # the opening of the view was noted, not each move of a hand


async def test_where_there_is_no_picture_none_is_made_up(asking: Asking, laid: list[Laid]) -> None:
    view = await asking.view(laid[1])
    for at, status in ((BASE + 6, 404), (BASE + 900, 404), ("soon", 400)):
        await asking.still(f"/api/replays/{view}/stills/et22-cam?at={at}", status)
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 1}", 404)  # of another view


async def test_a_still_is_one_session_s_and_of_the_view_s_interval(asking: Asking, laid: list[Laid]) -> None:
    view = await asking.view(laid[0], **{"from": BASE + 4, "to": BASE + 8})
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 5}")
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 9}", 404)
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 5}", 404, X_Session="s2")
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 5}", 404, X_Person="okafor:control")
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 5}", 403, X_Person="byrne:engineer")


async def test_the_list_s_picture_is_noted_once_a_session_before_it_is_shown(asking: Asking, laid: list[Laid]) -> None:
    path = f"/api/recordings/{laid[0].id}/still"
    await asking.still(path, 400)  # no reason
    await asking.still(f"{path}?why=debrief", 400)  # addresses stand in logs
    asking.gallery.audit_fails = True
    await asking.still(path, 503, Viewing_Reason="debrief")
    asking.gallery.audit_fails = False
    for _ in range(3):
        await asking.still(path, Viewing_Reason="debrief")
    assert asking.gallery.shown == [(laid[0].id, "debrief")]
    await asking.still(path, X_Session="s2", Viewing_Reason="complaint")
    await asking.still(path, Viewing_Reason="training")  # another reason is another line
    assert asking.gallery.shown[1:] == [(laid[0].id, "complaint"), (laid[0].id, "training")]
    asking.gallery.office.clock.move(9 * 3600.0)
    await asking.still(path, Viewing_Reason="debrief")
    assert len(asking.gallery.shown) == 4


async def test_who_may_see_a_recording_may_see_its_picture_and_nobody_else(asking: Asking, laid: list[Laid]) -> None:
    path, why = f"/api/recordings/{laid[0].id}/still", {"Viewing_Reason": "d%C3%A9brief%0A"}
    await asking.still(path, X_Person="marsh:officer", **why)
    await asking.still(path, 403, X_Person="lindqvist:officer", **why)
    await asking.still(path, 403, X_Person="byrne:engineer", **why)
    await asking.still("/api/recordings/20200101T000000Z-et99-00000000/still", 404, **why)
    await asking.still("/api/recordings/journal/still", 400, **why)
    assert asking.gallery.shown == [(laid[0].id, "débrief")]
    assert len(asking.gallery.shown) == 1


async def test_a_closed_recording_gets_its_strip_and_is_whole_all_the_same(
    asking: Asking, laid: list[Laid], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asking.gallery.stills.recording_closed("20200101T000000Z-et99-00000000")  # deleted meanwhile: nobody is stopped
    asking.gallery.stills.recording_closed(laid[0].id)

    async def made() -> bool:
        return len(asking.gallery.kept()) >= 3

    await until(made, "the strip is made", 60)
    view = await asking.view(laid[0])
    first = -(-BASE // STRIP_S) * STRIP_S
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={first}")
    assert len(asking.gallery.kept()) <= SECONDS / STRIP_S + 2
    assert verify([str(tmp_path / "recordings" / laid[0].id)]) == 0, capsys.readouterr().out


class Refusing(Decoder):
    """Finds no picture in anything, and counts."""

    asked = 0

    async def picture(self, film: bytes) -> bytes | None:
        self.asked += 1
        return None


async def test_what_gave_no_picture_is_not_tried_again_for_an_hour_and_ends_its_strip(
    tmp_path: Path, database: Database
) -> None:
    decoder = Refusing()
    gallery = Gallery(tmp_path, database, decoder)
    films = {"main": usual_film(SECONDS, "main")}
    long = Film(films["main"].init, films["main"].segments * 5, films["main"].pictures, True)
    one = await asyncio.to_thread(lay, tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), {"main": long})
    gallery.stills.start()
    async with TestClient(TestServer(gallery.office.application)) as client:
        asking = Asking(client, gallery)
        path = f"/api/replays/{await asking.view(one)}/stills/et17-cam?at={BASE + 100}"
        for _ in range(2):
            await asking.still(path, 404)
        assert decoder.asked == 1
        gallery.office.clock.move(3601.0)
        await asking.still(path, 404)
        assert decoder.asked == 2
        gallery.stills.recording_closed(one.id)

        async def given_up() -> bool:
            return decoder.asked == 5

        await until(given_up, "three were tried", 60)
        gallery.stills.recording_closed(one.id)  # those three are known
        await asking.still(path, 404)
        assert decoder.asked == 5
    await gallery.stills.close()


async def test_what_is_strange_about_one_recording_keeps_no_other_from_its_strip(
    asking: Asking, laid: list[Laid], tmp_path: Path
) -> None:
    strange = laid[1].id
    (tmp_path / "recordings" / strange / JOURNAL).write_bytes(b"")
    asking.gallery.stills.recording_closed(strange)
    asking.gallery.stills.recording_closed(laid[0].id)

    async def made() -> bool:
        return len(asking.gallery.kept()) >= 3

    await until(made, "the strip is made", 60)


async def test_of_what_lies_encrypted_no_picture_is_kept_in_the_clear(asking: Asking, tmp_path: Path) -> None:
    films = {"main": usual_film(4.0, "main")}
    one = await asyncio.to_thread(lay, tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), films, MASTER)
    path = f"/api/replays/{await asking.view(one)}/stills/et17-cam?at={BASE + 3}"
    for _ in range(2):
        assert (await asking.still(path))[1][:2] == b"\xff\xd8"
    assert asking.gallery.kept() == []


async def test_a_full_disk_shows_pictures_and_keeps_none(asking: Asking, laid: list[Laid]) -> None:
    asking.gallery.disk_is_full = True
    await asking.still(f"/api/replays/{await asking.view(laid[0])}/stills/et17-cam?at={BASE + 5}")
    assert asking.gallery.kept() == []


def test_what_a_process_left_of_a_deleted_recording_goes_at_the_next_start(tmp_path: Path, laid: list[Laid]) -> None:
    kept, deleted, other = (
        tmp_path / STILLS / name for name in (laid[0].id, "20200101T000000Z-et99-00000000", "notes")
    )
    for folder in (kept, deleted, other):
        folder.mkdir(parents=True)
        (folder / "main-000001.jpg").write_bytes(b"jpeg")
    StillFolder(tmp_path / STILLS, lambda *_: None, Library(tmp_path / "recordings", MASTER).is_there).tidy()
    assert sorted((tmp_path / STILLS).iterdir()) == sorted([kept, other])
    StillFolder(tmp_path / "nothing yet", lambda *_: None, lambda _: False).tidy()


async def test_stills_go_with_their_recording(asking: Asking, laid: list[Laid], tmp_path: Path) -> None:
    view = await asking.view(laid[0])
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 5}")
    assert asking.gallery.kept() != []
    Removal(tmp_path / "recordings", asking.gallery.folder).remove(laid[0].id)
    assert asking.gallery.kept() == [] and list(asking.gallery.folder.iterdir()) == []
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 15}", 404)
    assert list(asking.gallery.folder.iterdir()) == []


async def test_of_what_is_damaged_there_is_no_picture(asking: Asking, laid: list[Laid], tmp_path: Path) -> None:
    view = await asking.view(laid[0])
    path = tmp_path / "recordings" / laid[0].id / "sub" / "000002.m4s"
    data = path.read_bytes()
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 3.9}", 404)
    await asking.still(f"/api/replays/{view}/stills/et17-cam?at={BASE + 4.9}")
