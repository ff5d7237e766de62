"""What the commands work on: an installation's database, whether its server runs or not."""

from __future__ import annotations

import getpass
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.access.actions import Access, CameraAccess
from server.access.credential import private_pem
from server.access.person import Person
from server.access.session import ApiToken
from server.access.store import AccessStore
from server.audit.actions import Audit
from server.audit.audit_entry import Actor, Note, Subject, What
from server.audit.store import AuditStore
from server.bus import LocalBus
from server.clock import SystemClock
from server.config import Config, base_url
from server.database import Along, Database
from server.errors import StartError, WatchroomError
from server.journal.store import Journal
from server.operations.store import WHERE, prepare_folder
from server.private_file import write_private
from server.units.actions import Units
from server.units.store import UnitStore
from server.units.unit import Device, RecordMode

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Registry:
    """Cameras, persons and tokens of one installation. Whatever is changed here is in the audit, with who typed it."""

    config: Config
    units: Units
    access: Access
    cameras: CameraAccess
    audit: Audit

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
            row = self._row(What.CHANGE_CAMERA_ADDED, _camera, wearer=wearer)
            device, token = await self.cameras.enrol(key, fields, row)
        except WatchroomError:
            fresh.unlink()
            raise
        await _warn_of_namesakes(self, device)
        key_file = fresh.replace(fresh.with_name(f"{device.device_id}.pem"))
        where = device.urls(origin or _base_url(self.config))
        return {**where, "key_file": str(key_file.resolve()), "whip_token": token, "record": mode.value}

    async def revoke_camera(self, device_id: str) -> Device:
        """A camera may do nothing any more. Raises NotFound."""
        return await self.units.revoke(device_id, self._row(What.CHANGE_CAMERA_REVOKED, _camera))

    async def add_person(
        self, name: str, role: str, password: str, display_name: str | None, call_sign: str | None
    ) -> Person:
        """Register a person. Raises BadRequest, Conflict."""
        row = self._row(What.CHANGE_PERSON_ADDED, _person, role=role, call_sign=call_sign)
        return await self.access.add_person(name, role, password, display_name, call_sign, row)

    async def revoke_person(self, name: str) -> Person:
        """A person may do nothing any more. Raises NotFound."""
        return await self.access.revoke_person(name, self._row(What.CHANGE_PERSON_OFF, _person))

    async def add_token(self, name: str, purpose: str, days: int | None) -> tuple[Person, ApiToken, str]:
        """An API token for a person: theirs, what is kept, and the token itself. Raises BadRequest, NotFound."""
        person = await self.access.person_named(name)

        def row(made: ApiToken) -> Along:
            more = {"person": person.id, "until": made.expires_at}
            return self._row(What.CHANGE_TOKEN_MADE, _token, **more)(made)

        kept, token = await self.access.add_token(person, purpose, days, row)
        return person, kept, token

    async def revoke_token(self, token_id: str) -> None:
        """End an API token. Raises NotFound."""
        row = self._row(What.CHANGE_TOKEN_REVOKED, lambda _: Subject("token", token_id))
        await self.access.revoke_token(token_id, row(token_id))

    def _row(self, what: What, subject: Callable[[Thing], Subject], **detail: Any) -> Callable[[Thing], Along]:
        """The audit's row of what is done to something, which the change's own transaction writes."""
        actor = Actor("system", "terminal", f"{_account()} at a terminal")
        return lambda one: self.audit.within(Note(what, actor, subject(one), detail=detail))


def _account() -> str:
    """Who typed the command, as far as this machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as containers have them
        return "somebody"


def _camera(device: Device) -> Subject:
    return Subject("device", device.device_id, device.call_sign)


def _token(token: ApiToken) -> Subject:
    return Subject("token", token.id, token.purpose)


def _person(person: Person) -> Subject:
    return Subject("person", person.id, person.display_name)


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
        yield Registry(config, units, access, CameraAccess(store, units, clock), Audit(AuditStore(database), clock))
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
