"""One frozen Config. Order of precedence: command-line option, environment (`WATCHROOM_…`), `DIR/watchroom.toml`, default."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from server.errors import StartError

FILE_NAME = "watchroom.toml"
TURN_URL = re.compile(
    r"turns?:(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?", re.A | re.I
)  # RFC 7065


def _listed(value: object) -> object:
    """`1.2.3.4, 5.6.7.8` as a list: in the environment nobody writes JSON; who does is understood too."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Basemap(BaseModel):
    """What lies under the units: the demo town, a PMTiles file, or nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["town", "pmtiles", "none"] = "town"
    path: Path | None = None  # the PMTiles file
    center: tuple[float, float] | None = None  # lon, lat; None: fit what is on duty
    zoom: float = Field(default=15.0, ge=0, le=22)


class Config(BaseSettings):
    """Everything that can be set. Units are in the names: `_s` seconds, `_mps` metres a second."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="WATCHROOM_", env_nested_delimiter="__", extra="forbid")

    data: Path
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    database: str | None = Field(default=None, description="URL; default: SQLite in the data folder")
    redis: str | None = Field(default=None, description="URL; default: one process, no Redis")
    tls: Literal["off", "self-signed"] = "off"
    tls_cert: Path | None = None
    tls_key: Path | None = None

    media_port: int = Field(default=0, ge=0, le=65535, description="UDP; 0 takes a free one")
    media_host: str = Field(default="::", description="::  is IPv6 and IPv4, 0.0.0.0 only IPv4; or one address")
    media_workers: int | None = Field(
        default=None, ge=0, le=64, description="processes; default: one for each core but one; 0: this one itself"
    )
    public_address: Listed = ()
    prerecord_s: float = Field(
        default=30.0, ge=0, le=120, description="seconds before a recording's start that belong to it"
    )
    pairing: bool = Field(
        default=True, description="a TASER that is drawn starts its officer's camera; false: it only tells the room"
    )
    reason_to_watch: bool = Field(
        default=False,
        description="a live view opens only for an alert, or for what one has said to be on duty as; false: it may be not stated",
    )
    footage_upload_mb: int = Field(
        default=1024, ge=0, description="of one upload of what the link dropped; 0: cameras upload nothing afterwards"
    )
    master_key_file: Path | None = Field(
        default=None,
        description="recordings lie encrypted: lines of 64 hexadecimal digits, the first is used from now on",
    )
    master_key: SecretStr | None = Field(default=None, description="the same, instead of a file")
    tsa_url: str | None = Field(default=None, description="http(s)://…: an authority for RFC 3161 timestamps")
    tsa_ca: Path | None = Field(default=None, description="the certificates (PEM) that its timestamps are checked by")
    ice_servers: tuple[dict[str, Any], ...] = Field(default=(), description="with fixed credentials, or none")
    turn_urls: Listed = Field(default=(), description="turn:HOST:PORT or turns:…, with credentials that expire")
    turn_secret: SecretStr | None = Field(default=None, description="coturn's static-auth-secret; goes with turn_urls")

    force: str = "Estuary Constabulary"
    theme: Literal["dark", "light"] = "dark"
    allowed_origins: Listed = Field(default=(), description="further origins; the server's own is allowed")
    trusted_proxies: bool = False

    fix_stale_s: float = Field(default=15.0, gt=0, description="a position older than this is not shown as now")
    max_speed_mps: float = Field(default=8.0, gt=0, description="for the 'could have moved' circle")
    session_idle_s: float = Field(default=15 * 60, gt=0)
    session_absolute_s: float = Field(default=12 * 3600, gt=0)
    quick_phrases: tuple[str, ...] = ("Backup is coming", "Hold, contain", "Ambulance called", "Stand by")
    basemap: Basemap = Basemap()
    alerts: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description='changes to the catalogue of alert kinds, by kind: [alerts."taser.armed"]'
    )
    retention: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="changes to how long recordings are kept, by category: [retention.untagged]"
    )

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool | None = None
    exercise: bool = False
    development: bool = Field(default=False, description="serves /design, the sheet of all components")

    @model_validator(mode="after")
    def _pairs(self) -> Config:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together: give both or neither")
        if bool(self.turn_urls) != bool(self.turn_secret and self.turn_secret.get_secret_value()):
            raise ValueError("turn_urls and turn_secret go together: give both or neither")
        if self.master_key_file is not None and self.master_key is not None:
            raise ValueError("master_key_file and master_key: give one of them")
        if self.tsa_ca is not None and self.tsa_url is None:
            raise ValueError("tsa_ca needs tsa_url, the address of the authority")
        if self.basemap.kind == "pmtiles" and self.basemap.path is None:
            raise ValueError("basemap.kind = 'pmtiles' needs basemap.path, the .pmtiles file")
        return self

    @field_validator("turn_urls")
    @classmethod
    def _turn(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if not all(TURN_URL.fullmatch(url) for url in urls):
            raise ValueError("expected turn:HOST:PORT or turns:HOST:PORT; a stun: server belongs in ice_servers")
        return urls

    @field_validator("tsa_url")
    @classmethod
    def _authority(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("expected http://… or https://…")
        return url

    @property
    def database_url(self) -> str:
        """Where the rows are kept."""
        return self.database or str(self.data / "watchroom.db")

    @property
    def secure(self) -> bool:
        """Whether this process itself speaks HTTPS."""
        return self.tls != "off" or self.tls_cert is not None

    @classmethod
    def load(cls, data: Path, options: Mapping[str, Any] | None = None) -> Config:
        """The configuration of one data folder; `options` are the command line's (None = not given).

        Raises StartError that names the key and what was expected.
        """
        given = {key: value for key, value in (options or {}).items() if value is not None}
        source = _class_with_file(data / FILE_NAME)
        try:
            return source(data=data, **given)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "configuration"
            raise StartError(f"{where}: {_fault(first)} (option, WATCHROOM_… or {FILE_NAME})") from error
        except SettingsError as error:
            raise StartError(f"WATCHROOM_… in the environment: {error}, expected as JSON") from error
        except (ValueError, OSError) as error:  # tomllib.TOMLDecodeError, or no right to read it
            raise StartError(f"{data / FILE_NAME} cannot be read: {error}") from error


def base_url(host: str, port: int, secure: bool) -> str:
    """The URL under which a person on this machine reaches the server."""
    shown = (
        "127.0.0.1" if host in ("0.0.0.0", "") else "[::1]" if host == "::" else f"[{host}]" if ":" in host else host
    )
    return f"{'https' if secure else 'http'}://{shown}:{port}"


def _fault(error: ErrorDetails) -> str:
    """What is wrong with one setting, for a person who has never heard of pydantic."""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), Config.model_fields, 1)
        return "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
    said = error["msg"].replace("Input should be", "expected").replace("a valid tuple", "a list")
    return said.removeprefix("Value error, ")


def _class_with_file(path: Path) -> type[Config]:
    class ConfigFromFile(Config):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    return ConfigFromFile
