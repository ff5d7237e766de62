"""The keys of what lies encrypted: wrapped, told apart, replaced, and missed with one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import Config
from server.errors import Conflict, StartError, Unavailable
from server.private_file import write_private
from server.recording.library import Library
from server.recording.master_key import MARK, MasterKeys, add_key
from tests.server.recording.recordings import IDENTITY, MASTER, new_folder, recording, segment

OTHER = MasterKeys([bytes(range(2, 34))])
BOTH = MasterKeys([*OTHER.keys, *MASTER.keys])
SECOND = "20261128T214600Z-et17-3fa2c1d1"


def key_file(path: Path, text: str) -> Path:
    write_private(path, text.encode())
    return path


def test_it_comes_from_the_environment_or_from_a_file_that_nobody_else_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = MASTER.keys[0].hex()
    assert MasterKeys.of(words.upper(), None).keys == MASTER.keys
    path = key_file(tmp_path / "master.key", f"{OTHER.keys[0].hex()}\n\n{words}\n")
    assert MasterKeys.of(None, path).keys == BOTH.keys
    assert not MasterKeys.of(None, None)
    monkeypatch.setenv("WATCHROOM_MASTER_KEY", words)
    config = Config.load(tmp_path)
    assert MasterKeys.of_config(config).keys == MASTER.keys
    assert words not in repr(config)
    path.chmod(0o640)
    with pytest.raises(StartError, match="read by others"):
        MasterKeys.of(None, path)
    with pytest.raises(StartError, match="cannot be read"):
        MasterKeys.of(None, tmp_path / "nowhere")
    for text in ("", "secret", words[:-1], words + " " + words[:-2], "é"):
        with pytest.raises(StartError, match="expected 64 hexadecimal digits"):
            MasterKeys.of(text, None)


def test_a_key_is_made_for_its_owner_alone_and_the_next_one_stands_before_it(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    first = add_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    second = add_key(path)
    assert MasterKeys.of(None, path).ids == (second, first)


def test_a_start_without_the_key_that_recordings_were_begun_with_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    MasterKeys().require(root)
    assert not root.exists()
    MASTER.require(root)
    MASTER.require(root)
    with pytest.raises(StartError, match=f"encrypted with the master key {MASTER.ids[0]}, and none is given"):
        MasterKeys().require(root)
    with pytest.raises(StartError, match=f"{MASTER.ids[0]}, and given is {OTHER.ids[0]}"):
        OTHER.require(root)
    BOTH.require(root)
    with pytest.raises(StartError, match=OTHER.ids[0]):  # with that one something may be wrapped by now
        MASTER.require(root)
    (root / MARK).unlink()  # as the sentence says, for whoever wants no more encryption
    MasterKeys().require(root)


def test_nothing_is_written_in_plain_where_recordings_are_encrypted_whoever_forgot_the_keys(tmp_path: Path) -> None:
    MASTER.require(tmp_path)
    folder = new_folder(tmp_path)
    with pytest.raises(Unavailable, match="none is given"):
        folder.commit(segment(0))
    with pytest.raises(Unavailable, match="none is given"):
        new_folder(tmp_path / "aside", SECOND).commit(segment(0))  # it is to be moved to the others
    assert not list(tmp_path.rglob("*.m4s"))


def test_a_recordings_own_key_is_made_once_and_opened_by_the_master_key_alone(tmp_path: Path) -> None:
    folder = new_folder(tmp_path).path
    key = MASTER.key_for_writing(folder, is_begun=False)
    assert key is not None and len(key) == 32
    assert (folder / "content.key").stat().st_mode & 0o777 == 0o600
    assert key not in (folder / "content.key").read_bytes()
    assert MASTER.key_for_writing(folder, is_begun=True) == BOTH.key_of(folder) == key
    other = new_folder(tmp_path, SECOND).path
    assert MASTER.key_for_writing(other, is_begun=False) != key
    for keys in (OTHER, MasterKeys()):
        with pytest.raises(Unavailable, match=f"recording {IDENTITY} is encrypted with the master key {MASTER.ids[0]}"):
            keys.key_of(folder)
        with pytest.raises(Unavailable):
            keys.key_for_writing(folder, is_begun=False)
    whole = (folder / "content.key").read_bytes()
    for damaged in (whole.replace(b'"wrapped":"', b'"wrapped":"00'), b"{}\n", b"\xff", b"", whole[:-4] + b'00"}\n'):
        (folder / "content.key").write_bytes(damaged)
        with pytest.raises(Unavailable, match=r"cannot be read|is damaged"):
            MASTER.key_of(folder)
    (folder / "content.key").unlink()
    with pytest.raises(Conflict, match="is gone"):
        MASTER.key_for_writing(folder, is_begun=True)


def test_every_recording_can_be_given_to_another_master_key_without_being_written_anew(tmp_path: Path) -> None:
    MASTER.require(tmp_path)
    first = recording(tmp_path, keys=MASTER)
    new_folder(tmp_path, SECOND, OTHER).commit(segment(0))
    before = (first / "main" / "000001.m4s").read_bytes()
    part = first / "back-1"
    part.mkdir()
    MASTER.key_for_writing(part, is_begun=False)
    done, left = OTHER.rewrap_all(tmp_path)
    assert (done, len(left)) == (0, 2) and MASTER.ids[0] in left[0]
    assert BOTH.rewrap_all(tmp_path) == (2, [])
    assert BOTH.rewrap_all(tmp_path) == (0, [])
    assert (first / "main" / "000001.m4s").read_bytes() == before
    assert Library(tmp_path, OTHER).read(IDENTITY, "main/000001.m4s") == segment(0).data
    with pytest.raises(Unavailable):
        Library(tmp_path, MASTER).open(IDENTITY, "main/000001.m4s")
    OTHER.require(tmp_path)
    with pytest.raises(StartError, match="no master key is given"):
        MasterKeys().rewrap_all(tmp_path)
