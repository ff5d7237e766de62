"""What happens to a camera's messages: taken in, acknowledged when committed, set aside when poisonous.

Fixes are shown at once and acknowledged with their next commit. Signals and receipts go through a queue of
their own, in order, so that a slow database delays them but not the map. A message that fails is tried five
times and then set aside (R13): the ones behind it must not wait for it for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from server import wire
from server.clock import Clock
from server.errors import NotFound, Unavailable, WatchroomError
from server.tasks import TaskOwner
from server.uplink.offset import ClockOffset
from server.uplink.store import ExpectedCameras

log = structlog.get_logger(__name__)

TRIES = 5
DATABASE_AGAIN_S = 0.5  # it is away, the message is sound: try again for as long as the camera stays
MOST_QUEUED = 200  # signals; beyond that the camera is not read any further, and keeps the rest itself
MOST_ACKS = 4_000  # in one message: 4,000 numbers of 9 bytes stay below the size limit
MOST_REFUSED = 20  # on one connection: this is no camera of ours, or a badly broken one
LOST_AFTER_S = 10.0  # a camera that changes its network is back by then
RETURN_S = 30.0  # after the end of its server: to notice it (4.5 s), the longest back-off (8 s), and a slow machine
LOOK_S = 15.0  # how often the cameras are looked for that nobody holds

Numbered = wire.Signal | wire.Receipt
Send = Callable[[bytes], Awaitable[None]]
Change = Callable[[str, str], Awaitable[None]]  # kind of alert, device_id
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who takes what; each returns only after commit, except `fix`, whose future is done then, and `heard`."""

    fix: Callable[[str, str, wire.Fix, float], Coroutine[Any, Any, asyncio.Future[None]]]
    heard: Callable[[str, wire.Signal, float], None]  # a signal as it comes: the status behind it waits for no commit
    signal: Callable[[str, str, wire.Signal, float], Coroutine[Any, Any, None]]
    receipt: Callable[[str, str, wire.Receipt, float], Coroutine[Any, Any, None]]
    status: Callable[[str, wire.Status], Coroutine[Any, Any, None]]
    expected: Callable[[str, bool], Coroutine[Any, Any, None]]  # whether it would be missed if it vanished now
    quarantine: Callable[[str, str, int, str, bytes], Coroutine[Any, Any, bool]]
    poisoned: Callable[[str, str], Coroutine[Any, Any, None]]  # device_id, reason → operator alert


class TooManyRefused(Exception):
    """The connection brings nothing but messages that cannot be accepted."""


