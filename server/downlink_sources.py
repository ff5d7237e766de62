"""What a camera should know beside advice and requests, told as state by the downlink (see server/advice/downlink.py)."""

from __future__ import annotations

from server import wire
from server.advice.downlink import Item, Source
from server.alerts.actions import Alerts
from server.media.media_engine import MediaEngine
from server.units.actions import Units


def of(alerts: Alerts, units: Units, engine: MediaEngine) -> tuple[Source, ...]:
    """All of them."""
    return alert_updates(alerts), watchers(units), media_session(engine)


def alert_updates(alerts: Alerts) -> Source:
    """What became of the officer's own alerts."""

    async def source(device_id: str) -> list[Item]:
        updates = await alerts.for_officer(device_id)
        return [Item(f"alert {update.alert_id}", update) for update in updates]

    return source


def watchers(units: Units) -> Source:
    """Who watches it now."""

    async def source(device_id: str) -> list[Item]:
        found = units.unit(device_id).picture.watchers
        message = wire.Watchers(watchers=[wire.Watcher(name=n, role=r, since=s) for n, r, s in found])
        return [Item("watchers", message)]

    return source


def media_session(engine: MediaEngine) -> Source:
    """By which session its media comes in here: a media worker that dies can say good-bye to nobody."""

    async def source(device_id: str) -> list[Item]:
        return [Item("media session", wire.MediaSession(session_id=engine.publisher_of(device_id)))]

    return source
