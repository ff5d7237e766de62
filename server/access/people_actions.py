"""What an admin may do about the persons of an installation, and everybody about their own API tokens.

Each change is logged with who made it, and is one commit with its row of the audit (`along`). Whoever loses a right loses
what was opened with it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import structlog

from server.access.actions import LINK_S, Access
from server.access.person import Person, changed_columns, checked_password
from server.access.session import ApiToken, Caller
from server.access.store import AccessStore, person_of
from server.clock import Clock
from server.database import Along
from server.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorised

log = structlog.get_logger(__name__)

AlongOf = Callable[[Person], Along]  # the audit's row of what is done to this person


class People:
    """The persons of the installation, by their ids."""

    def __init__(self, store: AccessStore, access: Access, clock: Clock) -> None:
        self._store = store
        self._access = access
        self._clock = clock

    async def all(self) -> dict[str, Any]:
        """Everybody, those who are switched off too, with how often and when last they are signed in; and the time."""
        return {"at": self._clock.wall(), "people": [_entry(row) for row in await self._store.people()]}

    async def add(self, by: Person, fields: dict[str, str | None], along: AlongOf) -> Person:
        """Register a person. Raises BadRequest that names the field, Conflict."""
        name, role = fields["name"] or "", fields["role"] or ""
        more = (fields.get("password"), fields.get("display_name"), fields.get("call_sign"))
        person = await self._access.add_person(name, role, *more, along)
        log.info("person added", person=person.name, role=person.role.value, by=by.name)
        return person

    async def change(self, by: Person, person_id: str, fields: dict[str, str | None], along: AlongOf) -> Person:
        """Another role, display name or call sign. A new role ends their sign-ins and API tokens.

        Raises BadRequest, NotFound, Conflict for one's own role.
        """
        person = await self._person(person_id)
        values = changed_columns(fields)
        is_new_role = values.get("role", person.role.value) != person.role.value
        if is_new_role and by.id == person_id:
            raise Conflict("another admin changes your role: nobody shuts themselves out", kind="own-account")
        now = self._clock.wall()
        shown = replace(person, display_name=values.get("display_name") or person.display_name)
        revoked = await self._store.change_person(person_id, values, now, along(shown), anew=is_new_role)
        await self._access.tell(revoked)
        log.info("person changed", person=person.name, by=by.name, **values)
        return await self._person(person_id)

    async def set_password(self, by: Person, person_id: str, password: str, along: AlongOf) -> Person:
        """A new password; their sign-ins end. Raises BadRequest, NotFound."""
        person = await self._person(person_id)
        kept = await self._access.passwords.hash(checked_password(password))
        now = self._clock.wall()
        await self._access.tell(await self._store.end_sessions_of(person_id, now, lambda _: along(person), kept))
        log.info("password set", person=person.name, by=by.name)
        return person

    async def change_own_password(
        self, caller: Caller, current: str, new: str, address: str, along: Callable[[int], Along]
    ) -> int:
        """A new password of one's own. One's other sign-ins end, this one goes on; how many ended.

        Raises BadRequest, Forbidden for a wrong current one, TooMany as at sign-in, Unavailable.
        """
        person = caller.person
        if checked_password(new) == current:
            raise BadRequest("password: the new one is the current one")
        try:
            await self._access.proven(person.name, current, address)
        except Unauthorised as error:
            raise Forbidden("the current password is wrong", kind="wrong-password") from error
        kept = await self._access.passwords.hash(new)
        ended = await self._store.end_sessions_of(person.id, self._clock.wall(), along, kept, caller.session_id)
        await self._access.tell(ended)
        log.info("own password changed", person=person.name, ended=len(ended))
        return len(ended)

    async def link(self, by: Person, person_id: str, along: AlongOf) -> tuple[Person, str, float]:
        """For whom, a one-time sign-in link's token, and until when it is good. Raises NotFound."""
        person = await self._person(person_id)
        expires_at = self._clock.wall() + LINK_S
        token = await self._access.link_for(person, along(person))
        log.info("sign-in link made", person=person.name, by=by.name)
        return person, token, expires_at

    async def end_sessions(
        self, by: Person, person_id: str, along: Callable[[Person, int], Along]
    ) -> tuple[Person, int]:
        """They must sign in again, everywhere; who, and how many sign-ins ended. Raises NotFound."""
        person = await self._person(person_id)
        ended = await self._store.end_sessions_of(person_id, self._clock.wall(), partial(along, person))
        await self._access.tell(ended)
        log.info("sign-ins ended", person=person.name, by=by.name, ended=len(ended))
        return person, len(ended)

    async def switch_off(self, by: Person, person_id: str, along: AlongOf) -> Person:
        """They may do nothing any more. Raises NotFound, Conflict for oneself."""
        person = await self._person(person_id)
        if by.id == person_id:
            raise Conflict("another admin switches you off: nobody shuts themselves out", kind="own-account")
        await self._access.revoke_person(person.name, along)
        log.info("person switched off", person=person.name, by=by.name)
        return person

    # ---- one's own API tokens -------------------------------------------------------------------

    async def tokens_of(self, person: Person) -> dict[str, Any]:
        """Those that are good, the newest first; and the time."""
        tokens = await self._store.api_tokens_of(person.id)
        return {"at": self._clock.wall(), "tokens": [asdict(token) for token in tokens]}

    async def add_token(
        self, person: Person, purpose: str, days: int, along: Callable[[ApiToken], Along]
    ) -> tuple[ApiToken, str]:
        """A token of one's own: what is kept, and the token itself, which is shown only now. Raises BadRequest."""
        kept, token = await self._access.add_token(person, purpose, days, along)
        log.info("API token made", person=person.name, purpose=kept.purpose, days=days)
        return kept, token

    async def revoke_token(self, person: Person, token_id: str, along: Along) -> None:
        """End a token of one's own, and what was opened with it. Raises NotFound, also for somebody else's."""
        if not await self._store.revoke_api_token(token_id, self._clock.wall(), person.id, along):
            raise NotFound(f"you have no API token with the id {token_id!r}")
        await self._access.tell([token_id])
        log.info("API token revoked", person=person.name, token=token_id)

    async def _person(self, person_id: str) -> Person:
        row = await self._store.person(person_id=person_id)
        if row is None:
            raise NotFound("there is no such person, or they are switched off")
        return person_of(row)


def _entry(row: Any) -> dict[str, Any]:
    return {
        **person_of(row).as_json(),
        "call_sign": row.call_sign,
        "has_password": row.password_hash is not None,
        "added_at": row.added_at,
        "revoked_at": row.revoked_at,
        "sessions": row.sessions or 0,
        "last_used_at": row.last_used_at,
        "tokens": row.tokens or 0,
    }