class Intake:
    """Takes in what one connection brings.

    `waiting` owns what ends with the connection; `working` what must not be broken off in the middle of
    a transaction because a camera has lost its network.
    """

    def __init__(
        self,
        receivers: Receivers,
        device_id: str,
        outbox_id: str,
        clock: Clock,
        waiting: TaskOwner,
        working: TaskOwner,
        send: Send,
    ) -> None:
        self._receivers = receivers
        self._device_id = device_id
        self._outbox_id = outbox_id
        self._clock = clock
        self._waiting = waiting
        self._working = working
        self._send = send
        self._queue: asyncio.Queue[tuple[Numbered | None, bytes, str]] = asyncio.Queue(MOST_QUEUED)
        self._acks: list[int] = []
        self._ack_wake = asyncio.Event()
        self._refused = 0
        self.offset = ClockOffset()
        self.active = False  # recording or streaming, by its last status
        self._noted: bool | None = None  # what is kept of that

    def start(self) -> None:
        """Begin to work off the queue and to send acknowledgements."""
        self._waiting.start(self._work(), "numbered")
        self._waiting.start(self._acknowledge(), "acks")

    async def take(self, raw: bytes) -> None:
        """One message as it came. Raises TooManyRefused when the connection should end."""
        if self._refused > MOST_REFUSED:
            raise TooManyRefused(f"more than {MOST_REFUSED} messages were refused")
        try:
            message = wire.parse_from_camera(raw)
        except wire.WireError as error:
            self._refused += 1
            await self._queue.put((None, raw, str(error)))
            return
        if isinstance(message, wire.Fix):
            await self._take_fix(message, raw)
        elif isinstance(message, wire.Status):
            await self._take_status(message)
        elif isinstance(message, wire.Signal | wire.Receipt):
            self._hear(message)
            await self._queue.put((message, raw, ""))

    def _hear(self, message: Numbered) -> None:
        if isinstance(message, wire.Signal):
            self._receivers.heard(self._device_id, message, self.offset.seconds)

    async def _take_fix(self, fix: wire.Fix, raw: bytes) -> None:
        for left in reversed(range(TRIES)):
            outcome = await self._attempt(
                self._receivers.fix(self._device_id, self._outbox_id, fix, self.offset.seconds)
            )
            if isinstance(outcome, asyncio.Future):
                outcome.add_done_callback(lambda done: None if done.cancelled() else self._committed(fix.seq))
                return
            if isinstance(outcome, Unavailable):
                return  # not acknowledged: the camera keeps it
            if left == 0:
                await self._queue.put((None, raw, f"fails again and again: {outcome!r}"))

    async def _take_status(self, status: wire.Status) -> None:
        self.offset.add(status.at, self._clock.wall())
        self.active = status.streaming or status.recording == "recording"
        await self._attempt(self._receivers.status(self._device_id, status))
        if self.active != self._noted:
            active = self.active
            outcome = await self._attempt(self._receivers.expected(self._device_id, active))
            self._noted = active if outcome is None else None  # else the next status tries again

    async def _work(self) -> None:
        while True:
            message, raw, reason = await self._queue.get()
            if message is not None:
                reason = await self._accept(message)
            if reason:
                await self._refuse(message.seq if message else _seq_of(raw), reason, raw)
            elif message is not None:
                self._committed(message.seq)

    async def _accept(self, message: Numbered) -> str:
        """Hand it over until it is committed. Returns why it never can be, or an empty text."""
        tries = 0
        while True:
            error = await self._attempt(self._handed(message))
            if error is None:
                return ""
            if isinstance(error, Unavailable):
                await asyncio.sleep(DATABASE_AGAIN_S)
                continue
            if isinstance(error, WatchroomError) and error.status < 500:
                return error.detail
            tries += 1
            if tries == TRIES:
                return f"fails again and again: {error!r}"

    def _handed(self, message: Numbered) -> Coroutine[Any, Any, None]:
        if isinstance(message, wire.Signal):
            return self._receivers.signal(self._device_id, self._outbox_id, message, self.offset.seconds)
        return self._receivers.receipt(self._device_id, self._outbox_id, message, self.offset.seconds)

    async def _refuse(self, seq: int, reason: str, raw: bytes) -> None:
        """Set a message aside, tell the operators once, and tell the camera to go on without it."""
        while True:
            outcome = await self._attempt(
                self._receivers.quarantine(self._device_id, self._outbox_id, seq, reason, raw)
            )
            if not isinstance(outcome, Unavailable):
                break
            await asyncio.sleep(DATABASE_AGAIN_S)
        log.warning("message set aside", device_id=self._device_id, seq=seq, reason=reason)
        if outcome is True:
            await self._attempt(self._receivers.poisoned(self._device_id, reason))
        await self._send_quietly(wire.pack(wire.Refused(seq=seq, reason=reason[:300])))

    async def _attempt(self, work: Coroutine[Any, Any, Any]) -> Any:
        """The result of `work`, or what it raised: run as a task, so that its owner logs whatever goes wrong."""
        task = self._working.start(work, f"intake {self._device_id}")
        await asyncio.wait({task})
        return task.result() if task.cancelled() else task.exception() or task.result()

    def _committed(self, seq: int) -> None:
        self._acks.append(seq)
        self._ack_wake.set()

    async def _acknowledge(self) -> None:
        while True:
            await self._ack_wake.wait()
            self._ack_wake.clear()
            while self._acks:
                batch, self._acks = self._acks[:MOST_ACKS], self._acks[MOST_ACKS:]
                await self._send_quietly(wire.pack(wire.Ack(seqs=batch)))

    async def _send_quietly(self, raw: bytes) -> None:
        try:
            await self._send(raw)
        except ConnectionResetError:
            log.debug("the camera has gone; it will ask again", device_id=self._device_id)


