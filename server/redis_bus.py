"""The bus of several processes: Redis pub/sub as the doorbell. What matters is stored before it rings.

redis-py reconnects by itself without a word, and what was published meanwhile is gone (measured: 100 of
100 alerts). So its own retries are off here: every break is noticed, mended for ever, and told to the readers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server import wire
from server.bus import Body, Listener, Listeners, Subscription, Topic
from server.errors import StartError
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

CONNECT_S = 2.0
ANSWER_S = 5.0  # no answer for this long: half-open connection, e.g. after a firewall forgot it
QUIET_S = 2.0  # nothing heard for this long: ask whether Redis is still there
AGAIN_S = 0.01
LONGEST_WAIT_S = 1.0  # R7: all is well again within 3 s of Redis's return
MOST_WAITING = 5_000  # messages; a slow Redis must not eat memory, and the rows are in the database
MAX_BYTES = 1024 * 1024
RESYNC = "resync"  # some process could not publish for a while: all readers look at the rows
ECHO = "echo"  # what a process says to itself, to see how far behind the others hear it


class RedisBus:
    """Delivers to this process at once, and to the others through Redis; a Redis that is down delays only these."""

    def __init__(self, url: str, prefix: str = "watchroom", process_id: str | None = None) -> None:
        try:
            self._redis: Redis = Redis.from_url(
                url,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=CONNECT_S,
                socket_timeout=ANSWER_S,
            )
        except ValueError as error:
            raise StartError(f"redis: {error} (expected redis://host:port or rediss://…)") from error
        self._prefix = prefix
        self._process_id = process_id or secrets.token_hex(8)
        self._rng = Random()
        self._listeners = Listeners()
        self._reconnected: list[Callable[[], None]] = []
        self._tasks = TaskOwner("redis_bus")
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=MOST_WAITING)
        self._echoes: dict[int, asyncio.Future[None]] = {}
        self._next_echo = 0
        self._wake = asyncio.Event()
        self._listening = asyncio.Event()
        self._sending = True

    async def publish(self, topic: Topic, body: Body) -> None:
        """Deliver here at once, and hand to Redis without waiting for it; while Redis is down, only here."""
        self._listeners.deliver(topic, body)
        self._hand_over(topic.value, body)

    def _hand_over(self, name: str, body: Body) -> None:
        self._waiting.append((name, wire.pack_map({"from": self._process_id, "body": body})))
        self._wake.set()

    def subscribe(self, topic: Topic, listener: Listener) -> Subscription:
        """Listen to a topic until the subscription is cancelled."""
        return self._listeners.add(topic, listener)

    def on_reconnect(self, listener: Callable[[], None]) -> None:
        """Called each time that messages of other processes may have been missed."""
        self._reconnected.append(listener)

    async def start(self) -> None:
        """Begin; waits a moment for Redis, and goes on without it if it does not answer."""
        # `repeat` logs a listener's defect and goes on: it must not make this process deaf for good.
        self._tasks.repeat(AGAIN_S, self._keep_listening, "listen")
        self._tasks.start(self._keep_sending(), "send")
        try:
            await asyncio.wait_for(self._listening.wait(), CONNECT_S)
        except TimeoutError:
            log.warning("redis does not answer; going on without the other processes")

    async def close(self) -> None:
        """End both tasks and the connections."""
        await self._tasks.close()
        await self._redis.aclose()

    def healthy(self) -> bool:
        """Whether messages to and from the other processes pass now."""
        return self._listening.is_set() and self._sending

    async def echo(self) -> bool:
        """See Bus: behind what waits to be sent, through Redis, and back by the connection that listens."""
        if not self.healthy():
            return False
        self._next_echo = number = self._next_echo + 1
        heard = self._echoes[number] = asyncio.get_running_loop().create_future()
        self._hand_over(self._echo_name, {"number": number})
        try:
            await heard
        finally:
            del self._echoes[number]
        return True

    @property
    def _echo_name(self) -> str:
        return f"{ECHO}:{self._process_id}"

    # ---- listening

    async def _keep_listening(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                if self._listening.is_set() or failures == 0:
                    log.warning("redis is lost; rows are read instead", error=str(error))
                failures = 1 if self._listening.is_set() else failures + 1
            finally:
                self._listening.clear()
            await asyncio.sleep(_wait_s(failures, self._rng))

    async def _listen(self) -> None:
        pubsub = self._redis.pubsub()
        try:
            names = (*Topic, RESYNC, self._echo_name)
            await pubsub.subscribe(*[self._channel(name) for name in names])
            await self._read(pubsub, len(names))
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _read(self, pubsub: PubSub, channels: int) -> None:
        confirmed = 0
        loop = asyncio.get_running_loop()
        heard, asked = loop.time(), False
        while True:
            message = await pubsub.get_message(timeout=1.0)
            if message is None:
                quiet = loop.time() - heard
                if quiet > ANSWER_S:
                    raise RedisConnectionQuiet(f"nothing heard for {quiet:.0f} s")
                if quiet > QUIET_S and not asked:
                    await pubsub.ping()
                    asked = True
                continue
            heard, asked = loop.time(), False
            if message["type"] == "subscribe":
                confirmed += 1
                if confirmed == channels:
                    self._connected()
            elif message["type"] == "message":
                self._hear(message)

    def _connected(self) -> None:
        log.info("redis listens")
        self._listening.set()
        self._tell_reconnected()

    def _hear(self, message: dict[str, Any]) -> None:
        try:
            envelope = wire.unpack_map(message["data"], MAX_BYTES)
        except wire.WireError as error:
            log.warning("message on redis is not ours", error=str(error))
            return
        body = envelope.get("body")
        if not isinstance(body, dict):
            return
        name = message["channel"].decode().removeprefix(f"{self._prefix}:")
        if name == self._echo_name:
            self._hear_echo(body)
        elif envelope.get("from") == self._process_id:
            return
        elif name == RESYNC:
            self._tell_reconnected()
        else:
            self._listeners.deliver(Topic(name), body)

    def _hear_echo(self, body: Body) -> None:
        number = body.get("number")
        waiting = self._echoes.get(number) if isinstance(number, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _tell_reconnected(self) -> None:
        for listener in tuple(self._reconnected):
            listener()

    # ---- sending

    async def _keep_sending(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._send(*self._waiting.popleft())

    async def _send(self, name: str, packed: bytes) -> None:
        try:
            await self._publish_once_more(name, packed)
        except (RedisError, OSError) as error:
            log.warning("redis takes no messages; the other processes read the rows", topic=name, error=str(error))
            self._sending = False
            await self._until_it_takes()

    async def _publish_once_more(self, name: str, packed: bytes) -> None:
        """Twice if need be: after a restart of Redis the first finds a connection that is dead, the second a new one."""
        try:
            await self._redis.publish(self._channel(name), packed)
        except (RedisError, OSError):
            await self._redis.publish(self._channel(name), packed)

    async def _until_it_takes(self) -> None:
        """Try for ever; then let every process look at the rows, because what was rung meanwhile is gone."""
        failures = 1
        while not self._sending:
            await asyncio.sleep(_wait_s(failures, self._rng))
            self._waiting.clear()
            try:
                await self._redis.publish(self._channel(RESYNC), wire.pack_map({"from": self._process_id, "body": {}}))
                self._sending = True
            except (RedisError, OSError):
                failures += 1
        log.info("redis takes messages again")

    def _channel(self, name: str) -> str:
        return f"{self._prefix}:{name}"


class RedisConnectionQuiet(RedisError):
    """Redis has stopped answering without closing the connection."""


def _wait_s(failures: int, rng: Random) -> float:
    """Seconds before the next try; jittered so that many processes do not come at once."""
    return rng.uniform(0.5, 1.0) * min(LONGEST_WAIT_S, 0.05 * 2.0 ** min(failures, 10))
