"""Where persons, sessions, tokens and the installation's own secret are kept. Of secrets only their SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access.permission import Role
from server.access.person import Person, name_key
from server.access.session import ApiToken, Session
from server.database import Along, Database, alone, metadata
from server.errors import Conflict

REMEMBER_S = 86_400.0  # how long a revocation is kept for processes that have not read it

person_table = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("name_key", sa.String(200), nullable=False, unique=True),
    sa.Column("display_name", sa.String(120), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("call_sign", sa.String(20)),
    sa.Column("password_hash", sa.String(200)),
    sa.Column("added_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
)
session_table = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.String(32), nullable=False, index=True),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("last_used_at", sa.Double, nullable=False, index=True),
    sa.Column("duty", sa.String(200)),
)
api_token_table = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("person_id", sa.String(32), nullable=False, index=True),
    sa.Column("purpose", sa.String(120), nullable=False),
    sa.Column("added_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
    sa.Column("expires_at", sa.Double),
)
device_token_table = sa.Table(
    "device_token",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("added_at", sa.Double, nullable=False),
)
sign_in_link_table = sa.Table(
    "sign_in_link",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.String(32), nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)
revocation_table = sa.Table(
    "revocation",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
)
installation_secret_table = sa.Table(
    "installation_secret",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)


class AccessStore:
    """Rows of access."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_person(
        self, person: Person, password_hash: str | None, call_sign: str | None, at: float, along: Along = alone
    ) -> None:
        """Keep a person. Raises Conflict when the name is taken."""
        values = {
            "id": person.id,
            "name": person.name,
            "name_key": name_key(person.name),
            "display_name": person.display_name,
            "role": person.role.value,
            "call_sign": call_sign,
            "password_hash": password_hash,
            "added_at": at,
        }
        try:
            await self._write(sa.insert(person_table).values(**values), along)
        except IntegrityError as error:
            raise Conflict(f"there is a person named {person.name!r} already", kind="name-taken") from error

    async def person(self, *, name: str | None = None, person_id: str | None = None) -> Any | None:
        """The row of a person who is not revoked, by name or id."""
        query = sa.select(person_table).where(person_table.c.revoked_at.is_(None))
        if name is not None:
            query = query.where(person_table.c.name_key == name_key(name))
        else:
            query = query.where(person_table.c.id == person_id)
        return await self._row(query)

    async def people(self) -> list[Any]:
        """Rows of all persons, switched off or not, by name; with `sessions`, `last_used_at` and `tokens`."""
        sessions, tokens = _SESSIONS.subquery(), _TOKENS.subquery()
        counted = (sessions.c.sessions, sessions.c.last_used_at, tokens.c.tokens)
        query = (
            sa.select(person_table, *counted)
            .outerjoin(sessions, sessions.c.person_id == person_table.c.id)
            .outerjoin(tokens, tokens.c.person_id == person_table.c.id)
            .order_by(person_table.c.name_key)
        )
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).all())

    async def change_person(
        self, person_id: str, values: dict[str, Any], at: float, along: Along = alone, *, anew: bool = False
    ) -> list[str]:
        """Set columns; returns the ids that are revoked by it: with `anew` their sessions and tokens end."""
        async with self._database.transaction() as tx:
            await tx.execute(sa.update(person_table).where(person_table.c.id == person_id).values(**values))
            revoked = [*await _end_sessions(tx, person_id), *await _end_tokens(tx, person_id, at)] if anew else []
            await _note_revoked(tx, revoked, at)
            await along(tx)
        return revoked

    async def revoke_person(self, person_id: str, at: float, along: Along = alone) -> list[str]:
        """End a person's rights; returns the ids that are revoked by it (theirs, their sessions', their tokens')."""
        async with self._database.transaction() as tx:
            await tx.execute(
                sa.update(person_table).where(person_table.c.id == person_id).values(revoked_at=at, password_hash=None)
            )
            revoked = [person_id, *await _end_sessions(tx, person_id), *await _end_tokens(tx, person_id, at)]
            await _note_revoked(tx, revoked, at)
            await along(tx)
        return revoked

    async def end_sessions_of(
        self,
        person_id: str,
        at: float,
        along: Callable[[int], Along],
        password_hash: str | None = None,
        but: str = "",
    ) -> list[str]:
        """End a person's sign-ins (`but` one) and unused links, perhaps with a new password; the ended sessions' ids, of
        whose number `along` makes what else is written."""
        async with self._database.transaction() as tx:
            if password_hash is not None:
                changed = sa.update(person_table).where(person_table.c.id == person_id)
                await tx.execute(changed.values(password_hash=password_hash))
            ended = await _end_sessions(tx, person_id, but)
            await _note_revoked(tx, ended, at)
            await along(len(ended))(tx)
        return ended

    async def open_session(self, session_id: str, person_id: str, at: float, duty: str) -> None:
        """Keep a new session."""
        values = {"id": session_id, "person_id": person_id, "created_at": at, "last_used_at": at, "duty": duty}
        await self._write(sa.insert(session_table).values(**values))

    async def session(self, session_id: str) -> Session | None:
        """A session with its person."""
        row = await self._row(_SESSION_QUERY.where(session_table.c.id == session_id))
        if row is None:
            return None
        revoked = row.revoked_at is not None
        return Session(row.session_id, person_of(row), row.created_at, row.last_used_at, revoked, row.duty or "")

    async def touch(self, session_id: str, at: float) -> None:
        """It is used."""
        await self._write(sa.update(session_table).where(session_table.c.id == session_id).values(last_used_at=at))

    async def set_duty(self, session_id: str, duty: str) -> bool:
        """What its person is on duty as; whether there is such a session."""
        changed = sa.update(session_table).where(session_table.c.id == session_id).values(duty=duty)
        async with self._database.transaction() as tx:
            return (await tx.execute(changed.returning(session_table.c.id))).scalar_one_or_none() is not None

    async def end_session(self, session_id: str, at: float) -> bool:
        """Remove it; whether there was one."""
        async with self._database.transaction() as tx:
            ended = await tx.execute(
                sa.delete(session_table).where(session_table.c.id == session_id).returning(session_table.c.id)
            )
            found = ended.scalar_one_or_none() is not None
            if found:
                await _note_revoked(tx, [session_id], at)
        return found

    async def end_sessions_before(self, last_used: float, created: float, at: float) -> list[str]:
        """Remove the sessions that were not used since, or are older; returns their ids."""
        over = sa.or_(session_table.c.last_used_at < last_used, session_table.c.created_at < created)
        if await self._row(sa.select(session_table.c.id).where(over).limit(1)) is None:
            return []  # the usual case needs no write lock
        async with self._database.transaction() as tx:
            ended = await tx.execute(sa.delete(session_table).where(over).returning(session_table.c.id))
            ids = list(ended.scalars().all())
            await tx.execute(sa.delete(revocation_table).where(revocation_table.c.at < at - REMEMBER_S))
            await _note_revoked(tx, ids, at)
        return ids

    async def revoked_since(self, at: float) -> list[str]:
        """What was revoked, by whichever process."""
        query = sa.select(revocation_table.c.id).where(revocation_table.c.at >= at)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars().all())

    async def is_any_revoked(self, ids: Collection[str]) -> bool:
        """Whether one of these was revoked within the last day."""
        if not ids:
            return False
        found = sa.select(revocation_table.c.id).where(revocation_table.c.id.in_(ids)).limit(1)
        return await self._row(found) is not None

    async def add_api_token(self, token: ApiToken, token_hash: str, person_id: str, along: Along = alone) -> None:
        """Keep an API token."""
        values = {**asdict(token), "token_hash": token_hash, "person_id": person_id}
        await self._write(sa.insert(api_token_table).values(**values), along)

    async def api_token(self, token_hash: str, now: float) -> tuple[str, str, Person] | None:
        """The id, the purpose and the person of a token that is good."""
        query = _TOKEN_QUERY.where(api_token_table.c.token_hash == token_hash, ~_has_expired(now))
        row = await self._row(query)
        return None if row is None else (row.token_id, row.purpose, person_of(row))

    async def api_tokens_of(self, person_id: str) -> list[ApiToken]:
        """A person's tokens that are not revoked, the newest first."""
        mine = (api_token_table.c.person_id == person_id, api_token_table.c.revoked_at.is_(None))
        query = sa.select(*_API_TOKEN).where(*mine).order_by(api_token_table.c.added_at.desc())
        async with self._database.reading() as connection:
            return [ApiToken(**row._mapping) for row in await connection.execute(query)]

    async def revoke_api_token(
        self, token_id: str, at: float, person_id: str | None = None, along: Along = alone
    ) -> bool:
        """End a token, of this person if one is named; whether there was one."""
        which = [api_token_table.c.id == token_id]
        if person_id is not None:
            which.append(api_token_table.c.person_id == person_id)
        async with self._database.transaction() as tx:
            stopped = sa.update(api_token_table).where(*which).values(revoked_at=at)
            found = (await tx.execute(stopped.returning(api_token_table.c.id))).scalar_one_or_none() is not None
            if found:
                await _note_revoked(tx, [token_id], at)
                await along(tx)
        return found

    async def revoke_expired_tokens(self, now: float) -> list[str]:
        """End the tokens whose time has come; returns their ids."""
        over = sa.and_(api_token_table.c.revoked_at.is_(None), _has_expired(now))
        if await self._row(sa.select(api_token_table.c.id).where(over).limit(1)) is None:
            return []  # the usual case needs no write lock
        async with self._database.transaction() as tx:
            stopped = sa.update(api_token_table).where(over).values(revoked_at=now)
            ids = list((await tx.execute(stopped.returning(api_token_table.c.id))).scalars())
            await _note_revoked(tx, ids, now)
        return ids

    async def add_device_token(self, device_id: str, token_hash: str, at: float) -> None:
        """Keep a camera's permanent token."""
        values = {"device_id": device_id, "token_hash": token_hash, "added_at": at}
        await self._write(sa.insert(device_token_table).values(**values))

    async def device_of_token(self, token_hash: str) -> str | None:
        """The camera that a permanent token belongs to."""
        row = await self._row(sa.select(device_token_table).where(device_token_table.c.token_hash == token_hash))
        return None if row is None else str(row.device_id)

    async def add_link(self, token_hash: str, person_id: str, expires_at: float, along: Along = alone) -> None:
        """Keep a one-time sign-in link."""
        values = {"token_hash": token_hash, "person_id": person_id, "expires_at": expires_at}
        await self._write(sa.insert(sign_in_link_table).values(**values), along)

    async def use_link(self, token_hash: str, now: float) -> str | None:
        """The person of a link that is good; it is gone with this."""
        used = sa.delete(sign_in_link_table).where(sign_in_link_table.c.token_hash == token_hash)
        columns = (sign_in_link_table.c.person_id, sign_in_link_table.c.expires_at)
        async with self._database.transaction() as tx:
            row = (await tx.execute(used.returning(*columns))).one_or_none()
        return row.person_id if row is not None and now < row.expires_at else None

    async def installation_secret(self, name: str, fresh: bytes) -> bytes:
        """The secret that all processes of this installation share; `fresh` becomes it if there is none."""
        query = sa.select(installation_secret_table).where(installation_secret_table.c.name == name)
        row = await self._row(query)
        if row is not None:
            return bytes(row.value)
        try:
            await self._write(sa.insert(installation_secret_table).values(name=name, value=fresh))
        except IntegrityError:
            return await self.installation_secret(name, fresh)  # another process was first
        return fresh

    async def _write(self, statement: sa.Executable, along: Along = alone) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(statement)
            await along(tx)

    async def _row(self, query: sa.Select[Any]) -> Any | None:
        async with self._database.reading() as connection:
            return (await connection.execute(query)).one_or_none()


