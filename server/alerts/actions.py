"""What may be done with alerts. Each method has committed all that it did before it returns.

The river: uplink → receive_signal → catalogue → consequence → store (one transaction) → bus (doorbell) →
consoles; and → the officer, who is told what becomes of the alert. Acknowledging takes the same way in.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server import wire
from server.alerts.alert import Alert, By, Happening, NotPossible, Origin, Step, Wearer, acknowledged, closed
from server.alerts.catalogue import RAISED_BY_SERVER, AlertKind, Catalogue
from server.alerts.consequence import Consequence, Effect, Occurrence, Setting, clear, raise_again, raise_new
from server.alerts.detail import in_words
from server.alerts.store import AlertStore
from server.bus import Bus, Topic
from server.clock import Clock
from server.decisions.decision import Decided
from server.errors import Conflict, NotFound
from server.positions.fix import Fix

log = structlog.get_logger(__name__)

RECENT_S = 3600.0  # closed alerts stay in the tray's history, and the officer is told of them, for an hour
MOST_SEEN = 10_000  # of 200 bytes; who is forgotten here is still known in the database
FRESH_S = 60.0  # what a camera kept while it was out of touch is no reason to record now
LONGEST_LINE = 300  # characters: each console gets the newest 50 steps of an alert with every change of it
BY_SERVER = "server"  # the outbox of what the server itself reports

Bearer = Callable[[str], Awaitable[tuple[str, Wearer | None]]]  # device_id → call sign, wearer
Locate = Callable[[str], Fix | None]  # device_id → last known position
Place = Callable[[float, float], str | None]  # lat, lon → street
Ring = Callable[[str], Awaitable[None]]  # device_id: something waits for this camera
# Of a kind that is to be recorded: raised, raised again, or graver. After the commit.
OnRaised = Callable[[Alert], None]
Keep = Callable[[AsyncConnection, Decided], Awaitable[None]]  # what stood on the screen, with the step
RAISES = (Effect.RAISE, Effect.RETURN, Effect.ESCALATE)


class _NothingToDo(Exception):
    """Leaves a transaction so that it is rolled back, its number with it."""


class Alerts:
    """Raises, clears and closes alerts; keeps what cameras and people did to them."""

    def __init__(
        self,
        store: AlertStore,
        bus: Bus,
        clock: Clock,
        catalogue: Catalogue,
        *,
        bearer: Bearer,
        locate: Locate,
        place: Place,
        ring: Ring,
        to_record: OnRaised = lambda _alert: None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self.catalogue = catalogue
        self._bearer = bearer
        self._locate = locate
        self._place = place
        self._ring = ring
        self._to_record = to_record
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()  # the newest MOST_SEEN

    async def receive_signal(self, device_id: str, outbox_id: str, signal: wire.Signal, offset_s: float = 0.0) -> None:
        """Keep a signal and all that follows from it. The same signal again does nothing. Raises Unavailable."""
        seen = Occurrence(
            device_id=device_id,
            origin=Origin(outbox_id, signal.seq, signal.at),
            received_at=self._clock.wall(),
            offset_s=offset_s,
            detail=_line(in_words(signal.kind, signal.detail)),
        )
        setting = await self._setting(device_id)
        with suppress(_NothingToDo):
            seq, outcome = await self._commit_signal(seen, signal, setting)
            await self._tell(seq, device_id)
            self._follow(outcome, seen)

    async def raise_system(self, kind: str, device_id: str, detail: str = "") -> None:
        """The server itself found something: `camera.lost`, `uplink.poison`."""
        if kind not in RAISED_BY_SERVER:
            raise ValueError(f"{kind} is not raised by the server; one of {RAISED_BY_SERVER} is")
        seen = self._by_server(device_id, detail)
        setting = await self._setting(device_id)
        async with self._store.transaction() as tx:
            seq = await self._store.next_seq(tx)
            outcome = await self._raised(tx, self.catalogue[kind], seen, setting)
            await self._save(tx, outcome, seq)
        await self._tell(seq, device_id)
        self._follow(outcome, seen)

    async def clear_system(self, kind: str, device_id: str) -> None:
        """What the server had found is over."""
        seen = self._by_server(device_id, "")
        with suppress(_NothingToDo):
            async with self._store.transaction() as tx:
                family = self.catalogue[kind].family
                if await self._store.open_of(tx, device_id, family) is None:
                    return
                seq = await self._store.next_seq(tx)
                alert = await self._store.open_of(tx, device_id, family)
                outcome = clear(alert, seen) if alert else Consequence(Effect.NOTHING, None)
                if outcome.effect is Effect.NOTHING:
                    raise _NothingToDo
                await self._save(tx, outcome, seq)
            await self._tell(seq, device_id)

    async def uncleared(self, kind: str) -> list[str]:
        """The cameras of which the server says so, as far as it has not said that it is over."""
        found = await self._store.open_of_family(self.catalogue[kind].family)
        return [alert.device_id for alert in found if alert.kind == kind and alert.cleared_at is None]

    async def act(
        self, alert_id: str, happening: Happening, by: By, detail: str = "", keep: Keep | None = None
    ) -> dict[str, Any]:
        """Acknowledge, resolve or mark false. One person wins; the other gets Conflict with the alert as it is.

        The winner may ask again (a lost answer) and gets the same; what `keep` keeps is of the first time.
        Raises NotFound, Conflict, Unavailable.
        """
        at = self._clock.wall()
        try:
            async with self._store.transaction() as tx:
                seq = await self._store.next_seq(tx)
                alert = await self._store.find(tx, alert_id)
                if alert is None:
                    raise NotFound(f"there is no alert {alert_id}")
                changed, step = _acted(alert, happening, by, at, detail)
                shown = await self._store.save(tx, changed, [step], seq)
                if keep is not None:
                    await keep(tx, Decided(step.action, "alert", alert_id, changed.device_id, step.at))
        except NotPossible as refusal:
            return await self._refused(alert_id, happening, by, refusal)
        await self._tell(seq, shown["device_id"])
        return shown

    async def seen(self, alert_id: str, by: By) -> None:
        """A console has shown the alert to `by` (mission.md, N5). Consoles are told of the first who saw it."""
        if (alert_id, by.id) in self._seen:
            return
        if not await self._store.exists(alert_id):  # asked first: a writer's lock would hold up the next alert
            raise NotFound(f"there is no alert {alert_id}")
        seq: int | None = None
        async with self._store.transaction() as tx:
            alert = await self._store.find(tx, alert_id)
            if alert is None:
                raise NotFound(f"there is no alert {alert_id}")
            if await self._store.note_seen(tx, alert_id, by, self._clock.wall()):
                seq = await self._store.next_seq(tx)
                newest = await self._store.find(tx, alert_id)
                await self._store.save(tx, newest or alert, [], seq)
        self._seen[alert_id, by.id] = None
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        if seq is not None:
            await self._bus.publish(Topic.JOURNAL, {"seq": seq})

    async def one(self, alert_id: str) -> dict[str, Any]:
        """One alert with its whole history. Raises NotFound."""
        shown = await self._store.one(alert_id)
        if shown is None:
            raise NotFound(f"there is no alert {alert_id}")
        return shown

    async def standing(self) -> list[dict[str, Any]]:
        """Open alerts, and those closed in the last hour."""
        return await self._store.standing(self._clock.wall() - RECENT_S)

    async def after(self, seq: int, limit: int = 500) -> list[dict[str, Any]]:
        """Alerts that changed after number `seq`."""
        return await self._store.after(seq, limit)

    async def for_officer(self, device_id: str) -> list[wire.AlertUpdate]:
        """What the officer is told: how each of the officer's own alerts stands."""
        alerts = await self._store.of_device(device_id, self._clock.wall() - RECENT_S)
        return [_update(alert) for alert in alerts if alert.kind not in RAISED_BY_SERVER]

    async def _commit_signal(self, seen: Occurrence, signal: wire.Signal, setting: Setting) -> tuple[int, Consequence]:
        kind = self.catalogue.raised_by(signal.kind)
        try:
            async with self._store.transaction() as tx:
                if await self._store.has_signal(tx, seen.device_id, seen.origin.outbox_id, signal.seq):
                    raise _NothingToDo
                seq = await self._store.next_seq(tx)
                await self._store.keep_signal(tx, _signal_row(seen, signal))
                outcome = await self._outcome(tx, kind, signal.kind, seen, setting)
                told = await self._save(tx, outcome, seq)
                if not told or (kind is not None and kind.priority == "activity"):
                    body = _activity(seen, setting, signal.kind, kind.title if kind else signal.kind)
                    await self._store.add_activity(tx, body, None if told else seq)
                return seq, outcome
        except IntegrityError as error:  # the same signal on two connections at once: the other one has kept it
            log.info("signal was kept by another connection", device_id=seen.device_id, error=str(error.orig))
            raise _NothingToDo from error

    async def _outcome(
        self, tx: AsyncConnection, kind: AlertKind | None, signal: str, seen: Occurrence, setting: Setting
    ) -> Consequence:
        """Raise or clear."""
        if kind is not None and kind.priority != "activity":
            return await self._raised(tx, kind, seen, setting)
        family = self.catalogue.cleared_by(signal)
        alert = await self._store.open_of(tx, seen.device_id, family) if family else None
        return clear(alert, seen) if alert else Consequence(Effect.NOTHING, None)

    def _follow(self, outcome: Consequence, seen: Occurrence) -> None:
        """What else happens because of it."""
        alert = outcome.alert
        if alert is None or outcome.effect not in RAISES:
            return
        kind = self.catalogue.find(alert.kind)
        is_fresh = seen.received_at - (seen.origin.at - seen.offset_s) <= FRESH_S
        if kind is not None and kind.records and is_fresh:
            self._to_record(alert)

    async def _raised(self, tx: AsyncConnection, kind: AlertKind, seen: Occurrence, setting: Setting) -> Consequence:
        alert = await self._store.open_of(tx, seen.device_id, kind.family)
        if alert is not None:
            return raise_again(alert, kind, seen, self.catalogue.find(alert.kind) or kind)
        clearing = self.catalogue.clearing(kind.family)
        known = await self._store.last_signal(tx, seen.device_id, clearing) if clearing else None
        return raise_new(secrets.token_hex(12), kind, seen, setting, known)

    async def _save(self, tx: AsyncConnection, outcome: Consequence, seq: int) -> bool:
        """True when an alert was journalled under `seq`."""
        if outcome.alert is None:
            return False
        if outcome.effect is Effect.NOTHING:
            await self._store.keep(tx, outcome.alert)
            return False
        await self._store.save(tx, outcome.alert, outcome.steps, seq)
        return True

    async def _refused(self, alert_id: str, happening: Happening, by: By, refusal: NotPossible) -> dict[str, Any]:
        shown = await self.one(alert_id)
        if _done_by(shown, happening) == by.id:
            return shown
        raise Conflict(str(refusal), alert=shown) from refusal

    async def _setting(self, device_id: str) -> Setting:
        call_sign, wearer = await self._bearer(device_id)
        fix = self._locate(device_id)
        if fix is None:
            return Setting(call_sign, wearer)
        return Setting(call_sign, wearer, fix.lat, fix.lon, self._place(fix.lat, fix.lon))

    async def _tell(self, seq: int, device_id: str) -> None:
        await self._bus.publish(Topic.JOURNAL, {"seq": seq})
        await self._ring(device_id)

    def _by_server(self, device_id: str, detail: str) -> Occurrence:
        now = self._clock.wall()
        return Occurrence(device_id, Origin(BY_SERVER, 0, now), now, 0.0, _line(detail))


