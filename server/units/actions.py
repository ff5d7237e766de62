"""What may be done with units, and what every one of them does now, in whichever process it is connected.

The registration comes from the database: each process follows the changes by their journal numbers,
so that a camera added or revoked from a terminal is noticed without any message. What a camera does
is told by the process that it is connected to (topic LATEST), on change and every REPEAT_S.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import structlog

from server.bus import Body, Bus, Subscription, Topic
from server.clock import Clock
from server.database import alone
from server.errors import NotFound, Unavailable
from server.media.live import FeedState, WatcherInfo
from server.tasks import TaskOwner
from server.units.presence import Presence
from server.units.store import AlongOf, UnitStore
from server.units.unit import (
    DEVICE_ID,
    Device,
    Link,
    Picture,
    RecordMode,
    Unit,
    checked_call_sign,
    checked_wearer,
    differs,
    id_stem,
)
from server.wire import RecordingState, Status

log = structlog.get_logger(__name__)

FOLLOW_S = 1.0  # a revoked camera's media must end within 5 s
COALESCE_S = 0.2  # several changes of one moment are one message
REPEAT_S = 5.0  # a process that came later knows everything after this


class Units:
    """The registered cameras and their live state. `start` before use; all plain calls are quick."""

    def __init__(self, store: UnitStore, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._presence = Presence(secrets.token_hex(8))
        self._devices: dict[str, Device] = {}
        self._followed = 0
        self._told: dict[str, dict[str, Any]] = {}
        self._dirty: set[str] = set()
        self._ring = asyncio.Event()
        self._subscriptions: list[Subscription] = []

    async def start(self, tasks: TaskOwner) -> None:
        """Read the registration, listen to the other processes, and keep both up to date."""
        self.listen()
        await self.follow()
        tasks.repeat(FOLLOW_S, self.follow, "units.follow")
        tasks.repeat(COALESCE_S, self.tell, "units.tell")
        tasks.repeat(REPEAT_S, self.repeat, "units.repeat")
        tasks.start(self._follow_when_rung(), "units.rung")

    def listen(self) -> None:
        """Hear what other processes tell."""
        self._subscriptions = [
            self._bus.subscribe(Topic.LATEST, self._heard),
            self._bus.subscribe(Topic.JOURNAL, lambda _body: self._ring.set()),
        ]

    def close(self) -> None:
        """Listen no more."""
        for subscription in self._subscriptions:
            subscription.cancel()

    # ---- registration ---------------------------------------------------------------------------

    async def add_device(
        self,
        call_sign: str,
        *,
        wearer_name: str | None = None,
        collar_number: str | None = None,
        public_key: bytes | None = None,
        record_mode: RecordMode = RecordMode.ON_SIGNAL,
        along: AlongOf = lambda _device: alone,
    ) -> Device:
        """Register a camera under a new id. Raises BadRequest that names the field."""
        device = self._made(call_sign, wearer_name, collar_number)
        kept = await self._store.add(replace(device, public_key=public_key, record_mode=record_mode), along)
        await self._journalled(kept)
        return kept

    async def phone_of(self, person_id: str, call_sign: str, wearer_name: str) -> Device:
        """The phone of an officer, registered when it is first asked for. Raises BadRequest."""
        known = await self._store.phone_of(person_id)
        if known is not None:
            return known
        made = replace(self._made(call_sign, wearer_name, None), wearer_person_id=person_id)
        device, is_new = await self._store.add_phone(person_id, lambda: made)
        if is_new:
            await self._journalled(device)
        return device

    async def change(self, device_id: str, along: AlongOf = lambda _device: alone, **values: Any) -> Device:
        """Another call sign, wearer or record mode: fields of Device, as `changed_fields` checks them. Raises NotFound."""
        device = await self._store.change(device_id, values, along)
        if device is None:
            raise NotFound(f"there is no camera {device_id!r}")
        await self._journalled(device)
        return device

    async def revoke(self, device_id: str, along: AlongOf = lambda _device: alone) -> Device:
        """The camera may do nothing any more. Raises NotFound."""
        device = await self._store.revoke(device_id, self._clock.wall(), along)
        if device is None:
            raise NotFound(f"there is no camera {device_id!r}")
        await self._journalled(device)
        return device

    async def current(self, device_id: str) -> Device | None:
        """The device as the database has it now; None if unknown or revoked. For decisions about access."""
        if not DEVICE_ID.fullmatch(device_id):
            return None
        device = await self._store.device(device_id)
        if device is not None:
            await self._take(device)  # it may have been registered less than FOLLOW_S ago
        return None if device is None or device.revoked_at is not None else device

    async def registered(self) -> list[Device]:
        """Every device as the database has it now, revoked ones too."""
        return await self._store.changed_after(0)

    async def registry(self, fix_of: Callable[[str], dict[str, Any] | None]) -> dict[str, Any]:
        """Every device as it is registered, with what it does now; revoked ones too. And the server's time.

        `fix_of`: its newest fix, which is known from before a restart, too.
        """
        devices = sorted(await self.registered(), key=lambda device: (device.call_sign, device.device_id))
        entries = [Unit(one, *self._presence.merged(one.device_id)).as_entry(fix_of(one.device_id)) for one in devices]
        return {"at": self._clock.wall(), "devices": entries}

    async def namesakes(self, device: Device) -> list[str]:
        """Others of the same call sign, each a unit of its own on every console: often one was replaced by it."""
        same = [one for one in await self.registered() if one.call_sign == device.call_sign and one.revoked_at is None]
        return [one.device_id for one in same if one.device_id != device.device_id]

    async def follow(self) -> None:
        """Take in what was registered or revoked since the last time."""
        for device in await self._store.changed_after(self._followed):
            await self._take(device)
            self._followed = max(self._followed, device.changed_seq)

    def _made(self, call_sign: str, wearer_name: str | None, collar_number: str | None) -> Device:
        shown = checked_call_sign(call_sign)
        return Device(
            device_id=f"{id_stem(shown)}-{secrets.token_hex(3)}",
            call_sign=shown,
            wearer_name=checked_wearer("wearer", wearer_name),
            collar_number=checked_wearer("collar number", collar_number),
        )

    async def _journalled(self, device: Device) -> None:
        await self.follow()
        await self._bus.publish(Topic.JOURNAL, {"seq": device.changed_seq})

    async def _follow_when_rung(self) -> None:
        while True:
            await self._ring.wait()
            self._ring.clear()
            try:
                await self.follow()
            except Unavailable as error:
                log.warning("registrations cannot be read; tried again in a moment", error=error.detail)
            await asyncio.sleep(COALESCE_S)  # alerts ring the same bell

    async def _take(self, device: Device) -> None:
        """Know this device; if it has just lost its rights, say so."""
        known = self._devices.get(device.device_id)
        if known is not None and known.changed_seq >= device.changed_seq:
            return
        self._devices[device.device_id] = device
        if device.revoked_at is None:
            self._dirty.add(device.device_id)
        else:
            self._presence.drop(device.device_id)
        if device.revoked_at is not None and known is not None and known.revoked_at is None:
            await self._bus.publish(Topic.SESSIONS, {"revoked": [device.device_id]})

    # ---- what they do now -----------------------------------------------------------------------

    def device(self, device_id: str) -> Device:
        """A registered camera. Raises NotFound for unknown and revoked ones."""
        device = self._devices.get(device_id)
        if device is None or device.revoked_at is not None:
            raise NotFound(f"there is no unit {device_id!r}")
        return device

    def bearer(self, device_id: str) -> tuple[str, dict[str, Any] | None]:
        """Its call sign, and who wears it. Raises NotFound."""
        device = self.device(device_id)
        return device.call_sign, device.wearer

    def unit(self, device_id: str) -> Unit:
        """One unit, from what all processes know of it. Raises NotFound."""
        device = self.device(device_id)
        return Unit(device, *self._presence.merged(device_id))

    def state(self, device_id: str) -> dict[str, Any]:
        """One unit as the contract has it. Raises NotFound."""
        return self.unit(device_id).as_json()

    def states(self) -> list[dict[str, Any]]:
        """All units that are not revoked, by call sign."""
        present = [device for device in self._devices.values() if device.revoked_at is None]
        present.sort(key=lambda device: (device.call_sign, device.device_id))
        return [self.state(device.device_id) for device in present]

    def is_recording(self, device_id: str) -> bool:
        """Whether it records now. Raises NotFound."""
        return self.unit(device_id).recording == "recording"

    def connected(self, device_id: str) -> None:
        """Its telemetry is connected to this process."""
        self._set_link(device_id, self._presence.link(device_id).connected(self._clock.wall()))

    def disconnected(self, device_id: str) -> None:
        """Its telemetry is not connected to this process any more."""
        self._set_link(device_id, self._presence.link(device_id).disconnected())

    def apply_status(self, device_id: str, status: Status) -> None:
        """Its newest condition."""
        self._set_link(device_id, self._presence.link(device_id).with_status(status, self._clock.wall()))

    def apply_recording(self, device_id: str, recording: RecordingState) -> None:
        """Its signal that recording started or stopped: sooner than the next status."""
        self._set_link(device_id, self._presence.link(device_id).with_recording(recording, self._clock.wall()))

    @property
    def origin(self) -> str:
        """What this process is called among those of the installation."""
        return self._presence.origin

    def streams_at(self, device_id: str) -> str | None:
        """Which other process has this camera's picture now, None if none has."""
        return self._presence.streams_at(device_id)

    def other_processes(self) -> set[str]:
        """Those that were heard of lately."""
        return self._presence.origins()

    def apply_feed(self, device_id: str, feed: FeedState) -> None:
        """The media plane of this process says what its picture does."""
        self._set_picture(device_id, self._presence.picture(device_id).with_feed(feed))

    def apply_keeping(self, device_id: str, keeping: str | None) -> None:
        """Whether what it sends is recorded by this process, and lies on disk."""
        self._set_picture(device_id, self._presence.picture(device_id).with_keeping(keeping))

    def apply_watchers(self, device_id: str, watchers: Iterable[WatcherInfo]) -> None:
        """Who watches it through this process."""
        self._set_picture(device_id, self._presence.picture(device_id).with_watchers(watchers))

    def _set_link(self, device_id: str, link: Link) -> None:
        self._presence.set_link(device_id, link)
        self._dirty.add(device_id)

    def _set_picture(self, device_id: str, picture: Picture) -> None:
        self._presence.set_picture(device_id, picture)
        self._dirty.add(device_id)

    # ---- telling and hearing --------------------------------------------------------------------

    async def tell(self) -> None:
        """Tell what has changed since the last time."""
        self._dirty |= self._presence.forget(self._clock.monotonic())
        dirty, self._dirty = self._dirty, set()
        present = [one for one in dirty if one in self._devices and self._devices[one].revoked_at is None]
        changed = [one for one in present if differs(self._told.get(one), self.state(one))]
        await self._publish(changed)

    async def repeat(self) -> None:
        """Tell all that this process knows at first hand, changed or not."""
        present = [device.device_id for device in self._devices.values() if device.revoked_at is None]
        await self._publish([one for one in present if self._presence.is_own(one)])

    async def _publish(self, device_ids: Iterable[str]) -> None:
        states = {one: self.state(one) for one in sorted(device_ids)}
        if not states:
            return
        self._told.update(states)
        parts = self._presence.parts(states)
        body = {"units": list(states.values()), "unit_parts": parts, "origin": self._presence.origin}
        await self._bus.publish(Topic.LATEST, body)

    def _heard(self, body: Body) -> None:
        origin = body.get("origin")
        if origin is None or origin == self._presence.origin:
            return
        try:
            about = self._presence.hear(origin, body.get("unit_parts", ()), self._clock.monotonic())
            said = {state["device_id"]: state for state in body.get("units", ())}
        except (KeyError, TypeError, ValueError) as error:
            log.warning("another process speaks of units in words not known here", error=repr(error))
            return
        for device_id in about:
            # It may have spoken without knowing our part: then the whole is told again.
            if self._presence.is_own(device_id) and device_id in self._devices:
                self._told[device_id] = said.get(device_id, {})
                self._dirty.add(device_id)
