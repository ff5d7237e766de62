"""The camera's own footage on disk: whole or not at all, bounded, and found again after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.wire import Coded, coded_in, pack_coded
from streamer.errors import StoreError
from streamer.reel import Chunk
from streamer.spool import Spool, read
from tests.source import ROOT

T = 1_800_000_000.0
MOST = 1 << 20


def chunk(start: float, seconds: float = 2.0, ordered: float = 0.0, keyed: str = "main sub", size: int = 100) -> Chunk:
    data = pack_coded(Coded("main", T + start, True, bytes(size)))
    return Chunk(T + start, T + start + seconds, T + ordered, frozenset(keyed.split()), data)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "footage", MOST)


def spans(spool: Spool) -> list[tuple[float, float, float]]:
    return [(one.start - T, one.end - T, one.ordered_at - T) for one in spool.spans()]


def test_what_is_held_without_a_break_is_one_span(spool: Spool) -> None:
    for start in (0, 2, 4, 20, 22):
        spool.write(chunk(start))
    spool.write(chunk(24, ordered=24))
    assert spans(spool) == [(0, 6, 0), (20, 24, 0), (24, 26, 24)]


def test_it_is_found_again_by_the_next_run_and_what_a_kill_broke_off_goes(spool: Spool, tmp_path: Path) -> None:
    spool.write(chunk(0))
    spool.write(chunk(2))
    (tmp_path / "footage" / "1800000004000-1800000006000-1800000000000-main.footage.new").write_bytes(b"half")
    (tmp_path / "footage" / "a note").write_text("somebody's")
    again = Spool(tmp_path / "footage", MOST)
    assert spans(again) == spans(spool) == [(0, 4, 0)]
    assert sorted(path.name for path in (tmp_path / "footage").iterdir())[-1] == "a note"
    assert len(list((tmp_path / "footage").iterdir())) == 3
    assert [one.captured_at - T for one in coded_in([read(again.stretch(T, T + 4), 0, MOST)])] == [0, 2]


def test_a_stretch_begins_where_every_layer_of_it_can_be_entered(spool: Spool) -> None:
    keys = {0: "main sub", 2: "main", 4: "", 6: "main", 8: "main sub", 10: ""}
    for start, keyed in keys.items():
        spool.write(chunk(start, keyed=keyed))
    assert [one.start - T for one in spool.stretch(T + 6.5, T + 9)] == [0, 2, 4, 6, 8]
    assert [one.start - T for one in spool.stretch(T + 10.5, T + 11)] == [8, 10]
    assert spool.stretch(T + 100, T + 101) == []


def test_any_bytes_of_a_stretch_can_be_read(spool: Spool) -> None:
    for start in (0, 2, 4):
        spool.write(chunk(start, size=50 + start))
    parts = spool.stretch(T, T + 6)
    whole = b"".join(part.path.read_bytes() for part in parts)
    assert read(parts, 0, 10**6) == whole
    for offset in range(len(whole) + 2):
        assert read(parts, offset, 40) == whole[offset : offset + 40]


def test_what_the_server_has_goes_first_when_there_is_no_room_left(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 5 * 120)
    for start in range(0, 8, 2):
        spool.write(chunk(start))
    assert spool.has_undelivered()
    spool.note_kept([(T + 3.9, T + 8.1)])
    spool.write(chunk(8))
    spool.write(chunk(10))
    assert [start for start, _, _ in spans(spool)] == [0, 6], "that of 4 to 6 went, which the server has"
    assert spool.let_go == 0
    for start in (12, 14, 16, 18):
        spool.write(chunk(start))
    assert spool.let_go > 0
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 5 * 120


def test_all_that_is_delivered_is_nothing_to_ask_for(spool: Spool) -> None:
    assert not spool.has_undelivered()
    spool.write(chunk(0))
    spool.note_kept([(T - 1, T + 3)])
    assert not spool.has_undelivered()
    spool.note_kept([(T + 1, T + 3)])
    assert spool.has_undelivered()


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be used"):
        Spool(tmp_path / "file", MOST)


WRITER = """
import sys
from pathlib import Path
from streamer.spool import Spool
from tests.streamer.test_spool import chunk
spool = Spool(Path(sys.argv[1]), 1 << 30)
for number in range(100000):
    spool.write(chunk(2.0 * number, size=20000))
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_only_whole_chunks_and_all_that_were_acknowledged(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITER, str(tmp_path / "footage")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.kill()
        last = int(["19", *process.stdout.readlines()][-1])
    spool = Spool(tmp_path / "footage", 1 << 30)
    parts = spool.stretch(T, T + 10**6)
    assert len(parts) in (last + 1, last + 2)
    assert sum(1 for _ in coded_in([part.path.read_bytes() for part in parts])) == len(parts)
    assert not list((tmp_path / "footage").glob("*.new"))
