"""Which Pythons are looked at, and what is said when none will do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from server.interpreters import NEWEST, OLDEST, candidates, suits, what_to_install


def _executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_versions_that_every_package_has_a_wheel_for() -> None:
    assert suits(OLDEST) and suits(NEWEST) and suits(sys.version_info[:2])
    assert not suits((3, 10)) and not suits((2, 7)) and not suits((3, NEWEST[1] + 1))


def test_named_versions_on_the_path_come_first_and_each_once(tmp_path: Path) -> None:
    plain = _executable(tmp_path / "a" / "python3")
    named = _executable(tmp_path / "b" / "python3.12")
    os.symlink(named, tmp_path / "a" / "python3.11")
    shim = _executable(tmp_path / "shims" / "python3.13")
    path = os.pathsep.join(str(tmp_path / name) for name in ("shims", "a", "b"))
    found = list(candidates({"PATH": path}, str(tmp_path)))
    mine = [entry for entry in found if entry.startswith(str(tmp_path))]
    assert mine == [str(named), str(plain)] and str(shim) not in found


def test_pyenv_and_uv_are_looked_into(tmp_path: Path) -> None:
    pyenv = _executable(tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3")
    uv = _executable(tmp_path / ".local" / "share" / "uv" / "python" / "cpython-3.13.1-x" / "bin" / "python3")
    found = list(candidates({"PATH": ""}, str(tmp_path)))
    assert str(pyenv) in found and str(uv) in found


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ('ID=debian\nVERSION_ID="12"', "apt-get install python3.11"),
        ("ID=ubuntu\nID_LIKE=debian", "apt-get install"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"', "dnf install"),
        ("", "pyenv"),
    ],
)
def test_a_machine_without_one_is_told_what_to_type(release: str, words: str) -> None:
    told = what_to_install((3, 8), release)
    assert "This is Python 3.8; Watchroom needs 3.11 or newer." in told and words in told
