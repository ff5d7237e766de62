"""The demo itself: server, simulated cameras that play a scenario, and a signed-in console."""

from __future__ import annotations

import asyncio
import os
import secrets
import webbrowser
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server import serving
from server.access.person import Person
from server.alerts.routes import by
from server.app import Watchroom
from server.bus import Body, Topic
from server.config import Config
from server.demo.cast import cast, extended, picture_size, runs
from server.demo.children import Children
from server.demo.colleague import LOOKS_S, Desk
from server.errors import Conflict, StartError
from server.operations.assets import ROOT
from server.private_file import write_private
from server.tasks import TaskOwner
from server.units.unit import Device
from streamer.errors import ScenarioError
from streamer.scenario import Colleague, Officer, Scenario, parse

BUILT_IN = ROOT / "streamer" / "scenarios" / "night_shift.toml"
HEAD_START_S = 3.0  # a camera's process needs about that long before it can play its part
FIRST_ALONE_S = 1.5
BETWEEN_S = 0.1
OPERATORS = (("achebe", "Insp. Achebe", "inspector"), ("okafor", "D. Okafor", "control"))
DUTIES = (
    "Duty inspector, Estuary",
    "Control room, Estuary",
)  # theirs: the reason of each picture that no alert asks for
OFFICER = ("rahman", "PS Rahman", "officer")
COLLEAGUE = "colleague"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demo will play: `scenario_file` holds every officer of `officers`."""

    scenario_file: Path
    officers: list[Officer]
    colleague: Colleague | None


def _plan(folder: Path, file: Path, cameras: int) -> Plan:
    """Read the scenario, and write the one that is played into the folder. Raises StartError."""
    try:
        text = file.read_text()
        scenario = parse(text)
    except OSError as error:
        raise StartError(f"the scenario {file} cannot be read: {error.strerror}") from error
    except ScenarioError as error:
        raise StartError(f"the scenario {file} is not valid: {error}") from error
    played = folder / "scenario.toml"
    played.write_text(_with_extra(text, scenario, cameras))
    return Plan(played, cast(scenario, cameras), scenario.colleague)


def _with_extra(text: str, scenario: Scenario, cameras: int) -> str:
    extra = extended(scenario, cameras)
    if not extra:
        return text
    first = text.index("[[officer]]")  # tables of one kind must stand before [repeat] opens another
    return text[:first] + extra.lstrip("\n") + "\n" + text[first:]


async def play(children: Children, folder: Path, port: int, cameras: int, scenario: Path | None, browser: bool) -> None:
    """Play until Ctrl-C. Raises StartError with one sentence when it cannot start."""
    config = Config.load(folder, {"port": port, "media_workers": 0, "development": True})
    plan = _plan(folder, scenario or BUILT_IN, cameras)
    with serving.stop_signals() as stop:
        async with AsyncExitStack() as closing:
            tasks = await closing.enter_async_context(TaskOwner("demo"))
            watchroom = await closing.enter_async_context(Watchroom(config))
            closing.push_async_callback(children.close)  # before the server ends: their last words are heard
            live = _first_picture(watchroom)
            start_at = watchroom.clock.wall() + HEAD_START_S
            orders: list[tuple[str, list[str]]] = []
            for officer in plan.officers:
                device, key_file = await _camera_of(watchroom, officer)
                arguments = _arguments(config, watchroom.url, plan, officer, device, key_file, start_at)
                orders.append((officer.call_sign, arguments))
            tasks.start(_bring_in(children, orders, live), "cameras")
            await _welcome(watchroom, browser)
            if plan.colleague is not None:
                desk = await _seat(watchroom, plan.colleague)
                seated = await closing.enter_async_context(TaskOwner("colleague"))  # who leaves before the room closes
                seated.repeat(LOOKS_S, desk.look, "looks")
            await _either(tasks, stop, live)
            if not stop.is_set():
                print("Ready", flush=True)
            await stop.wait()
            print("\nEnding …", flush=True)


async def _bring_in(children: Children, orders: list[tuple[str, list[str]]], live: asyncio.Event) -> None:
    """The first camera alone until its picture has come: six at once on two cores show nothing for two seconds."""
    first, *others = orders
    children.start(*first)
    with suppress(TimeoutError):
        await asyncio.wait_for(live.wait(), FIRST_ALONE_S)
    for order in others:
        children.start(*order)
        await asyncio.sleep(BETWEEN_S)


async def _either(tasks: TaskOwner, *events: asyncio.Event) -> None:
    waits = [tasks.start(event.wait(), "wait") for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


def _first_picture(watchroom: Watchroom) -> asyncio.Event:
    """Set once any camera's picture has arrived."""
    live = asyncio.Event()

    def heard(body: Body) -> None:
        if any(unit.get("streaming") for unit in body.get("units", ())):
            live.set()

    watchroom.bus.subscribe(Topic.LATEST, heard)
    return live


