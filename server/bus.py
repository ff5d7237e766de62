"""Topics, and the bus that carries them inside one process.

Pub/sub may lose messages (reliability.md, R7), so what matters is stored first and the bus is only
the doorbell; what is latest-only (`LATEST`) may ride on it directly.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)

Body = dict[str, Any]
Listener = Callable[[Body], None]


class Topic(StrEnum):
    """What a message is about."""

    JOURNAL = "journal"  # {seq}: doorbell, rows up to seq are committed
    LATEST = "latest"  # {fixes: [...], units: [...], warnings: {…}}: lossy, newest wins
    DOWNLINK = "downlink"  # {device_id}: doorbell, something waits for this camera
    MEDIA = "media"  # {from, to, …}: media signalling for the process that holds a camera or a session
    SESSIONS = "sessions"  # {revoked: [...]}: sign-in sessions, devices or persons that may no longer do anything


class Subscription(Protocol):
    """A standing subscription."""

    def cancel(self) -> None: ...


class Bus(Protocol):
    """Carries messages to every listener of a topic in every process of this installation."""

    async def publish(self, topic: Topic, body: Body) -> None: ...

    def subscribe(self, topic: Topic, listener: Listener) -> Subscription: ...

    def on_reconnect(self, listener: Callable[[], None]) -> None:
        """Called when messages may have been missed: readers must read the rows again."""
        ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def healthy(self) -> bool: ...

    async def echo(self) -> bool:
        """A message's whole way to another process, as far back as here: what it takes is how late the others hear us.

        False while none passes. Whoever asks says how long to wait: one that was lost on the way never comes.
        """
        ...


class Listeners:
    """Who listens to what, in this process; shared by both buses."""

    def __init__(self) -> None:
        self._by_topic: dict[Topic, list[Listener]] = {topic: [] for topic in Topic}

    def add(self, topic: Topic, listener: Listener) -> _Listening:
        """Register a listener; it must be quick and must not raise."""
        self._by_topic[topic].append(listener)
        return _Listening(self._by_topic[topic], listener)

    def deliver(self, topic: Topic, body: Body) -> None:
        """Hand a message to all listeners of its topic."""
        for listener in tuple(self._by_topic[topic]):
            listener(body)


class _Listening:
    def __init__(self, among: list[Listener], listener: Listener) -> None:
        self._among = among
        self._listener = listener

    def cancel(self) -> None:
        """Stop listening; a second call does nothing."""
        if self._listener in self._among:
            self._among.remove(self._listener)


class LocalBus:
    """The bus of a single process: a plain call, nothing to lose."""

    def __init__(self) -> None:
        self._listeners = Listeners()

    async def publish(self, topic: Topic, body: Body) -> None:
        """Deliver at once."""
        self._listeners.deliver(topic, body)

    def subscribe(self, topic: Topic, listener: Listener) -> Subscription:
        """Listen to a topic until the subscription is cancelled."""
        return self._listeners.add(topic, listener)

    def on_reconnect(self, listener: Callable[[], None]) -> None:
        """Nothing is ever missed here, so nothing is called."""

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to close."""

    def healthy(self) -> bool:
        """A plain call cannot be down."""
        return True

    async def echo(self) -> bool:
        """Nor late."""
        return True


def bus_for(redis_url: str | None) -> Bus:
    """The bus of a server process: through Redis where there are several."""
    if not redis_url:
        return LocalBus()
    from server.redis_bus import RedisBus  # 0.3 s to load, which a server of one process need not wait for

    return RedisBus(redis_url)
