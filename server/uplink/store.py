"""What the uplink keeps: messages that can never be accepted (reliability.md, R13), and cameras that must not vanish."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.clock import Clock
from server.database import Database, metadata

quarantine_table = sa.Table(
    "quarantine",
    metadata,
    sa.Column("device_id", sa.String(40), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("outbox_id", sa.String(64), nullable=False),
    sa.Column("device_seq", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
)

expected_table = sa.Table("expected_camera", metadata, sa.Column("device_id", sa.String(40), primary_key=True))


class ExpectedCameras:
    """Cameras that were recording or streaming when they were last heard. All methods raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[str]:
        """Their ids."""
        async with self._database.reading() as connection:
            return list((await connection.execute(sa.select(expected_table.c.device_id))).scalars())

    async def note(self, device_id: str, expected: bool) -> None:
        """It must not vanish from now on, or it may."""
        async with self._database.transaction() as tx:
            if expected:
                insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
                await tx.execute(insert(expected_table).values(device_id=device_id).on_conflict_do_nothing())
            else:
                await tx.execute(sa.delete(expected_table).where(expected_table.c.device_id == device_id))


class Quarantine:
    """Keeps each refused message once, however often it comes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, device_id: str, outbox_id: str, seq: int, reason: str, raw: bytes) -> bool:
        """Keep a message. False: it was there. Raises Unavailable."""
        row = {
            "device_id": device_id,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "at": self._clock.wall(),
            "outbox_id": outbox_id,
            "device_seq": seq,
            "reason": reason,
            "raw": raw,
        }
        async with self._database.transaction() as tx:
            insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
            statement = insert(quarantine_table).values(**row).on_conflict_do_nothing()
            return (await tx.execute(statement.returning(quarantine_table.c.sha256))).first() is not None
