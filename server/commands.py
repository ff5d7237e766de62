"""The commands of `python3 -m server`. Those about devices, persons and tokens print exactly one JSON object."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.access.permission import Role
from server.access.person import checked_name, checked_role
from server.bootstrap import loading
from server.errors import BadRequest, WatchroomError

if TYPE_CHECKING:
    from server.registry import Registry

# What a command works with is loaded when it is called: all of it takes 2 s, which the demo's cameras would wait for.
USAGE, FAILED, INTERRUPTED = 2, 1, 130

commands = typer.Typer(
    name="server", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)
device_commands = typer.Typer(help="Cameras.", no_args_is_help=True)
person_commands = typer.Typer(help="Persons who may sign in.", no_args_is_help=True)
token_commands = typer.Typer(help="API tokens.", no_args_is_help=True)
master_key_commands = typer.Typer(help="The key by which recordings lie encrypted.", no_args_is_help=True)
commands.add_typer(device_commands, name="device")
commands.add_typer(person_commands, name="person")
commands.add_typer(token_commands, name="token")
commands.add_typer(master_key_commands, name="master-key")

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
    cameras: Annotated[int, typer.Option(min=1, max=50, help="how many simulated cameras are on from the start")] = 6,
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
    media_workers: Annotated[int | None, typer.Option(help="processes for media; 0: this one [cores - 1]")] = None,
    media_port: Annotated[int | None, typer.Option(help="UDP [0: a free one]")] = None,
    media_host: Annotated[str | None, typer.Option(help="address for media [:: all, 0.0.0.0 all of IPv4]")] = None,
    public_address: Annotated[list[str] | None, typer.Option(help="address to announce; may be repeated")] = None,
    tls: Annotated[str | None, typer.Option(help="off or self-signed")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="certificate (PEM)")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its key (PEM)")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
    development: Annotated[bool | None, typer.Option("--development", help="serve /design, all components")] = None,
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
        "development": development,
    }
    with loading():
        from server.app import run as run_server
        from server.config import Config
        from server.operations.store import prepare_folder

    prepare_folder(data)
    return run_server(Config.load(data, options))


# ---- evidence ---------------------------------------------------------------------------------------


@commands.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)  # all words are the verifier's own: a wrong one ends with 3 (cannot tell), for 2 would mean broken
def verify(context: typer.Context) -> int:
    """Check a recording, a folder of them, or an exported bundle: PATH [--json] [--key HEX] [--key-file FILE] [--tsa-ca FILE];
    0 intact, 2 broken, 3 cannot tell.
    """
    from server.recording.verifying import main as check

    return check(context.args)


@commands.command("evidence-key")
def evidence_key(data: Data) -> int:
    """The public key with which this installation signs recordings, to be published: `verify --key` names it."""
    from server.operations.store import prepare_folder
    from server.recording.signing import EvidenceKey

    prepare_folder(data)
    print(json.dumps({"public_key": EvidenceKey.of(data).public_key}))
    return 0


@master_key_commands.command("add")
def master_key_add(file: Path) -> int:
    """Make a master key, the first one in FILE from now on; those before it stay there, to open what they wrapped."""
    from server.recording.master_key import add_key

    print(json.dumps({"master_key": add_key(file), "file": str(file)}))
    return 0


@master_key_commands.command("rewrap")
def master_key_rewrap(data: Data) -> int:
    """Wrap each recording's key, and each upload's, by the first master key; then those before it are needed no more."""
    from server.backfill.store import UPLOADS
    from server.config import Config
    from server.recording.disk import RECORDINGS
    from server.recording.master_key import MasterKeys

    rewrapped, left = MasterKeys.of_config(Config.load(data)).rewrap_all(data / RECORDINGS, data / UPLOADS)
    print(json.dumps({"rewrapped": rewrapped, "left": left}, ensure_ascii=False))
    return FAILED if left else 0


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
    from server.units.unit import checked_record_mode

    mode = checked_record_mode(record)
    origin = _checked_url(url)

    async def work(registry: Registry) -> dict[str, Any]:
        return await registry.add_camera(call_sign, wearer, collar_number, mode, origin)

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
        return (await registry.revoke_camera(device_id)).registration()

    return _with_registry(data, work)


# ---- persons and tokens -----------------------------------------------------------------------------


@person_commands.command("add")
def person_add(
    name: str,
    data: Data,
    role: Annotated[str, typer.Option(help=", ".join(Role))],
    display_name: Annotated[str | None, typer.Option(help="what others see")] = None,
    call_sign: Annotated[str | None, typer.Option(help="an officer's, for the phone as a camera")] = None,
) -> int:
    """Register a person; the password is one line of standard input."""

    async def work(registry: Registry) -> dict[str, Any]:
        person = await registry.add_person(name, role, password, display_name, call_sign)
        return dict(person.as_json())

    checked_name(name), checked_role(role)  # before a password is asked for
    password = _password()
    return _with_registry(data, work)


@person_commands.command("revoke")
def person_revoke(name: str, data: Data) -> int:
    """A person may do nothing any more; their sessions and tokens end."""

    async def work(registry: Registry) -> dict[str, Any]:
        return {**(await registry.revoke_person(name)).as_json(), "revoked": True}

    return _with_registry(data, work)


@token_commands.command("add")
def token_add(
    name: str,
    data: Data,
    purpose: Annotated[str, typer.Option(help="what it is for")],
    days: Annotated[int | None, typer.Option(help="for how long it is good [until it is revoked]")] = None,
) -> int:
    """An API token for a person, for `Authorization: Bearer`. It is shown only now."""

    async def work(registry: Registry) -> dict[str, Any]:
        person, kept, token = await registry.add_token(name, purpose, days)
        return {"id": kept.id, "token": token, "name": person.name, "purpose": purpose, "expires_at": kept.expires_at}

    return _with_registry(data, work)


@token_commands.command("revoke")
def token_revoke(token_id: str, data: Data) -> int:
    """End a token, by the id that `token add` printed."""

    async def work(registry: Registry) -> dict[str, Any]:
        await registry.revoke_token(token_id)
        return {"id": token_id, "revoked": True}

    return _with_registry(data, work)


# ---- how they work ----------------------------------------------------------------------------------


def _with_registry(data: Path, work: Callable[[Registry], Awaitable[dict[str, Any]]]) -> int:
    with loading():
        from server import logs
        from server.registry import opened

    async def session() -> dict[str, Any]:
        async with opened(data) as registry:
            return await work(registry)

    logs.configure(json=False, level="error")
    print(json.dumps(asyncio.run(session()), ensure_ascii=False))
    return 0


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
