"""A long journal, of which a recording that goes on reads only the end: the same as from all of it, and what it believed is checked."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from server.errors import Conflict
from server.recording import resuming
from server.recording.folder import RecordingFolder
from server.recording.library import Library
from server.recording.skimming import skimmed
from server.recording.verifier import verify
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY, journal, new_folder, segment
from tests.server.recording.test_folder import contents, resumed


@pytest.fixture
def short_end(monkeypatch: pytest.MonkeyPatch) -> int:
    """So few bytes of a journal are read before it goes on that a short one will do: two or three lines."""
    monkeypatch.setattr(resuming, "END_BYTES", 1600)
    return 1600


def long_one(root: Path, count: int = 6) -> RecordingFolder:
    folder = new_folder(root)
    for number in range(count):
        folder.commit(segment(number, width=640 if number < 2 else 320))
        folder.commit(segment(number, "sub", width=160))
    folder.leave()
    return folder


def stands(folder: RecordingFolder) -> tuple[object, ...]:
    """All that a recording goes on with."""
    inside = (folder._size, folder._link, folder._inits, folder._opened, folder._is_encrypted)
    return (folder.last, folder.ends, folder.epoch, folder.next_media_time, folder.is_closed, *inside)


def test_its_end_tells_what_all_of_it_does_wherever_it_is_cut(tmp_path: Path, short_end: int) -> None:
    """Also what a crash left, its second in a row, is put aside and named alike."""
    folder = long_one(tmp_path)
    for name in ("main/000007.m4s", "sub/000007.m4s.new", "main/init-3.mp4", "main/000007.m4s.aside-1"):
        (folder.path / name).write_bytes(name.encode())
    whole = (folder.path / "journal.jsonl").read_bytes()
    ends_read = 0
    for end in range(len(whole) - short_end // 2, len(whole) + 1, 7):
        seen = []
        for bytes_ in (short_end, 1 << 30):
            resuming.END_BYTES = bytes_
            root = tmp_path / f"cut-{end}-{bytes_}"
            shutil.copytree(folder.path, root / IDENTITY)
            os.truncate(root / IDENTITY / "journal.jsonl", end)
            again = resumed(root)
            ends_read += again._believed is not None
            seen.append((stands(again), contents(root / IDENTITY)))
            again.leave()
            shutil.rmtree(root)
        assert seen[0] == seen[1]
        assert "main/000007.m4s.aside-2" in seen[0][1] and "main/000007.m4s" not in seen[0][1]
    assert ends_read > 50


def test_what_it_did_not_read_it_looks_at_afterwards(tmp_path: Path, short_end: int) -> None:
    folder = long_one(tmp_path)
    again = resumed(tmp_path)
    assert again._believed is not None and again.bytes < folder.bytes
    while again._believed is not None:
        again.look_back()
    assert again.bytes == folder.bytes
    again.commit(segment(6, width=320))
    again.close("officer", BEGAN + 14, KEY)
    assert again.bytes == folder.bytes + len(segment(6).data)
    assert verify(str(tmp_path))["exit"] == 0


@pytest.mark.parametrize("at", [b'"n":2', b'"n":4'])
def test_damage_that_it_did_not_read_is_found_afterwards(tmp_path: Path, short_end: int, at: bytes) -> None:
    folder = long_one(tmp_path)
    journal = folder.path / "journal.jsonl"
    line = journal.read_bytes().index(at)
    journal.write_bytes(journal.read_bytes().replace(at, at[:-1] + b"9", 1))
    again = resumed(tmp_path)
    with pytest.raises(Conflict, match="damaged at byte") as raised:
        for _ in range(100):
            again.look_back()
    assert line - 1000 < int(raised.value.detail.split("byte ")[1].split(":")[0]) <= line


def test_an_end_that_does_not_follow_from_what_stands_before_it_is_damage(tmp_path: Path, short_end: int) -> None:
    folder = long_one(tmp_path)
    journal = folder.path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    other, cut = long_one(tmp_path / "other", 7), len(lines) - 6
    strange = (other.path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:cut], lines[cut - 1], *strange[cut:]]))
    again = resumed(tmp_path)
    with pytest.raises(Conflict, match="damaged at byte"):
        for _ in range(100):
            again.look_back()


@pytest.mark.parametrize("left", ["journal.torn-1", "thumb/000001.m4s"])
def test_where_its_end_does_not_tell_all_of_it_is_read(tmp_path: Path, short_end: int, left: str) -> None:
    """A torn line that was kept long ago, or is not yet named; a layer of which its end says nothing."""
    folder = long_one(tmp_path)
    (folder.path / left).parent.mkdir(exist_ok=True)
    (folder.path / left).write_bytes(b"left")
    again = resumed(tmp_path)
    assert again._believed is None and again.bytes == folder.bytes
    kept = Library(tmp_path).entries(IDENTITY)[-1]["kept"]
    assert [one["file"] for one in kept] == [left if "/" not in left else left + ".aside-1"]


def test_what_is_read_of_eight_hours_is_little(tmp_path: Path) -> None:
    """R5: 600 cameras are back within seconds; all of such a journal is 21 MB."""
    path = journal(tmp_path, 14_400)
    began = time.process_time()
    folder = resumed(tmp_path)
    took = time.process_time() - began
    assert folder.last == {"main": 14_400, "sub": 14_400} and folder._believed is not None
    began = time.process_time()
    skimmed(path.read_bytes())
    assert took < 0.2 * (time.process_time() - began)
