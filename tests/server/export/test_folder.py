"""Each process has a folder of its own for bundles; what dead ones left goes, what others put there stays."""

from __future__ import annotations

from pathlib import Path

from server.export.folder import OwnFolder

DEAD, OLD = "0" * 32, "1" * 32


def test_what_a_dead_process_left_goes(tmp_path: Path) -> None:
    (tmp_path / DEAD).mkdir()
    (tmp_path / DEAD / "half.zip").write_bytes(b"PK")
    (tmp_path / f"{OLD}.zip").write_bytes(b"PK")
    folder = OwnFolder(tmp_path)
    folder.take()
    assert list(tmp_path.iterdir()) == [folder.path]


def test_what_a_living_one_has_stays_until_it_leaves(tmp_path: Path) -> None:
    first, second, third = OwnFolder(tmp_path), OwnFolder(tmp_path), OwnFolder(tmp_path)
    first.take()
    (first.path / "whole.zip").write_bytes(b"PK")
    second.take()
    assert (first.path / "whole.zip").is_file()
    first.leave()
    third.take()
    assert sorted(tmp_path.iterdir()) == sorted([second.path, third.path])


def test_what_is_not_ours_neither_goes_nor_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "by hand").mkdir()
    OwnFolder(tmp_path).take()
    assert (tmp_path / "by hand").is_dir()
