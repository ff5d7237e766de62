"""Where the registered cameras are kept. A change is numbered by the journal, so that every process can follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.database import Along, Database, metadata
from server.journal.entry import EntryKind
from server.journal.store import Journal, journal_counter
from server.units.unit import Device, RecordMode

device_table = sa.Table(
    "device",
    metadata,
    sa.Column("device_id", sa.String(40), primary_key=True),
    sa.Column("call_sign", sa.String(20), nullable=False),
    sa.Column("wearer_name", sa.String(80)),
    sa.Column("collar_number", sa.String(80)),
    sa.Column("public_key", sa.LargeBinary),
    sa.Column("record_mode", sa.String(10), nullable=False),
    sa.Column("wearer_person_id", sa.String(32), index=True),
    sa.Column("revoked_at", sa.Double),
    sa.Column("changed_seq", sa.BigInteger, nullable=False, index=True),
)


AlongOf = Callable[[Device], Along]  # what a change's own transaction writes, too


class UnitStore:
    """Rows of devices. Each change and its journal entry are one transaction."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    async def add(self, device: Device, along: AlongOf) -> Device:
        """Keep a new device; returned with the number of its journal entry. `along` makes what else is written."""
        async with self._database.transaction() as tx:
            kept = await self._entered(tx, device)
            await tx.execute(sa.insert(device_table).values(**_values(kept)))
            await along(kept)(tx)
        return kept

    async def add_phone(self, person_id: str, make: Callable[[], Device]) -> tuple[Device, bool]:
        """The phone that this person wears, made if there is none; and whether it was made now."""
        async with self._database.transaction() as tx:
            # The lock on the journal's counter lets two requests of one officer come one after the other.
            await tx.execute(sa.select(journal_counter.c.value).with_for_update())
            found = await _phone(tx, person_id)
            if found is not None:
                return found, False
            device = await self._entered(tx, make())
            await tx.execute(sa.insert(device_table).values(**_values(device)))
        return device, True

    async def phone_of(self, person_id: str) -> Device | None:
        """The phone that this person wears, if there is one."""
        async with self._database.reading() as connection:
            return await _phone(connection, person_id)

    async def revoke(self, device_id: str, at: float, along: AlongOf) -> Device | None:
        """Mark it revoked; None if there is no such device. A second call changes nothing."""
        async with self._database.transaction() as tx:
            found = await _one(tx, device_table.c.device_id == device_id)
            if found is None or found.revoked_at is not None:
                return found
            revoked = await self._entered(tx, replace(found, revoked_at=at))
            change = sa.update(device_table).where(device_table.c.device_id == device_id)
            await tx.execute(change.values(revoked_at=at, changed_seq=revoked.changed_seq))
            await along(revoked)(tx)
        return revoked

    async def change(self, device_id: str, values: dict[str, Any], along: AlongOf) -> Device | None:
        """Set fields of a device that is not revoked; None if there is none. What changes nothing is not journalled."""
        async with self._database.transaction() as tx:
            found = await _one(tx, device_table.c.device_id == device_id, device_table.c.revoked_at.is_(None))
            if found is None or replace(found, **values) == found:
                return found
            changed = await self._entered(tx, replace(found, **values))
            change = sa.update(device_table).where(device_table.c.device_id == device_id)
            await tx.execute(change.values(**_values(changed)))
            await along(changed)(tx)
        return changed

    async def device(self, device_id: str) -> Device | None:
        """One device as it is in the database now."""
        async with self._database.reading() as connection:
            return await _one(connection, device_table.c.device_id == device_id)

    async def changed_after(self, seq: int) -> list[Device]:
        """Devices that were added or changed after a journal number, in the order of their changes."""
        query = sa.select(device_table).where(device_table.c.changed_seq > seq).order_by(device_table.c.changed_seq)
        async with self._database.reading() as connection:
            return [_device(row) for row in await connection.execute(query)]

    async def _entered(self, tx: AsyncConnection, device: Device) -> Device:
        seq = await self._journal.append(tx, EntryKind.UNIT, device.registration())
        return replace(device, changed_seq=seq)


async def _phone(connection: AsyncConnection, person_id: str) -> Device | None:
    return await _one(
        connection,
        device_table.c.wearer_person_id == person_id,
        device_table.c.public_key.is_(None),
        device_table.c.revoked_at.is_(None),
    )


async def _one(connection: AsyncConnection, *conditions: sa.ColumnElement[bool]) -> Device | None:
    query = sa.select(device_table).where(*conditions).order_by(device_table.c.changed_seq).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _device(row)


def _values(device: Device) -> dict[str, Any]:
    return {column.name: getattr(device, column.name) for column in device_table.columns} | {
        "record_mode": device.record_mode.value
    }


def _device(row: Any) -> Device:
    values = dict(row._mapping)
    return Device(**{**values, "record_mode": RecordMode(values["record_mode"])})
