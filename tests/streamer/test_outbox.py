"""The outbox: nothing lost, nothing renumbered, alerts first; over restarts, kills and refusals."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server import wire
from streamer.errors import StoreError
from streamer.gps_fix import GpsFix
from streamer.outbox import OLD_FIX_S, RESEND_S, WINDOW, Outbox, too_many
from streamer.store import AdviceRow, Store

ROOT = Path(__file__).parents[2]


def fix(at: float = 1000.0) -> GpsFix:
    return GpsFix(at, 51.36, 1.03, 4.0, 1.4, 90.0)


def seqs(packed: list[bytes]) -> list[int]:
    return [
        message.seq
        for raw in packed
        if not isinstance(message := wire.parse_from_camera(raw), wire.Hello | wire.Status)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def test_alerts_go_before_fixes_and_the_newest_fix_before_the_older(path: Path) -> None:
    outbox = Outbox(Store(path))
    fixes = [outbox.fix(fix(k)) for k in range(3)]
    drawn = outbox.signal(5.0, "taser.drawn")
    receipt = outbox.advice(6.0, AdviceRow("a1", "go", "Price", 5.0, "delivered"))
    assert seqs(outbox.take(0.0)) == [drawn, receipt, fixes[2], fixes[0], fixes[1]]
    assert outbox.take(1.0) == []
    assert outbox.waiting() == (2, 3)


def test_what_is_acknowledged_is_forgotten_and_the_rest_is_sent_again_after_a_break(path: Path) -> None:
    outbox = Outbox(Store(path))
    first, second = outbox.signal(1.0, "taser.drawn"), outbox.signal(2.0, "taser.armed")
    outbox.take(0.0)
    outbox.acknowledged([first, 9999])
    outbox.link_lost()
    assert seqs(outbox.take(0.0)) == [second]


def test_what_a_living_link_swallowed_is_sent_again_in_time(path: Path) -> None:
    outbox = Outbox(Store(path))
    seq = outbox.signal(1.0, "emergency.pressed")
    outbox.take(0.0)
    assert outbox.take(RESEND_S - 0.1) == []
    assert seqs(outbox.take(RESEND_S)) == [seq]


def test_a_slow_link_is_not_filled_with_old_fixes_and_never_keeps_an_alert_waiting(path: Path) -> None:
    outbox = Outbox(Store(path))
    for k in range(3 * WINDOW):
        outbox.fix(fix(k))
    assert len(outbox.take(0.0)) == WINDOW
    alert = outbox.signal(1.0, "taser.armed")
    newest = outbox.fix(fix(999))
    assert seqs(outbox.take(0.1)) == [alert, newest]


def test_a_refused_message_is_set_aside_and_the_next_goes_on(path: Path) -> None:
    store = Store(path)
    outbox = Outbox(store)
    poison, sound = outbox.signal(1.0, "taser.drawn"), outbox.signal(2.0, "taser.safe")
    outbox.take(0.0)
    assert outbox.refused(poison, "no such unit", at=3.0)
    assert not outbox.refused(4711, "unknown", at=3.0)
    outbox.link_lost()
    assert seqs(outbox.take(0.0)) == [sound]
    assert store.quarantined() == [(poison, "no such unit")]


def test_a_restart_keeps_identity_messages_and_numbers(path: Path) -> None:
    first = Store(path)
    outbox = Outbox(first)
    identity, seq = outbox.outbox_id, outbox.signal(1.0, "watch.requested", {"by": "officer"})
    first.close()
    again = Outbox(Store(path))
    assert again.outbox_id == identity
    message = wire.parse_from_camera(again.take(0.0)[0])
    assert isinstance(message, wire.Signal)
    assert (message.seq, message.kind, message.detail) == (seq, "watch.requested", {"by": "officer"})
    assert again.signal(2.0, "watch.cancelled") > seq


def test_a_number_is_never_used_twice_even_if_the_disk_forgets_the_last_fixes(path: Path) -> None:
    """After a power cut the last fixes may be gone, and their numbers with them: the server has seen those."""
    store = Store(path)
    used = [Outbox(store).fix(fix(k)) for k in range(10)]
    store.forget(used)
    store.close()
    assert Outbox(Store(path)).signal(1.0, "taser.armed") > max(used)


def test_two_cameras_cannot_share_an_outbox(path: Path) -> None:
    store = Store(path)
    store.next_seq()
    with pytest.raises(StoreError, match="in use: another camera"):
        Store(path)
    store.close()


def test_an_outbox_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "no" / "such" / "folder")


def test_a_damaged_outbox_says_so(path: Path) -> None:
    path.write_bytes(b"this is no database at all, and never was one" * 100)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store(path)
    assert caught.value.damaged


KILLED = """
import sys
from pathlib import Path
from streamer.gps_fix import GpsFix
from streamer.outbox import Outbox
from streamer.store import Store
outbox = Outbox(Store(Path(sys.argv[1])))
k = 0
while True:
    k += 1
    seq = outbox.signal(float(k), "taser.armed") if k % 3 == 0 else outbox.fix(GpsFix(float(k), 51.0, 1.0, 4.0))
    print(seq, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 90, 300])
