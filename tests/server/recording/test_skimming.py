"""What is skimmed of a journal is what all its entries say, whatever was cut off, flipped or swapped in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.recording.chain import Link, whole_entries
from server.recording.folder import RecordingFolder
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.skimming import Skimmed, skimmed
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY, MASTER, new_folder, segment


def by_entries(data: bytes) -> Skimmed:
    """The slow way."""
    entries, size, link = whole_entries(data, Link())
    made = Skimmed(link, size)
    for entry in entries:
        made.take(entry)
    return made


def written(root: Path, keys: MasterKeys = PLAIN) -> bytes:
    """A journal with everything in it: layers, gaps, a restart that put something aside, changed initialisations, an end."""
    folder = new_folder(root, keys=keys)
    for number in range(12):
        folder.commit(segment(number, width=640 if number < 5 else 320))
        if number % 3:
            folder.commit(segment(number, "sub", width=160, captured_at=None, codec=None, back_filled=number == 4))
        if number == 7:
            folder.gap("main", 16.0, 16.5, BEGAN + 16, BEGAN + 16.5, 'lost "in" {transit}', 3)
    folder.leave()
    (folder.path / "main" / "000099.m4s").write_bytes(b"left by a crash")
    again = RecordingFolder.resume(root, IDENTITY, folder._clock, "server-restart", keys)
    again.commit(segment(12, width=320, duration=1.25e-05))
    again.close("officer", BEGAN + 26, KEY)
    return (folder.path / "journal.jsonl").read_bytes()


@pytest.mark.parametrize("keys", [PLAIN, MASTER])
def test_all_of_it_is_what_its_entries_say(tmp_path: Path, keys: MasterKeys) -> None:
    data = written(tmp_path, keys)
    found = skimmed(data)
    assert found == by_entries(data)
    assert found.size == len(data) and found.is_encrypted is bool(keys)
    assert found.segments == 21 and "main/000099.m4s.aside-1" in found.files
    assert [one["kind"] for one in found.others] == ["opened", "gap", "resumed", "closed"]


def test_segments_are_read_the_fast_way(tmp_path: Path) -> None:
    made = Skimmed(Link())
    lines = written(tmp_path, MASTER).splitlines(keepends=True)
    taken = []
    for line in lines:
        taken.append(made.take_line(line))
        made.link = whole_entries(line, Link(len(taken) - 1, made.link.previous))[2] if not taken[-1] else made.link
    assert [b'"kind":"segment"' in line for line in lines] == taken


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_ends_where_the_entries_end(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / IDENTITY / "journal.jsonl"
    whole = path.read_bytes() if path.exists() else written(tmp_path)
    place = data.draw(st.integers(0, len(whole) - 1))
    lines = whole.splitlines(keepends=True)
    one, other = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))
    lines[one], lines[other] = lines[other], lines[one]
    flipped = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    for damaged in (whole[:place], flipped, b"".join(lines), whole[:place] + b" " + whole[place:]):
        assert skimmed(damaged) == by_entries(damaged)
