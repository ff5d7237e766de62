"""Configuration: the order of its sources, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.config import Config
from server.errors import StartError


def test_option_beats_environment_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Config.load(tmp_path).port == 8080
    (tmp_path / "watchroom.toml").write_text("port = 9001\nforce = 'From the file'\n")
    assert Config.load(tmp_path).port == 9001
    monkeypatch.setenv("WATCHROOM_PORT", "9002")
    assert Config.load(tmp_path).port == 9002
    loaded = Config.load(tmp_path, {"port": 9003, "redis": None})
    assert (loaded.port, loaded.force, loaded.redis) == (9003, "From the file", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = 99999", "port: .*65535"),
        ("prot = 1", "prot: "),
        ("[basemap]\nkind = 'pmtiles'", "basemap.path"),
        ("tls_cert = 'x.pem'", "both or neither"),
        ("port = = 1", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_and_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "watchroom.toml").write_text(text)
    with pytest.raises(StartError, match=said):
        Config.load(tmp_path)


def test_it_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Config.load(tmp_path).port = 1


def test_the_database_is_a_file_in_the_data_folder_unless_told(tmp_path: Path) -> None:
    assert Config.load(tmp_path).database_url == str(tmp_path / "watchroom.db")
    assert Config.load(tmp_path, {"database": "postgresql://x/y"}).database_url == "postgresql://x/y"
