"""What a loss of signal dropped is uploaded afterwards: the server says what it lacks, and gets it over tus 1.0.

The server is asked, rather than told, since only it knows what has come to its disk: a packet that was lost on the way, a
restart and a full disk look the same from here. Nothing is remembered here, so that nothing can be out of step: an upload is
created again under the same name, and goes on where it was.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
from pydantic import ValidationError

from server import wire
from streamer.clock import Clock
from streamer.spool import Kept, Spool, read
from streamer.tasks import in_thread
from streamer.throttle import Throttle

log = logging.getLogger(__name__)

TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = "application/offset+octet-stream"
ASK_S = (
    5.0  # soon after the link's return, or the end of a recording: the server has written its next segment by then …
)
ASKS_SOON = 6
ASK_LATER_S = 60.0  # … and now and then: what was lost in between is known to the server alone
LOOK_S = 0.5  # while others go first
PATIENCE = aiohttp.ClientTimeout(total=30.0, sock_connect=4.0)
MISMATCH = 460  # tus: the piece was altered on the way


class UploadOver(Exception):
    """This upload cannot go on; what to do about it is seen when the server is asked again."""


@dataclass(frozen=True)
class Way:
    """How the server is reached: its address for this camera's footage, the token now, and whether old footage may go."""

    url: str
    token: Callable[[], str]
    is_clear: Callable[[], bool]
    tls: ssl.SSLContext | None = None


class Backfill:
    """`run` for as long as the camera is on; `news` when it may be worth asking."""

    def __init__(self, way: Way, spool: Spool, clock: Clock, ask_s: float = ASK_S) -> None:
        self._way = way
        self._spool = spool
        self._clock = clock
        self._ask_s = ask_s
        self._throttle = Throttle()
        self._soon = 0
        self._has_news = asyncio.Event()

    def news(self) -> None:
        """The link is back, or a recording has ended: ask soon."""
        self._soon = ASKS_SOON
        self._has_news.set()

    async def run(self) -> None:
        """Ask, and upload what is wanted, again and again."""
        async with aiohttp.ClientSession(timeout=PATIENCE) as http:
            while True:
                await self._until_due()
                if await self._went_well(http):
                    self._soon = ASKS_SOON

    async def _went_well(self, http: aiohttp.ClientSession) -> bool:
        """A round; whether anything was uploaded."""
        try:
            return await self._round(http)
        # The link, a server that is restarted, a chunk that was let go: all of it is seen again at the next round.
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError, UploadOver) as problem:
            log.info("nothing is back-filled for the moment: %s", problem or type(problem).__name__)
            return False

    async def _until_due(self) -> None:
        while True:
            self._has_news.clear()
            seconds = self._ask_s if self._soon > 0 else ASK_LATER_S
            try:
                async with asyncio.timeout(seconds):
                    await self._has_news.wait()
            except TimeoutError:
                self._soon = max(0, self._soon - 1)
                if self._spool.has_undelivered():
                    return

    async def _round(self, http: aiohttp.ClientSession) -> bool:
        """Ask, and upload; whether anything was. Raises as aiohttp does, UploadOver, OSError and ValidationError."""
        held = wire.FootageHeld(spans=self._spool.spans())
        async with http.post(
            f"{self._way.url}/wanted", json=held.model_dump(), headers=self._headers(), ssl=self._tls()
        ) as answer:
            if answer.status != 200:
                raise UploadOver(f"the server answers {answer.status} when it is asked what it lacks")
            told = wire.FootageAnswer.model_validate(await answer.json())
        self._spool.note_kept(told.kept)
        uploaded = False
        for wanted in told.wanted:
            parts = self._spool.stretch(wanted.start, wanted.end)
            if parts:
                await self._upload(http, wanted, parts)
                uploaded = True
        return uploaded

    async def _upload(self, http: aiohttp.ClientSession, wanted: wire.FootageWanted, parts: Sequence[Kept]) -> None:
        length = sum(kept.size for kept in parts)
        url = await self._created(http, wanted, length)
        offset = await self._offset(http, url)
        while offset < length:
            while not self._throttle.may_go(self._way.is_clear()):
                await self._clock.sleep(LOOK_S)
            at, size = offset, min(self._throttle.piece, length - offset)
            piece = await in_thread(lambda at=at, size=size: read(parts, at, size), "footage")  # type: ignore[misc]
            began = self._clock.monotonic()
            offset = await self._sent(http, url, offset, piece)
            await self._clock.sleep(self._throttle.sent(len(piece), self._clock.monotonic() - began))

    async def _created(self, http: aiohttp.ClientSession, wanted: wire.FootageWanted, length: int) -> str:
        """The upload's address: a new one, or that of the same upload which was broken off."""
        metadata = {
            "filename": wanted.id,
            "filetype": wire.FOOTAGE,
            "start": f"{wanted.start!r}",
            "end": f"{wanted.end!r}",
        }
        packed = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items())
        headers = self._headers() | {"Upload-Length": str(length), "Upload-Metadata": packed}
        async with http.post(f"{self._way.url}/uploads", headers=headers, ssl=self._tls()) as answer:
            if answer.status != 201:
                raise UploadOver(f"the server refuses an upload: {answer.status} {(await answer.text())[:200]}")
            return urljoin(str(answer.url), answer.headers["Location"])

    async def _offset(self, http: aiohttp.ClientSession, url: str) -> int:
        async with http.head(url, headers=self._headers(), ssl=self._tls()) as answer:
            if answer.status != 200:
                raise UploadOver(f"the server does not know the upload any more: {answer.status}")
            return int(answer.headers["Upload-Offset"])

    async def _sent(self, http: aiohttp.ClientSession, url: str, offset: int, piece: bytes) -> int:
        """Send a piece; where the server then stands. Whatever is in doubt is asked for."""
        checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        headers = self._headers() | {
            "Content-Type": CONTENT,
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {checksum}",
        }
        async with http.patch(url, data=piece, headers=headers, ssl=self._tls()) as answer:
            if answer.status == 204:
                return int(answer.headers["Upload-Offset"])
            if answer.status not in (409, MISMATCH):
                raise UploadOver(f"the server refuses a piece of an upload: {answer.status}")
        return await self._offset(http, url)

    def _headers(self) -> dict[str, str]:
        return TUS | {"Authorization": f"Bearer {self._way.token()}"}

    def _tls(self) -> ssl.SSLContext | bool:
        return self._way.tls if self._way.tls is not None else True
