"""The self-signed certificate covers what it says, and is renewed in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.clock import HandClock
from server.config import Config
from server.errors import StartError
from server.operations.certificate import VALID_DAYS, self_signed, still_good
from server.operations.store import prepare_folder, tls_context
from server.private_file import write_private

NAMES = ["localhost", "127.0.0.1", "192.168.7.9"]
NOW = 1_800_000_000.0


def test_it_is_good_for_its_names_until_a_week_before_its_end() -> None:
    certificate, _key = self_signed(NAMES, NOW)
    assert still_good(certificate, NAMES, NOW)
    assert still_good(certificate, NAMES[:1], NOW + (VALID_DAYS - 8) * 86400)
    assert not still_good(certificate, NAMES, NOW + (VALID_DAYS - 6) * 86400)
    assert not still_good(certificate, [*NAMES, "10.0.0.1"], NOW)
    assert not still_good(b"rubbish", NAMES, NOW)


def test_it_is_kept_over_a_restart_and_its_key_is_private(tmp_path: Path) -> None:
    config = Config.load(tmp_path, {"tls": "self-signed"})
    assert tls_context(config, NAMES, HandClock(NOW)) is not None
    first = (tmp_path / "tls-cert.pem").read_bytes()
    assert tls_context(config, NAMES, HandClock(NOW + 60)) is not None
    assert (tmp_path / "tls-cert.pem").read_bytes() == first
    assert (tmp_path / "tls-key.pem").stat().st_mode & 0o777 == 0o600


def test_without_tls_there_is_no_context(tmp_path: Path) -> None:
    assert tls_context(Config.load(tmp_path), NAMES, HandClock()) is None


def test_an_unusable_certificate_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("no")
    options = {"tls_cert": tmp_path / "c.pem", "tls_key": tmp_path / "k.pem"}
    with pytest.raises(StartError, match="cannot be used"):
        tls_context(Config.load(tmp_path, options), NAMES, HandClock())


def test_an_unwritable_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot be written"):
        prepare_folder(tmp_path / "file" / "data")


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"one")
    write_private(tmp_path / "key", b"two")
    assert (tmp_path / "key").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
