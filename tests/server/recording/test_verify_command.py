"""`verify` as a person or a script runs it: by the server's command, and as the one file alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.clock import SystemClock
from server.recording import verifier
from server.recording.folder import RecordingFolder
from server.recording.signing import EvidenceKey
from server.recording.verifier import Damaged, Files, verify
from tests.server.recording.recordings import IDENTITY, KEY, bundle, new_folder, opened, recording, segment
from tests.source import ROOT

NOBODY, NOT_FOUND = 65534, 127
OTHER_PYTHONS = [path for minor in range(8, 20) if (path := shutil.which(f"python3.{minor}"))]
COMMAND = [sys.executable, "-c", "import sys; from server.commands import main; sys.exit(main(sys.argv[1:]))", "verify"]


def run(*words: str, command: Sequence[str] = COMMAND) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The last line."""
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict) and found["exit"] == done.returncode
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording."""
    root = tmp_path_factory.mktemp("recordings")
    recording(root)
    return root


def test_the_command_tells_intact_broken_and_unfinished_by_its_exit_code(root: Path, tmp_path: Path) -> None:
    intact = run(str(root), "--json", "--key", KEY.public_key.upper())
    assert (told(intact)["verdict"], intact.stderr) == ("INTACT", "")
    assert "gap          main, 8.00 to 9.50 s, from 2026-11-28 20:46:08.000 UTC: lost" in intact.stdout
    assert "not timestamped by an authority" in intact.stdout and "FAIL" not in intact.stdout
    broken = shutil.copytree(root, tmp_path / "broken")
    (broken / IDENTITY / "sub" / "000002.m4s").write_bytes(b"")
    done = run(str(broken), "--json")
    [bad] = told(done)["recordings"][0]["bad"]
    assert done.returncode == 2 and (bad["layer"], bad["n"], bad["start"]) == ("sub", 2, 2.0)
    assert "segment 2 of sub (2026-11-28 20:46:02.000 UTC, 2.00 to 4.00 s into the recording)" in done.stdout
    new_folder(tmp_path / "open").commit(segment(0))
    assert told(run(str(tmp_path / "open"), "--json"))["verdict"] == "CANNOT TELL"


def test_the_key_to_publish_is_the_one_that_signs(tmp_path: Path) -> None:
    words = ["evidence-key", "--data", str(tmp_path)]
    shown = [json.loads(run(*words, command=COMMAND[:-1]).stdout) for _ in range(2)]
    key = EvidenceKey.of(tmp_path)
    assert shown == [{"public_key": key.public_key}] * 2
    folder = RecordingFolder.create(
        tmp_path / "recordings", replace(opened(), public_key=key.public_key), SystemClock()
    )
    folder.close("officer", 0.0, key)
    assert run(str(tmp_path / "recordings"), "--key", key.public_key).returncode == 0


def test_what_is_no_recording_cannot_be_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no bundle")
    (tmp_path / "folder").mkdir()
    for name in ("text", "folder", "nowhere"):
        done = run(str(tmp_path / name), "--json")
        assert (done.returncode, done.stderr, told(done)["recordings"]) == (3, "", []), name


def test_a_word_that_it_does_not_know_is_not_taken_for_broken(root: Path) -> None:
    for words in ([], [str(root), "--fast"], [str(root), "--key", "beef"], [str(root), str(root)]):
        done = run(*words)
        assert done.returncode == 3 and "usage: verify" in done.stderr


def test_the_one_file_needs_nothing_beside_it(root: Path, tmp_path: Path) -> None:
    alone = shutil.copy(verifier.__file__, tmp_path / "verify.py")
    command = [sys.executable, "-I", "-S", "-W", "error", str(alone)]
    packed = bundle(tmp_path / "bundle.zip", root, zipfile.ZIP_DEFLATED)
    for path in (root / IDENTITY, packed):
        assert told(run(str(path), "--json", command=command))["verdict"] == "INTACT"
        for python in OTHER_PYTHONS:
            done = run(str(path), "--json", command=[python, *command[1:]])
            assert done.returncode in (0, NOT_FOUND), done.stderr  # a version manager knows names that lead nowhere
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(packed, unpacked)
    own = run(".", command=[sys.executable, "-I", "-S", str(unpacked / "verify.py")])
    assert own.returncode == 3  # of the project's own folder
    assert run(str(unpacked), command=[sys.executable, "-I", "-S", str(unpacked / "verify.py")]).returncode == 0


def test_nothing_that_a_recording_says_steers_a_terminal(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    folder.gap("main", 0.0, 1.0, 0.0, 1.0, "\x1b[2Jfine\r\n\u202eINTACT \U0001f6a8", None)
    folder.leave()
    done = run(str(tmp_path))
    assert done.returncode == 3 and "\x1b" not in done.stdout and "\u202e" not in done.stdout
    environment = {"PYTHONIOENCODING": "ascii"}
    plain = subprocess.run([*COMMAND, str(tmp_path)], cwd=ROOT, capture_output=True, env=environment, check=False)
    assert plain.returncode == 3 and b"?[2Jfine" in plain.stdout


def test_a_file_that_must_not_be_read_is_not_called_broken(root: Path) -> None:
    verify(str(root))  # loads what it needs while it may
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(root, Path(place) / "copy")
        for path in (Path(place), copy, *copy.rglob("*")):
            path.chmod(0o755)
        (copy / IDENTITY / "main" / "000001.m4s").chmod(0)
        me = os.geteuid()
        os.seteuid(me or NOBODY)  # root may read everything
        try:
            told = verify(str(copy))
        finally:
            os.seteuid(me)
    assert told["exit"] == 3
    assert "cannot be read: Permission denied" in told["recordings"][0]["bad"][0]["why"]


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bit_flipped_in_a_bundle_is_found_unless_it_changes_no_file(
    root: Path, tmp_path: Path, method: int, data: st.DataObject
) -> None:
    """A ZIP has dates and rights of its own beside its files; nothing that the verifier does with it may raise."""
    packed = tmp_path / "bundle.zip"
    whole = (packed if packed.exists() else bundle(packed, root, method)).read_bytes()
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        bit = data.draw(st.integers(0, 8 * len(whole) - 1))
        changed[bit // 8] ^= 1 << bit % 8
    other = tmp_path / "other.zip"
    other.write_bytes(changed[: data.draw(st.sampled_from([len(whole), len(whole) // 2, len(whole) - 1]))])
    try:
        code = verify(str(other))["exit"]
    except (Damaged, OSError):
        return
    if code == 0:
        before, after = (
            {name: files.read(name) for name in files.sizes if name != "verify.py" and name in files.sizes}
            for files in (Files(str(packed)), Files(str(other)))
        )
        assert {name: after.get(name) for name in before} == before