_PERSON = (person_table.c.id, person_table.c.name, person_table.c.display_name, person_table.c.role)
_SESSION_QUERY = sa.select(
    session_table.c.id.label("session_id"),
    session_table.c.created_at,
    session_table.c.last_used_at,
    session_table.c.duty,
    person_table.c.revoked_at,
    *_PERSON,
).join_from(session_table, person_table, session_table.c.person_id == person_table.c.id)
_TOKEN_QUERY = (
    sa.select(api_token_table.c.id.label("token_id"), api_token_table.c.purpose, *_PERSON)
    .join_from(api_token_table, person_table, api_token_table.c.person_id == person_table.c.id)
    .where(api_token_table.c.revoked_at.is_(None), person_table.c.revoked_at.is_(None))
)
_API_TOKEN = tuple(api_token_table.c[name] for name in ("id", "purpose", "added_at", "expires_at"))
_SESSIONS = sa.select(
    session_table.c.person_id,
    sa.func.count().label("sessions"),
    sa.func.max(session_table.c.last_used_at).label("last_used_at"),
).group_by(session_table.c.person_id)
_TOKENS = (
    sa.select(api_token_table.c.person_id, sa.func.count().label("tokens"))
    .where(api_token_table.c.revoked_at.is_(None))
    .group_by(api_token_table.c.person_id)
)


