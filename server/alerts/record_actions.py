"""What an alert asks of a camera: to record, if it does not by itself.

Our cameras start at a drawn TASER, *watch me* and the emergency button without being asked. A kind that a force adds, one
that the server raises, and a camera that was told to keep still need this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from server.alerts.alert import Alert
from server.audit.audit_entry import SYSTEM, Note, Subject, What
from server.errors import WatchroomError
from server.tasks import TaskOwner
from server.wire import RequestWhat

log = structlog.get_logger(__name__)

OWN_START_S = 3.0  # by then a camera that starts by itself has said so: nobody is asked for what is done already

# device_id, what, by whom; raises Conflict when it is not connected
Ask = Callable[[str, RequestWhat, str], Awaitable[None]]


class RecordOnAlert:
    """`is_recorded` says of a camera whether it records, or cannot be asked at all. `note` writes into the audit soon."""

    def __init__(
        self,
        ask: Ask,
        is_recorded: Callable[[str], bool],
        note: Callable[[Note], None],
        tasks: TaskOwner,
        wait_s: float = OWN_START_S,
    ) -> None:
        self._ask = ask
        self._is_recorded = is_recorded
        self._note = note
        self._tasks = tasks
        self._wait_s = wait_s
        self._asking: set[str] = set()

    def raised(self, alert: Alert) -> None:
        """An OnRaised: ask its camera in a moment, unless it is asked already."""
        if alert.device_id not in self._asking:
            self._asking.add(alert.device_id)
            self._tasks.start(self._asked(alert), "alerts.record")

    async def _asked(self, alert: Alert) -> None:
        try:
            await asyncio.sleep(self._wait_s)
            if not self._is_recorded(alert.device_id):
                await self._ask_now(alert)
                await asyncio.sleep(self._wait_s)  # its answer is on its way
        finally:
            self._asking.discard(alert.device_id)

    async def _ask_now(self, alert: Alert) -> None:
        """Told to the officer by the camera, in these words; and to the audit, with the alert as the reason."""
        try:
            await self._ask(alert.device_id, "record", f"Watchroom ({alert.title})")
        except WatchroomError as error:
            log.warning("a camera could not be asked to record", device_id=alert.device_id, reason=str(error))
            return
        about = Subject("device", alert.device_id, alert.call_sign)
        detail = {"alert": alert.id, "kind": alert.kind}
        self._note(Note(What.COLLECT_ASKED, SYSTEM, about, f"alert: {alert.title}", detail=detail))
