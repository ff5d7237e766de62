"""A recording's folder: what was committed is safe and verifies, whatever stops the writing, and wherever."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.clock import HandClock
from server.errors import Conflict, NotFound, Unavailable
from server.recording.folder import RecordingFolder
from server.recording.library import Library
from server.recording.segment import is_recording_id, recording_id
from server.recording.verifier import parsed, verify
from server.recording.verifying import checks_with
from tests.server.recording.committing import crash, numbered
from tests.server.recording.recordings import (
    BEGAN,
    IDENTITY,
    KEY,
    MASTER,
    init,
    new_folder,
    opened,
    recording,
    segment,
)
from tests.small_disk import small_disk

CLOCK = HandClock(BEGAN + 100)


def resumed(root: Path) -> RecordingFolder:
    return RecordingFolder.resume(root, IDENTITY, CLOCK, "server-restart")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def numbers(root: Path, layer: str = "main") -> list[int]:
    return [entry["n"] for entry in Library(root).segments(IDENTITY, layer)]


# ---- a recording's life -----------------------------------------------------------------------------


def test_a_recording_from_its_first_segment_to_its_signature(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    sealed = folder.commit(segment(0))
    assert (sealed.n, sealed.file, sealed.init, sealed.start) == (1, "main/000001.m4s", "main/init-1.mp4", 0.0)
    assert (folder.path / sealed.file).read_bytes() == segment(0).data
    assert (folder.path / sealed.init).read_bytes() == init()
    assert folder.commit(segment(0, "sub", width=160)).file == "sub/000001.m4s"
    second = folder.commit(segment(1, width=320))
    assert (second.n, second.init) == (2, "main/init-2.mp4")
    assert folder.commit(segment(2, width=320)).init == "main/init-2.mp4"
    folder.gap("main", 6.0, 7.0, BEGAN + 6, BEGAN + 7, "lost", 3)
    assert (folder.next_media_time, folder.last) == (6.0, {"main": 3, "sub": 1})
    assert folder.bytes == sum(len(path.read_bytes()) for path in folder.path.rglob("*.m4s"))
    manifest = folder.close("officer", BEGAN + 7, KEY, {"offset_s": -0.25, "spread_s": 0.01})
    assert manifest.body["clock"] == {"offset_s": -0.25, "spread_s": 0.01} and manifest.body["timestamp"] is None
    assert manifest.body["gaps"][0]["packets"] == 3 and manifest.body["segments"] == 4
    assert parsed((folder.path / "manifest.json").read_bytes()) == manifest.body
    assert verify(str(tmp_path), [KEY.public_key])["exit"] == 0
    with pytest.raises(Conflict, match="closed"):
        folder.commit(segment(3))
    with pytest.raises(Conflict, match="closed and signed"):
        resumed(tmp_path)


def test_it_goes_on_after_a_restart_with_the_next_number_and_the_same_initialisation(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    folder.leave()
    folder = resumed(tmp_path)
    assert (folder.next_media_time, folder.last, folder.is_closed) == (2.0, {"main": 1}, False)
    folder.gap("main", 2.0, 5.0, BEGAN + 2, BEGAN + 5, "server-restart", None)
    assert folder.commit(segment(3)).init == "main/init-1.mp4"
    folder.close("officer", BEGAN + 8, KEY)
    assert numbers(tmp_path) == [1, 2]
    kinds = [entry["kind"] for entry in Library(tmp_path).entries(IDENTITY)]
    assert kinds == ["opened", "segment", "resumed", "gap", "segment", "closed"]
    assert verify(str(tmp_path))["exit"] == 0


def test_only_one_process_writes_a_recording(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    with pytest.raises(Conflict, match="another process"):
        resumed(tmp_path)
    with pytest.raises(Conflict, match="there already"):
        new_folder(tmp_path)
    folder.leave()
    with pytest.raises(Conflict, match="closed"):
        folder.commit(segment(0))
    with resumed(tmp_path) as again:
        again.commit(segment(0))
    resumed(tmp_path)  # given up, as after an error
    assert resumed(tmp_path).last == {"main": 1}


def test_what_is_not_there_or_not_a_recordings_name_is_refused(tmp_path: Path) -> None:
    for name in ("20261128T204600Z-no-such", "../../etc", "", "."):
        with pytest.raises(NotFound):
            RecordingFolder.resume(tmp_path, name, CLOCK, "")
    with pytest.raises(ValueError):
        RecordingFolder.create(tmp_path, opened("../escaped"), CLOCK)


def test_an_id_tells_when_and_whose() -> None:
    assert recording_id(BEGAN + 0.9, "et17", "3fa2c1d0") == IDENTITY
    assert is_recording_id(recording_id(BEGAN, "a" * 40, "3fa2c1d0"))
    assert not is_recording_id(IDENTITY + "/..") and not is_recording_id(IDENTITY + "\n")


def test_a_crash_between_the_end_and_the_signature_is_mended_by_closing_again(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    folder.close("officer", BEGAN + 2, KEY)
    (folder.path / "manifest.json").unlink()
    assert verify(str(tmp_path))["exit"] == 3
    again = resumed(tmp_path)
    assert again.is_closed
    with pytest.raises(Conflict):
        again.commit(segment(1))
    again.close("officer", BEGAN + 2, KEY)
    assert verify(str(tmp_path))["exit"] == 0


def test_a_journal_that_somebody_changed_is_not_signed(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    journal = folder.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"ET17", b"ET18"))
    with pytest.raises(Conflict, match="changed by somebody else"):
        folder.close("officer", BEGAN + 2, KEY)


# ---- encrypted --------------------------------------------------------------------------------------


def test_with_a_master_key_segments_lie_encrypted_and_the_journal_says_what_they_are_and_how_they_lie(
    tmp_path: Path,
) -> None:
    path = recording(tmp_path, keys=MASTER, size=200_000)
    library = Library(tmp_path, MASTER)
    for layer in ("main", "sub"):
        for number, entry in enumerate(library.segments(IDENTITY, layer)):
            plain = library.read(IDENTITY, entry["file"])
            assert hashlib.sha256(plain).hexdigest() == entry["sha256"] and len(plain) == entry["bytes"]
            lying = (path / entry["file"]).read_bytes()
            assert hashlib.sha256(lying).hexdigest() == entry["encrypted_sha256"]
            assert len(lying) == entry["encrypted_bytes"] and f"{layer}{number} ".encode() not in lying
            assert (path / entry["init"]).read_bytes() == library.read(IDENTITY, entry["init"])  # no picture


def test_wherever_an_encrypted_one_is_moved_to_it_is_opened_by_what_its_journal_says_it_is(tmp_path: Path) -> None:
    path = recording(tmp_path / "aside", keys=MASTER)
    other = "20261128T214600Z-et17-3fa2c1d1"
    path.rename(tmp_path / other)
    assert Library(tmp_path, MASTER).read(other, "main/000001.m4s") == segment(0).data
    assert verify(str(tmp_path / other), (), checks_with(MASTER, None))["recordings"][0]["bad"] == []


def test_one_that_was_begun_in_plain_goes_on_encrypted_and_never_the_other_way(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    folder.leave()
    with RecordingFolder.resume(tmp_path, IDENTITY, CLOCK, "server-restart", MASTER) as folder:
        folder.commit(segment(1))
    with resumed(tmp_path) as folder:
        before = contents(folder.path)
        with pytest.raises(Unavailable, match="none is given"):
            folder.commit(segment(2))
        assert contents(folder.path) == before
    with RecordingFolder.resume(tmp_path, IDENTITY, CLOCK, "server-restart", MASTER) as folder:
        folder.commit(segment(2))
        library = Library(tmp_path, MASTER)
        files = [entry["file"] for entry in library.segments(IDENTITY, "main")]
        assert [library.is_encrypted(IDENTITY, file) for file in files] == [False, True, True]
        assert [library.read(IDENTITY, file) for file in files] == [segment(n).data for n in range(3)]
    (folder.path / "content.key").unlink()
    again = RecordingFolder.resume(tmp_path, IDENTITY, CLOCK, "server-restart", MASTER)
    with again, pytest.raises(Conflict, match="is gone"):
        again.commit(segment(3))


def test_what_a_crash_left_of_an_encrypted_one_is_put_aside_as_it_lies(tmp_path: Path) -> None:
    folder = new_folder(tmp_path, keys=MASTER)
    folder.commit(segment(0))
    folder.commit(segment(1))
    folder.leave()
    lost = (folder.path / "main" / "000002.m4s").read_bytes()
    journal = (folder.path / "journal.jsonl").read_bytes()
    (folder.path / "journal.jsonl").write_bytes(journal[:-20])
    (folder.path / "content.key.new").write_bytes(b"half")
    with RecordingFolder.resume(tmp_path, IDENTITY, CLOCK, "server-restart", MASTER) as folder:
        folder.commit(segment(1))
        folder.close("officer", BEGAN + 4, KEY)
    assert (folder.path / "main" / "000002.m4s.aside-1").read_bytes() == lost
    assert (folder.path / "main" / "000002.m4s").read_bytes() != lost  # not even the same bytes lie there alike
    assert (folder.path / "content.key.new").exists()
    assert verify(str(tmp_path), [KEY.public_key], checks_with(MASTER, None))["exit"] == 0


# ---- a disk that refuses ----------------------------------------------------------------------------


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The kernel takes what fits into `size` bytes of a file, and refuses the rest (EFBIG), as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_line_of_which_the_disk_takes_only_a_part_is_cut_off_again(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    before = contents(folder.path)
    full = len(before["journal.jsonl"])
    for room in range(0, 500, 7):
        with largest_file(full + room), pytest.raises(OSError):
            folder.commit(segment(1, "sub"))
        assert contents(folder.path) == before, room
    assert folder.commit(segment(1)).n == 2
    assert folder.commit(segment(1, "sub")).n == 1
    full = (folder.path / "journal.jsonl").stat().st_size
    with largest_file(full + 90), pytest.raises(OSError):
        folder.close("officer", BEGAN + 4, KEY)
    assert not folder.is_closed
    (folder.path / "manifest.json.new").mkdir()  # the line finds room, the manifest does not
    with pytest.raises(OSError):
        folder.close("officer", BEGAN + 4, KEY)
    assert folder.is_closed and not (folder.path / "manifest.sig").exists()
    (folder.path / "manifest.json.new").rmdir()
    folder.close("officer", BEGAN + 4, KEY)
    assert verify(str(tmp_path))["exit"] == 0


def test_a_segment_that_the_disk_refuses_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    before = contents(folder.path)
    large = segment(1, size=5000, width=320)
    for room in (0, 10, len(large.init), 3000):
        with largest_file(room), pytest.raises(OSError):
            folder.commit(large)
        assert contents(folder.path) == before
    sealed = folder.commit(large)
    assert (sealed.n, sealed.init) == (2, "main/init-2.mp4")


def test_a_disk_that_is_still_full_at_a_restart_gathers_nothing_from_all_the_tries(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    folder.leave()
    with (folder.path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"torn":')
    before = contents(folder.path)
    for _ in range(3):
        with largest_file(3), pytest.raises(OSError):
            resumed(tmp_path)
        assert contents(folder.path) == before
    room = len(before["journal.jsonl"]) + 40  # for what was torn, not for the line that tells of it
    for _ in range(3):
        with largest_file(room), pytest.raises(OSError):
            resumed(tmp_path)
        assert {path.name for path in folder.path.iterdir()} == {"journal.jsonl", "journal.torn-1", "main"}
    folder = resumed(tmp_path)
    assert Library(tmp_path).entries(IDENTITY)[-1]["kept"][0]["file"] == "journal.torn-1"
    folder.close("officer", BEGAN + 2, KEY)
    assert verify(str(tmp_path))["exit"] == 0


def test_a_recording_that_cannot_begin_leaves_nothing_and_may_begin_later(tmp_path: Path) -> None:
    with largest_file(100), pytest.raises(OSError):
        new_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    new_folder(tmp_path).leave()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    with small_disk(tmp_path / "disk", "256k") as place:
        yield place


def test_a_disk_that_fills_takes_nothing_from_what_was_committed(disk: Path) -> None:
    """R6. Full at every step in turn, it refuses; once there is room it goes on with the next number."""
    reserve = disk / "reserve"
    reserve.write_bytes(bytes(96 << 10))
    root = disk / "recordings"
    folder = new_folder(root)
    refused = 0
    while reserve.stat().st_size:
        number = folder.last.get("main", 0)
        before = contents(folder.path)
        try:
            folder.commit(segment(number, size=3000, width=640 + number % 3))
        except OSError as error:
            assert error.errno == errno.ENOSPC
            assert contents(folder.path) == before
            assert verify(str(root))["exit"] == 3
            refused += 1
            os.truncate(reserve, reserve.stat().st_size - 4096)  # one page more, so that it fails one step later
    assert refused > 10
    assert numbers(root) == list(range(1, folder.last["main"] + 1))
    subprocess.run(["mount", "-o", "remount,size=512k", str(disk)], check=True)
    folder.close("no-space", BEGAN + 100, KEY)
    assert verify(str(root))["exit"] == 0


# ---- crashes ----------------------------------------------------------------------------------------


def test_a_journal_cut_at_any_byte_goes_on_and_verifies(tmp_path: Path) -> None:
    """R5. All segments are still there: what the journal lost of them is put aside, not deleted."""
    shelf = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path  # 1,200 times a dozen fsyncs
    folder = new_folder(tmp_path)
    for number in range(2):
        folder.commit(segment(number))
    folder.leave()
    whole = (folder.path / "journal.jsonl").read_bytes()
    before = contents(folder.path)
    first = whole.index(b"\n") + 1
    root = shelf / f"watchroom-cut-{os.getpid()}"
    try:
        for end in range(first, len(whole) + 1):
            shutil.copytree(folder.path, root / IDENTITY)
            os.truncate(root / IDENTITY / "journal.jsonl", end)
            check_cut(root, whole[:end], before)
            shutil.rmtree(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def check_cut(root: Path, journal: bytes, before: dict[str, bytes]) -> None:
    whole, torn = journal[: journal.rindex(b"\n") + 1], journal[journal.rindex(b"\n") + 1 :]
    assert verify(str(root))["exit"] == 3
    folder = resumed(root)
    committed = whole.count(b'"kind":"segment"')
    assert folder.last.get("main", 0) == committed
    assert folder.commit(segment(committed)).n == committed + 1
    folder.leave()
    assert verify(str(root))["exit"] == 3
    if len(journal) % 10 == 0:  # signing and its check take most of the time, and differ in nothing
        resumed(root).close("server-restart", BEGAN + 100, KEY)
        assert verify(str(root))["exit"] == 0
    after = contents(root / IDENTITY)
    assert all(content in after.values() for name, content in before.items() if name != "journal.jsonl")
    assert not torn or after["journal.torn-1"] == torn


def test_a_journal_without_a_first_line_holds_nothing_to_resume(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.leave()
    os.truncate(folder.path / "journal.jsonl", 40)
    with pytest.raises(Conflict, match="no whole line"):
        resumed(tmp_path)
    assert verify(str(tmp_path))["exit"] == 3


def test_a_journal_damaged_in_its_middle_is_left_as_it_is(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    for number in range(3):
        folder.commit(segment(number))
    folder.leave()
    journal = folder.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"n":2', b'"n":7'))
    before = contents(folder.path)
    with pytest.raises(Conflict, match="damaged at byte"):
        resumed(tmp_path)
    assert contents(folder.path) == before


def test_what_lay_beside_the_journal_is_put_aside_under_a_name_that_the_journal_tells(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.commit(segment(0))
    folder.leave()
    for name in ("main/000002.m4s", "main/000003.m4s.new", "main/init-2.mp4"):
        (folder.path / name).write_bytes(name.encode())
    for round_ in (1, 2):
        folder = resumed(tmp_path)
        entry = Library(tmp_path).entries(IDENTITY)[-1]
        names = ["main/000002.m4s.aside-1", "main/000003.m4s.new.aside-1", "main/init-2.mp4.aside-1"]
        assert [kept["file"] for kept in entry["kept"]] == (names if round_ == 1 else [])
        folder.leave()
    folder = resumed(tmp_path)
    assert folder.commit(segment(1)).n == 2
    folder.close("officer", BEGAN + 4, KEY)
    assert verify(str(tmp_path))["exit"] == 0
    aside = folder.path / "main" / "000002.m4s.aside-1"
    assert aside.read_bytes() == b"main/000002.m4s"
    aside.write_bytes(b"main/000002.m4X")
    assert verify(str(tmp_path))["exit"] == 2


def test_a_process_that_is_killed_at_any_moment_loses_at_most_what_was_in_flight(tmp_path: Path) -> None:
    """R5: real kills of a real process; `tests.bench crash` does the same a hundred times."""
    chance = random.Random(5)
    for _ in range(6):
        assert crash(tmp_path, chance.uniform(0, 0.08)).trouble == []
    folder = resumed(tmp_path)
    committed = sum(folder.last.values())
    assert folder.commit(numbered(committed)).n == committed // 2 + 1
    folder.close("officer", BEGAN + 100, KEY)
    assert verify(str(tmp_path), [KEY.public_key])["exit"] == 0
