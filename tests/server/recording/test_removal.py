"""Recordings are taken off the disk in one step that can be seen, and never while somebody writes them."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from server.errors import Conflict
from server.recording.library import Library
from server.recording.removal import ASIDE, Removal
from tests.server.recording.recordings import BEGAN, IDENTITY, MASTER, new_folder, recording, segment

OTHER = "20261128T214600Z-et17-3fa2c1d1"


def test_it_is_known_by_its_manifest_and_its_root_before_it_goes(tmp_path: Path) -> None:
    path = recording(tmp_path, count=4)
    manifest = Library(tmp_path).manifest(IDENTITY)
    remains = Removal(tmp_path).look(IDENTITY)
    assert remains is not None and manifest is not None
    assert (remains.merkle_root, remains.segments, remains.bytes) == tuple(
        manifest[name] for name in ("merkle_root", "segments", "bytes")
    )
    assert (remains.started_at, remains.ended_at) == (BEGAN, BEGAN + 8)
    assert remains.manifest_sha256 == hashlib.sha256((path / "manifest.json").read_bytes()).hexdigest()
    assert Removal(tmp_path).look(OTHER) is None


def test_what_was_back_filled_into_it_is_counted_with_it(tmp_path: Path) -> None:
    path = recording(tmp_path, count=4)
    alone = Removal(tmp_path).look(IDENTITY)
    shutil.copytree(path, tmp_path / "part")
    (tmp_path / "part").rename(path / "back-1")
    both = Removal(tmp_path).look(IDENTITY)
    assert alone is not None and both is not None
    assert (both.segments, both.bytes) == (2 * alone.segments, 2 * alone.bytes)
    assert (both.merkle_root, both.manifest_sha256) == (alone.merkle_root, alone.manifest_sha256)


def test_all_of_it_goes_and_nothing_of_the_others(tmp_path: Path) -> None:
    recording(tmp_path), recording(tmp_path, identity=OTHER)
    before = sorted(path for path in (tmp_path / OTHER).rglob("*"))
    Removal(tmp_path).remove(IDENTITY)
    assert Library(tmp_path).ids() == [OTHER]
    assert sorted(path for path in (tmp_path / OTHER).rglob("*")) == before
    assert list((tmp_path / ASIDE).iterdir()) == []
    Removal(tmp_path).remove(IDENTITY)  # once more does no harm


def test_of_what_lies_encrypted_the_key_is_destroyed_before_anything_else_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops it then, what is left can be read by nobody: nor can a copy that lies elsewhere."""
    path = recording(tmp_path, keys=MASTER)
    remains = Removal(tmp_path).look(IDENTITY)
    assert remains is not None and remains.is_encrypted
    part = path / "back-1"
    part.mkdir()
    shutil.copy(path / "content.key", part)
    inodes = [os.open(folder / "content.key", os.O_RDONLY) for folder in (path, part)]

    def failing(_path: Path) -> None:
        raise OSError("gone")

    monkeypatch.setattr(shutil, "rmtree", failing)
    with pytest.raises(OSError, match="gone"):
        Removal(tmp_path).remove(IDENTITY)
    assert list((tmp_path / ASIDE).rglob("content.key")) == []
    for inode in inodes:
        assert set(os.read(inode, 1000)) == {0}
        os.close(inode)
    assert (tmp_path / ASIDE / IDENTITY / "main" / "000001.m4s").exists()
    monkeypatch.undo()
    Removal(tmp_path).remove(IDENTITY)
    assert Removal(tmp_path).left_aside() == []


def test_a_key_that_opens_nothing_is_none_that_is_destroyed(tmp_path: Path) -> None:
    """An earlier version left one in plain recordings for which a camera uploaded something."""
    MASTER.key_for_writing(recording(tmp_path), is_begun=False)
    remains = Removal(tmp_path).look(IDENTITY)
    assert remains is not None and not remains.is_encrypted


def test_what_is_written_or_was_never_closed_stays(tmp_path: Path) -> None:
    folder, removal = new_folder(tmp_path), Removal(tmp_path)
    folder.commit(segment(0))
    with pytest.raises(Conflict, match="is being written"):
        removal.look(IDENTITY)
    with pytest.raises(Conflict, match="is being written"):
        removal.remove(IDENTITY)
    folder.leave()
    with pytest.raises(Conflict, match="does not say that it is closed"):
        removal.look(IDENTITY)
    assert Library(tmp_path).ids() == [IDENTITY]


@pytest.mark.parametrize("files", range(12))
def test_whatever_stops_it_no_half_recording_is_found_and_the_next_try_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    """A disk that gives way after so many files."""
    recording(tmp_path, count=4)
    unlink, gone = os.unlink, 0

    def failing(path: str, *, dir_fd: int | None = None) -> None:
        nonlocal gone
        if gone >= files:
            raise OSError("gone")
        gone += 1
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", failing)
    removal = Removal(tmp_path)
    with pytest.raises(OSError, match="gone"):
        removal.remove(IDENTITY)
    assert Library(tmp_path).ids() == []
    assert removal.left_aside() == [IDENTITY]
    monkeypatch.setattr(os, "unlink", unlink)
    removal.remove(IDENTITY)
    assert removal.left_aside() == []


def test_of_two_processes_on_one_folder_one_deletes(tmp_path: Path) -> None:
    first, second = Removal(tmp_path), Removal(tmp_path)
    assert first.take_turn()
    assert not second.take_turn()
    first.give_turn()
    assert second.take_turn()
    second.give_turn()


def test_nothing_but_a_recording_can_be_named(tmp_path: Path) -> None:
    for name in ("..", "place.id", ASIDE, "", f"{IDENTITY}/main"):
        with pytest.raises(ValueError, match="cannot be a recording's id"):
            Removal(tmp_path).remove(name)
