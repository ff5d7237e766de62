"""Reading recordings: finished, growing, cut by a crash; and nothing but what their journals name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.errors import NotFound, Unavailable
from server.recording.library import MOST_KEPT, Library
from tests.server.recording.recordings import IDENTITY, MASTER, new_folder, recording, segment


def test_a_finished_recording_is_read(tmp_path: Path) -> None:
    folder = recording(tmp_path)
    library = Library(tmp_path)
    assert library.ids() == [IDENTITY]
    assert library.opened(IDENTITY)["call_sign"] == "ET17"
    assert [entry["n"] for entry in library.segments(IDENTITY, "sub")] == [1, 2, 3, 4]
    manifest = library.manifest(IDENTITY)
    assert manifest is not None and manifest["segments"] == 8
    assert library.path(IDENTITY, "main/000002.m4s") == folder / "main" / "000002.m4s"
    assert library.path(IDENTITY, "manifest.sig").stat().st_size == 64


def test_a_growing_recording_is_read_on_and_its_torn_last_line_is_not_seen(tmp_path: Path) -> None:
    library = Library(tmp_path)
    assert library.ids() == []
    folder = new_folder(tmp_path)
    assert library.segments(IDENTITY, "main") == [] and library.manifest(IDENTITY) is None
    for number in range(3):
        folder.commit(segment(number))
        assert [entry["n"] for entry in library.segments(IDENTITY, "main")] == list(range(1, number + 2))
        with pytest.raises(NotFound):
            library.path(IDENTITY, f"main/{number + 2:06d}.m4s")
    with (folder.path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"torn":')
    assert len(library.entries(IDENTITY)) == 4
    folder.leave()


def test_a_whole_line_that_was_cut_off_again_is_forgotten(tmp_path: Path) -> None:
    """A line whose fsync failed: a reader may have seen it before it went away, and another took its place."""
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    journal = folder.path / "journal.jsonl"
    size = journal.stat().st_size
    folder.commit(segment(1))
    folder.leave()
    library = Library(tmp_path)
    assert len(library.segments(IDENTITY, "main")) == 2
    os.truncate(journal, size)
    assert len(library.segments(IDENTITY, "main")) == 1
    other = new_folder(tmp_path / "other")
    other.commit(segment(0))
    for number in (5, 6, 7):
        other.commit(segment(number))
    journal.write_bytes((other.path / "journal.jsonl").read_bytes())
    assert [entry["start"] for entry in library.segments(IDENTITY, "main")] == [0.0, 10.0, 12.0, 14.0]


def test_only_what_a_journal_names_has_a_path(tmp_path: Path) -> None:
    folder = recording(tmp_path)
    (folder / "main" / "000099.m4s").write_bytes(b"foreign")
    (tmp_path / "secret").write_bytes(b"x")
    library = Library(tmp_path)
    for file in ("main/000099.m4s", "../secret", "", ".", "/etc/passwd", "main", "main/../journal.jsonl"):
        with pytest.raises(NotFound):
            library.path(IDENTITY, file)
    for identity in ("..", "", "secret", "20261128T204600Z-none", f"{IDENTITY}/main"):
        with pytest.raises(NotFound):
            library.path(identity, "journal.jsonl")
        with pytest.raises(NotFound):
            library.manifest(identity)
    (folder / "main" / "000002.m4s").unlink()
    with pytest.raises(NotFound):
        library.path(IDENTITY, "main/000002.m4s")


def test_what_lies_encrypted_is_opened_by_its_name_with_the_master_key_alone(tmp_path: Path) -> None:
    folder = new_folder(tmp_path, keys=MASTER)
    library, shut = Library(tmp_path, MASTER), Library(tmp_path)
    for number in range(3):
        folder.commit(segment(number, size=150_000))
        file = f"main/{number + 1:06d}.m4s"
        with library.open(IDENTITY, file) as opened:
            opened.seek(100_000)
            assert opened.read(50) == segment(number, size=150_000).data[100_000:100_050]
        with pytest.raises(Unavailable, match="none is given"):
            shut.open(IDENTITY, file)
    assert shut.read(IDENTITY, "journal.jsonl") == (folder.path / "journal.jsonl").read_bytes()
    with pytest.raises(NotFound):
        library.open(IDENTITY, "content.key")
    assert not library.has_file(IDENTITY, "manifest.tsr") and library.has_file(IDENTITY, "main/000003.m4s")


def test_a_recording_that_never_got_its_first_line_is_no_error_for_the_others(tmp_path: Path) -> None:
    new_folder(tmp_path).leave()
    os.truncate(tmp_path / IDENTITY / "journal.jsonl", 30)
    (tmp_path / "20261128T204600Z-empty").mkdir()
    library = Library(tmp_path)
    assert library.ids() == [IDENTITY]
    assert library.entries(IDENTITY) == []
    with pytest.raises(NotFound, match="no whole line"):
        library.opened(IDENTITY)


def test_it_remembers_no_more_journals_than_it_may(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for number in range(MOST_KEPT + 3):
        new_folder(tmp_path, f"20261128T204600Z-et{number}").leave()
        assert len(library.entries(f"20261128T204600Z-et{number}")) == 1
    assert len(library._journals) == MOST_KEPT
    assert len(library.ids()) == MOST_KEPT + 3
