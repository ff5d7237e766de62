"""The composition root: builds every part, wires them, starts them in order and closes them in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Self

import structlog
from aiohttp import web

from server import downlink_sources, logs, serving, wire
from server.access.actions import Access, CameraAccess
from server.access.middleware import Gate
from server.access.people_actions import People
from server.access.store import AccessStore
from server.advice.actions import Advising, CameraRequests
from server.advice.downlink import Downlink
from server.advice.store import AdviceStore, RequestStore
from server.alerts.actions import Alerts
from server.alerts.alert import Wearer
from server.alerts.catalogue import Catalogue
from server.alerts.record_actions import RecordOnAlert
from server.alerts.routes import by
from server.alerts.store import AlertStore
from server.audit.actions import Audit
from server.audit.store import AuditStore
from server.bus import Body, Topic, bus_for
from server.clock import Clock, SystemClock
from server.config import Config, base_url
from server.console import socket as console_socket
from server.console.actions import Consoles, JournalReader
from server.console.settings import console_settings
from server.database import Database
from server.decisions.actions import Decisions
from server.decisions.store import DecisionStore
from server.errors import NotFound
from server.evidence import Evidence
from server.journal.entry import EntryKind
from server.journal.store import Journal
from server.media.engines import engine_for
from server.media.ice_servers import IceServers
from server.media.store import LiveViewStore
from server.media.switchboard import Neighbours
from server.operations.actions import Status
from server.operations.assets import streets
from server.operations.phone import camera_page, qr_code
from server.operations.store import forget_where, note_where, prepare_folder, tls_context
from server.positions.actions import Positions
from server.positions.store import TrailStore
from server.recording.disk import RECORDINGS
from server.recording.master_key import MasterKeys
from server.recording.order import RecordingNews
from server.recording.recorder import recorder_for
from server.site import application
from server.tasks import TaskOwner
from server.units.actions import Units
from server.units.store import UnitStore
from server.uplink.actions import CameraWatch, Receivers
from server.uplink.routes import Uplink
from server.uplink.store import ExpectedCameras, Quarantine

log = structlog.get_logger(__name__)

RECENT_ACTIVITY = 50
FRESH_S = 5.0  # a status comes every 5 s: only a signal younger than that knows more


class Watchroom:
    """One server process: every part, built and wired. Use as an async context: it serves between enter and exit.

    Raises StartError with a sentence for the terminal when it cannot start.
    """

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.url = ""
        self._closing = AsyncExitStack()
        self.tasks = TaskOwner("server")
        self.database = Database(config.database_url)
        self.journal = Journal(self.database, self.clock)
        self.bus = bus_for(config.redis)
        self.master_keys = MasterKeys.of_config(config)
        self.catalogue = Catalogue.load(config.alerts, paired=config.pairing)
        for sentence in self.catalogue.lint():
            log.warning("alert kinds out of balance", reason=sentence)
        self._build_people_and_units()
        self._build_downlink()
        self._build_field()
        self.evidence = Evidence(self)
        self._build_console()

    # ---- built, in the order in which they need each other

    def _build_people_and_units(self) -> None:
        config = self.config
        self.units = Units(UnitStore(self.database, self.journal), self.bus, self.clock)
        store = AccessStore(self.database)
        self.access = Access(
            store,
            self.bus,
            self.clock,
            session_idle_s=config.session_idle_s,
            session_absolute_s=config.session_absolute_s,
        )
        self.people = People(store, self.access, self.clock)
        self.cameras = CameraAccess(store, self.units, self.clock)
        self.audit = Audit(AuditStore(self.database), self.clock)
        self.gate = Gate(self.access, self.cameras, self.units, config, self.audit)
        self.engine = engine_for(
            config,
            self.clock,
            self.tasks,
            self.bus,
            Neighbours(self.units.origin, self.units.streams_at, self.units.other_processes),
            self.units.apply_feed,
            self.units.apply_watchers,
            self._publisher_changed,
            self._recording_news,
            recorder_for,
            self.master_keys.keys,
        )
        self.views = LiveViewStore(self.database, self.clock)
        self.ice_servers = IceServers.of(config, self.clock.wall)

    def _build_downlink(self) -> None:
        self.downlink = Downlink(self.bus)
        requests = RequestStore(self.database)
        self.requests = CameraRequests(requests, self.clock, ring=self.downlink.ring, online=self._is_online)

    def _build_field(self) -> None:
        ring, requests = self.downlink.ring, self.requests
        self.positions = Positions(TrailStore(self.database), self.bus, self.clock, self.tasks)
        self.alerts = Alerts(
            AlertStore(self.database, self.journal),
            self.bus,
            self.clock,
            self.catalogue,
            bearer=self._bearer,
            locate=self.positions.latest_of,
            place=streets(self.config).nearest,
            ring=ring,
            to_record=RecordOnAlert(requests.ask, self._is_recorded, self.audit.note_soon, self.tasks).raised,
        )
        advice_store = AdviceStore(self.database, self.journal)
        self.advising = Advising(advice_store, self.bus, self.clock, call_sign=self._call_sign, ring=ring)
        states = downlink_sources.of(self.alerts, self.units, self.engine)
        for source in (self.advising.waiting, requests.waiting, *states):
            self.downlink.add_source(source)
        expected = ExpectedCameras(self.database)
        raises, clears = self.alerts.raise_system, self.alerts.clear_system
        self.watch = CameraWatch(
            self.tasks, raises, clears, expected, self._known_lost, self._is_online, self.bus.healthy
        )
        self.uplink = Uplink(
            receivers=Receivers(
                fix=self.positions.receive,
                heard=self._hear_signal,
                signal=self._receive_signal,
                receipt=self.advising.receive_receipt,
                status=self._receive_status,
                expected=expected.note,
                quarantine=Quarantine(self.database, self.clock).keep,
                poisoned=lambda device_id, reason: self.alerts.raise_system("uplink.poison", device_id, reason),
            ),
            verify_hello=self.gate.verify_hello,
            session_keys=self.gate.phone_keys,
            session_valid=self.gate.still_in,
            whip_token_for=self.cameras.whip_token_for,
            call_sign=self._call_sign,
            ice_servers=self.ice_servers.given_to,
            pairing=self.config.pairing,
            serve_downlink=self.downlink.serve,
            on_connected=self._connected,
            on_disconnected=self._disconnected,
            watch=self.watch,
            bus=self.bus,
            clock=self.clock,
            tasks=self.tasks,
        )

    def _build_console(self) -> None:
        checks = {"database": self.database.answers, "bus": self.bus.echo, "media": self._media_answers}
        kept = self.evidence
        names_of = AlertStore(self.database, self.journal).names_of
        self.decisions = Decisions(DecisionStore(self.database), self._call_sign, names_of)
        self.status = Status(
            self.clock,
            self.engine.figures,
            lambda one: self.units.device(one).call_sign,
            checks,
            kept.disk,
            kept.doubts,
        )
        reader = JournalReader(self.journal.after, self.journal.last_seq, self.bus, self.tasks)
        self.consoles = Consoles(reader, self.bus, self.tasks, fix_of=self.fix_of, unit_of=self._unit_of)
        room = console_socket.Room(
            settings=lambda person: console_settings(self.config, self.ice_servers.given_to(person.id)),
            catalogue=self.catalogue.as_json(),
            units=self.units.states,
            fixes=lambda: [fix.as_json() for fix in self.positions.latest()],
            alerts=self.alerts.standing,
            advice=self.advising.newest,
            activity=self._activity,
            last_seq=self.journal.last_seq,
            entries_after=self.journal.after,
        )
        gate = console_socket.Gate(
            allow=self.gate.allow,
            session_keys=self.gate.session_keys,
            session_valid=self.gate.still_in,
        )
        self.sockets = console_socket.ConsoleSockets(
            room,
            gate,
            self.consoles,
            self.bus,
            self.clock,
            self.tasks,
            lambda alert_id, person: self.alerts.seen(alert_id, by(person)),
        )

    # ---- what lies between the parts

    async def _bearer(self, device_id: str) -> tuple[str, Wearer | None]:
        device = self.units.device(device_id)
        return device.call_sign, device.wearer

    async def _call_sign(self, device_id: str) -> str:
        return self.units.device(device_id).call_sign

    def _is_fresh(self, signal: wire.Signal, offset_s: float) -> bool:
        """Else it comes from the camera's store, or again: the status knows better what is now."""
        return abs(self.clock.wall() - (signal.at - offset_s)) <= FRESH_S

    def _hear_signal(self, device_id: str, signal: wire.Signal, offset_s: float) -> None:
        if signal.kind == "recording.started" and self._is_fresh(signal, offset_s):
            self.evidence.recordings.note_cause(device_id, str(signal.detail.get("by") or "officer"))

    async def _receive_signal(self, device_id: str, outbox_id: str, signal: wire.Signal, offset_s: float) -> None:
        await self.alerts.receive_signal(device_id, outbox_id, signal, offset_s)
        if not self._is_fresh(signal, offset_s):
            return
        if signal.kind == "recording.started":
            self.units.apply_recording(device_id, "recording")
        elif signal.kind == "recording.stopped":
            self.units.apply_recording(device_id, "buffering")

    async def _receive_status(self, device_id: str, status: wire.Status) -> None:
        self.units.apply_status(device_id, status)
        await self.requests.taken(device_id, status.taken)

    async def _known_lost(self) -> list[str]:
        return await self.alerts.uncleared("camera.lost")

    def _is_online(self, device_id: str) -> bool:
        try:
            return self.units.unit(device_id).online
        except NotFound:  # revoked: nobody misses it
            return False

    def _is_recorded(self, device_id: str) -> bool:
        try:
            return self.units.unit(device_id).recording == "recording"
        except NotFound:  # revoked: it is not asked
            return True

    async def _connected(self, device_id: str) -> None:
        self.units.connected(device_id)

    async def _disconnected(self, device_id: str) -> None:
        self.units.disconnected(device_id)

    def _publisher_changed(self, device_id: str, _session_id: str | None) -> None:
        self.downlink.wake(device_id)
        self.evidence.recordings.judge_soon(device_id)

    def _recording_news(self, news: RecordingNews) -> None:
        self.evidence.heard(news)

    def _units_changed(self, body: Body) -> None:
        for unit in body.get("units", ()):
            device_id = str(unit["device_id"])
            self.evidence.recordings.judge_soon(device_id)
            self.downlink.wake(device_id)  # the officer is told who watches
            known = self._unit_of(device_id)  # not as the message has it: its sender may not know our part yet
            if known is None or known["recording"] != "recording":
                self.engine.end_viewings(device_id, "the camera has stopped recording")

    def _revoked(self, body: Body) -> None:
        for name in body.get("revoked", ()):
            self.engine.revoke(str(name))

    def fix_of(self, device_id: str) -> dict[str, Any] | None:
        """Its newest fix as JSON."""
        fix = self.positions.latest_of(device_id)
        return fix.as_json() if fix else None

    def _unit_of(self, device_id: str) -> dict[str, Any] | None:
        try:
            return self.units.state(device_id)
        except NotFound:  # revoked meanwhile
            return None

    async def _activity(self) -> list[dict[str, Any]]:
        newest = await self.journal.newest(EntryKind.ACTIVITY, RECENT_ACTIVITY)
        return [{"seq": entry.seq, "at": entry.at, **entry.body} for entry in newest]

    async def _media_answers(self) -> bool:
        return bool(self.engine.health()["ready"])

    def gauges(self) -> dict[str, float]:
        """For /metrics."""
        health = self.engine.health()
        return {
            "consoles": len(self.consoles),
            "cameras_connected": len(self.uplink.connected()),
            "cameras_streaming": health["cameras"],
            "viewings": health["viewers"],
            **self.evidence.gauges(),
        }

    # ---- from start to end

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as closing:  # closes what has started when a later step fails
            await self._start(closing)
            self._closing = closing.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def _start(self, closing: AsyncExitStack) -> None:
        """Start in order; `closing` closes in reverse."""
        prepare_folder(self.config.data)
        self.master_keys.require(self.config.data / RECORDINGS)
        addresses = serving.local_addresses()
        tls = tls_context(self.config, ["localhost", *addresses, *self.config.public_address], self.clock)
        listening = serving.listening_socket(self.config.host, self.config.port)
        closing.callback(listening.close)
        closing.push_async_callback(self.database.close)
        await self.database.migrate()
        closing.push_async_callback(self.tasks.close)
        closing.push_async_callback(self.bus.close)
        await self.bus.start()
        closing.push_async_callback(self.positions.close)
        await closing.enter_async_context(self.audit)
        await self.cameras.start()
        await self.access.start(self.tasks)
        closing.callback(self.units.close)
        await self.units.start(self.tasks)
        await self.positions.start()
        self.bus.subscribe(Topic.SESSIONS, self._revoked)
        self.bus.subscribe(Topic.LATEST, self._units_changed)
        closing.push_async_callback(self.views.close)  # after the engine, whose end is the end of every viewing
        self.views.start(self.tasks)
        closing.push_async_callback(self.evidence.recordings.close)  # likewise
        closing.push_async_callback(self.engine.close)
        await self.engine.start()
        closing.push_async_callback(self.evidence.close)
        await self.evidence.start()
        self.status.start(self.tasks)
        await self.consoles.start()
        await self.watch.start()
        runner = serving.runner_for(application(self))
        closing.push_async_callback(runner.cleanup)
        await runner.setup()
        closing.push_async_callback(self.uplink.close)
        closing.push_async_callback(self.sockets.close)
        await web.SockSite(runner, listening, ssl_context=tls).start()
        port = int(listening.getsockname()[1])
        self.url = base_url(self.config.host, port, self.config.secure)
        closing.callback(forget_where, self.config.data, self.url)
        note_where(self.config.data, self.url)


async def serve(config: Config, on_ready: Callable[[Watchroom], None]) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    with serving.stop_signals() as stop:
        async with Watchroom(config) as watchroom:
            on_ready(watchroom)
            await stop.wait()


def run(config: Config) -> int:
    """`python3 -m server run`: prints `Ready` once it serves. Raises StartError."""
    logs.configure(json=config.log_json if config.log_json is not None else True, level=config.log_level)

    def ready(watchroom: Watchroom) -> None:
        print(f"Console: {watchroom.url}/", flush=True)
        page = camera_page(watchroom.url, config.host, [*config.public_address, *serving.local_addresses()])
        if page is not None:
            print(f"An officer's phone as a camera: {page}\n{qr_code(page)}", flush=True)
        print("Ready", flush=True)

    asyncio.run(serve(config, ready))
    return 0
