"""The connection to the database and its migrations: SQLite (WAL) by default, PostgreSQL by URL.

Each feature's store declares its tables on `metadata` and writes its own statements; transactions
come from here. A migration under `migrations/versions` creates what the stores declare (a test compares them).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, MetaData, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.errors import StartError, Unavailable

log = structlog.get_logger(__name__)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

MIGRATIONS = Path(__file__).parent / "migrations"
LINKS = re.compile(r'^(revision|down_revision) = "(\w+)"', re.MULTILINE)
MIGRATION_LOCK = 0x57415443  # any number, the same in every process; of PostgreSQL's advisory locks
BUSY_TIMEOUT_MS = 15_000  # reliability.md R8: a database locked for 10 s must lose nothing
# SQLSTATE classes that pass by themselves: connection, transaction rollback (deadlock), resources, operator (shutdown).
PASSING = ("08", "40", "53", "57")


# What is to be written by somebody else's transaction, as its last statement: both are committed, or neither.
Along = Callable[[AsyncConnection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Among:
    """Whose rows are asked for: those of `ids`, or (`others`) those of everybody else."""

    ids: frozenset[str]
    others: bool = False

    def has(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition on the column that says whose a row is."""
        return column.not_in(self.ids) if self.others else column.in_(self.ids)


async def alone(_tx: AsyncConnection) -> None:
    """An Along where nothing else is to be written: a command's change, which its own log tells."""


class Database:
    """Transactions on one database. `url` as SQLAlchemy writes it, or `postgresql://…` / a file path for SQLite.

    Raises StartError for a URL that names no such database.
    """

    def __init__(self, url: str) -> None:
        self.url = _async_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        try:
            self._engine: AsyncEngine = _engine_for(self.url, self.is_sqlite)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            raise StartError(f"database: {error} (expected postgresql://… or a file for SQLite)") from error
        self._reader = self._engine.execution_options(watchroom_reading=True)
        # SQLite has one writer: queueing here, in order, beats its busy loop (which is not fair).
        self._writer = asyncio.Lock() if self.is_sqlite else None

    async def migrate(self) -> None:
        """Bring the schema to the newest version. Raises StartError if the database cannot be reached."""
        try:
            async with self._reader.connect() as connection:
                if await connection.run_sync(_is_newest):
                    return
            async with self._engine.connect() as connection:
                await connection.run_sync(_upgrade)
                await connection.commit()
        except (DBAPIError, OSError) as error:
            raise StartError(f"the database {self.shown_url()} cannot be opened: {error}") from error

    def shown_url(self) -> str:
        """The URL without its password."""
        return str(self._engine.url.render_as_string(hide_password=True))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One writing transaction: committed when the block ends well, rolled back otherwise.

        Raises Unavailable when the database does not answer in time: nothing has been written then.
        """
        if self._writer is None:
            async with self._guarded(), self._engine.begin() as connection:
                yield connection
            return
        async with self._writer, self._guarded(), self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read from."""
        async with self._guarded(), self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        try:
            yield
        except OperationalError as error:
            log.error("database does not answer", error=str(error.orig))
            raise Unavailable("the database does not answer; nothing was changed, try again") from error
        except DBAPIError as error:
            if not error.connection_invalidated and not _is_passing(error):
                raise
            raise Unavailable("the database connection was lost; try again") from error
        except (OSError, PoolExhausted) as error:  # asyncpg raises a refused connection as it comes
            log.error("database cannot be reached", error=str(error))
            raise Unavailable("the database cannot be reached; nothing was changed, try again") from error

    async def answers(self) -> bool:
        """Whether a trivial query works now."""
        try:
            async with self._reader.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            log.warning("database is not ready", error=str(error))
            return False
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _is_passing(error: DBAPIError) -> bool:
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(PASSING)


def _async_url(url: str) -> str:
    if "://" not in url:
        return f"sqlite+aiosqlite:///{url}"
    for plain, full in (("postgresql://", "postgresql+asyncpg://"), ("postgres://", "postgresql+asyncpg://")):
        if url.startswith(plain):
            return full + url[len(plain) :]
    if url.startswith("sqlite://"):
        return "sqlite+aiosqlite://" + url[len("sqlite://") :]
    return url


def _engine_for(url: str, is_sqlite: bool) -> AsyncEngine:
    if not is_sqlite:
        return create_async_engine(url, pool_size=10, pool_pre_ping=True)
    engine = create_async_engine(url, pool_size=5, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, below; the driver's own comes too late
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged alert must survive a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock before the first read: two processes cannot both read, then collide.
        reading = connection.get_execution_options().get("watchroom_reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def newest_revision() -> str | None:
    """The migration that no other one follows, by their own words; None where that is not one."""
    links = [link for path in MIGRATIONS.glob("versions/*.py") for link in LINKS.findall(path.read_text())]
    made, followed = ({number for name, number in links if name == one} for one in ("revision", "down_revision"))
    last = made - followed
    return last.pop() if len(last) == 1 else None


def _is_newest(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return found == [newest_revision()]


def _upgrade(connection: Connection) -> None:
    # Loaded only where there is something to do: it takes 0.2 s, which every command and every start would wait for.
    from alembic import command
    from alembic.config import Config as AlembicConfig

    if connection.dialect.name == "postgresql":
        # Several processes may start at once on an empty database: one upgrades, the others wait and find it done.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