def person_of(row: Any) -> Person:
    """The person of a row."""
    return Person(id=row.id, name=row.name, display_name=row.display_name, role=Role(row.role))


def _has_expired(now: float) -> sa.ColumnElement[bool]:
    return sa.and_(api_token_table.c.expires_at.is_not(None), api_token_table.c.expires_at <= now)


async def _end_sessions(tx: AsyncConnection, person_id: str, but: str = "") -> list[str]:
    """With the sign-in links that were not used: they would only open a new one."""
    await tx.execute(sa.delete(sign_in_link_table).where(sign_in_link_table.c.person_id == person_id))
    theirs = sa.delete(session_table).where(session_table.c.person_id == person_id, session_table.c.id != but)
    ended = theirs.returning(session_table.c.id)
    return list((await tx.execute(ended)).scalars())


async def _end_tokens(tx: AsyncConnection, person_id: str, at: float) -> list[str]:
    stopped = sa.update(api_token_table).where(api_token_table.c.person_id == person_id).values(revoked_at=at)
    return list((await tx.execute(stopped.returning(api_token_table.c.id))).scalars())


async def _note_revoked(tx: AsyncConnection, ids: list[str], at: float) -> None:
    """For the processes that hear no message: they read this table."""
    if not ids:
        return
    known = set((await tx.execute(sa.select(revocation_table.c.id).where(revocation_table.c.id.in_(ids)))).scalars())
    rows = [{"id": one, "at": at} for one in ids if one not in known]
    if rows:
        await tx.execute(sa.insert(revocation_table), rows)