def test_a_kill_loses_nothing_that_was_kept(path: Path, lines: int) -> None:
    """`kill -9` at any moment: whatever the outbox had returned from is still there afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    kept = [int(process.stdout.readline()) for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    kept += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait(10)
    process.stdout.close()
    store = Store(path)
    found = {row.seq for urgent in (True, False) for row in store.waiting(100_000, urgent=urgent)}
    assert set(kept) <= found
    assert len(found - set(kept)) <= 1  # written, and killed before it could say so
    assert Outbox(store).signal(1.0, "taser.safe") > max(kept)
    store.close()


def test_signals_are_flushed_to_the_disk_and_fixes_are_not(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(path)
    modes: list[int] = []
    insert = store._insert

    def watched(row: object) -> None:
        modes.append(store._connection.execute("PRAGMA synchronous").fetchone()[0])
        insert(row)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "_insert", watched)
    outbox = Outbox(store)
    outbox.signal(1.0, "taser.drawn")
    outbox.fix(fix())
    outbox.advice(2.0, AdviceRow("a1", "go", "Price", 5.0, "shown"))
    assert modes == [2, 1, 2]  # FULL, NORMAL, FULL
    assert store._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.close()


def test_a_full_disk_is_one_sentence(path: Path) -> None:
    store = Store(path)
    store._connection.execute("PRAGMA max_page_count = 12")
    outbox = Outbox(store)
    with pytest.raises(StoreError, match="cannot be written"):
        for k in range(5000):
            outbox.fix(fix(k))
    store.close()


def test_a_full_disk_does_not_silence_a_cry_for_help(path: Path) -> None:
    store = Store(path)
    outbox = Outbox(store)
    store._connection.execute("PRAGMA max_page_count = 12")
    for _ in range(5):
        with pytest.raises(StoreError):
            for k in range(5000):
                outbox.fix(fix(k))
    woken: list[None] = []
    outbox.call_when_new(lambda: woken.append(None))
    pressed = [outbox.signal(float(k), "emergency.pressed") for k in range(100)]
    assert len(woken) == 100
    assert outbox.waiting()[0] == 100
    assert seqs(outbox.take(0.0))[:100] == sorted(set(pressed))
    outbox.link_lost()
    assert seqs(outbox.take(1.0))[:100] == pressed, "sent again after a break"
    assert outbox.refused(pressed[0], "no", 1.0)
    outbox.acknowledged(pressed)
    outbox.link_lost()
    assert not set(seqs(outbox.take(2.0))) & set(pressed)
    store.close()
    again = Store(path)
    assert again.next_seq() > max(pressed), "no number is given twice"
    again.close()


@given(st.lists(st.floats(0, 3 * OLD_FIX_S), max_size=200).map(sorted), st.integers(4, 60), st.floats(0, 4 * OLD_FIX_S))
def test_thinning_keeps_the_newest_and_the_ends(times: list[float], most: int, now: float) -> None:
    fixes = list(enumerate(times, 1))
    dropped = too_many(fixes, now, most)
    left = [seq for seq, _ in fixes if seq not in dropped]
    assert len(set(dropped)) == len(dropped)
    assert len(left) <= most
    if fixes:
        assert fixes[0][0] in left
    newest = [seq for seq, at in fixes if now - at <= OLD_FIX_S][-(most // 4) :]
    assert set(newest) <= set(left)


class Camera(RuleBasedStateMachine):
    """An outbox between an officer and a server that loses, repeats and forgets."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "outbox"
        self.store = Store(self.path)
        self.outbox = Outbox(self.store)
        self.now = 0.0
        self.made: dict[int, bool] = {}  # seq → urgent
        self.server: set[int] = set()
        self.refused: set[int] = set()
        self.in_the_air: list[int] = []
        self.acks: list[int] = []

    @rule()
    def signal(self) -> None:
        seq = self.outbox.signal(self.now, "taser.armed")
        assert seq > max(self.made, default=0)
        self.made[seq] = True

    @rule()
    def fix(self) -> None:
        seq = self.outbox.fix(fix(self.now))
        assert seq > max(self.made, default=0)
        self.made[seq] = False

    @rule()
    def send(self) -> None:
        sent = seqs(self.outbox.take(self.now))
        urgent = [self.made[seq] for seq in sent]
        assert urgent == sorted(urgent, reverse=True)
        assert len(set(sent)) == len(sent)
        self.in_the_air += sent

    @precondition(lambda self: self.in_the_air)
    @rule(refuses=st.booleans(), acknowledges=st.booleans())
    def arrive(self, refuses: bool, acknowledges: bool) -> None:
        seq = self.in_the_air.pop(0)
        if refuses and seq not in self.server:
            self.refused.add(seq)
            self.outbox.refused(seq, "poison", self.now)
        elif seq not in self.refused:
            self.server.add(seq)
            if acknowledges:
                self.acks.append(seq)

    @rule()
    def acknowledge(self) -> None:
        self.outbox.acknowledged(self.acks)
        self.acks.clear()

    @rule()
    def break_link(self) -> None:
        self.in_the_air.clear()
        self.acks.clear()
        self.outbox.link_lost()

    @rule(seconds=st.floats(0, 2 * RESEND_S))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.break_link()
        self.store.close()
        self.store = Store(self.path)
        self.outbox = Outbox(self.store)

    @invariant()
    def nothing_is_lost(self) -> None:
        waiting = {row.seq for urgent in (True, False) for row in self.store.waiting(10_000, urgent=urgent)}
        aside = {seq for seq, _ in self.store.quarantined()}
        assert set(self.made) == waiting | aside | (self.server & set(self.made))
        assert aside == self.refused

    def teardown(self) -> None:
        for _ in range(len(self.made) + 1):  # a link that works again brings all of it
            self.outbox.link_lost()
            sent = seqs(self.outbox.take(self.now))
            self.server.update(sent)
            self.outbox.acknowledged(sent)
        assert self.server | self.refused == set(self.made)
        assert self.outbox.waiting() == (0, 0)
        self.store.close()
        self._folder.cleanup()


TestCamera = Camera.TestCase
TestCamera.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_the_file_is_plain_sqlite(path: Path) -> None:
    store = Store(path)
    Outbox(store).signal(1.0, "taser.armed")
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM pending").fetchone() == (1,)
    connection.close()