class CameraWatch:
    """Notices when a camera that was recording or streaming is gone for good, in whichever process it was.

    `expected` keeps which these are, so that one is missed too that does not come back after its server was restarted,
    or after it ended and another process goes on alone. `hears_others`: whether what other processes hold is known;
    while it is not (Redis is away), nobody is missed for being held elsewhere. `known_lost`: of which cameras an alert
    says that they are lost. What is done about one camera is done in turn, and a newer turn stops the older one.
    """

    def __init__(
        self,
        tasks: TaskOwner,
        raise_system: Change,
        clear_system: Change,
        expected: ExpectedCameras,
        known_lost: Callable[[], Awaitable[list[str]]],
        is_online: Callable[[str], bool],
        hears_others: Callable[[], bool],
        lost_after_s: float = LOST_AFTER_S,
        return_s: float = RETURN_S,
        look_s: float = LOOK_S,
    ) -> None:
        self._tasks = tasks
        self._raise = raise_system
        self._clear = clear_system
        self._expected = expected
        self._known_lost = known_lost
        self._is_online = is_online
        self._hears_others = hears_others
        self._lost_after_s = lost_after_s
        self._return_s = return_s
        self._look_s = look_s
        self._turns: dict[str, _Turn] = {}

    async def start(self) -> None:
        """Wait for those that were there before the server was restarted, and look for others now and then."""
        await self._look()
        self._tasks.repeat(self._look_s, self._look, "camera.look")

    async def _look(self) -> None:
        for device_id in await self._expected.all():
            if device_id not in self._turns and not self._is_online(device_id):
                self._next(device_id, self._not_back, "camera.expected")
        for device_id in await self._known_lost():  # missed while nobody heard where it was, or by one that has ended
            if device_id not in self._turns and self._is_online(device_id):
                self._next(device_id, self._over, "camera.found")

    def is_online(self, device_id: str) -> bool:
        """Whether it is connected, here or at another process."""
        return self._is_online(device_id)

    def back(self, device_id: str) -> None:
        """It is connected, here or at another process."""
        turn = self._turns.get(device_id)
        if turn is not None and turn.may_have_raised:
            self._next(device_id, self._over, "camera.back")
        elif turn is not None and turn.misses:
            turn.overtaken.set()

    def connected(self, device_id: str) -> None:
        """It is connected here: what was raised is over."""
        self._next(device_id, self._over, "camera.back")

    def disconnected(self, device_id: str, active: bool) -> None:
        """It has gone; `active`: it was recording or streaming."""
        if active:
            self._next(device_id, self._lost, "camera.lost")

    def _next(self, device_id: str, step: Step, name: str) -> None:
        before = self._turns.get(device_id)
        turn = self._turns[device_id] = _Turn(misses=step != self._over)
        turn.task = self._tasks.start(self._in_turn(device_id, before, turn, step), name)

    async def _in_turn(self, device_id: str, before: _Turn | None, turn: _Turn, step: Step) -> None:
        try:
            if before is not None and before.task is not None:
                before.overtaken.set()
                await asyncio.wait({before.task})
            await step(turn, device_id)
        finally:
            if self._turns.get(device_id) is turn:
                del self._turns[device_id]

    async def _over(self, turn: _Turn, device_id: str) -> None:
        await turn.until_kept(lambda: self._clear("camera.lost", device_id))

    async def _lost(self, turn: _Turn, device_id: str) -> None:
        if await turn.has_waited(self._lost_after_s):
            await self._miss(turn, device_id)

    async def _not_back(self, turn: _Turn, device_id: str) -> None:
        if not await turn.has_waited(self._return_s) or not self._hears_others():
            return  # the next look asks again
        # Another process may hold it all the while, or have missed it already.
        if device_id in (await turn.until_kept(self._expected.all) or ()):
            await self._miss(turn, device_id)

    async def _miss(self, turn: _Turn, device_id: str) -> None:
        turn.may_have_raised = True
        if await turn.until_kept(lambda: self._is_missed(device_id)):
            await turn.until_kept(lambda: self._expected.note(device_id, False))

    async def _is_missed(self, device_id: str) -> bool:
        """Raise the alert. False: it has been found meanwhile, at another process."""
        if self._is_online(device_id):
            return False
        try:
            await self._raise("camera.lost", device_id)
        except NotFound:
            log.info("a camera that is no more is not missed", device_id=device_id)
        return True


class _Turn:
    """One thing that is done about a camera, until something newer happens to it."""

    def __init__(self, misses: bool) -> None:
        self.misses = misses
        self.may_have_raised = False
        self.overtaken = asyncio.Event()
        self.task: asyncio.Task[Any] | None = None

    async def has_waited(self, seconds: float) -> bool:
        """Wait. False as soon as something newer has happened."""
        try:
            async with asyncio.timeout(seconds):
                await self.overtaken.wait()
        except TimeoutError:
            return True
        return False

    async def until_kept(self, change: Callable[[], Awaitable[T]]) -> T | None:
        """What `change` returns, tried until the database answers; None for a camera that is no more, or overtaken."""
        while not self.overtaken.is_set():
            try:
                return await change()
            except NotFound:
                return None
            except Unavailable:
                await self.has_waited(DATABASE_AGAIN_S)
        return None


Step = Callable[[_Turn, str], Coroutine[Any, Any, None]]


def _seq_of(raw: bytes) -> int:
    """The number of a message that is otherwise unreadable; 0 when even that cannot be read."""
    try:
        seq = wire.unpack_map(raw).get("seq")
    except wire.WireError:
        return 0
    return seq if isinstance(seq, int) and not isinstance(seq, bool) and 0 < seq <= 2**53 else 0
