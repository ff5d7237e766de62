"""The commands of `python3 -m server`. Those about devices, persons and tokens print exactly one JSON object."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server import logs
from server.access.actions import Access, CameraAccess
from server.access.person import checked_name, checked_role
from server.access.routes import camera_urls
from server.access.store import AccessStore
from server.bus import LocalBus
from server.clock import SystemClock
from server.config import Config
from server.database import Database
from server.errors import BadRequest, StartError, WatchroomError
from server.journal.store import Journal
from server.operations.store import WHERE, prepare_folder, write_private
from server.serving import base_url
from server.units.actions import Units
from server.units.store import UnitStore
from server.units.unit import Device, checked_record_mode

USAGE, FAILED, INTERRUPTED = 2, 1, 130

commands = typer.Typer(
    name="server", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)
device_commands = typer.Typer(help="Cameras.", no_args_is_help=True)
person_commands = typer.Typer(help="Persons who may sign in.", no_args_is_help=True)
token_commands = typer.Typer(help="API tokens.", no_args_is_help=True)
commands.add_typer(device_commands, name="device")
commands.add_typer(person_commands, name="person")
commands.add_typer(token_commands, name="token")

Data = Annotated[Path, typer.Option("--data", envvar="WATCHROOM_DATA", help="the installation's folder")]


def main(argv: list[str]) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 not understood. Errors are one sentence."""
    os.umask(0o077)  # keys, persons and pictures: nobody else on this machine reads them
    try:
        code = commands(args=argv, prog_name="python3 -m server", standalone_mode=False)
    except typer.TyperException as error:
        return _refuse(error.format_message() or "see --help", error.exit_code)
    except BadRequest as error:
        return _refuse(error.detail, USAGE)
    except WatchroomError as error:
        return _refuse(error.detail, FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return code if isinstance(code, int) else 0


# ---- servers ----------------------------------------------------------------------------------------


@commands.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8080,
    cameras: Annotated[int, typer.Option(min=1, max=50, help="how many simulated cameras")] = 6,
    data: Annotated[Path | None, typer.Option(help="default: a temporary folder")] = None,
    scenario: Annotated[Path | None, typer.Option(help="a TOML file; default: the built-in one")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="open the console")] = True,
) -> int:
    """Server, simulated cameras and a signed-in console, all on this machine."""
    from server.demo.app import run as run_demo

    return run_demo(port=port, cameras=cameras, data=data, scenario=scenario, browser=browser)


@commands.command()
def run(
    data: Data,
    host: Annotated[str | None, typer.Option(help="address to listen on [127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one [8080]")] = None,
    redis: Annotated[str | None, typer.Option(help="URL, for several processes on one database")] = None,
    database: Annotated[str | None, typer.Option(help="URL of a PostgreSQL [SQLite in the folder]")] = None,
    media_workers: Annotated[int | None, typer.Option(help="processes for media [0: this one]")] = None,
    media_port: Annotated[int | None, typer.Option(help="UDP [0: a free one]")] = None,
    media_host: Annotated[str | None, typer.Option(help="address for media [0.0.0.0]")] = None,
    public_address: Annotated[list[str] | None, typer.Option(help="address to announce; may be repeated")] = None,
    tls: Annotated[str | None, typer.Option(help="off or self-signed")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="certificate (PEM)")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its key (PEM)")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
) -> int:
    """The server. Each option is also an environment variable (WATCHROOM_PORT) and a key of DIR/watchroom.toml."""
    options = {
        "host": host,
        "port": port,
        "redis": redis,
        "database": database,
        "media_workers": media_workers,
        "media_port": media_port,
        "media_host": media_host,
        "public_address": tuple(public_address) if public_address else None,
        "tls": tls,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "log_level": log_level,
    }
    prepare_folder(data)
    from server.app import run as run_server

    return run_server(Config.load(data, options))


# ---- cameras ----------------------------------------------------------------------------------------


@device_commands.command("add")
def device_add(
    call_sign: Annotated[str, typer.Argument(metavar="CALLSIGN")],
    data: Data,
    record: Annotated[str, typer.Option(help="on-signal, or always: it records whenever it streams")] = "on-signal",
    wearer: Annotated[str | None, typer.Option(help="the officer's name")] = None,
    collar_number: Annotated[str | None, typer.Option(help="the officer's number")] = None,
    url: Annotated[str | None, typer.Option(help="where the camera reaches the server")] = None,
) -> int:
    """Register a camera; prints its id, key file, and where and with what token it may publish."""
    mode = checked_record_mode(record)
    origin = _checked_url(url)

    async def work(registry: Registry) -> dict[str, Any]:
        key = Ed25519PrivateKey.generate()
        fresh = _write_key(data, key)
        try:
            device = await registry.units.add_device(
                call_sign,
                wearer_name=wearer,
                collar_number=collar_number,
                public_key=key.public_key().public_bytes_raw(),
                record_mode=mode,
            )
        except WatchroomError:
            fresh.unlink()
            raise
        await _warn_of_namesakes(registry, device)
        key_file = fresh.replace(fresh.with_name(f"{device.device_id}.pem"))
        token = await registry.cameras.add_token(device.device_id)
        where = camera_urls(origin or _base_url(registry.config), device)
        return {**where, "key_file": str(key_file.resolve()), "whip_token": token, "record": mode.value}

    return _with_registry(data, work)


