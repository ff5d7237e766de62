"""The lock files say what pyproject.toml asks for, with hashes, and name no registry."""

from __future__ import annotations

import json
import re
import tomllib

from server.environments import locked_block
from tests.source import ROOT

FILES = ("requirements.txt", "requirements-tests.txt", "requirements-setup.txt")


def _pinned(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_every_package_has_hashes_and_no_address() -> None:
    for name in FILES:
        text = (ROOT / name).read_text()
        assert "://" not in text and not re.search(r"^-", text, re.MULTILINE)
        for package in _pinned(name):
            assert "--hash=sha256:" in locked_block(text, package), f"{name}: {package}"


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["project"]["dependencies"]
    tests = project["project"]["optional-dependencies"]["tests"]
    setup = project["dependency-groups"]["setup"]
    for name, wanted in zip(FILES, (asked, [*asked, *tests], setup), strict=True):
        names = {re.split(r"[^a-z0-9-]", line, maxsplit=1)[0] for line in wanted}
        assert names <= _pinned(name).keys(), f"{name} is older than pyproject.toml: see server/bootstrap.py"


def test_the_tests_run_on_the_very_packages_that_are_shipped() -> None:
    shipped = _pinned("requirements.txt")
    tested = _pinned("requirements-tests.txt")
    assert {name: tested.get(name) for name in shipped} == shipped


def test_the_browser_packages_name_no_place_to_load_from() -> None:
    lock = json.loads((ROOT / "static" / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or "integrity" in package, name