def _line(detail: str) -> str:
    return detail if len(detail) <= LONGEST_LINE else detail[: LONGEST_LINE - 1] + "…"


def _acted(alert: Alert, happening: Happening, by: By, at: float, detail: str) -> tuple[Alert, Step]:
    if happening is Happening.ACKNOWLEDGE:
        changed, step = acknowledged(alert, by, at)
        return changed, replace(step, detail=detail)
    return closed(alert, happening, by, at, detail)


def _done_by(shown: dict[str, Any], happening: Happening) -> str | None:
    """Who brought the alert to where `happening` leads."""
    wanted = {Happening.ACKNOWLEDGE: "acknowledged", Happening.RESOLVE: "resolved", Happening.FALSE: "false"}
    if shown["state"] != wanted.get(happening):
        return None
    who = shown["acknowledged_by"] if happening is Happening.ACKNOWLEDGE else shown["closed_by"]
    return str(who["id"]) if who else None


def _update(alert: Alert) -> wire.AlertUpdate:
    by = alert.closed_by or alert.acknowledged_by
    return wire.AlertUpdate(alert_id=alert.id, kind=alert.kind, state=alert.state.value, by=by.name if by else None)


def _signal_row(seen: Occurrence, signal: wire.Signal) -> dict[str, Any]:
    return {
        "device_id": seen.device_id,
        "outbox_id": seen.origin.outbox_id,
        "device_seq": signal.seq,
        "kind": signal.kind,
        "device_at": signal.at,
        "received_at": seen.received_at,
        "offset_s": seen.offset_s,
        "detail": dict(signal.detail),
    }


def _activity(seen: Occurrence, setting: Setting, kind: str, text: str) -> dict[str, Any]:
    return {
        "at": seen.received_at,
        "device_id": seen.device_id,
        "call_sign": setting.call_sign,
        "kind": kind,
        "text": f"{text} · {seen.detail}" if seen.detail else text,
    }
