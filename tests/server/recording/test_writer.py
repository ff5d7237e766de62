"""A recording on its way to disk: committed in order, over restarts and full disks, with every gap declared."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from server.clock import SystemClock
from server.recording import segmenter, writer
from server.recording.depacketiser import Picture
from server.recording.holes import LOST, SOUND_LOST, Hole
from server.recording.library import Library
from server.recording.order import Keeping, RecordingNews, RecordingOrder
from server.recording.segment import Segment
from server.recording.segmenter import Stretch, _format_of
from server.recording.signing import EvidenceKey
from server.recording.store import RecordingState
from server.recording.upkeep import Upkeep
from server.recording.verifier import main as verify
from server.recording.writer import Writing
from server.tasks import TaskOwner
from tests.server.media.conftest import until
from tests.server.recording.coded import h264, opus
from tests.server.recording.recordings import IDENTITY, MASTER, journal

ID = "20261128T204600Z-et17-3fa2c1d0"
ORDER = RecordingOrder(
    ID, "et17", "ET17", {"name": "PC Marsh", "collar_number": "0417", "person_id": None}, "officer", 1.8e9
)
T0 = 1_800_000_000.0


def stretch(
    start: float, seconds: float = 1.5, layer: str = "main", holes: Sequence[Hole] = (), away: bool = False
) -> Stretch:
    coded = h264(2)
    first = Picture(0, coded[0].units, True)
    found = Stretch(layer, T0 + start, T0 + start, None, _format_of("H264", first, None), holes=list(holes), away=away)
    found.pictures = [(T0 + start, first), (T0 + start + seconds / 2, Picture(0, coded[1].units, False))]
    found.end = T0 + start + seconds
    return found


@dataclass
class Desk:
    """Where recordings are written, what was said, and how full the disk is."""

    root: Path
    tasks: TaskOwner
    pool: ThreadPoolExecutor
    is_full: bool = False
    news: list[RecordingNews] = field(default_factory=list)

    def begin(self, order: RecordingOrder = ORDER) -> tuple[Writing, asyncio.Task[None]]:
        writing = Writing(
            self.root, order, lambda: EvidenceKey.of(self.root.parent), SystemClock(), self.pool, self.news.append
        )
        return writing, self.tasks.start(writing.run(), "writing")

    def entries(self, kind: str) -> list[dict[str, object]]:
        return [entry for entry in Library(self.root).entries(ID) if entry["kind"] == kind]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: ThreadPoolExecutor) -> AsyncIterator[Desk]:
    async with TaskOwner("test") as tasks:
        found = Desk(tmp_path / "recordings", tasks, pool)

        def room(_root: Path) -> None:
            if found.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(writer, "require_room", room)
        monkeypatch.setattr(writer, "RETRY_S", 0.01)
        yield found


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as found:
        yield found


async def test_what_is_put_is_committed_in_order_sealed_and_signed(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0), prerecord=True)
    writing.put(stretch(0.1, layer="sub"), prerecord=True)
    writing.put(stretch(1.5))
    writing.finish("stopped")
    await task
    assert [(one["layer"], one["n"], one["start"], one["prerecord"]) for one in desk.entries("segment")] == [
        ("main", 1, 0.0, True),
        ("sub", 1, 0.1, True),
        ("main", 2, 1.5, False),
    ]
    assert desk.entries("gap") == []
    last = desk.news[-1]
    assert (last.keeping, last.segments, last.until) == (Keeping.CLOSED, 3, T0 + 3.0)
    assert verify([str(desk.root / ID)]) == 0


def declared(desk: Desk) -> list[tuple[object, ...]]:
    return [(one["why"], one["start"], one["end"], one["packets"]) for one in desk.entries("gap")]


def hole(start: float, end: float, why: str = LOST, packets: int = 7) -> Hole:
    return Hole(T0 + start, T0 + end, why, packets)


async def test_a_camera_that_was_away_and_what_it_spoilt_are_declared_where_they_are(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    writing.put(stretch(61.5, holes=[hole(1.4, 62.0)], away=True))  # its first key frame came half a second later
    writing.finish("stopped")
    await task
    assert declared(desk) == [("camera-away", 1.4, 61.5, 7), ("lost", 61.5, 62.0, None)]


async def test_a_stutter_and_a_short_loss_are_not_called_an_absence(desk: Desk) -> None:
    writing, task = desk.begin()
    for start, holes in ((0.0, []), (1.9, []), (3.8, [hole(3.4, 3.8, packets=5)])):
        writing.put(stretch(start, holes=holes))
    writing.finish("stopped")
    await task
    assert declared(desk) == [("not-sent", 1.5, 1.9, None), ("lost", 3.4, 3.8, 5)]


async def test_a_picture_that_is_missing_beside_sound_is_declared_where_it_is_missing(desk: Desk) -> None:
    """As after two seconds without a link: the sound of them is sent again, and what comes next is whole."""
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    silent = stretch(1.5, 2.0)
    silent.pictures, silent.sounds = [], [(T0 + 1.5, opus(1)[0])]
    writing.put(silent)
    writing.put(stretch(3.5, holes=[hole(1.5, 3.5, packets=90)]))
    writing.finish("stopped")
    await task
    assert declared(desk) == [("lost", 1.5, 3.5, 90)]


async def test_what_was_missing_before_a_recording_is_none_of_its_gaps(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(5.0, holes=[hole(2.0, 5.0), hole(4.0, 5.5, SOUND_LOST, 3)]))
    writing.finish("stopped")
    await task
    assert declared(desk) == [("sound-lost", 0.0, 0.5, 3)]  # media time begins with the recording


async def test_a_gap_is_declared_once_though_the_disk_refuses_what_follows_it(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    await until(lambda: bool(desk.news))
    desk.is_full = True
    writing.put(stretch(9.0, holes=[hole(1.5, 9.0), hole(9.5, 10.0, SOUND_LOST, 2)]))
    await until(lambda: writing.keeping is Keeping.FAILING)
    desk.is_full = False
    writing.finish("stopped")
    await task
    assert declared(desk) == [("lost", 1.5, 9.0, 7), ("sound-lost", 9.5, 10.0, 2)]


async def test_another_process_goes_on_in_the_same_recording_with_the_gap_declared(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    writing.leave()
    await task
    assert desk.news[-1].keeping is Keeping.KEPT
    again, task = desk.begin()
    again.put(stretch(9.0))
    again.finish("stopped")
    await task
    assert [(one["n"], one["start"]) for one in desk.entries("segment")] == [(1, 0.0), (2, 9.0)]
    (gap,) = desk.entries("gap")
    assert (gap["why"], gap["start"], gap["end"]) == ("server-restart", 1.5, 9.0)
    assert verify([str(desk.root / ID)]) == 0


async def test_whoever_comes_while_it_is_still_written_waits_until_it_is_let_go(desk: Desk) -> None:
    first, task = desk.begin()
    first.put(stretch(0.0))
    await until(lambda: bool(desk.news))
    second, second_task = desk.begin()
    second.put(stretch(1.5))
    await until(lambda: desk.news[-1].keeping is Keeping.FAILING)
    first.leave()
    await task
    second.finish("stopped")
    await second_task
    assert [one["n"] for one in desk.entries("segment")] == [1, 2]


async def test_a_full_disk_is_told_at_once_and_what_waits_is_written_when_there_is_room(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    await until(lambda: bool(desk.news))
    desk.is_full = True
    writing.put(stretch(1.5))
    await until(lambda: desk.news[-1].keeping is Keeping.FAILING)
    assert desk.news[-1].reason == "No space left on device"
    desk.is_full = False
    await until(lambda: desk.news[-1].keeping is Keeping.KEPT)
    writing.finish("stopped")
    await task
    assert [one["n"] for one in desk.entries("segment")] == [1, 2]
    assert desk.entries("gap") == []


async def test_what_comes_and_cannot_be_kept_is_told_though_all_that_is_put_is_written(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.note_trouble("the picture cannot be recorded")
    assert (desk.news[-1].keeping, desk.news[-1].reason) == (Keeping.FAILING, "the picture cannot be recorded")
    writing.note_trouble("the picture cannot be recorded")
    assert len(desk.news) == 1
    writing.put(stretch(0.0))  # its sound
    await until(lambda: desk.news[-1].segments == 1)
    writing.note_trouble("")
    writing.put(stretch(1.5))
    await until(lambda: desk.news[-1].segments == 2)
    assert [one.keeping for one in desk.news] == [Keeping.FAILING, Keeping.FAILING, Keeping.KEPT]
    writing.finish("stopped")
    await task
    assert verify([str(desk.root / ID)]) == 0


async def test_what_cannot_be_encrypted_is_not_written_in_plain_and_waits_for_its_key(desk: Desk) -> None:
    MASTER.require(desk.root)
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    await until(lambda: bool(desk.news))
    assert desk.news[-1].keeping is Keeping.FAILING
    assert "none is given" in desk.news[-1].reason and not list(desk.root.rglob("*.m4s"))
    writing.leave()
    await task


async def test_what_did_not_fit_into_memory_is_declared_as_a_gap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.is_full = True
    writing, task = desk.begin()
    monkeypatch.setattr(writer, "MOST_WAITING_BYTES", 4 * sum(map(len, h264(2)[0].units + h264(2)[1].units)))
    for index in range(12):
        writing.put(stretch(index * 1.5))
    desk.is_full = False
    writing.put(stretch(18.0))
    writing.finish("stopped")
    await task
    numbers = [one["n"] for one in desk.entries("segment")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) <= 5
    assert verify([str(desk.root / ID)]) == 0


async def test_a_gap_in_the_middle_says_that_there_was_no_space(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    await until(lambda: bool(desk.news))
    desk.is_full = True
    monkeypatch.setattr(writer, "MOST_WAITING_BYTES", 3 * sum(map(len, h264(2)[0].units + h264(2)[1].units)))
    for index in range(1, 9):
        writing.put(stretch(index * 1.5))
    await until(lambda: desk.news[-1].keeping is Keeping.FAILING)
    desk.is_full = False
    writing.finish("stopped")
    await task
    (gap,) = desk.entries("gap")
    assert (gap["why"], gap["start"]) == ("no-space", 1.5)


async def test_an_order_of_which_nothing_ever_came_leaves_no_folder(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.finish("stopped")
    await task
    assert not (desk.root / ID).exists()
    assert desk.news[-1].keeping is Keeping.CLOSED


async def test_a_damaged_journal_is_left_as_it_is_and_what_came_goes_into_another_recording(desk: Desk) -> None:
    writing, task = desk.begin()
    for index in range(3):
        writing.put(stretch(index * 1.5))
    writing.leave()
    await task
    journal = desk.root / ID / "journal.jsonl"
    damaged = bytearray(journal.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    journal.write_bytes(bytes(damaged))
    again, task = desk.begin()
    again.put(stretch(9.0))
    await task
    assert desk.news[-1].keeping is Keeping.ABANDONED
    assert journal.read_bytes() == bytes(damaged)
    another = replace(ORDER, recording_id="20261128T204609Z-et17-3fa2c1d1")
    following, task = desk.begin(another)
    following.take_over(again)
    following.put(stretch(10.5))
    following.finish("stopped")
    await task
    library = Library(desk.root)
    assert [one["start"] for one in library.segments(another.recording_id, "main")] == [0.0, 1.5]
    assert verify([str(desk.root / another.recording_id)]) == 0


async def test_a_recording_that_was_closed_and_not_signed_is_signed_at_the_next_start(desk: Desk) -> None:
    writing, task = desk.begin()
    writing.put(stretch(0.0))
    writing.finish("stopped")
    await task
    for name in ("manifest.json", "manifest.sig"):
        (desk.root / ID / name).unlink()
    library = Library(desk.root)
    (row,) = Upkeep(desk.root.parent, library, SystemClock()).found("here")[1]
    assert (row.id, row.state, row.segments) == (ID, RecordingState.CLOSED, 1)
    assert verify([str(desk.root / ID)]) == 0


def test_the_folder_has_a_name_that_stays(tmp_path: Path) -> None:
    upkeep = Upkeep(tmp_path, Library(tmp_path / "recordings"), SystemClock())
    assert upkeep.place() == upkeep.place()
    assert len(upkeep.place()) == 16
    assert upkeep.found("here") == (set(), [])


async def test_memory_keeps_its_bound_however_long_the_disk_is_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = stretch(0.0).size
    monkeypatch.setattr(writer, "MOST_WAITING_BYTES", 4 * size)
    desk.is_full = True
    writing, task = desk.begin()
    for index in range(500):
        writing.put(stretch(index * 1.5))
    assert len(writing._jobs) <= 5
    assert writing._waiting_bytes <= 5 * size
    desk.is_full = False
    writing.finish("stopped")
    await task
    assert writing._waiting_bytes == 0
    (gap,) = desk.entries("gap")
    assert (gap["why"], gap["start"]) == ("no-space", 0.0)  # declared from the first moment that was lost


async def test_a_stretch_that_cannot_be_made_does_not_end_the_recording(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = segmenter.muxed

    def muxed(one: Stretch, number: int, epoch: float, **more: bool) -> Segment:
        if one.begin == T0 + 1.5:
            raise ValueError("bytes must be in range(0, 256)")
        return real(one, number, epoch, **more)

    monkeypatch.setattr(writer, "muxed", muxed)
    writing, task = desk.begin()
    for index in range(3):
        writing.put(stretch(index * 1.5))
    writing.finish("stopped")
    await task
    assert [one["start"] for one in desk.entries("segment")] == [0.0, 3.0]
    assert any(one.keeping is Keeping.FAILING and "cannot be made" in one.reason for one in desk.news)
    assert desk.news[-1].keeping is Keeping.CLOSED
    assert [one["start"] for one in desk.entries("gap")] == [1.5]


async def test_each_layer_goes_on_from_its_own_end_after_a_restart(desk: Desk) -> None:
    writing, task = desk.begin()
    for layer, ends in (("main", 9), ("sub", 3)):
        for index in range(ends):
            writing.put(stretch(index * 1.5, layer=layer))
    writing.leave()
    await task
    again, task = desk.begin()
    again.put(stretch(20.0))
    again.put(stretch(20.0, layer="sub"))
    again.put(stretch(20.0, layer="extra"))
    again.finish("stopped")
    await task
    gaps = [(one["layer"], one["start"], one["end"], one["why"]) for one in desk.entries("gap")]
    assert gaps == [("main", 13.5, 20.0, "server-restart"), ("sub", 4.5, 20.0, "server-restart")]


async def test_the_cameras_clock_stands_in_the_manifest(desk: Desk) -> None:
    writing, task = desk.begin()
    for index in range(4):
        one = stretch(index * 1.5)
        one.captured_at = one.start + 0.4
        writing.put(one)
    writing.finish("stopped")
    await task
    manifest = Library(desk.root).manifest(ID)
    assert manifest is not None
    assert manifest["clock"] == {"offset_s": 0.4, "spread_s": 0.0}


def test_after_a_crash_only_the_end_of_what_was_open_is_read_and_the_rest_as_before(tmp_path: Path) -> None:
    """A force's cameras wait for all their journals before any of them is recorded again."""
    root = tmp_path / "recordings"
    journal(root, 3600)
    other = "20261128T204700Z-et22-00000000"
    journal(root, 3, other)
    rows = {row.id: row for row in Upkeep(tmp_path, Library(root), SystemClock()).found("here")[1]}
    before = {
        IDENTITY: replace(rows[IDENTITY], segments=7150, until=rows[IDENTITY].asked_at),
        other: replace(rows[other], state=RecordingState.MISSING),
    }
    library = Library(root)
    present, found = Upkeep(tmp_path, library, SystemClock()).found("here", before)
    assert present == {IDENTITY, other}
    assert {row.id: row for row in found} == rows  # to the last segment
    kept = library._kept[IDENTITY]
    assert kept.whole is None and kept.end is not None and kept.end.read < 100_000


