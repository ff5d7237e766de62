"""Uploads over HTTP, as tus 1.0 has them: created, broken off at any byte, gone on with, joined; and refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from server.backfill import actions
from server.backfill.actions import BackFilling
from server.backfill.routes import backfill_routes
from server.backfill.store import UPLOADS, Uploads
from server.backfill.upload import CONTENT, Upload
from server.clock import HandClock
from server.errors import Unauthorised
from server.middleware import error_middleware
from server.recording.joining import Arrived, Joining
from server.recording.library import Library
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.removal import Removal
from server.recording.verifier import verify
from server.tasks import TaskOwner
from server.wire import FOOTAGE, FootageHeld
from tests.patience import until
from tests.server.recording.kept_footage import packed
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY, MASTER
from tests.server.recording.test_joining import AHEAD, KEPT, recorded

CAMERA = "et17-3fa2c1"  # as `recordings.opened` has it
BASE = f"/backfill/{CAMERA}"
SPAN = {"start": BEGAN + AHEAD - 5, "end": BEGAN + AHEAD + 12, "ordered_at": BEGAN + AHEAD - 5}
MOST = 4 << 20
DATA = packed(KEPT)


class Place:
    """The server's side, which can be restarted: what is on disk is all that it knows."""

    def __init__(self, data: Path, tasks: TaskOwner, keys: MasterKeys) -> None:
        self.data = data
        self.keys = keys
        self.root = data / "recordings"
        self.clock = HandClock(BEGAN + 60)
        self.is_full = False
        self._tasks = tasks
        self.client: TestClient[web.Request, web.Application]
        self.filling = self._filling()

    def _filling(self) -> BackFilling:
        library = Library(self.root, self.keys)
        uploads = Uploads(self.data / UPLOADS, self.keys, self.root)
        joining = Joining(self.root, library, lambda: KEY, self.clock, self.keys)

        async def recent(device_id: str, since: float) -> list[str]:
            return [IDENTITY] if device_id == CAMERA and since < BEGAN + 12 else []

        def join(one: Upload) -> str:
            def pieces() -> Iterator[bytes]:
                return uploads.pieces(one)

            return joining.join(Arrived(one.recording_id, one.start, one.end, one.at, self.clock.wall(), pieces))

        def room(_folder: Path, _more: int) -> None:
            if self.is_full:
                raise OSError(28, "No space left on device")

        return BackFilling(
            uploads, self.root, library, recent, join, room, self.clock, self._tasks, most_bytes=MOST, prerecord_s=30.0
        )

    async def admit(self, request: web.Request, device_id: str) -> None:
        if request.headers.get("Authorization") != f"Bearer {device_id}":
            raise Unauthorised("this token is not for this camera")

    def application(self) -> web.Application:
        site = web.Application(middlewares=[error_middleware()])
        site.add_routes(backfill_routes(self.filling, self.admit))
        return site

    async def restart(self) -> None:
        """Another process on the same folder."""
        await self.client.close()
        self.filling = self._filling()
        self.client = await TestClient(TestServer(self.application())).__aenter__()

    async def ask(
        self, method: str, path: str, status: int, data: bytes | io.BytesIO | None = None, **headers: str
    ) -> ClientResponse:
        told = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {CAMERA}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = await self.client.request(method, path, data=data, headers=told)
        assert answer.status == status, await answer.text()
        if status >= 400 and method != "HEAD":
            assert answer.content_type == "application/problem+json"
        return answer

    async def wanted(self) -> list[dict[str, Any]]:
        answer = await self.client.post(
            f"{BASE}/wanted", json={"spans": [SPAN]}, headers={"Authorization": f"Bearer {CAMERA}"}
        )
        assert answer.status == 200, await answer.text()
        found: list[dict[str, Any]] = (await answer.json())["wanted"]
        return found

    async def created(self, length: int = len(DATA), status: int = 201, **changes: str) -> str:
        (one, *_) = await self.wanted() or [{"id": f"{IDENTITY}.1.2", "start": 1.0, "end": 2.0}]
        told = {"filename": one["id"], "filetype": FOOTAGE, "start": repr(one["start"]), "end": repr(one["end"])}
        answer = await self.ask(
            "POST", f"{BASE}/uploads", status, Upload_Length=str(length), Upload_Metadata=metadata(told | changes)
        )
        return answer.headers.get("Location", "")

    async def sent(
        self, path: str, offset: int, piece: bytes | io.BytesIO, status: int = 204, **more: str
    ) -> ClientResponse:
        headers = {"Content_Type": CONTENT, "Upload_Offset": str(offset)} | more
        return await self.ask("PATCH", path, status, piece, **headers)

    async def offset(self, path: str) -> int:
        return int((await self.ask("HEAD", path, 200)).headers["Upload-Offset"])

    async def is_joined(self) -> None:
        await until(lambda: Library(self.root).parts(IDENTITY) == [f"{IDENTITY}/back-1"], "it is joined")
        await until(lambda: not list((self.data / UPLOADS).iterdir()), "the upload has gone")
        assert verify(str(self.root / IDENTITY))["exit"] == (3 if self.keys else 0)  # without its key nobody can tell


