"""Uploads on disk: sealed by keys of their own, so that nothing of a recording is touched before they are joined to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import BinaryIO

import pytest

from server.backfill import store
from server.backfill.store import Uploads
from server.backfill.upload import Upload
from server.errors import Conflict
from server.recording.library import Library
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.removal import OnTheWay, Removal
from tests.server.recording.recordings import BEGAN, IDENTITY, MASTER, new_folder, recording, segment

ROUNDS = 30
OTHER = "20261128T214600Z-et17-3fa2c1d1"


def upload(length: int = 8) -> Upload:
    return Upload("ab" * 16, "et17-3fa2c1", IDENTITY, BEGAN, BEGAN + 4, BEGAN, BEGAN + 4, length, BEGAN)


def uploads(data: Path) -> Uploads:
    return Uploads(data / "uploads", MASTER, data / "recordings")


def at_once(*calls: Callable[[], object]) -> None:
    """Each in a thread of its own, from the same moment on; raises what one of them raises."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as threads:
        for done in [threads.submit(run, call) for call in calls]:
            done.result()


def begun(data: Path) -> None:
    """As a POST and its PATCH do it."""
    here = uploads(data)
    here.create(upload())
    here.append(upload(), 0, b"footage!")


def test_an_upload_and_the_first_segment_of_its_recording_at_once_can_both_be_opened(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        data = tmp_path / str(number)
        folder = new_folder(data / "recordings", keys=MASTER)
        at_once(lambda folder=folder: folder.commit(segment(0)), lambda data=data: begun(data))  # type: ignore[misc]
        assert Library(data / "recordings", MASTER).read(IDENTITY, "main/000001.m4s") == segment(0).data
        assert b"".join(uploads(data).pieces(upload())) == b"footage!"
        folder.leave()


def test_an_upload_that_is_asked_for_twice_at_once_has_one_key(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        data = tmp_path / str(number)
        recording(data / "recordings", keys=MASTER)
        first, second = uploads(data), uploads(data)
        at_once(lambda one=first: one.create(upload()), lambda one=second: one.create(upload()))  # type: ignore[misc]
        first.append(upload(), 0, b"foot")
        second.append(upload(), 4, b"age!")
        assert b"".join(uploads(data).pieces(upload())) == b"footage!"


def test_the_upload_for_a_plain_recording_leaves_no_key_in_it_and_none_is_said_to_be_destroyed(tmp_path: Path) -> None:
    path = recording(tmp_path / "recordings")
    begun(tmp_path)
    assert list(path.rglob("*.key")) == []
    remains = Removal(tmp_path / "recordings").look(IDENTITY)
    assert remains is not None and not remains.is_encrypted


@pytest.mark.parametrize("keys", [PLAIN, MASTER])
def test_what_is_on_its_way_to_a_recording_goes_with_it_and_nothing_of_another_s(
    tmp_path: Path, keys: MasterKeys
) -> None:
    root = tmp_path / "recordings"
    recording(root, keys=keys)
    here = Uploads(tmp_path / "uploads", keys, root)
    other = replace(upload(), id="cd" * 16, recording_id=OTHER)
    refused = replace(upload(), id="ef" * 16)
    for one in (upload(), other, refused):
        here.create(one)
        here.append(one, 0, b"foot")
    here.refuse(refused)
    removal = Removal(root, on_the_way=OnTheWay(here.bytes_of, here.remove_of))
    remains = removal.look(IDENTITY)
    assert remains is not None and remains.unjoined == 4
    removal.remove(IDENTITY)
    assert here.all() == [other] and b"".join(here.pieces(other)) == b"foot"
    assert {path.stem for path in (tmp_path / "uploads").iterdir()} == {other.id}
    removal.remove(IDENTITY)  # once more does no harm


def test_its_key_is_given_to_another_master_key_with_the_recordings_and_destroyed_when_it_is_let_go(
    tmp_path: Path,
) -> None:
    root = tmp_path / "recordings"
    recording(root, keys=MASTER)
    begun(tmp_path)
    (key,) = (tmp_path / "uploads").glob("*.key")
    new = MasterKeys([bytes(range(2, 34))])
    assert MasterKeys([*new.keys, *MASTER.keys]).rewrap_all(root, tmp_path / "uploads") == (2, [])
    here = Uploads(tmp_path / "uploads", new, root)
    assert b"".join(here.pieces(upload())) == b"footage!"
    with key.open("rb") as held:
        here.remove(upload())
        assert set(held.read()) == {0}
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_upload_whose_key_is_gone_is_begun_anew(tmp_path: Path) -> None:
    """A kill had left its bytes, or an earlier version had sealed them by another key."""
    recording(tmp_path / "recordings", keys=MASTER)
    begun(tmp_path)
    (key,) = (tmp_path / "uploads").glob("*.key")
    key.unlink()
    with pytest.raises(Conflict, match="is gone"):
        list(uploads(tmp_path).pieces(upload()))
    begun(tmp_path)
    assert b"".join(uploads(tmp_path).pieces(upload())) == b"footage!"


def test_how_far_a_long_upload_has_come_is_told_without_all_its_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(tmp_path / "recordings", keys=MASTER)
    here, other = uploads(tmp_path), uploads(tmp_path)
    here.create(upload(1000))
    for offset in range(100):
        here.append(upload(1000), offset, b"x")
    walked: list[int] = []
    blocks = store._blocks

    def counted(file: BinaryIO, at: int = 0) -> Iterator[tuple[int, int]]:
        for one in blocks(file, at):
            walked.append(at)
            yield one

    monkeypatch.setattr(store, "_blocks", counted)
    other.append(upload(1000), 100, b"yz")  # another process, to whom the camera came for this piece
    walked.clear()
    assert here.offset(upload(1000)) == 102 and len(walked) == 2
    assert here.append(upload(1000), 102, b"!") == 103 and len(walked) == 2
    other.remove(upload(1000))
    other.create(upload(1000))
    for offset in range(0, 400, 2):
        other.append(upload(1000), offset, b"ab")
    assert here.offset(upload(1000)) == 400, "it was begun anew by another process, and is longer by now"
    assert b"".join(here.pieces(upload(1000))) == b"ab" * 200
