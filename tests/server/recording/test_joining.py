"""Uploaded footage becomes a part of its recording that plays, proves itself, and changes nothing that was signed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.clock import HandClock
from server.errors import NotFound
from server.recording.folder import RecordingFolder
from server.recording.joining import Arrived, Joining, annex_b_units
from server.recording.library import Library
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.verifier import verify, words
from server.recording.verifying import checks_with
from server.wire import Coded, WireError
from tests.server.recording.coded import FPS, decoded
from tests.server.recording.kept_footage import annex_b, footage, packed
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY, bundle, new_folder, opened, recording, segment
from tests.server.recording.test_verifier import found

AHEAD = 7.5  # s that the camera's clock is ahead
LOST = (4.0, 8.0)  # s of media time


def recorded(root: Path, *, closed: bool = True, keys: MasterKeys = PLAIN) -> Path:
    """Twelve seconds, of which four are missing."""
    with new_folder(root, keys=keys) as folder:
        for number in (0, 1, 4, 5):
            folder.commit(segment(number, captured_at=BEGAN + 2 * number + AHEAD))
        folder.gap("main", *LOST, BEGAN + LOST[0], BEGAN + LOST[1], "camera-away", None)
        if closed:
            folder.close("officer", BEGAN + 12, KEY)
        return folder.path


def joining(root: Path) -> Joining:
    return Joining(root, Library(root), lambda: KEY, HandClock(BEGAN + 60))


def arrived(data: bytes, span: tuple[float, float] = LOST, identity: str = IDENTITY) -> Arrived:
    def pieces() -> Iterator[bytes]:
        yield from (data[at : at + 1000] for at in range(0, len(data), 1000))

    start, end = BEGAN + span[0], BEGAN + span[1]
    return Arrived(identity, start, end, lambda captured_at: captured_at - AHEAD, BEGAN + 60, pieces)


def sums(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# From 1.7 s on: the last key frame before the gap is at 3.7 s.
KEPT = footage(BEGAN + AHEAD + 1.7, 9.0)


@pytest.mark.parametrize("closed", [True, False])
def test_what_was_lost_is_a_part_of_its_own_that_plays_and_is_told_with_the_gap(tmp_path: Path, closed: bool) -> None:
    folder = recorded(tmp_path, closed=closed)
    before = sums(folder)
    assert joining(tmp_path).join(arrived(packed(KEPT))) == "back-1"
    assert before.items() <= sums(folder).items()
    library = Library(tmp_path)
    assert library.parts(IDENTITY) == [f"{IDENTITY}/back-1"]
    entries = library.entries(f"{IDENTITY}/back-1")
    head, segments = entries[0], [one for one in entries if one["kind"] == "segment"]
    assert head["of"]["opened"] == library.opened(IDENTITY)["chain"]
    assert (head["of"]["manifest_sha256"] is not None) == closed
    assert head["asked"] == {"start": BEGAN + 4, "end": BEGAN + 8}
    assert head["upload"]["sha256"] == hashlib.sha256(packed(KEPT)).hexdigest()
    assert {one["layer"] for one in segments} == {"main", "sub"}
    assert all(one["back_filled"] and one["received_at"] == BEGAN + 60 for one in segments)
    assert head["epoch"] == pytest.approx(BEGAN + 3.7, abs=0.01)
    for layer, rate in (("main", FPS), ("sub", FPS / 3)):
        own = [one for one in segments if one["layer"] == layer]
        assert own[0]["key"] and own[0]["n"] == 1
        assert own[-1]["start"] + own[-1]["duration"] == pytest.approx(BEGAN + 8 - head["epoch"], abs=2 / rate)
        assert all(one["duration"] <= 2.1 for one in own)
        film = b"".join(
            library.path(IDENTITY, f"back-1/{name}").read_bytes()
            for name in [own[0]["init"], *[o["file"] for o in own]]
        )
        pictures = decoded(film, "video")
        assert len(pictures) == sum(one["pictures"] for one in own) == pytest.approx(4.3 * rate, abs=2)
        heard = decoded(film, "audio")
        assert heard[0] < 0.3 and heard[-1] > 4.0
    told = verify(str(tmp_path))
    assert told["exit"] == (0 if closed else 3), found(told)
    assert told["recordings"][0]["gaps"][0]["back_filled"] == {"back-1": pytest.approx(4.0, abs=0.1)}
    assert any("s of it in back-1" in line for line in words(told))


def test_every_nal_unit_stays_as_the_camera_coded_it(tmp_path: Path) -> None:
    recorded(tmp_path)
    joining(tmp_path).join(arrived(packed(KEPT)))
    library = Library(tmp_path)
    own = [one for one in library.entries(f"{IDENTITY}/back-1") if one["kind"] == "segment" and one["layer"] == "main"]
    written = b"".join(library.path(IDENTITY, f"back-1/{one['file']}").read_bytes() for one in own)
    sent = [one for one in KEPT if one.layer == "main" and BEGAN + 3.7 <= one.captured_at - AHEAD + 1e-6 < BEGAN + 8]
    for picture in sent:
        assert all(len(unit).to_bytes(4, "big") + unit in written for unit in annex_b_units(picture.data))


def test_units_are_what_lies_between_start_codes() -> None:
    units = (b"\x67\x01\x02", b"\x68\x03", b"\x65" + bytes((0, 0, 3, 1)) * 3 + b"\x80")
    assert annex_b_units(annex_b(units)) == units
    assert annex_b_units(b"\0\0\0\1\x67\x01\0\0\0\0\1\x65\x80\0\0") == (b"\x67\x01", b"\x65\x80")
    assert annex_b_units(b"") == ()


def test_what_the_camera_had_not_kept_either_is_a_gap_of_the_part(tmp_path: Path) -> None:
    recorded(tmp_path)
    holed = [one for one in KEPT if not 5.0 <= one.captured_at - AHEAD - BEGAN < 6.6]
    joining(tmp_path).join(arrived(packed(holed)))
    gaps = [one for one in Library(tmp_path).entries(f"{IDENTITY}/back-1") if one["kind"] == "gap"]
    assert {(one["layer"], one["why"]) for one in gaps} == {("main", "not-kept"), ("sub", "not-kept")}
    assert verify(str(tmp_path))["exit"] == 0


def test_several_parts_are_numbered_and_one_that_holds_nothing_still_answers(tmp_path: Path) -> None:
    recorded(tmp_path)
    assert joining(tmp_path).join(arrived(packed(KEPT), (4.0, 6.0))) == "back-1"
    assert joining(tmp_path).join(arrived(packed(KEPT), (6.0, 8.0))) == "back-2"
    assert joining(tmp_path).join(arrived(b"", (20.0, 30.0))) == "back-3"
    told = verify(str(tmp_path))
    assert told["exit"] == 0, found(told)
    assert set(told["recordings"][0]["gaps"][0]["back_filled"]) == {"back-1", "back-2"}


def test_sound_alone_is_kept_too(tmp_path: Path) -> None:
    recorded(tmp_path)
    joining(tmp_path).join(arrived(packed([one for one in KEPT if one.layer == "sound"])))
    segments = [one for one in Library(tmp_path).entries(f"{IDENTITY}/back-1") if one["kind"] == "segment"]
    assert segments and all(one["pictures"] == 0 and one["sound"] for one in segments)
    assert verify(str(tmp_path))["exit"] == 0


def test_what_is_no_footage_or_ends_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    folder = recorded(tmp_path)
    before = sums(folder)
    for data in (packed(KEPT)[:-3], b"\xc1" * 50, packed([Coded("main", BEGAN, True, b"")])[:-1] + b"\x93"):
        with pytest.raises(WireError):
            joining(tmp_path).join(arrived(data))
    assert sums(folder) == before


def test_a_kill_while_it_is_made_leaves_nothing_that_counts_and_the_next_time_it_is_made(tmp_path: Path) -> None:
    recorded(tmp_path)

    class Killed(BaseException):
        """The process ends."""

    data = packed(KEPT)
    times = []

    def pieces() -> Iterator[bytes]:
        times.append(1)
        for at in range(0, len(data), 1000):
            if len(times) == 2 and at > len(data) * 0.8:
                raise Killed
            yield data[at : at + 1000]

    whole = arrived(data)
    with pytest.raises(Killed):
        joining(tmp_path).join(Arrived(IDENTITY, whole.start, whole.end, whole.at, whole.came_at, pieces))
    assert Library(tmp_path).parts(IDENTITY) == []
    assert verify(str(tmp_path / IDENTITY))["exit"] == 0
    assert joining(tmp_path).join(whole) == "back-1"
    told = verify(str(tmp_path))
    assert told["exit"] == 0, found(told)


def test_a_recording_that_is_gone_gets_none(tmp_path: Path) -> None:
    folder = recorded(tmp_path)
    library = Library(tmp_path)
    library.entries(IDENTITY)
    with pytest.raises(NotFound):
        joining(tmp_path).join(arrived(packed(KEPT), identity="20261128T204600Z-et17-00000000"))

    class Deleting(Joining):
        """The folder goes while the part is made."""

        def _place(self, made: Path, recording_id: str, part: str) -> None:
            shutil.rmtree(folder)
            super()._place(made, recording_id, part)

    with pytest.raises(NotFound):
        Deleting(tmp_path, library, lambda: KEY, HandClock(BEGAN)).join(arrived(packed(KEPT)))


class TestTampering:
    """What the verifier finds."""

    @pytest.fixture
    def part(self, tmp_path: Path) -> Path:
        folder = recorded(tmp_path)
        joining(tmp_path).join(arrived(packed(KEPT), (4.0, 6.0)))
        joining(tmp_path).join(arrived(packed(KEPT), (6.0, 8.0)))
        return folder / "back-1"

    def test_a_changed_byte_of_a_part_is_found_and_its_recording_is_not_blamed(self, part: Path) -> None:
        file = part / "main" / "000001.m4s"
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        told = verify(str(part.parent.parent))
        verdicts = {one["folder"]: one["verdict"] for one in told["recordings"]}
        assert told["exit"] == 2
        assert verdicts == {
            f"{IDENTITY}/": "INTACT",
            f"{IDENTITY}/back-1/": "BROKEN",
            f"{IDENTITY}/back-2/": "INTACT",
        }

    def test_a_part_that_was_taken_away_is_missed_while_a_later_one_is_there(self, part: Path) -> None:
        shutil.rmtree(part)
        assert "back-1/ is" in str(found(verify(str(part.parent))))
        assert verify(str(part.parent))["exit"] == 2

    def test_a_part_of_another_recording_is_refused(self, part: Path, tmp_path: Path) -> None:
        other = recording(tmp_path / "other", identity="20261128T204600Z-et17-00000001")
        shutil.copytree(part, other / "back-1")
        assert "it was made for another recording" in str(found(verify(str(other))))

    def test_a_part_under_another_number_or_with_foreign_files_is_refused(self, part: Path) -> None:
        shutil.copytree(part, part.with_name("back-3"))
        assert verify(str(part.parent))["exit"] == 2
        shutil.rmtree(part.with_name("back-3"))
        (part / "main" / "000009.m4s").write_bytes(b"x")
        assert verify(str(part.parent))["exit"] == 2

    def test_files_in_a_folder_that_only_looks_like_a_part_are_foreign(self, part: Path) -> None:
        (part.with_name("back-7")).mkdir()
        (part.with_name("back-7") / "note.txt").write_text("x")
        assert "back-7/note.txt is not in the journal" in str(found(verify(str(part.parent))))

    def test_a_recording_that_was_signed_anew_does_not_fit_its_parts(self, part: Path) -> None:
        manifest = part.parent / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b'"signed_at":', b'"signed_at" :'))
        assert "that was signed anew since" in str(found(verify(str(part.parent))))

    def test_a_part_alone_cannot_tell_whose_it_is(self, part: Path) -> None:
        for name in ("journal.jsonl", "manifest.json", "manifest.sig"):
            (part.parent / name).unlink()
        shutil.rmtree(part.parent / "main")
        told = verify(str(part.parent))
        assert told["exit"] == 3, found(told)

    def test_a_part_whose_first_entry_is_none_that_opens_makes_nothing_stumble(self, part: Path) -> None:
        journal = part / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[1:]))
        assert verify(str(part.parent))["exit"] == 2
        whole = part.parent / "journal.jsonl"
        whole.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[1:]))
        assert verify(str(part.parent))["exit"] == 2

    def test_in_a_zip_it_is_all_the_same(self, part: Path, tmp_path: Path) -> None:
        shutil.copytree(part.parent, tmp_path / "all" / IDENTITY)
        told = verify(str(bundle(tmp_path / "b.zip", tmp_path / "all")))
        assert told["exit"] == 0 and len(told["recordings"]) == 3, found(told)


def test_a_part_of_an_encrypted_recording_lies_encrypted_and_is_read_as_it_was_recorded(tmp_path: Path) -> None:
    keys = MasterKeys([bytes(range(32))])
    with RecordingFolder.create(tmp_path, opened(), HandClock(BEGAN), keys) as folder:
        for number in (0, 1, 4, 5):
            folder.commit(segment(number, captured_at=BEGAN + 2 * number + AHEAD))
        folder.close("officer", BEGAN + 12, KEY)
    library = Library(tmp_path, keys)
    Joining(tmp_path, library, lambda: KEY, HandClock(BEGAN + 60), keys).join(arrived(packed(KEPT)))
    own = library.segments(f"{IDENTITY}/back-1", "main")
    for one in own:
        content = library.read(IDENTITY, f"back-1/{one['file']}")
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
        assert library.path(IDENTITY, f"back-1/{one['file']}").read_bytes() != content
    told = verify(str(tmp_path), (), checks_with(keys, None))
    assert told["exit"] == 0, found(told)
    assert verify(str(tmp_path))["exit"] == 3, "without the key it cannot be told"
    again = MasterKeys([bytes(range(1, 33)), bytes(range(32))])
    assert again.rewrap_all(tmp_path) == (2, [])
    assert Library(tmp_path, MasterKeys([bytes(range(1, 33))])).read(IDENTITY, f"back-1/{own[0]['file']}")