async def test_a_long_journal_is_looked_at_beside_what_is_written_and_left_once_it_is_found_damaged(desk: Desk) -> None:
    """R5: a camera records again before all of its journal was read. What was not written yet goes to another recording."""
    path = journal(desk.root, 400, ID, "et17", T0)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"n":300', b'"n":999'))  # what the next but one segment's look finds
    writing, task = desk.begin()
    for number in range(5):
        writing.put(stretch(1000.0 + 1.5 * number))
    await asyncio.wait_for(task, 10)
    assert [one.keeping for one in desk.news][-2:] == [Keeping.KEPT, Keeping.ABANDONED]
    assert "damaged at byte" in desk.news[-1].reason
    added = path.read_bytes()[len(whole) :].count(b'"kind":"segment"')
    assert added == sum(one.keeping is Keeping.KEPT for one in desk.news) == 5 - len(writing._jobs) > 0


async def test_what_a_long_journal_holds_is_counted_once_all_of_it_was_looked_at(desk: Desk) -> None:
    journal(desk.root, 400, ID, "et17", T0)
    writing, task = desk.begin()
    for number in range(6):
        writing.put(stretch(1000.0 + 1.5 * number))
    await until(lambda: len(desk.news) == 6)
    writing.leave()
    await task
    counts = [one.bytes for one in desk.news]
    assert counts == sorted(counts) and counts[0] < 800 * 60 < counts[-1]
    assert [one.segments for one in desk.news] == list(range(801, 807))
    assert counts[-1] == sum(one["bytes"] for one in Library(desk.root).segments(ID, "main")) + 400 * 60