@device_commands.command("list")
def device_list(data: Data) -> int:
    """All cameras, revoked ones too."""

    async def work(registry: Registry) -> dict[str, Any]:
        return {"devices": [device.registration() for device in await registry.units.registered()]}

    return _with_registry(data, work)


@device_commands.command("revoke")
def device_revoke(device_id: str, data: Data) -> int:
    """A camera may do nothing any more: lost or stolen."""

    async def work(registry: Registry) -> dict[str, Any]:
        return (await registry.units.revoke(device_id)).registration()

    return _with_registry(data, work)


async def _warn_of_namesakes(registry: Registry, device: Device) -> None:
    """Two cameras of one call sign are two units on every console: often a replaced one that was not revoked."""
    for other in await registry.units.registered():
        if other.call_sign == device.call_sign and other.device_id != device.device_id and other.revoked_at is None:
            typer.echo(f"{other.device_id} is {other.call_sign} too; if it was replaced, revoke it", err=True)


# ---- persons and tokens -----------------------------------------------------------------------------


@person_commands.command("add")
def person_add(
    name: str,
    data: Data,
    role: Annotated[str, typer.Option(help="control, inspector, officer, trainer or admin")],
    display_name: Annotated[str | None, typer.Option(help="what others see")] = None,
    call_sign: Annotated[str | None, typer.Option(help="an officer's, for the phone as a camera")] = None,
) -> int:
    """Register a person; the password is one line of standard input."""

    async def work(registry: Registry) -> dict[str, Any]:
        person = await registry.access.add_person(name, role, password, display_name, call_sign)
        return dict(person.as_json())

    checked_name(name), checked_role(role)  # before a password is asked for
    password = _password()
    return _with_registry(data, work)


@person_commands.command("revoke")
def person_revoke(name: str, data: Data) -> int:
    """A person may do nothing any more; their sessions and tokens end."""

    async def work(registry: Registry) -> dict[str, Any]:
        return {**(await registry.access.revoke_person(name)).as_json(), "revoked": True}

    return _with_registry(data, work)


@token_commands.command("add")
def token_add(
    name: str,
    data: Data,
    purpose: Annotated[str, typer.Option(help="what it is for")],
) -> int:
    """An API token for a person, for `Authorization: Bearer`. It is shown only now."""

    async def work(registry: Registry) -> dict[str, Any]:
        person = await registry.access.person_named(name)
        token_id, token = await registry.access.add_token(person, purpose)
        return {"id": token_id, "token": token, "name": person.name, "purpose": purpose}

    return _with_registry(data, work)


@token_commands.command("revoke")
def token_revoke(token_id: str, data: Data) -> int:
    """End a token, by the id that `token add` printed."""

    async def work(registry: Registry) -> dict[str, Any]:
        await registry.access.revoke_token(token_id)
        return {"id": token_id, "revoked": True}

    return _with_registry(data, work)


# ---- how they work ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Registry:
    """What the commands work on: the installation's database, whether its server runs or not."""

    config: Config
    units: Units
    access: Access
    cameras: CameraAccess


def _with_registry(data: Path, work: Callable[[Registry], Awaitable[dict[str, Any]]]) -> int:
    async def session() -> dict[str, Any]:
        async with _registry(data) as registry:
            return await work(registry)

    logs.configure(json=False, level="error")
    print(json.dumps(asyncio.run(session()), ensure_ascii=False))
    return 0


@asynccontextmanager
async def _registry(data: Path) -> AsyncIterator[Registry]:
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
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
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


def _checked_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise BadRequest(f"--url: expected http://… or https://…, not {url!r}")
    return None if url is None else url.rstrip("/")


def _password() -> str:
    if sys.stdin.isatty():
        first = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != first:
            raise BadRequest("the two passwords differ")
        return first
    line = sys.stdin.readline()
    if not line:
        raise BadRequest("the password is expected as one line on standard input")
    return line.rstrip("\r\n")


def _refuse(sentence: str, code: int) -> int:
    is_word = sentence.split(" ", 1)[0].isalpha()  # "port: expected …" and a file's name are shown as they are typed
    shown = sentence[:1].upper() + sentence[1:] if is_word else sentence
    print(f"{shown.rstrip('.')}.", file=sys.stderr)
    return code
