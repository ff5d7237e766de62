"""The outbox on disk: one SQLite file (WAL) beside the camera's key. Nothing in it is forgotten by a kill or a crash.

Signals, receipts and advice are written with `synchronous=FULL`: on the disk before the call returns. Fixes are
written with `NORMAL`: a killed process loses none, a power cut may lose the last ones. Sequence numbers are reserved
in blocks with `FULL`, so that even after a power cut no number is given to two different messages: the server would
take the second for a copy of the first.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamer.errors import StoreError
from streamer.prompt import Prompt

RESERVED_AT_ONCE = 256  # one flush of the disk for about four minutes of fixes
BUSY_MS = 2000
BROKEN = ".broken"

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending(seq INTEGER PRIMARY KEY, urgent INTEGER NOT NULL, at REAL NOT NULL, packed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS pending_order ON pending(urgent DESC, seq);
CREATE TABLE IF NOT EXISTS quarantine(seq INTEGER PRIMARY KEY, packed BLOB NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS advice(advice_id TEXT PRIMARY KEY, text TEXT NOT NULL, author TEXT NOT NULL,
    sent_at REAL NOT NULL, state TEXT NOT NULL, changed_at REAL NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One message that waits: its number, whether it is more than a fix, its device time, and its wire form."""

    seq: int
    urgent: bool
    at: float
    packed: bytes


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One piece of advice that reached this camera; `state`: delivered, shown or acknowledged."""

    advice_id: str
    text: str
    author: str
    sent_at: float
    state: str


class Store:
    """The file. One process at a time; the calls block for as long as the disk takes (a few milliseconds)."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises StoreError."""
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
        except sqlite3.Error as error:
            raise StoreError(f"The outbox {path} cannot be opened: {error}.") from error
        try:
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._flushing(True)
            self._connection.executescript(SCHEMA)
            self._connection.execute("INSERT OR IGNORE INTO meta VALUES('outbox_id', ?)", (secrets.token_hex(16),))
            self.outbox_id = str(self._meta("outbox_id"))
            self._next_seq: int = int(self._meta("reserved") or 1)
            self._reserved: int = self._next_seq
        except (sqlite3.Error, ValueError) as error:
            self._connection.close()
            if _is_locked(error):
                raise StoreError(f"The outbox {path} is in use: another camera runs with it.") from error
            damaged = not isinstance(error, sqlite3.OperationalError)
            raise StoreError(f"The outbox {path} cannot be used: {error}.", damaged=damaged) from error

    def close(self) -> None:
        """Flush and let go of the file."""
        self._connection.close()

    # ---- messages --------------------------------------------------------------------------------

    def next_seq(self) -> int:
        """A number that no message of this outbox has had before, and none will have again. Raises StoreError.

        Half a block is always left, so that signals have numbers even while the disk is full.
        """
        if self._next_seq + RESERVED_AT_ONCE // 2 > self._reserved:
            try:
                self._reserve(self._next_seq + RESERVED_AT_ONCE)
            except StoreError:
                if self._next_seq >= self._reserved:
                    raise
        self._next_seq += 1
        return self._next_seq - 1

    def give_back(self, seq: int) -> None:
        """The number just given was not used: neither kept nor sent."""
        if seq == self._next_seq - 1:
            self._next_seq = seq

    def _reserve(self, end: int) -> None:
        with self._transaction(flush=True):
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES('reserved', ?)", (end,))
        self._reserved = end

    def keep(self, row: Row) -> None:
        """Write one message. An urgent one is on the disk when this returns. Raises StoreError."""
        with self._transaction(flush=row.urgent):
            self._insert(row)

    def waiting(self, limit: int, *, urgent: bool) -> list[Row]:
        """The first `limit` messages of that kind, lowest number first."""
        found = self._connection.execute(
            "SELECT seq, urgent, at, packed FROM pending WHERE urgent = ? ORDER BY seq LIMIT ?", (int(urgent), limit)
        )
        return [_row(columns) for columns in found]

    def newest_fix(self) -> Row | None:
        """The fix with the highest number, if any waits."""
        found = self._connection.execute(
            "SELECT seq, urgent, at, packed FROM pending WHERE urgent = 0 ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return None if found is None else _row(found)

    def counts(self) -> tuple[int, int]:
        """(urgent messages, fixes) that wait."""
        found = dict(self._connection.execute("SELECT urgent, count(*) FROM pending GROUP BY urgent").fetchall())
        return found.get(1, 0), found.get(0, 0)

    def fix_times(self) -> list[tuple[int, float]]:
        """(seq, at) of every fix that waits, lowest number first."""
        return self._connection.execute("SELECT seq, at FROM pending WHERE urgent = 0 ORDER BY seq").fetchall()

    def forget(self, seqs: Iterable[int]) -> None:
        """Delete messages: acknowledged by the server, or thinned."""
        with self._transaction(flush=False):  # if it is lost in a power cut they are sent once more, which is harmless
            self._connection.executemany("DELETE FROM pending WHERE seq = ?", ((seq,) for seq in seqs))

    def set_aside(self, seq: int, reason: str, at: float) -> bool:
        """Move one message to quarantine. False: no such message waits."""
        with self._transaction(flush=True):
            moved = self._connection.execute(
                "INSERT OR REPLACE INTO quarantine SELECT seq, packed, ?, ? FROM pending WHERE seq = ?",
                (reason, at, seq),
            ).rowcount
            self._connection.execute("DELETE FROM pending WHERE seq = ?", (seq,))
        return moved > 0

    def quarantined(self) -> list[tuple[int, str]]:
        """(seq, reason) of every message that the server refused."""
        return self._connection.execute("SELECT seq, reason FROM quarantine ORDER BY seq").fetchall()

    # ---- advice ----------------------------------------------------------------------------------

    def advice(self, advice_id: str) -> AdviceRow | None:
        """What is known of one piece of advice."""
        found = self._connection.execute(
            "SELECT advice_id, text, author, sent_at, state FROM advice WHERE advice_id = ?", (advice_id,)
        ).fetchone()
        return None if found is None else AdviceRow(*found)

    def advice_in(self, state: str) -> list[AdviceRow]:
        """All advice in that state, oldest first."""
        found = self._connection.execute(
            "SELECT advice_id, text, author, sent_at, state FROM advice WHERE state = ? ORDER BY changed_at", (state,)
        )
        return [AdviceRow(*columns) for columns in found]

    def keep_advice(self, advice: AdviceRow, at: float, receipt: Row) -> None:
        """Write the advice's state and the receipt that tells of it, both or neither."""
        with self._transaction(flush=True):
            self._connection.execute(
                "INSERT OR REPLACE INTO advice VALUES(?, ?, ?, ?, ?, ?)",
                (advice.advice_id, advice.text, advice.author, advice.sent_at, advice.state, at),
            )
            self._insert(receipt)

    # ---- plumbing --------------------------------------------------------------------------------

    def _insert(self, row: Row) -> None:
        self._connection.execute(
            "INSERT INTO pending VALUES(?, ?, ?, ?)", (row.seq, int(row.urgent), row.at, row.packed)
        )

    def _meta(self, key: str) -> Any:
        found = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else found[0]

    def _flushing(self, full: bool) -> None:
        self._connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")

    @contextmanager
    def _transaction(self, *, flush: bool) -> Iterator[None]:
        try:
            self._flushing(flush)
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            raise StoreError(f"The outbox cannot be written: {error}.") from error


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _row(columns: tuple[int, int, float, bytes]) -> Row:
    seq, urgent, at, packed = columns
    return Row(seq, bool(urgent), at, packed)


def open_store(path: Path, prompt: Prompt) -> Store:
    """The outbox; one that is damaged is set aside, since a camera must start whatever its disk has suffered.

    Raises StoreError if another camera holds it, or the folder cannot be written.
    """
    try:
        return Store(path)
    except StoreError as error:
        if not error.damaged:
            raise
        for suffix in ("", "-wal", "-shm"):
            damaged = path.with_name(path.name + suffix)
            if damaged.exists():
                damaged.rename(path.with_name(path.name + BROKEN + suffix))
        prompt.say(f"The outbox is damaged and is set aside as {path.name}{BROKEN}; a new one begins.")
        return Store(path)
