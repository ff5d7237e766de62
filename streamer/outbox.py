"""What the camera has to tell and the server has not acknowledged yet: kept on disk, alerts before fixes.

A message gets its number here, is written, and only then may be sent. It leaves when the server acknowledges it
(after its own commit), or when the server refuses it for good (quarantine). Signals and receipts are kept for as long
as it takes; fixes are thinned when there are very many or they are very old.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, cast

from server import wire
from streamer.errors import StoreError
from streamer.gps_fix import GpsFix
from streamer.store import AdviceRow, Row, Store

log = logging.getLogger(__name__)

MOST_FIXES = 100_000  # about 28 hours of one a second; 15 MB
OLD_FIX_S = 24 * 3600.0
OLD_FIX_STEP_S = 60.0  # of a day-old trail one fix a minute is enough to say where the officer was
THIN_EVERY = 1000  # fixes between two looks at whether there are too many
WINDOW = 64  # fixes under way without an acknowledgement: a slow link is not filled with old positions
RESEND_S = 10.0  # sent over a living link, and neither acknowledged nor refused: the server dropped it

Detail = dict[str, str | int | float | bool | None]
Numbered = wire.Signal | wire.Receipt | wire.Fix


class Outbox:
    """The numbered messages of this camera. `on_new` is called whenever there is something to send."""

    def __init__(self, store: Store, on_new: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._on_new = on_new
        self._under_way: dict[int, float] = {}  # seq → monotonic seconds when it was sent
        self._newest_sent = 0
        self._fixes_since_look = 0
        # Signals and receipts that the disk did not take are sent all the same; and where advice stands by them.
        self._unkept: dict[int, Row] = {}
        self._unkept_advice: dict[str, AdviceRow] = {}

    @property
    def outbox_id(self) -> str:
        """The identity of this file; with the device and the number it names a message for ever."""
        return self._store.outbox_id

    def call_when_new(self, on_new: Callable[[], None]) -> None:
        """Whom to wake when there is something to send."""
        self._on_new = on_new

    # ---- putting in ------------------------------------------------------------------------------

    def signal(self, at: float, kind: wire.SignalKind, detail: Detail | None = None) -> int:
        """Keep a signal (device time `at`, Unix seconds); it is on the disk when this returns.

        A disk that is full must not silence a cry for help: it is sent all the same, and only a restart would lose it.
        """
        message = wire.Signal(seq=self._store.next_seq(), at=at, kind=kind, detail=detail or {})
        row = _row(message, urgent=True)
        try:
            return self._put(row)
        except StoreError as error:
            log.error("signal %d is sent and not kept: %s", row.seq, error)
            self._unkept[row.seq] = row
            self._on_new()
            return row.seq

    def fix(self, fix: GpsFix) -> int:
        """Keep a position. Raises StoreError."""
        message = wire.Fix(
            seq=self._store.next_seq(),
            at=fix.at,
            lat=fix.lat,
            lon=fix.lon,
            accuracy_m=fix.accuracy_m,
            speed_mps=fix.speed_mps,
            heading_deg=fix.heading_deg,
        )
        self._fixes_since_look += 1
        if self._fixes_since_look >= THIN_EVERY:
            self._fixes_since_look = 0
            self._store.forget(too_many(self._store.fix_times(), now=fix.at))
        try:
            return self._put(_row(message, urgent=False))
        except StoreError:
            self._store.give_back(message.seq)
            raise

    def advice(self, at: float, advice: AdviceRow) -> int:
        """Keep a piece of advice in its state, and the receipt that tells the server of it.

        A disk that is full must not keep advice from the officer either: only a restart would show it again.
        """
        state = cast(Literal["delivered", "shown", "acknowledged"], advice.state)
        message = wire.Receipt(seq=self._store.next_seq(), at=at, advice_id=advice.advice_id, state=state)
        row = _row(message, urgent=True)
        try:
            self._store.keep_advice(advice, at, row)
            self._unkept_advice.pop(advice.advice_id, None)
        except StoreError as error:
            log.error("receipt %d is sent and not kept: %s", row.seq, error)
            self._unkept[row.seq] = row
            self._unkept_advice[advice.advice_id] = advice
        self._on_new()
        return row.seq

    def known_advice(self, advice_id: str) -> AdviceRow | None:
        """Where one piece of advice stands; None if it never came."""
        return self._unkept_advice.get(advice_id) or self._store.advice(advice_id)

    def advice_in(self, state: str) -> list[AdviceRow]:
        """All advice in that state, oldest first."""
        kept = [advice for advice in self._store.advice_in(state) if advice.advice_id not in self._unkept_advice]
        return kept + [advice for advice in self._unkept_advice.values() if advice.state == state]

    def _put(self, row: Row) -> int:
        self._store.keep(row)
        self._on_new()
        return row.seq

    # ---- taking out ------------------------------------------------------------------------------

    def take(self, now: float) -> list[bytes]:
        """Wire forms of what is to be sent now (`now`: monotonic seconds), and counts it as under way.

        All signals and receipts first, in the order of their numbers; then the newest fix, since it is where the
        officer is; then the older ones in order, as far as the window allows.
        """
        self._under_way = {seq: sent for seq, sent in self._under_way.items() if now - sent < RESEND_S}
        ahead = len(self._under_way)
        urgent = self._idle([*self._store.waiting(WINDOW + ahead, urgent=True), *self._unkept.values()])
        urgent.sort(key=lambda row: row.seq)
        fixes = self._idle(self._store.waiting(WINDOW + ahead, urgent=False))
        newest = self._store.newest_fix()
        if newest is not None and newest.seq > self._newest_sent:
            self._newest_sent = newest.seq
            fixes = [newest, *(row for row in fixes if row.seq != newest.seq)]
        chosen = urgent + fixes[: max(1, WINDOW - ahead) if fixes else 0]
        self._under_way.update((row.seq, now) for row in chosen)
        return [row.packed for row in chosen]

    def _idle(self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if row.seq not in self._under_way]

    def acknowledged(self, seqs: Sequence[int]) -> None:
        """The server has committed these: forget them. Unknown numbers are harmless."""
        for seq in seqs:
            self._under_way.pop(seq, None)
            self._unkept.pop(seq, None)
        self._store.forget(seqs)
        self._on_new()  # the window may have room again

    def refused(self, seq: int, reason: str, at: float) -> bool:
        """The server will never take this one: set it aside. False if there is no such message."""
        self._under_way.pop(seq, None)
        moved = self._unkept.pop(seq, None) is not None or self._store.set_aside(seq, reason[:500], at)
        self._on_new()
        return moved

    def link_lost(self) -> None:
        """Whatever was under way may not have arrived: all of it is sent again."""
        self._under_way.clear()
        self._newest_sent = 0

    def waiting(self) -> tuple[int, int]:
        """(signals and receipts, fixes) that the server has not acknowledged."""
        urgent, fixes = self._store.counts()
        return urgent + len(self._unkept), fixes


def too_many(fixes: Sequence[tuple[int, float]], now: float, most: int = MOST_FIXES) -> list[int]:
    """Which of the waiting fixes (seq, device time) to give up, oldest first: of the very old one a minute is kept;
    if there are still more than `most`, every second one of the older half goes, again and again."""
    dropped: set[int] = set()
    minutes: set[float] = set()
    for seq, at in fixes:
        if now - at > OLD_FIX_S:
            minute = at // OLD_FIX_STEP_S
            if minute in minutes:
                dropped.add(seq)
            minutes.add(minute)
    left = [seq for seq, _ in fixes if seq not in dropped]
    while len(left) > most:
        half = max(2, len(left) // 2)
        dropped.update(left[1:half:2])
        left = left[0:half:2] + left[half:]
    return sorted(dropped)


def _row(message: Numbered, *, urgent: bool) -> Row:
    return Row(message.seq, urgent, message.at, wire.pack(message))
