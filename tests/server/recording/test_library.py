"""Reading recordings: finished, growing, cut by a crash; and nothing but what their journals name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import NotFound, Unavailable
from server.recording.chain import Link
from server.recording.library import LEAST_BYTES, Library
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY, MASTER, journal, new_folder, recording, segment

CLOSED = {"why": "officer", "ended_at": BEGAN + 1200, "public_key": KEY.public_key}


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


@given(st.integers(-20, 1300), st.integers(1, 600))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_latest_of_a_journal_is_its_end_from_a_time_on_and_grows_with_it(
    tmp_path: Path, since: int, shown: int
) -> None:
    lines = journal(tmp_path / "all", 600).read_bytes().splitlines(keepends=True)
    growing = tmp_path / IDENTITY / "journal.jsonl"
    growing.parent.mkdir(exist_ok=True)
    library = Library(tmp_path)
    for count in (2 * shown, 2 * shown + 1, len(lines)):
        growing.write_bytes(b"".join(lines[:count]) + b'{"torn":')
        os.utime(growing)
        first, *last = library.latest(IDENTITY, BEGAN + since)
        whole = Library(tmp_path).entries(IDENTITY)
        assert [first, *last] == [whole[0], *whole[len(whole) - len(last) :]]
        left_out = whole[1 : len(whole) - len(last)]
        assert all(entry["start"] + entry["duration"] <= since for entry in left_out)
        growing.write_bytes(b"".join(lines[:count]))


def test_of_hours_only_the_last_minutes_are_read_and_their_files_are_found(tmp_path: Path) -> None:
    path = journal(tmp_path, 3600)
    library = Library(tmp_path)
    last = library.latest(IDENTITY, BEGAN + 7100)
    assert last[0]["kind"] == "opened" and 100 < len(last) < 400
    for file in ("main/003600.m4s", "sub/003590.m4s"):
        (path.parent / file).parent.mkdir(exist_ok=True)
        (path.parent / file).write_bytes(b"x")
        assert library.read(IDENTITY, file) == b"x" and not library.is_encrypted(IDENTITY, file)
    assert library._kept[IDENTITY].whole is None
    earlier = library.latest(IDENTITY, BEGAN + 3600)
    assert 3600 < len(earlier) < 4000 and earlier[-1] == last[-1]
    assert not library.has_file(IDENTITY, "main/003601.m4s")  # all of it has been looked at for that
    assert library.latest(IDENTITY, BEGAN + 7100) == library.entries(IDENTITY)


def test_a_line_that_was_cut_off_again_is_forgotten_at_the_end_too(tmp_path: Path) -> None:
    path = journal(tmp_path, 600)
    library = Library(tmp_path)
    before = path.read_bytes()
    assert len(library.latest(IDENTITY, BEGAN + 1190)) < 200
    _, line, _ = Link(1201, Library(tmp_path).entries(IDENTITY)[-1]["chain"]).add({"kind": "closed", **CLOSED}, BEGAN)
    path.write_bytes(before + line)
    assert library.latest(IDENTITY, BEGAN + 1190)[-1]["kind"] == "closed"
    os.truncate(path, len(before))
    assert library.latest(IDENTITY, BEGAN + 1190)[-1]["kind"] == "segment"


def test_a_journal_that_is_damaged_before_its_end_is_still_seen_to_its_end(tmp_path: Path) -> None:
    path = journal(tmp_path, 600)
    data = bytearray(path.read_bytes())
    data[1000:1010] = b"??????????"
    path.write_bytes(data)
    library = Library(tmp_path)
    assert len(library.entries(IDENTITY)) < 5
    assert Library(tmp_path).latest(IDENTITY, BEGAN + 1190)[-1]["n"] == 600


def test_it_remembers_no_more_of_the_journals_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [journal(tmp_path, 10 * number, f"20261128T204600Z-et{number}").stat().st_size for number in range(1, 9)]
    most = sum(sizes[-3:]) + 4 * LEAST_BYTES
    monkeypatch.setattr("server.recording.library.MOST_BYTES", most)
    library = Library(tmp_path)
    for number in range(1, 9):
        assert len(library.entries(f"20261128T204600Z-et{number}")) == 20 * number + 1
    assert [one[-1] for one in library._kept] == ["6", "7", "8"]
    monkeypatch.setattr("server.recording.library.MOST_BYTES", 10)
    assert len(library.entries("20261128T204600Z-et8")) == 161
    assert [one[-1] for one in library._kept] == ["8"]  # what is asked for is there, however large


def test_a_long_journal_that_is_read_holds_up_no_other(tmp_path: Path) -> None:
    recording(tmp_path)
    other = "20261128T204700Z-et22-00000000"
    journal(tmp_path, 5, other)
    library = Library(tmp_path)
    with library._journal(IDENTITY):
        assert len(library.entries(other)) == 11
