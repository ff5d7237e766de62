"""`server verify` on what lies encrypted: true without its key, and with it; never a false word against it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.private_file import write_private
from server.recording import verifier
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.verifier import OPENED, READABLE, verify
from server.recording.verifying import checks_with
from tests.server.recording.recordings import IDENTITY, KEY, MASTER, new_folder, recording, segment
from tests.source import ROOT

OTHER = MasterKeys([bytes(32)])
NOBODY = 65534


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording, which lies encrypted."""
    root = tmp_path_factory.mktemp("encrypted")
    recording(root, keys=MASTER, size=2000)
    return root


def told(path: Path, keys: MasterKeys) -> Any:
    return verify(str(path), [KEY.public_key], checks_with(keys, None))


def claims(found: Any, verdict: str) -> list[str]:
    return [claim["claim"] for one in found["recordings"] for claim in one["claims"] if claim["verdict"] == verdict]


def test_with_its_key_it_is_intact_and_without_it_nobody_can_tell_what_it_holds(root: Path) -> None:
    assert told(root, MASTER)["exit"] == told(root / IDENTITY, MASTER)["exit"] == 0
    for keys, why in ((PLAIN, "none is given"), (OTHER, f"given is {OTHER.ids[0]}")):
        found = told(root, keys)
        assert (found["exit"], claims(found, "CANNOT TELL"), claims(found, "FAIL")) == (3, [OPENED], [])
        assert any(why in note for note in found["recordings"][0]["notes"])
        assert found["recordings"][0]["bad"] == []
    alone = [sys.executable, "-I", "-S", verifier.__file__, str(root)]
    done = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert "8 are encrypted: a master key opens them" in done.stdout and "FAIL" not in done.stdout


def test_a_folder_with_another_name_is_opened_too(root: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(root / IDENTITY, tmp_path / "copy")
    assert told(copy, MASTER)["exit"] == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("keys", [PLAIN, MASTER])
def test_whatever_is_done_to_it_is_found_with_the_key_and_without(
    root: Path, tmp_path: Path, keys: MasterKeys, data: st.DataObject
) -> None:
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    copy = shutil.copytree(root, tmp_path / "copy")
    files = sorted((copy / IDENTITY).rglob("*.m4s"))
    path, other = (data.draw(st.sampled_from(files)) for _ in range(2))
    held = path.read_bytes()
    match data.draw(st.sampled_from(["flip", "cut", "longer", "other", "gone", "plain"])):
        case "flip":
            bit = data.draw(st.integers(0, 8 * len(held) - 1))
            changed = bytearray(held)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(bytes(changed))
        case "cut":
            os.truncate(path, data.draw(st.integers(0, len(held) - 1)))
        case "longer":
            path.write_bytes(held + b"\0")
        case "other" if other != path:
            path.write_bytes(other.read_bytes())
        case "gone":
            path.unlink()
        case _:
            path.write_bytes(segment(9, size=2000).data)
    assert told(copy, keys)["exit"] == 2


def test_its_wrapped_key_lost_or_damaged_is_no_fault_of_the_recording(root: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(root, tmp_path / "copy")
    key = copy / IDENTITY / "content.key"
    key.write_bytes(b"damaged")
    assert told(copy, MASTER)["exit"] == 3
    key.unlink()
    assert told(copy, MASTER)["exit"] == 3


def test_an_open_one_and_what_a_crash_left_is_told_as_ever(tmp_path: Path) -> None:
    folder = new_folder(tmp_path, keys=MASTER)
    folder.commit(segment(0))
    (folder.path / "content.key.new").write_bytes(b"")  # in the middle of being wrapped anew
    (folder.path / "manifest.tsr.new").write_bytes(b"")
    for keys in (MASTER, PLAIN):
        assert claims(told(tmp_path, keys), "FAIL") == []
    folder.close("officer", 0.0, KEY)
    assert told(tmp_path, MASTER)["exit"] == 0


def test_a_file_that_must_not_be_read_is_not_called_broken(root: Path) -> None:
    told(root, MASTER)  # loads what it needs while it may
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(root, Path(place) / "copy")
        for path in (Path(place), copy, *copy.rglob("*")):
            path.chmod(0o755)
        (copy / IDENTITY / "main" / "000001.m4s").chmod(0)
        me = os.geteuid()
        os.seteuid(me or NOBODY)  # root may read everything
        try:
            found = told(copy, MASTER)
        finally:
            os.seteuid(me)
    assert (found["exit"], claims(found, "CANNOT TELL")) == (3, [READABLE])


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from server.commands import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_commands_make_use_and_replace_a_master_key(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    write_private(file, MASTER.keys[0].hex().encode())
    shutil.copytree(root, tmp_path / "recordings")
    path = str(tmp_path / "recordings")
    assert run("verify", path, "--key-file", str(file)).returncode == 0
    assert run("verify", path, WATCHROOM_MASTER_KEY_FILE=str(file)).returncode == 0
    assert run("verify", path, "--key", KEY.public_key, WATCHROOM_MASTER_KEY=MASTER.keys[0].hex()).returncode == 0
    assert run("verify", path).returncode == 3
    made = json.loads(run("master-key", "add", str(file)).stdout)
    settings = {"WATCHROOM_MASTER_KEY_FILE": str(file)}
    for rewrapped in (1, 0):
        done = run("master-key", "rewrap", "--data", str(tmp_path), **settings)
        assert json.loads(done.stdout) == {"rewrapped": rewrapped, "left": []}
    write_private(file, file.read_bytes().splitlines()[0])
    assert MasterKeys.of(None, file).ids == (made["master_key"],)
    assert run("verify", path, "--key-file", str(file)).returncode == 0
    file.chmod(0o644)
    for words in (["--key-file", str(file)], ["--key-file", str(tmp_path / "none")], ["--tsa-ca", str(file)]):
        done = run("verify", path, *words)
        assert done.returncode == 3 and "usage: verify" in done.stderr