def metadata(told: dict[str, str]) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def checksum(piece: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


@pytest.fixture(params=[PLAIN, MASTER], ids=["plain", "encrypted"])
async def place(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    recorded(tmp_path / "recordings", keys=request.param)
    async with TaskOwner("test") as tasks:
        found = Place(tmp_path, tasks, request.param)
        found.client = await TestClient(TestServer(found.application())).__aenter__()
        yield found
        await found.client.close()


async def test_what_is_wanted_is_uploaded_in_pieces_and_joined_and_then_wanted_no_more(place: Place) -> None:
    (one,) = await place.wanted()
    assert (one["start"], one["end"]) == (BEGAN + AHEAD + 4, BEGAN + AHEAD + 8)
    path = await place.created()
    assert path.startswith(f"{BASE}/uploads/")
    half = len(DATA) // 2
    answer = await place.sent(path, 0, DATA[:half], Upload_Checksum=checksum(DATA[:half]))
    assert answer.headers["Upload-Offset"] == str(half) and answer.headers["Tus-Resumable"] == "1.0.0"
    head = await place.ask("HEAD", path, 200)
    assert head.headers["Upload-Length"] == str(len(DATA)) and head.headers["Cache-Control"] == "no-store"
    await place.sent(path, half, DATA[half:], Upload_Checksum=checksum(DATA[half:], "sha1"))
    await place.is_joined()
    assert await place.wanted() == []
    await place.created(status=409, filename=one["id"], start=repr(one["start"]), end=repr(one["end"]))
    await place.ask("HEAD", path, 404)


async def test_an_upload_goes_on_where_it_was_whatever_was_restarted(place: Place) -> None:
    path = await place.created()
    await place.sent(path, 0, DATA[:1001])
    await place.restart()
    assert await place.created() == path, "the same stretch is the same upload"
    assert await place.offset(path) == 1001
    await place.sent(path, 1001, DATA[1001:])
    await place.is_joined()


async def test_one_that_is_whole_is_joined_by_the_next_process(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await place.created()

    async def killed(_self: BackFilling) -> None:
        """It ends before it can join anything."""

    with monkeypatch.context() as patch:
        patch.setattr(BackFilling, "look", killed)
        await place.sent(path, 0, DATA)
    await place.restart()
    assert await place.wanted() == [], "it is on its way"
    place.filling.start()
    await place.is_joined()


async def test_an_upload_that_is_broken_off_at_any_byte_keeps_what_had_come(place: Place) -> None:
    path = await place.created()
    offset = 0
    for cut in (1, 700, 70_000, 3, 200_000):
        await _broken_off(place, path, offset, DATA[offset : offset + cut + 50_000], cut)
        now = await place.offset(path)
        assert offset <= now <= offset + cut
        offset = now

    async def goes_on() -> bool:
        """As a camera does: the end of the connection may not have been noticed yet."""
        at = await place.offset(path)
        headers = {"Content-Type": CONTENT, "Upload-Offset": str(at), "Tus-Resumable": "1.0.0"}
        headers["Authorization"] = f"Bearer {CAMERA}"
        async with place.client.patch(path, data=DATA[at:], headers=headers) as answer:
            return answer.status == 204

    await until(goes_on, "the rest is taken")
    await place.is_joined()


async def _broken_off(place: Place, path: str, offset: int, piece: bytes, cut: int) -> None:
    """A connection that ends after `cut` bytes of the body."""
    server = place.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {CAMERA}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: {CONTENT}\r\nUpload-Offset: {offset}\r\nContent-Length: {len(piece)}\r\n\r\n"
    )
    writer.write(head.encode() + piece[:cut])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    del reader


async def test_a_piece_that_was_altered_on_the_way_is_not_kept(place: Place) -> None:
    path = await place.created()
    await place.sent(path, 0, DATA[:500], 460, Upload_Checksum=checksum(DATA[:499]))
    assert await place.offset(path) == 0
    for wrong in ("md5 " + checksum(b"").split()[1], "sha256 ???"):
        await place.sent(path, 0, DATA[:500], 400, Upload_Checksum=wrong)
    too_much = bytes((1 << 20) + 1)
    await place.sent(path, 0, io.BytesIO(too_much), 413, Upload_Checksum=checksum(too_much))


async def test_what_is_no_such_upload_or_not_at_that_place_is_refused(place: Place) -> None:
    path = await place.created()
    answer = await place.sent(path, 5, DATA[:10], 409)
    assert (await answer.json())["offset"] == 0
    await place.sent(path, 0, DATA + b"x", 409)
    await place.sent(path, 0, DATA[:10], 415, Content_Type="application/json")
    await place.sent(path, 0, DATA[:10], 400, Upload_Offset="-1")
    await place.sent(path, 0, DATA[:10], 412, Tus_Resumable="0.2.2")
    await place.ask("HEAD", f"{BASE}/uploads/{'0' * 32}", 404)
    await place.ask("HEAD", f"{BASE}/uploads/..%2f..%2fx", 404)
    await place.ask("HEAD", path, 401, Authorization="Bearer et22")
    await place.ask("HEAD", path.replace(CAMERA, "et22-cam"), 404, Authorization="Bearer et22-cam")
    await place.ask("DELETE", path, 204)
    await place.ask("HEAD", path, 404)


async def test_what_cannot_be_created_says_why(place: Place) -> None:
    await place.created(MOST + 1, 413)
    await place.created(status=415, filetype="video/mp4")
    await place.created(status=400, filename="../../etc/passwd")
    await place.created(status=400, start="soon")
    await place.created(status=400, start="5", end="4")
    await place.created(status=404, filename="20261128T204600Z-et17-00000000.1000000000000.1000000001000")
    await place.ask("POST", f"{BASE}/uploads", 400, Upload_Length="many")
    await place.ask("POST", f"{BASE}/uploads", 400, Upload_Length="5", Upload_Metadata="filename !!")
    await place.ask("POST", f"{BASE}/uploads", 400, Upload_Length="5", Upload_Metadata="a " + "A" * 5000)
    place.is_full = True
    await place.created(status=503)
    place.is_full = False
    await place.created()


async def test_a_camera_cannot_heap_up_uploads(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_OF_CAMERA", 2)
    for length in (100, 200):
        await place.created(length)
    await place.created(300, 429)
    await place.created(100)
    place.clock.move(actions.KEPT_S + 1)
    await place.filling.look()
    await place.created(300)


async def test_what_is_no_footage_is_refused_and_not_asked_for_again(place: Place) -> None:
    path = await place.created(64)
    await place.sent(path, 0, b"\xc1" * 64)
    await until(lambda: not list((place.data / UPLOADS).glob("*[!n]")), "its bytes have gone")
    assert await place.wanted() == []
    assert Library(place.root).parts(IDENTITY) == []


async def test_a_full_disk_holds_it_up_and_no_more(place: Place) -> None:
    path = await place.created()
    place.is_full = True
    await place.sent(path, 0, DATA)
    await place.filling.look()
    assert Library(place.root).parts(IDENTITY) == []
    place.is_full = False
    await place.filling.look()
    await place.is_joined()


@pytest.mark.parametrize("place", [MASTER], indirect=True)
async def test_where_recordings_are_encrypted_no_byte_of_it_lies_plain_and_none_can_be_altered(place: Place) -> None:
    path = await place.created()
    half = len(DATA) // 2
    await place.sent(path, 0, DATA[:half])
    (lies,) = (place.data / UPLOADS).glob("*.sealed")
    data = lies.read_bytes()
    assert not any(DATA[at : at + 24] in data for at in range(0, half - 24, 24))
    lies.write_bytes(data + data[:100])  # what a kill leaves of a block
    assert await place.offset(path) == half
    await place.sent(path, half, DATA[half:])
    await place.is_joined()


@pytest.mark.parametrize("place", [MASTER], indirect=True)
async def test_an_upload_that_was_altered_where_it_lies_is_never_joined_and_asked_for_anew(place: Place) -> None:
    (first,) = await place.wanted()
    path = await place.created()
    await place.sent(path, 0, DATA[:-1])
    (lies,) = (place.data / UPLOADS).glob("*.sealed")
    data = bytearray(lies.read_bytes())
    data[len(data) // 2] ^= 1
    lies.write_bytes(data)
    await place.sent(path, len(DATA) - 1, DATA[-1:])
    await place.filling.look()
    assert Library(place.root, place.keys).parts(IDENTITY) == []
    await _comes_again(place, first)


@pytest.mark.parametrize("place", [MASTER], indirect=True)
async def test_an_upload_whose_key_is_gone_is_asked_for_anew(place: Place) -> None:
    (first,) = await place.wanted()
    path = await place.created()
    await place.sent(path, 0, DATA[:-1])
    (key,) = (place.data / UPLOADS).glob("*.key")
    key.unlink()
    await place.sent(path, len(DATA) - 1, DATA[-1:], 409)
    about = next((place.data / UPLOADS).glob("*.json"))
    about.write_text(about.read_text().replace(str(len(DATA)), str(len(DATA) - 1)))  # as if it was whole by then
    await place.filling.look()
    await _comes_again(place, first)


async def _comes_again(place: Place, first: dict[str, Any]) -> None:
    assert await place.wanted() == [first]
    path = await place.created()
    assert await place.offset(path) == 0
    await place.sent(path, 0, DATA)
    await place.is_joined()


async def test_what_begins_as_its_recording_is_deleted_is_not_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Uploads.create

    def created(uploads: Uploads, upload: Upload) -> None:
        Removal(place.root).remove(IDENTITY)
        create(uploads, upload)

    monkeypatch.setattr(Uploads, "create", created)
    await place.created(status=404)
    assert list((place.data / UPLOADS).iterdir()) == []


async def test_what_the_protocol_can_do_is_told_and_bad_questions_are_refused(place: Place) -> None:
    answer = await place.client.options(f"{BASE}/uploads")
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "termination", "checksum"}
    assert answer.headers["Tus-Max-Size"] == str(MOST)
    for text in ('{"spans": [{"start": "x"}]}', "[]", '{"spans": 5}'):
        await place.ask("POST", f"{BASE}/wanted", 400, text.encode(), Content_Type="application/json")
    await place.ask("POST", f"{BASE}/wanted", 415, b"{}", Content_Type="text/plain")
    await place.ask("POST", f"{BASE}/wanted", 401, b"{}", Content_Type="application/json", Authorization="Bearer x")


async def test_a_camera_that_holds_nothing_of_it_is_asked_for_nothing(place: Place) -> None:
    told = await place.filling.wanted(CAMERA, FootageHeld(spans=[]))
    assert told.wanted == []
    later = [{"start": BEGAN + 900, "end": BEGAN + 960, "ordered_at": BEGAN + 900}]
    told = await place.filling.wanted(CAMERA, FootageHeld.model_validate({"spans": later}))
    assert told.wanted == []