async def _camera_of(watchroom: Watchroom, officer: Officer) -> tuple[Device, Path]:
    """The officer's camera: the one from an earlier demo in this folder, or a new one with its key."""
    keys = watchroom.config.data / "keys"
    for device in await watchroom.units.registered():
        key_file = keys / f"{device.device_id}.pem"
        if device.call_sign == officer.call_sign and device.revoked_at is None and key_file.exists():
            return device, key_file
    key = Ed25519PrivateKey.generate()
    device = await watchroom.units.add_device(
        officer.call_sign,
        wearer_name=officer.name,
        collar_number=officer.collar_number,
        public_key=key.public_key().public_bytes_raw(),
    )
    keys.mkdir(mode=0o700, exist_ok=True)
    key_file = keys / f"{device.device_id}.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(key_file, pem)
    return device, key_file


def _arguments(
    config: Config, url: str, plan: Plan, officer: Officer, device: Device, key_file: Path, start_at: float
) -> list[str]:
    arguments = ["--server", url, "--device", device.device_id, "--key-file", str(key_file)]
    arguments += ["--source", "street", "--gps", "scenario", "--scenario", str(plan.scenario_file)]
    arguments += ["--call-sign", officer.call_sign, "--start-at", f"{start_at:.3f}"]
    arguments += ["--state", str(config.data / "cameras" / device.device_id), "--no-keys", "--until-stdin-closes"]
    if not runs(officer):  # nothing is drawn, encoded or kept before somebody asks for it
        arguments += ["--stream", "off", "--before", "0"]
    if size := picture_size(sum(runs(one) for one in plan.officers), os.cpu_count() or 1):
        arguments += ["--size", size]
    if config.secure:
        arguments += ["--ca-file", str(config.tls_cert or config.data / "tls-cert.pem")]
    return arguments


async def _person(watchroom: Watchroom, name: str, display_name: str, role: str, password: str) -> Person:
    try:
        return await watchroom.access.add_person(name, role, password, display_name)
    except Conflict:  # from an earlier demo in this folder
        return await watchroom.access.person_named(name)


async def _seat(watchroom: Watchroom, plan: Colleague) -> Desk:
    """The simulated colleague, at a desk of their own. Nobody knows the password."""
    person = await _person(watchroom, COLLEAGUE, plan.name, "control", secrets.token_urlsafe(24))
    print(f"  {plan.name} answers what nobody else answers for {plan.after_s:.0f} s", flush=True)
    return Desk(plan, by(person), watchroom.alerts, watchroom.advising, watchroom.clock)


async def _welcome(watchroom: Watchroom, browser: bool) -> None:
    """Print how to get in; open the console."""
    password_file = watchroom.config.data / "demo-password.txt"
    if not password_file.exists():
        write_private(password_file, secrets.token_urlsafe(9).encode())
    password = password_file.read_text()
    first, *others = [await _person(watchroom, *operator, password) for operator in OPERATORS]
    officer = await _person(watchroom, *OFFICER, password)
    duty, other_duty = (urlencode({"duty": one}) for one in DUTIES)
    link = f"{watchroom.url}/sign-in/once/{await watchroom.access.link_for(first)}?{duty}"
    print(f"Console: {link}", flush=True)
    names = ", ".join(person.name for person in others)
    print(
        f"  Further operators sign in at {watchroom.url}/sign-in?{other_duty} as {names}, password {password}",
        flush=True,
    )
    print(f"  An officer's own phone or webcam as a camera: sign in as {officer.name}, same password", flush=True)
    if browser and not await asyncio.to_thread(webbrowser.open, link):
        print("  (no browser could be opened here: open the link above)", flush=True)
