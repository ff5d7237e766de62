"""What the commands work on: an installation's database, whether its server runs or not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.access.actions import Access, CameraAccess
from server.access.credential import private_pem
from server.access.routes import camera_urls
from server.access.store import AccessStore
from server.bus import LocalBus
from server.clock import SystemClock
from server.config import Config
from server.database import Database
from server.errors import StartError, WatchroomError
from server.journal.store import Journal
from server.operations.store import WHERE, prepare_folder
from server.private_file import write_private
from server.serving import base_url
from server.units.actions import Units
from server.units.store import UnitStore
from server.units.unit import Device, RecordMode


@dataclass(frozen=True)
class Registry:
    """Cameras, persons and tokens of one installation."""

    config: Config
    units: Units
    access: Access
    cameras: CameraAccess

    async def add_camera(
        self, call_sign: str, wearer: str | None, collar_number: str | None, mode: RecordMode, origin: str | None
    ) -> dict[str, Any]:
        """Register a camera, whose private key is written to a file. Raises BadRequest or StartError."""
        key = Ed25519PrivateKey.generate()
        fresh = _write_key(self.config.data, key)
        try:
            fields = {
                "call_sign": call_sign,
                "wearer_name": wearer,
                "collar_number": collar_number,
                "record_mode": mode,
            }
            device, token = await self.cameras.enrol(key, fields)
        except WatchroomError:
            fresh.unlink()
            raise
        await _warn_of_namesakes(self, device)
        key_file = fresh.replace(fresh.with_name(f"{device.device_id}.pem"))
        where = camera_urls(origin or _base_url(self.config), device)
        return {**where, "key_file": str(key_file.resolve()), "whip_token": token, "record": mode.value}


async def _warn_of_namesakes(registry: Registry, device: Device) -> None:
    for other in await registry.units.namesakes(device):
        typer.echo(f"{other} is {device.call_sign} too; if it was replaced, revoke it", err=True)


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Registry]:
    """The registry of an installation. Raises StartError."""
    prepare_folder(data)
    config, clock, bus = Config.load(data), SystemClock(), LocalBus()
    database = Database(config.database_url)
    try:
        await database.migrate()
        store = AccessStore(database)
        units = Units(UnitStore(database, Journal(database, clock)), bus, clock)
        access = Access(
            store,
            bus,
            clock,
            session_idle_s=config.session_idle_s,
            session_absolute_s=config.session_absolute_s,
        )
        yield Registry(config, units, access, CameraAccess(store, units, clock))
    finally:
        await database.close()


def _write_key(data: Path, key: Ed25519PrivateKey) -> Path:
    """The private key, under a name for the moment. Raises StartError."""
    pem = private_pem(key)
    folder = data / "keys"
    path = folder / f"new-{key.public_key().public_bytes_raw().hex()[:16]}.pem"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(path, pem)
    except OSError as error:
        raise StartError(f"the key cannot be written to {folder}: {error.strerror}") from error
    return path


def _base_url(config: Config) -> str:
    """Where the running server said it can be reached, or where this configuration will put it."""
    try:
        noted = json.loads((config.data / WHERE).read_text())
        return str(noted["url"]).rstrip("/")
    except (OSError, ValueError, KeyError, TypeError):
        return base_url(config.host, config.port, config.secure)
