"""Configuration: the order of its sources, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.config import Config, base_url
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
        ("prot = 1", "prot: there is no such setting; did you mean port?"),
        ("ice_servers = 3", "ice_servers: expected a list"),
        ("[basemap]\nkind = 'pmtiles'", "basemap.path"),
        ("tls_cert = 'x.pem'", "both or neither"),
        ("turn_urls = ['turn:a']", "turn_urls and turn_secret go together"),
        ("turn_urls = ['turn:a']\nturn_secret = ''", "turn_urls and turn_secret go together"),
        ("turn_secret = 'x'", "turn_urls and turn_secret go together"),
        ("turn_urls = ['stun:a']\nturn_secret = 'x'", "turn_urls: expected turn:HOST:PORT"),
        ("turn_urls = ['turn://a']\nturn_secret = 'x'", "turn_urls: expected turn:HOST:PORT"),
        ("port = = 1", "cannot be read"),
        ("master_key = 'x'\nmaster_key_file = 'y'", "master_key_file and master_key: give one"),
        ("tsa_url = 'tsa.example'", "tsa_url: expected http"),
        ("tsa_ca = 'x.pem'", "tsa_ca needs tsa_url"),
        ("media_workers = 65", "less than or equal to 64"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_and_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "watchroom.toml").write_text(text)
    with pytest.raises(StartError, match=said):
        Config.load(tmp_path)


def test_it_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Config.load(tmp_path).port = 1  # type: ignore[misc]


def test_the_database_is_a_file_in_the_data_folder_unless_told(tmp_path: Path) -> None:
    assert Config.load(tmp_path).database_url == str(tmp_path / "watchroom.db")
    assert Config.load(tmp_path, {"database": "postgresql://x/y"}).database_url == "postgresql://x/y"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("1.2.3.4", ("1.2.3.4",)),
        ("1.2.3.4, 10.0.0.7,", ("1.2.3.4", "10.0.0.7")),
        ('["1.2.3.4", "10.0.0.7"]', ("1.2.3.4", "10.0.0.7")),
        ("", ()),
    ],
)
def test_the_environment_lists_things_by_commas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, addresses: tuple[str, ...]
) -> None:
    monkeypatch.setenv("WATCHROOM_PUBLIC_ADDRESS", text)
    monkeypatch.setenv("WATCHROOM_ALLOWED_ORIGINS", "https://a.example,https://b.example")
    loaded = Config.load(tmp_path)
    assert loaded.public_address == addresses
    assert loaded.allowed_origins == ("https://a.example", "https://b.example")


def test_the_file_lists_things_as_lists(tmp_path: Path) -> None:
    (tmp_path / "watchroom.toml").write_text("public_address = ['1.2.3.4']\n")
    assert Config.load(tmp_path).public_address == ("1.2.3.4",)


def test_what_the_environment_says_wrongly_is_not_blamed_on_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHROOM_ICE_SERVERS", "stun:stun.example")
    with pytest.raises(StartError, match=r"environment.*ice_servers"):
        Config.load(tmp_path)
    monkeypatch.delenv("WATCHROOM_ICE_SERVERS")
    monkeypatch.setenv("WATCHROOM_PUBLIC_ADDRESS", "[1.2.3.4")
    with pytest.raises(StartError, match="public_address"):
        Config.load(tmp_path)


@pytest.mark.parametrize(
    ("host", "secure", "url"),
    [
        ("0.0.0.0", False, "http://127.0.0.1:80"),
        ("::", True, "https://[::1]:80"),
        ("10.1.1.1", True, "https://10.1.1.1:80"),
        ("localhost", False, "http://localhost:80"),
    ],
)
def test_the_url_is_one_that_can_be_opened(host: str, secure: bool, url: str) -> None:
    assert base_url(host, 80, secure) == url
