"""Keeps what stood on the screen with the decision that was made there: step, view and the audit's row are one commit.

The river: console (its view) → alerts/routes, advice/routes → keeping (judged before anything is done) → their transaction →
store, audit. A decision that is refused keeps nothing; one that comes twice keeps its first view.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from server.database import Along
from server.decisions.command_view import command_view
from server.decisions.decision import Decided, Decision, named
from server.decisions.store import DecisionStore
from server.errors import BadRequest, NotFound

log = structlog.get_logger(__name__)

Keep = Callable[[AsyncConnection, Decided], Awaitable[None]]  # as the last statement of the step's own transaction
CallSign = Callable[[str], Awaitable[str]]  # device_id → call sign; raises NotFound
# These alerts' title, call_sign and device_id, by their ids
NamesOf = Callable[[AsyncConnection, Sequence[str]], Awaitable[dict[str, dict[str, Any]]]]


class Decisions:
    """Of one server's stores."""

    def __init__(self, store: DecisionStore, call_sign: CallSign, names_of: NamesOf) -> None:
        self._store = store
        self._call_sign = call_sign
        self._names_of = names_of

    def keeping(self, given: object, by_id: str, by_name: str, along: Callable[[Decision], Along]) -> Keep:
        """What keeps a decision of this person's with the view that was given (None: not told); `along` writes the audit.

        Raises BadRequest of the kind BAD_VIEW before anything is decided: then it can be asked again without a view.
        """
        try:
            view = command_view(given)
        except BadRequest as refusal:
            log.warning("a decision's view was refused", by=by_name, reason=refusal.detail)
            raise

        async def keep(tx: AsyncConnection, step: Decided) -> None:
            tiles = () if view is None else view.tiles
            signs = await self._signs([step.device_id, *(one.device_id for one in tiles)])
            told = None
            if view is not None:
                told = named(view, signs, await self._names_of(tx, [one.id for one in view.alerts]))
            decision = Decision(secrets.token_hex(16), step, signs.get(step.device_id), by_id, by_name, told)
            await self._store.add(tx, decision)
            await along(decision)(tx)

        return keep

    async def _signs(self, device_ids: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for device_id in set(device_ids):
            with suppress(NotFound):  # revoked, or never there: kept as the screen told it
                found[device_id] = await self._call_sign(device_id)
        return found
