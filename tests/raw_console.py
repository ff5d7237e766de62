"""A console without a browser: signs in by the API and keeps all that its channel tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgpack

from tests.installation import password_of
from tests.patience import until


class RawConsole:
    """One operator on one server process."""

    def __init__(self, url: str, name: str = "hale") -> None:
        self.url = url
        self.name = name
        self.messages: list[dict[str, Any]] = []
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._csrf = ""
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        who = {"name": self.name, "password": password_of(self.name)}
        async with self._session.post(f"{self.url}/api/session", json=who) as answer:
            assert answer.status == 200, await answer.text()
        async with self._session.get(f"{self.url}/api/session") as answer:
            self._csrf = (await answer.json())["csrf"]
        self._socket = await self._session.ws_connect(f"{self.url}/api/console", headers={"Origin": self.url})
        self._reading = asyncio.create_task(self._read())
        await until(lambda: self.messages, "the snapshot has come")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._reading is not None
        await self._socket.close()
        await self._reading
        await self._session.close()

    async def _read(self) -> None:
        async for message in self._socket:
            self.messages.append(msgpack.unpackb(message.data))

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The journal's entries in the order in which they came."""
        return [message for message in self.messages if message["t"] == "entry"]

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of one kind of entries."""
        return [entry["body"] for entry in self.entries if entry["kind"] == kind]

    async def hears(self, kind: str, fits: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait for an entry; returns its body."""

        def found() -> dict[str, Any] | None:
            return next((body for body in self.bodies(kind) if fits(body)), None)

        body: dict[str, Any] = await until(found, f"{self.name} hears of {what}", 30)
        return body

    async def offer(self, path: str, sdp: str) -> str:
        """A viewing by WHEP; returns the answer."""
        headers = {"X-CSRF-Token": self._csrf, "Origin": self.url, "Content-Type": "application/sdp"}
        async with self._session.post(f"{self.url}{path}", data=sdp, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 201, text
            return text

    async def get(self, path: str) -> dict[str, Any]:
        """What the API tells."""
        async with self._session.get(f"{self.url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """What a button of the console does."""
        headers = {"X-CSRF-Token": self._csrf, "Origin": self.url}
        async with self._session.post(f"{self.url}{path}", json=body or {}, headers=headers) as answer:
            return answer.status, await answer.json()
